"""What every row shares: contract, training, clock, metrics, records, leaderboard.

Settings that Keras and its backends read at their first import are made here, so rows import
`benchmark` before `keras`.
"""

import os
from importlib.util import find_spec

from preprocessing.program import end_quietly_when_interrupted

HIDE_LOG = "3"
LOG_IS_WANTED = os.environ.get("TF_CPP_MIN_LOG_LEVEL", HIDE_LOG) != HIDE_LOG
"""The user asked for TensorFlow's own log, which is hidden otherwise."""

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", HIDE_LOG)
os.environ.setdefault("TF_DETERMINISTIC_OPS", "1")
if "KERAS_BACKEND" not in os.environ and not find_spec("tensorflow") and find_spec("jax"):
    os.environ["KERAS_BACKEND"] = "jax"

end_quietly_when_interrupted()
