"""Rows that are scikit-learn pipelines over the words of a review.

scikit-learn takes a second to import, so that it is imported where a pipeline is built or read:
who asks for `--help`, or mistypes an option, waits for none of it.
"""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.rows.contract import Fitted, OnEvent, Row
from benchmark.rows.pipelines.file_format import (
    _TREE,
    _is_sound,
    _is_table,
    _trees,
    is_own_estimator,
)
from benchmark.rows.training_data import TrainingData
from preprocessing.corpus import Reviews
from preprocessing.errors import UserError

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
        """Write the skops format, which holds no code, and long vocabularies as plain JSON.

        skops makes an object of each entry: for a million phrases, half a gigabyte and minutes.
        """
        import skops.io
        from sklearn.pipeline import Pipeline

        steps, tables = [], {}
        for name, step in self.pipeline.steps:
            tables[name] = {key: value for key, value in vars(step).items() if _is_table(value)}
            emptied = copy.copy(step)
            for key, value in tables[name].items():
                setattr(emptied, key, type(value)())
            steps.append((name, emptied))
        skops.io.dump(Pipeline(steps), folder / "model.skops")
        with (folder / "tables.json").open("w", encoding="utf-8") as file:
            json.dump(tables, file, ensure_ascii=False, default=int)


@dataclass(frozen=True)
class PipelineRow(Row):
    """A row whose file builds a scikit-learn pipeline.

    Attributes:
        build: takes the row's options and the training data and returns the pipeline, not fitted,
            from texts (words joined by spaces) to `predict_proba`.
    """

    build: "Callable[[Any, TrainingData], Pipeline]" = field(kw_only=True)

    def fit(self, options: Any, data: TrainingData, on_event: OnEvent) -> FittedPipeline:
        """Fit the pipeline to the training reviews."""
        pipeline = self.build(options, data)
        return FittedPipeline(pipeline.fit(as_texts(data.train), data.train.labels))

    def load(self, options: Any, folder: Path) -> FittedPipeline:
        """Load the pipeline; skops makes objects of its trusted types and of the rows' own alone.

        Raises:
            skops.io.exceptions.UntrustedTypesFoundException: the file holds another type.
            UserError: a tree points outside of itself, or a table belongs to nothing.
        """
        import skops.io

        file = folder / "model.skops"
        unknown = skops.io.get_untrusted_types(file=file)
        known = [name for name in unknown if is_own_estimator(name) or name == _TREE]
        pipeline = skops.io.load(file, trusted=known)
        tables = json.loads((folder / "tables.json").read_text(encoding="utf-8"))
        for name, step in pipeline.steps:
            for key, value in tables[name].items():
                if getattr(step, key, None) not in ([], {}):
                    raise UserError(f"{folder} is damaged: {name} has no table {key}")
                setattr(step, key, value)
        if not all(map(_is_sound, _trees(pipeline))):
            raise UserError(f"{file} is damaged: a tree points outside of itself")
        return FittedPipeline(pipeline)

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
