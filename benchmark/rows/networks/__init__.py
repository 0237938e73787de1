"""All that the file of a Keras network needs; importing it imports Keras."""

from benchmark.rows import (
    Choice,
    LogUniform,
    Step,
    TrainingData,
    Uniform,
    Variant,
    hyperparameters,
    option,
)
from benchmark.rows.networks.network_row import Lessons, NetworkRow, learn
from benchmark.rows.networks.options import (
    Epochs,
    LearningRate,
    MaxWords,
    NetworkOptions,
    TrainingOptions,
)

__all__ = [
    "Choice",
    "Epochs",
    "LearningRate",
    "Lessons",
    "LogUniform",
    "MaxWords",
    "NetworkOptions",
    "NetworkRow",
    "Step",
    "TrainingData",
    "TrainingOptions",
    "Uniform",
    "Variant",
    "hyperparameters",
    "learn",
    "option",
]
