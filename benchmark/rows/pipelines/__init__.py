"""All that the file of a scikit-learn pipeline needs."""

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
from benchmark.rows.pipelines.pipeline_row import WORD, PipelineRow

__all__ = [
    "WORD",
    "Choice",
    "LogUniform",
    "PipelineRow",
    "Step",
    "TrainingData",
    "Uniform",
    "Variant",
    "hyperparameters",
    "option",
]
