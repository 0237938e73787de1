"""What a row's finished runs answered to the test reviews: all that later questions need."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmark.records import store
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
    """

    records: list[dict]
    logits: np.ndarray
    labels: np.ndarray

    @cached_property
    def positive(self) -> np.ndarray:
        """Whether the answer is "positive", shape (seeds, reviews), bool."""
        return self.logits >= 0

    @cached_property
    def correct(self) -> np.ndarray:
        """Whether the answer is right, shape (seeds, reviews), bool."""
        return self.positive == self.labels

    @cached_property
    def probabilities(self) -> np.ndarray:
        """Probability of "positive", shape (seeds, reviews), float64."""
        return expit(self.logits.astype(np.float64))


def read(runs: dict[Path, dict]) -> Predictions:
    """Return the answers of finished runs of one row.

    Raises:
        UserError: predictions are missing or damaged, or the runs answer different reviews.
    """
    found = {path: store.read_predictions(path, record) for path, record in runs.items()}
    labels = next(iter(found.values()))[1]
    for path, (_, own) in found.items():
        check_same_reviews(labels, own, path)
    return Predictions(
        list(runs.values()), np.stack([logits for logits, _ in found.values()]), labels
    )


def check_same_reviews(labels: np.ndarray, others: np.ndarray, where: Path | str) -> None:
    """Compare the labels of two runs that claim the same corpus.

    Raises:
        UserError: they differ, so the predictions cannot be compared.
    """
    if not np.array_equal(labels, others):
        raise UserError(
            f"{where} answers other test reviews than the other runs of its corpus; run it again"
        )


def informed(answers: dict[str, Predictions]) -> dict[str, Predictions]:
    """Return the rows that know something: better than to always answer with the larger class.

    Better means by 95 % over reviews (normal approximation).
    """
    kept = {}
    for name, row in answers.items():
        right = row.correct.mean(axis=0)
        share = row.labels.mean()
        least = right.mean() - 1.96 * right.std() / np.sqrt(len(right))
        if least > max(share, 1 - share):
            kept[name] = row
    return kept
