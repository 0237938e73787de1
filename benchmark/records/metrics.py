"""Every score of the leaderboard, computed here for all rows from their kept predictions.

The usual scores are a few lines of NumPy each, and tested to be scikit-learn's, which would take a
second to import and more to score all rows.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

CALIBRATION_BINS = 15
RESAMPLES = 2_000
"""How often the bootstrap draws."""


def logits_to_keep(probabilities: np.ndarray) -> np.ndarray:
    """Return log-odds as they are kept and scored, shape (n,), float16.

    Probabilities are clipped to [1e-7, 1 - 1e-7]. Half precision keeps the side of 1/2 that a
    prediction is on, and three digits of its log-odds; all scores are computed from the kept
    values, so that anyone can compute them again.

    Raises:
        ValueError: a value is not a probability.
    """
    wrong = ~((probabilities >= 0) & (probabilities <= 1))  # which NaN is, too
    if wrong.any():
        first = int(wrong.argmax())
        raise ValueError(f"prediction {first} is {probabilities[first]}, not in [0, 1]")
    kept = logit(np.clip(probabilities.astype(np.float64), 1e-7, 1 - 1e-7)).astype(np.float16)
    kept[(kept == 0) & (probabilities < 0.5)] = -np.finfo(np.float16).smallest_subnormal
    return kept


def accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of right answers; log-odds of 0 and above count as positive.

    Args:
        logits: log-odds of "positive", shape (n,).
        labels: 1 positive, 0 negative, shape (n,).
    """
    return float(np.mean((logits >= 0) == labels))


def f1(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return F1 of the positive class; 0 if no review is or is called positive. See `accuracy`."""
    positive = logits >= 0
    claimed_and_real = int(positive.sum()) + int(labels.sum())
    return 2 * int((positive & (labels == 1)).sum()) / max(claimed_and_real, 1)


def roc_auc(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the area under the ROC curve; NaN if all labels are the same. See `accuracy`.

    It is the share of pairs of a positive and a negative review that are in the right order
    (Mann & Whitney, 1947); ties count half.
    """
    logits = logits.astype(np.float32)  # sorts faster than float16
    positive, negative = np.sort(logits[labels == 1]), np.sort(logits[labels == 0])
    pairs = len(positive) * len(negative)
    if not pairs:
        return float("nan")
    below = np.searchsorted(negative, positive, "left").sum()
    tied = np.searchsorted(negative, positive, "right").sum() - below
    return float((below + tied / 2) / pairs)


def log_loss(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean negative log-likelihood, in nats a review. See `accuracy`."""
    signed = np.where(labels == 1, logits, -logits).astype(np.float64)
    return float(np.logaddexp(0, -signed).mean())


def calibration_error(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the expected calibration error of "positive", after Guo et al. (2017, equation 3).

    It is the mean distance between a bin's mean probability and its share of positive reviews,
    weighted by the bin's size. See `accuracy`.
    """
    curve = reliability(expit(logits.astype(np.float64)), labels)
    distance = np.abs(curve.claimed - curve.observed) * curve.reviews
    return float(np.nansum(distance) / len(labels))


METRICS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "accuracy": accuracy,
    "f1": f1,
    "roc_auc": roc_auc,
    "log_loss": log_loss,
    "calibration_error": calibration_error,
}
"""What is computed from log-odds and labels."""


def scores(logits: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Return every metric by name. See `accuracy` for the arguments."""
    return {name: metric(logits, labels) for name, metric in METRICS.items()}


@dataclass(frozen=True)
class Reliability:
    """A reliability curve: what was claimed, and how often it was so, in bins of equal width.

    Attributes:
        claimed: mean probability of "positive" in each bin, shape (15,); NaN in an empty one.
        observed: share of positive reviews in each bin, shape (15,); NaN in an empty one.
        reviews: predictions in each bin, shape (15,), int.
    """

    claimed: np.ndarray
    observed: np.ndarray
    reviews: np.ndarray


def reliability(probabilities: np.ndarray, labels: np.ndarray) -> Reliability:
    """Return the reliability curve (DeGroot & Fienberg, 1983) of "positive".

    Args:
        probabilities: of "positive", shape (n,).
        labels: 1 positive, 0 negative, shape (n,).
    """
    bins = np.minimum((probabilities * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    reviews = np.bincount(bins, minlength=CALIBRATION_BINS)
    with np.errstate(invalid="ignore"):
        claimed = np.bincount(bins, probabilities, CALIBRATION_BINS) / reviews
        observed = np.bincount(bins, labels, CALIBRATION_BINS) / reviews
    return Reliability(claimed, observed, reviews)


def bootstrap_interval(correct: np.ndarray) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of the mean accuracy over reviews.

    Reviews are drawn with replacement; the seeds of a row stay together, so the interval tells how
    the accuracy depends on which reviews are asked (Efron & Tibshirani, 1993, chapter 13).

    Args:
        correct: shape (seeds, reviews), bool.
    """
    values, counts = np.unique(correct.mean(axis=0), return_counts=True)
    draws = np.random.default_rng(0).multinomial(
        counts.sum(), counts / counts.sum(), size=RESAMPLES
    )
    means = draws @ values / counts.sum()
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)
