"""Every score of the leaderboard, computed here for all rows from their test predictions."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

CALIBRATION_BINS = 15


def logits_to_keep(probabilities: np.ndarray) -> np.ndarray:
    """Return log-odds as they are kept and scored, shape (n,), float16.

    Probabilities are clipped to [1e-7, 1 - 1e-7]. Half precision keeps the side of 1/2 that a
    prediction is on, and three digits of its log-odds; all scores are computed from the kept
    values, so that anyone can compute them again.

    Raises:
        ValueError: a value is no probability.
    """
    if not (
        np.isfinite(probabilities).all() and ((probabilities >= 0) & (probabilities <= 1)).all()
    ):
        bad = np.flatnonzero(~((probabilities >= 0) & (probabilities <= 1)))
        raise ValueError(f"prediction {bad[0]} is {probabilities[bad[0]]}, not in [0, 1]")
    return logit(np.clip(probabilities.astype(np.float64), 1e-7, 1 - 1e-7)).astype(np.float16)


def scores(logits: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Score predictions.

    Args:
        logits: log-odds of "positive", shape (n,); 0 and above counts as positive.
        labels: 1 positive, 0 negative, shape (n,).

    Returns:
        accuracy, f1 (of the positive class), roc_auc, log_loss (nats), calibration_error.
    """
    from sklearn import metrics  # takes a second, and the leaderboard needs none of it

    logits = logits.astype(np.float64)
    probabilities = expit(logits)
    positive = logits >= 0
    return {
        "accuracy": float(metrics.accuracy_score(labels, positive)),
        "f1": float(metrics.f1_score(labels, positive, zero_division=0)),
        "roc_auc": float(metrics.roc_auc_score(labels, probabilities)),
        "log_loss": float(metrics.log_loss(labels, probabilities, labels=[0, 1])),
        "calibration_error": calibration_error(probabilities, labels),
    }


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


def calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return the expected calibration error of "positive", after Guo et al. (2017, equation 3).

    It is the mean distance between a bin's mean probability and its share of positive reviews,
    weighted by the bin's size.
    """
    curve = reliability(probabilities, labels)
    distance = np.abs(curve.claimed - curve.observed) * curve.reviews
    return float(np.nansum(distance) / len(labels))


def bootstrap_interval(
    correct: np.ndarray, resamples: int = 2_000, seed: int = 0
) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of the mean accuracy over reviews.

    Reviews are drawn with replacement; the seeds of a row stay together, so the interval tells how
    the accuracy depends on which reviews are asked (Efron & Tibshirani, 1993, chapter 13).

    Args:
        correct: shape (seeds, reviews), bool.
        resamples: how many times to draw.
        seed: fixes the draws.
    """
    values, counts = np.unique(correct.mean(axis=0), return_counts=True)
    draws = np.random.default_rng(seed).multinomial(
        counts.sum(), counts / counts.sum(), size=resamples
    )
    means = draws @ values / counts.sum()
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)
