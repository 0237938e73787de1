"""What a row's finished runs predicted for the test reviews: all that later questions need."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmark.records import metrics, store
from benchmark.records.record import Finished
from preprocessing.errors import UserError

import numpy as np
from scipy.special import expit


@dataclass(frozen=True)
class Predictions:
    """The runs of one row, one a seed.

    Attributes:
        records: the runs' records.
        logits: log-odds of "positive", shape (seeds, reviews), float16.
        labels: 1 positive, 0 negative, shape (reviews,), int8, in the corpus's order.
        also_in_train: whether train or validation has the same text, shape (reviews,), bool.
    """

    records: list[Finished]
    logits: np.ndarray
    labels: np.ndarray
    also_in_train: np.ndarray

    @cached_property
    def positive(self) -> np.ndarray:
        """Whether the answer is "positive", shape (seeds, reviews), bool."""
        return self.logits >= 0

    @cached_property
    def correct(self) -> np.ndarray:
        """Whether the answer is right, shape (seeds, reviews), bool."""
        return self.positive == self.labels

    @cached_property
    def guessing(self) -> float:
        """The accuracy of always answering with the larger class of the test reviews."""
        share = float(self.labels.mean())
        return max(share, 1 - share)

    @cached_property
    def probabilities(self) -> np.ndarray:
        """Probability of "positive", shape (seeds, reviews), float64."""
        return expit(self.logits.astype(np.float64))

    @cached_property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the mean accuracy over reviews; see `metrics.bootstrap_interval`."""
        return metrics.bootstrap_interval(self.correct)

    def mean(self, metric: Callable[[np.ndarray, np.ndarray], float]) -> float:
        """Return the mean over seeds of a metric of `benchmark.records.metrics`."""
        return float(np.mean([metric(logits, self.labels) for logits in self.logits]))


def read(runs: Mapping[Path, Finished]) -> Predictions:
    """Return the predictions of finished runs of one row.

    Raises:
        UserError: predictions are missing or damaged, or the runs predict different reviews.
    """
    found = {path: store.read_predictions(path, record) for path, record in runs.items()}
    first = next(iter(found.values()))
    for path, own in found.items():
        check_same_reviews(first.labels, own.labels, path)
    return Predictions(
        list(runs.values()),
        np.stack([own.logits for own in found.values()]),
        first.labels,
        first.also_in_train,
    )


def check_same_reviews(labels: np.ndarray, others: np.ndarray, where: Path | str) -> None:
    """Compare the labels of two runs that claim the same corpus.

    Raises:
        UserError: they differ, so the predictions cannot be compared.
    """
    if not np.array_equal(labels, others):
        raise UserError(
            f"{where} predicts other test reviews than the other runs of its corpus; run it again"
        )


def informed(rows: dict[str, Predictions]) -> dict[str, Predictions]:
    """Return the rows that know something: better than to always answer with the larger class.

    Better means by 95 % over reviews (normal approximation).
    """
    kept = {}
    for name, row in rows.items():
        right = row.correct.mean(axis=0)
        least = right.mean() - 1.96 * right.std() / np.sqrt(len(right))
        if least > row.guessing:
            kept[name] = row
    return kept
