"""Which differences are real: paired tests on the same test reviews, and ranks that follow them.

Two rows that each ran once are compared by McNemar's exact test; all others by a paired bootstrap
over reviews and seeds. Holm's correction holds the chance of even one false "better" in the whole
table at 5 %. All of it is computed from the kept predictions; nothing is trained again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest, norm

LEVEL = 0.05
RESAMPLES = 4_000
_CHUNK = 250


@dataclass(frozen=True)
class Pairs:
    """Every row compared with every other; all arrays have the shape (rows, rows).

    Attributes:
        difference: mean accuracy of row i minus that of row j.
        error: standard error of the difference, over reviews and seeds.
        p: two-sided p-value of "the two are equally accurate".
        adjusted: `p` after Holm's correction over all pairs.
    """

    difference: np.ndarray
    error: np.ndarray
    p: np.ndarray
    adjusted: np.ndarray

    @property
    def better(self) -> np.ndarray:
        """Whether row i is significantly better than row j, bool."""
        return (self.adjusted < LEVEL) & (self.difference > 0)

    @property
    def tied(self) -> np.ndarray:
        """Whether rows i and j cannot be told apart, bool; no row is tied with itself."""
        return (self.adjusted >= LEVEL) & ~np.eye(len(self.p), dtype=bool)

    @property
    def ranks(self) -> np.ndarray:
        """One plus the number of rows that are significantly better, shape (rows,), int.

        "Cannot be told apart" is not transitive: A and B, and B and C, may be tied while A is
        better than C. Then A and B share rank 1 and C has rank 2: a rank says by how many rows a
        row is beaten, and rows of one rank need not all be tied with each other.
        """
        return 1 + self.better.sum(axis=0)

    def interval(self, i: int, j: int) -> tuple[float, float]:
        """Return the 95 % interval of the difference of rows i and j, for this pair alone."""
        reach = norm.ppf(1 - LEVEL / 2) * self.error[i, j]
        return float(self.difference[i, j] - reach), float(self.difference[i, j] + reach)


def compare(correct: Sequence[np.ndarray], resamples: int = RESAMPLES, seed: int = 0) -> Pairs:
    """Compare all rows with each other.

    The bootstrap is paired: each draw of reviews serves all rows (Efron & Tibshirani, 1993,
    chapter 16; for language tasks Koehn, 2004, "Statistical significance tests for machine
    translation evaluation"), and each row's seeds are drawn too, since another seed would have been
    another model (Bouthillier et al., 2021, "Accounting for variance in machine learning
    benchmarks"). Of n seeds n - 1 are drawn, which makes the variance of their mean unbiased (Rao &
    Wu, 1988); a single seed stays as it is. Drawing reviews and seeds independently errs to the
    safe side (Owen, 2007, "The pigeonhole bootstrap"). The p-value is that of the difference
    divided by its bootstrap standard error under the normal distribution: counting draws beyond
    zero could not resolve the small p-values that Holm's correction asks for. With three seeds the
    spread over seeds is itself known only roughly.

    Args:
        correct: for each row whether each answer is right, shape (seeds, reviews), bool; the
            reviews are the same, in the same order, for all rows.
        resamples: how many times to draw.
        seed: fixes the draws.
    """
    accuracy = np.array([row.mean() for row in correct])
    draws = _draws(correct, resamples, np.random.default_rng(seed))
    difference = accuracy[:, None] - accuracy
    centred = draws - draws.mean(axis=0)
    covariance = centred.T @ centred / (resamples - 1)
    variance = np.diag(covariance)
    error = np.sqrt(np.maximum(variance[:, None] + variance - 2 * covariance, 0))
    error[error < 1e-9] = 0  # what rounding leaves of rows that always differ by the same
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.abs(difference) / error
    p = np.where(difference == 0, 1.0, 2 * norm.sf(z))
    for i, j in zip(*np.triu_indices(len(correct), 1), strict=True):
        if len(correct[i]) == len(correct[j]) == 1:
            p[i, j] = p[j, i] = mcnemar(correct[i][0], correct[j][0])
    adjusted = np.ones_like(p)
    pairs = np.triu_indices(len(correct), 1)
    adjusted[pairs] = holm(p[pairs])
    adjusted = np.minimum(adjusted, adjusted.T)
    return Pairs(difference, error, p, adjusted)


def _draws(
    correct: Sequence[np.ndarray], resamples: int, random: np.random.Generator
) -> np.ndarray:
    """Return each row's accuracy in each resample, shape (resamples, rows), float64."""
    reviews = correct[0].shape[1]
    # Counts are whole numbers below 2^24, so float32 adds them without rounding, in any order.
    runs = np.concatenate(correct).astype(np.float32).T
    hits = np.empty((resamples, runs.shape[1]))
    for start in range(0, resamples, _CHUNK):
        part = min(_CHUNK, resamples - start)
        drawn = random.integers(reviews, size=(part, reviews), dtype=np.int32)
        times = np.stack([np.bincount(draw, minlength=reviews) for draw in drawn])
        hits[start : start + part] = times.astype(np.float32) @ runs
    result, first = np.empty((resamples, len(correct))), 0
    for number, row in enumerate(correct):
        seeds = random.integers(len(row), size=(resamples, max(1, len(row) - 1)))
        result[:, number] = np.take_along_axis(hits, first + seeds, axis=1).mean(axis=1) / reviews
        first += len(row)
    return result


def mcnemar(one: np.ndarray, other: np.ndarray) -> float:
    """Return the two-sided p-value of McNemar's exact test (McNemar, 1947) for two single runs.

    Only reviews that one of the two gets right and the other wrong count; if the two are equally
    accurate, each is as likely to be the one that is right.

    Args:
        one: whether each answer of the first is right, shape (reviews,), bool.
        other: the same for the second.
    """
    only_one, only_other = int((one & ~other).sum()), int((other & ~one).sum())
    if only_one + only_other == 0:
        return 1.0
    return float(binomtest(only_one, only_one + only_other).pvalue)


def holm(p: np.ndarray) -> np.ndarray:
    """Return p-values adjusted by Holm's step-down procedure (Holm, 1979), shape as `p`.

    Rejecting those below 5 % makes even one false rejection among all at most 5 % likely.
    """
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(stepped)
    adjusted[order] = np.minimum(stepped, 1)
    return adjusted
