"""All that the file of a scikit-learn pipeline needs."""

from benchmark.rows import Step, TrainingData, Variant, hyperparameters, option
from benchmark.rows.pipelines.pipeline_row import WORD, PipelineRow

__all__ = ["WORD", "PipelineRow", "Step", "TrainingData", "Variant", "hyperparameters", "option"]
