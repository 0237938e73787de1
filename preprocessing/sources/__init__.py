"""Where reviews come from: the IMDB archive, the embedded sample, a user's own texts."""

DATASETS = ("imdb", "sample")
