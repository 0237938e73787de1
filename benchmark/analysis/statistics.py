"""Which differences are real: paired tests on the same test reviews, and ranks that follow them.

Two rows that each ran once are compared by McNemar's exact test; all others by a paired t-test
whose standard error holds the chance of the reviews and that of the seeds. Holm's correction aims
at a chance of 5 % of even one false "better" in the whole table. All of it is computed from the
kept predictions; nothing is trained again.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

FEWEST = 10
"""The fewest answers on which two models are tested: with fewer, a test says little."""

LEVEL = 0.05


@dataclass(frozen=True)
class Pairs:
    """Every row compared with every other; all arrays have the shape (rows, rows).

    Attributes:
        difference: mean accuracy of row i minus that of row j.
        error: standard error of the difference, over reviews and seeds; of two single runs that
            with which a t-test has the p-value of McNemar's, where that is below 0.5.
        freedom: degrees of freedom of that error.
        p: two-sided p-value of "the two are equally accurate".
        adjusted: `p` after Holm's correction over all pairs.
    """

    difference: np.ndarray
    error: np.ndarray
    freedom: np.ndarray
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
        row is beaten, and rows of one rank need not all be tied with each other. A row of which
        little is known, because its seeds spread widely, is beaten by few; it never ranks before
        one that is more accurate.
        """
        ranks = 1 + self.better.sum(axis=0)
        order = np.argsort(-self.difference[:, 0], kind="stable")
        ranks[order] = np.maximum.accumulate(ranks[order])
        return ranks

    def interval(self, i: int, j: int, level: float = LEVEL) -> tuple[float, float]:
        """Return the interval of the difference of rows i and j.

        It contains zero exactly where the test at this level finds no difference.

        Args:
            i: number of the first row.
            j: number of the second row.
            level: of the test: without it the interval is the 95 % one for this pair alone; with
                what `holm_levels` returns it is the one that verdicts after Holm's correction
                follow.
        """
        reach = stats.t.isf(level / 2, self.freedom[i, j]) * self.error[i, j]
        return float(self.difference[i, j] - reach), float(self.difference[i, j] + reach)

    def interval_among_all(self, i: int, j: int) -> tuple[float, float]:
        """Return the interval of the difference of rows i and j that `better` and `tied` follow."""
        places = np.triu_indices(len(self.p), 1)
        levels = np.ones_like(self.p)
        levels[places] = holm_levels(self.p[places])
        return self.interval(i, j, np.minimum(levels, levels.T)[i, j])


def compare(correct: Sequence[np.ndarray]) -> Pairs:
    """Compare all rows with each other.

    Other reviews would have given another difference, and so would other seeds, since each is
    another model (Bouthillier et al., 2021, "Accounting for variance in machine learning
    benchmarks"). The squared standard error is the sum of both: the variance of the paired
    difference over reviews, each row's seeds averaged, and for each row that of its mean over
    seeds. What single reviews add by chance to the spread over seeds is counted in both, which errs
    to the safe side. Degrees of freedom are those of Welch's test (Satterthwaite, 1946, "An
    approximate distribution of estimates of variance components"): few where the spread over three
    seeds decides, many where reviews do. As far in the tail as Holm's correction looks, that is an
    approximation. A single seed adds nothing to the error: its spread is not known.

    A paired bootstrap over reviews and seeds would estimate the same error from draws. Here no
    verdict hangs on them, and few seeds count as few, which drawing from three cannot show.

    Args:
        correct: for each row whether each answer is right, shape (seeds, reviews), bool; the
            reviews are the same, in the same order, for all rows.
    """
    by_review = np.array([row.mean(axis=0) for row in correct])
    accuracy, reviews = by_review.mean(axis=1), by_review.shape[1]
    difference = accuracy[:, None] - accuracy
    covariance = np.atleast_2d(np.cov(by_review)) / reviews
    own = np.diag(covariance)
    over_reviews = own[:, None] + own - 2 * covariance
    over_reviews[over_reviews < 1e-18] = 0  # what rounding leaves of rows that differ by the same
    further_seeds = np.array([len(row) - 1 for row in correct])
    over_seeds = np.array(
        [row.mean(axis=1).var(ddof=1) / len(row) if len(row) > 1 else 0.0 for row in correct]
    )
    variance = over_reviews + over_seeds[:, None] + over_seeds
    of_seeds = over_seeds**2 / np.maximum(further_seeds, 1)
    spread = over_reviews**2 / (reviews - 1) + of_seeds[:, None] + of_seeds
    error = np.sqrt(variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = np.where(spread > 0, variance**2 / spread, reviews - 1)
        t = np.abs(difference) / error
    p = np.where(difference == 0, 1.0, 2 * stats.t.sf(t, freedom))
    pairs = np.triu_indices(len(correct), 1)
    for i, j in itertools.combinations(range(len(correct)), 2):
        if len(correct[i]) == len(correct[j]) == 1:
            p[i, j] = p[j, i] = exact = mcnemar(correct[i][0], correct[j][0])
            if 0 < exact < 0.5:  # so that no interval contradicts the test; above, none does
                as_large = stats.t.isf(exact / 2, freedom[i, j])
                error[i, j] = error[j, i] = abs(difference[i, j]) / as_large
    adjusted = np.ones_like(p)
    adjusted[pairs] = holm(p[pairs])
    adjusted = np.minimum(adjusted, adjusted.T)
    return Pairs(difference, error, freedom, p, adjusted)


def mcnemar(one: np.ndarray, other: np.ndarray) -> float:
    """Return the two-sided p-value of McNemar's exact test (McNemar, 1947) for two single runs.

    Only reviews that one of the two gets right and the other wrong count; if the two are equally
    accurate, each is as likely to be the one that is right.

    Args:
        one: whether each answer of the first is right, shape (reviews,), bool.
        other: the same for the second.
    """
    from statsmodels.stats.contingency_tables import mcnemar as exact_test  # takes 0.2 s to import

    table = [[(one & other).sum(), (one & ~other).sum()],
             [(~one & other).sum(), (~one & ~other).sum()]]  # fmt: skip
    return float(exact_test(table, exact=True).pvalue)


def corrected(comparisons: Sequence[tuple[Pairs, int, int]]) -> pd.DataFrame:
    """Return differences with what holds of them among all of these, by Holm's correction.

    Args:
        comparisons: pairs of rows, i and j of a `Pairs` each.

    Returns:
        One line per comparison, in this order, with the columns "difference", of row i from row j;
        "ci_low" and "ci_high", its interval; "p_adjusted"; and "verdict" on row i. The interval
        excludes zero exactly where the verdict is not "tied".
    """
    p = np.array([pairs.p[i, j] for pairs, i, j in comparisons], dtype=float)
    difference = np.array([pairs.difference[i, j] for pairs, i, j in comparisons], dtype=float)
    intervals = [
        pairs.interval(i, j, level)
        for (pairs, i, j), level in zip(comparisons, holm_levels(p), strict=True)
    ]
    low, high = np.reshape(intervals, (-1, 2)).T
    adjusted = holm(p)
    return pd.DataFrame(
        {
            "difference": difference,
            "ci_low": low,
            "ci_high": high,
            "p_adjusted": adjusted,
            "verdict": verdicts(adjusted, difference),
        }
    )


def verdicts(p: np.ndarray, difference: np.ndarray) -> np.ndarray:
    """Return "better", "worse" or "tied", str, by the sign of each significant difference.

    Args:
        p: p-values after any correction.
        difference: of the second from the first, of the same shape.
    """
    return np.where(p < LEVEL, np.where(difference > 0, "better", "worse"), "tied")


def holm(p: np.ndarray) -> np.ndarray:
    """Return p-values adjusted by Holm's step-down procedure (Holm, 1979), shape as `p`.

    Rejecting those below 5 % makes even one false rejection among all at most 5 % likely.
    """
    return multipletests(p, method="holm")[1] if len(p) else p


def holm_levels(p: np.ndarray) -> np.ndarray:
    """Return the level at which Holm's procedure tests each p-value, shape as `p`.

    From the smallest on, each is tested at 5 % by the number of those that are left; where one is
    not rejected, the procedure ends, and all that are left have its level. So a p-value is below
    its level exactly where `holm` says less than 5 %, and an interval of that level excludes zero
    exactly where the verdict does. It is at most as wide as Bonferroni's, which would cover all
    true differences at once with 95 % but contradict some of the verdicts; and wider than that for
    a single pair, of which, among many, some would exclude zero by chance.
    """
    order = np.argsort(p, kind="stable")
    levels = LEVEL / np.arange(len(p), 0, -1)
    kept = np.flatnonzero(p[order] >= levels)
    if len(kept):
        levels[kept[0] :] = levels[kept[0]]
    found = np.empty(len(p))
    found[order] = levels
    return found
