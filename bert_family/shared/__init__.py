"""What the rows of the BERT family share."""

import benchmark.rows.networks  # noqa: F401 - imports Keras without the backend's native log
