"""Rows that are scikit-learn pipelines over the words of a review."""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmark.experiment import Fitted, Report, Row, TrainingData
from preprocessing.corpus import Reviews

import numpy as np
import skops.io
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

WORD = r"\S+"
"""Token pattern for scikit-learn's vectorizers: words come joined by single spaces."""

_OWN_CODE = ("models.", "bert_family.", "benchmark.")


def as_texts(reviews: Reviews) -> list[str]:
    """Return each review as its words joined by single spaces."""
    return [" ".join(words) for words in reviews.word_lists()]


class FittedPipeline(Fitted):
    """A fitted scikit-learn pipeline."""

    def __init__(self, pipeline: Pipeline):
        self.pipeline = pipeline
        self.parameters = count_parameters(pipeline)
        self.history = []

    def predict(self, reviews: Reviews) -> np.ndarray:
        """Return probabilities, shape (reviews,), float64."""
        return self.pipeline.predict_proba(as_texts(reviews))[:, 1]

    def save(self, folder: Path) -> None:
        """Write the skops format, which holds no code."""
        skops.io.dump(self.pipeline, folder / "model.skops")


@dataclass(frozen=True)
class PipelineRow(Row):
    """A row whose file builds a scikit-learn pipeline.

    Attributes:
        build: takes the row's options and the training data and returns the pipeline, not fitted,
            from texts (words joined by spaces) to `predict_proba`.
    """

    build: Callable[[Any, TrainingData], Pipeline] = field(kw_only=True)

    def fit(self, options: Any, data: TrainingData, report: Report) -> FittedPipeline:
        """Fit the pipeline to the training reviews."""
        pipeline = self.build(options, data)
        return FittedPipeline(pipeline.fit(as_texts(data.train), data.train.labels))

    def load(self, options: Any, folder: Path) -> FittedPipeline:
        """Load the pipeline; skops makes no object of a type that it or this project lacks."""
        file = folder / "model.skops"
        unknown = skops.io.get_untrusted_types(file=file)
        own = [name for name in unknown if name.startswith(_OWN_CODE)]
        return FittedPipeline(skops.io.load(file, trusted=own))

    def versions(self) -> dict[str, str]:
        """Name scikit-learn."""
        return {"scikit-learn": version("scikit-learn")}


def count_parameters(estimator: BaseEstimator) -> int:
    """Count the numbers that were learned: arrays, and two a node for trees.

    The vocabulary of a vectorizer does not count; its idf weights do.
    """
    if hasattr(estimator, "steps"):
        return sum(count_parameters(step) for _, step in estimator.steps)
    if hasattr(estimator, "estimators_"):
        return sum(2 * tree.tree_.node_count for tree in estimator.estimators_)
    learned = {name: value for name, value in vars(estimator).items() if name.endswith("_")}
    return sum(
        value.size
        for name, value in learned.items()
        if isinstance(value, np.ndarray) and value.dtype.kind == "f"
    )
