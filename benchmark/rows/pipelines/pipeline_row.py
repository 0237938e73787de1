"""Rows that are scikit-learn pipelines over the words of a review.

scikit-learn takes a second to import, so that it is imported where a pipeline is built or read:
who asks for `--help`, or mistypes an option, waits for none of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.rows.contract import Fitted, OnEvent, Row
from benchmark.rows.pipelines.file_format import load_pipeline, save_pipeline
from benchmark.rows.training_data import TrainingData
from preprocessing.corpus import Reviews

import numpy as np

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator
    from sklearn.pipeline import Pipeline

WORD = r"\S+"
"""Token pattern for scikit-learn's vectorizers: words come joined by single spaces."""


def as_texts(reviews: Reviews) -> list[str]:
    """Return each review as its words joined by single spaces."""
    return [" ".join(words) for words in reviews.word_lists()]


class FittedPipeline(Fitted):
    """A fitted scikit-learn pipeline."""

    def __init__(self, pipeline: "Pipeline"):
        self.pipeline = pipeline
        self.parameters = count_parameters(pipeline)
        self.history = []

    def predict(self, reviews: Reviews) -> np.ndarray:
        """Return probabilities, shape (reviews,), float64."""
        return self.pipeline.predict_proba(as_texts(reviews))[:, 1]

    def save(self, folder: Path) -> None:
        """Write the pipeline in formats that hold no code."""
        save_pipeline(self.pipeline, folder)


@dataclass(frozen=True)
class PipelineRow(Row):
    """A row whose file builds a scikit-learn pipeline.

    Attributes:
        build: takes the row's options and the training data and returns the pipeline, not fitted,
            from texts (words joined by spaces) to `predict_proba`.
    """

    build: "Callable[[Any, TrainingData], Pipeline]" = field(kw_only=True)

    def warm_up(self) -> None:
        """Import scikit-learn."""
        import sklearn.cluster
        import sklearn.ensemble
        import sklearn.feature_extraction.text
        import sklearn.kernel_approximation
        import sklearn.linear_model
        import sklearn.preprocessing  # noqa: F401

    def fit(self, options: Any, data: TrainingData, on_event: OnEvent) -> FittedPipeline:
        """Fit the pipeline to the training reviews."""
        pipeline = self.build(options, data)
        return FittedPipeline(pipeline.fit(as_texts(data.train), data.train.labels))

    def load(self, options: Any, folder: Path) -> FittedPipeline:
        """Load the pipeline; what would run code of its own is refused."""
        return FittedPipeline(load_pipeline(folder))

    def versions(self) -> dict[str, str]:
        """Name scikit-learn."""
        return {"scikit-learn": version("scikit-learn")}


def count_parameters(estimator: "BaseEstimator") -> int:
    """Count the numbers that an estimator holds: its arrays, and two a node for trees.

    The vocabulary of a vectorizer does not count; its idf weights and given word vectors do.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    parts = getattr(estimator, "steps", None) or getattr(estimator, "transformer_list", None)
    if parts:
        return sum(count_parameters(part) for _, part in parts)
    if hasattr(estimator, "estimators_"):
        return sum(2 * tree.tree_.node_count for tree in estimator.estimators_)
    arrays = [value for value in vars(estimator).values() if isinstance(value, np.ndarray)]
    if isinstance(estimator, TfidfVectorizer) and estimator.use_idf:
        arrays.append(estimator.idf_)
    return sum(array.size for array in arrays if array.dtype.kind == "f")
