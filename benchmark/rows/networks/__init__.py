"""All that the file of a Keras network needs; importing it imports Keras."""

from benchmark.rows import Step, TrainingData, Variant, hyperparameters, option
from benchmark.rows.networks.network_row import NetworkRow
from benchmark.rows.networks.options import (
    Epochs,
    LearningRate,
    MaxWords,
    NetworkOptions,
    TrainingOptions,
)

__all__ = [
    "Epochs",
    "LearningRate",
    "MaxWords",
    "NetworkOptions",
    "NetworkRow",
    "Step",
    "TrainingData",
    "TrainingOptions",
    "Variant",
    "hyperparameters",
    "option",
]
