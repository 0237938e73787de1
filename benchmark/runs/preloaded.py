"""What nearly every run imports, for the process that is forked for each of them.

Nothing is computed here: a backend that has started its threads cannot be forked.
"""

import importlib
from importlib.util import find_spec

import benchmark.runs.run  # noqa: F401 - metrics, statistics and what they need
from benchmark.rows.networks import network_row  # noqa: F401 - imports Keras, and hides its notes

for package in ("sklearn.linear_model", "sklearn.pipeline", "gensim.models", "keras_hub"):
    if find_spec(package.partition(".")[0]):
        importlib.import_module(package)
