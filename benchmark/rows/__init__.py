"""The contract between rows and the benchmark: what a row is and what it learns from."""

from benchmark.rows.contract import Fitted, OnEvent, Row, Step, Variant
from benchmark.rows.hyperparameters import Choice, LogUniform, Uniform, hyperparameters, option
from benchmark.rows.training_data import TrainingData

__all__ = [
    "Choice",
    "Fitted",
    "LogUniform",
    "OnEvent",
    "Row",
    "Step",
    "TrainingData",
    "Uniform",
    "Variant",
    "hyperparameters",
    "option",
]
