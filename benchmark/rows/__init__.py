"""The contract between rows and the benchmark: what a row is and what it learns from."""

from benchmark.rows.contract import Fitted, OnEvent, Row, Step, Variant
from benchmark.rows.hyperparameters import hyperparameters, option
from benchmark.rows.training_data import TrainingData

__all__ = [
    "Fitted",
    "OnEvent",
    "Row",
    "Step",
    "TrainingData",
    "Variant",
    "hyperparameters",
    "option",
]
