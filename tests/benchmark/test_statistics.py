"""Which differences are real: by hand, on made-up data, and as SciPy computes it."""

import itertools

from benchmark.analysis import statistics

import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap, ttest_1samp, ttest_ind, ttest_rel


@pytest.fixture
def runs():
    """Return a function that makes the runs of a row, which err independently of other rows."""
    random = np.random.default_rng(0)
    return lambda accuracy, seeds=3, reviews=5_000: random.random((seeds, reviews)) < accuracy


def test_mcnemar_by_hand():
    one = np.array([1, 1, 1, 1, 1, 1, 0, 1, 0], bool)
    other = np.array([0, 0, 0, 0, 0, 0, 1, 1, 0], bool)
    assert statistics.mcnemar(one, other) == pytest.approx(2 * (1 + 7) / 2**7)
    assert statistics.mcnemar(one, one) == 1


def test_mcnemar_is_a_binomial_test_of_the_reviews_that_tell_the_two_apart(runs):
    for accuracy in (0.8, 0.82, 0.9):
        one, other = runs(0.8, seeds=2)[0], runs(accuracy, seeds=1)[0]
        only_one, only_other = int((one & ~other).sum()), int((other & ~one).sum())
        expected = binomtest(only_one, only_one + only_other).pvalue
        assert statistics.mcnemar(one, other) == pytest.approx(expected)


def test_holm_by_hand():
    p = np.array([0.01, 0.04, 0.03, 0.005])
    assert statistics.holm(p) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert statistics.holm(np.empty(0)).shape == (0,)


def test_single_runs_have_the_error_of_a_paired_bootstrap_and_mcnemars_p(runs):
    shared = runs(0.8, seeds=1)[0]
    one, other = shared & runs(0.97, seeds=1)[0], shared & runs(0.96, seeds=1)[0]
    theirs = bootstrap(
        (one, other), lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis),
        paired=True, vectorized=True, n_resamples=4_000, method="percentile", rng=0,
    )  # fmt: skip
    pairs = statistics.compare([one[None], other[None]])
    assert pairs.error[0, 1] == pytest.approx(theirs.standard_error, rel=0.05)
    assert pairs.interval(0, 1) == pytest.approx(theirs.confidence_interval, abs=5e-4)
    assert pairs.p[0, 1] == statistics.mcnemar(one, other)


def test_pairing_tells_apart_what_the_two_intervals_alone_would_not(runs):
    one = runs(0.8, seeds=1, reviews=2_000)
    other = one.copy()
    other[0, np.flatnonzero(one[0])[:20]] = False
    pairs = statistics.compare([np.repeat(one, 3, 0), np.repeat(other, 3, 0)])
    assert pairs.difference[0, 1] == pytest.approx(0.01)
    assert pairs.error[0, 1] == pytest.approx(np.sqrt(0.01 * 0.99 / 2_000), rel=0.05)
    assert pairs.better.tolist() == [[False, True], [False, False]]


def right_on(shares: list[float], reviews: int = 1_000) -> np.ndarray:
    """Return runs that are right on the first reviews, each on its share of them."""
    return np.arange(reviews) < reviews * np.array(shares)[:, None]


def all_or_nothing(*seeds: int) -> np.ndarray:
    """Return runs that are right or wrong on all of 100 reviews, which then add no chance."""
    return np.repeat(np.array(seeds, bool)[:, None], 100, axis=1)


def test_seeds_alone_make_it_a_t_test_over_seeds():
    one, other, sure = (1, 1, 0, 0, 1), (0, 0, 1), (1, 1, 1)
    pairs = statistics.compare([all_or_nothing(*row) for row in (one, other, sure)])
    assert pairs.error[0, 2] == pytest.approx(np.std(one, ddof=1) / np.sqrt(5))
    assert pairs.p[0, 2] == pytest.approx(ttest_1samp(one, 1).pvalue)
    welch = ttest_ind(one, other, equal_var=False)
    assert pairs.p[0, 1] == pytest.approx(welch.pvalue)
    assert pairs.interval(0, 1) == pytest.approx(welch.confidence_interval())


def test_reviews_alone_make_it_a_paired_t_test_over_reviews(runs):
    one, other = runs(0.9, seeds=1)[0] * 1.0, runs(0.89, seeds=1)[0] * 1.0
    pairs = statistics.compare([np.array([one] * 3), np.array([other] * 3)])
    paired = ttest_rel(one, other)
    assert pairs.p[0, 1] == pytest.approx(paired.pvalue)
    assert pairs.interval(0, 1) == pytest.approx(paired.confidence_interval())


def test_the_error_adds_seeds_to_reviews_by_hand():
    one, other = right_on([0.8, 0.9]), right_on([0.7])
    pairs = statistics.compare([one, other])
    over_seeds = 0.1**2 / 2 / 2
    differences = np.repeat([0, 1, 0.5, 0], [700, 100, 100, 100])
    over_reviews = differences.var(ddof=1) / 1_000
    assert pairs.error[0, 1] == pytest.approx(np.sqrt(over_reviews + over_seeds))
    freedom = (over_reviews + over_seeds) ** 2 / (over_reviews**2 / 999 + over_seeds**2 / 1)
    assert pairs.freedom[0, 1] == pytest.approx(freedom)


def test_a_spread_over_seeds_makes_a_difference_less_sure(runs):
    quiet = statistics.compare([runs(0.90), runs(0.88)])
    assert quiet.better[0, 1]
    wide = np.concatenate([runs(accuracy, seeds=1) for accuracy in (0.85, 0.90, 0.95)])
    assert not statistics.compare([wide, runs(0.88)]).better.any()


def test_equal_rows_are_rarely_told_apart_in_the_whole_table(runs):
    tables = [
        statistics.compare([runs(0.9, seeds=1, reviews=1_000) for _ in range(8)]) for _ in range(40)
    ]
    assert np.mean([pairs.better.any() for pairs in tables]) <= 0.1
    assert np.mean([(pairs.p < statistics.LEVEL).any() for pairs in tables]) >= 0.3, "uncorrected"


def test_equal_rows_are_rarely_told_apart_where_seeds_differ(runs):
    random = np.random.default_rng(1)

    def row() -> np.ndarray:
        return np.concatenate(
            [runs(accuracy, seeds=1) for accuracy in random.normal(0.9, 0.02, size=3)]
        )

    pairs = [statistics.compare([row(), row()]) for _ in range(100)]
    assert np.mean([one.p[0, 1] < statistics.LEVEL for one in pairs]) <= 0.1
    over_reviews = np.sqrt(2 * 0.9 * 0.1 / 3 / 5_000)
    assert np.mean([abs(one.difference[0, 1]) > 2 * over_reviews for one in pairs]) >= 0.3


def test_ranks_count_the_rows_that_are_significantly_better(runs):
    rows = [runs(accuracy, reviews=20_000) for accuracy in (0.95, 0.9495, 0.92, 0.85)]
    pairs = statistics.compare(rows)
    assert pairs.ranks.tolist() == [1, 1, 3, 4]
    assert pairs.tied[0].tolist() == [False, True, False, False]


def test_being_tied_is_not_transitive_and_the_rule_says_what_follows():
    adjusted = np.array([[1, 0.5, 0.01], [0.5, 1, 0.5], [0.01, 0.5, 1]])
    accuracy = np.array([0.9, 0.89, 0.88])
    pairs = statistics.Pairs(accuracy[:, None] - accuracy, *[adjusted] * 4)
    assert pairs.ranks.tolist() == [1, 1, 2]


def test_a_row_of_which_little_is_known_does_not_rank_before_a_more_accurate_one(runs):
    known = [runs(accuracy, seeds=1)[[0, 0, 0]] for accuracy in (0.9, 0.8)]
    wide = np.concatenate([runs(accuracy, seeds=1) for accuracy in (0.5, 0.7, 0.9)])
    pairs = statistics.compare([*known, wide])
    assert not pairs.better[:, 2].any()
    assert pairs.ranks.tolist() == [1, 2, 2]


def test_the_same_answers_are_tied_and_one_row_is_first(runs):
    one = runs(0.9)
    pairs = statistics.compare([one, one])
    assert pairs.ranks.tolist() == [1, 1]
    assert pairs.p.tolist() == [[1, 1], [1, 1]]
    assert statistics.compare([one]).ranks.tolist() == [1]


def test_all_right_and_all_wrong_leave_no_doubt():
    pairs = statistics.compare([np.ones((2, 50), bool), np.zeros((2, 50), bool)])
    assert pairs.p[0, 1] == 0
    assert pairs.ranks.tolist() == [1, 2]


def test_an_interval_excludes_zero_just_where_the_verdict_does():
    """Of single runs, which McNemar's test compares, and of several seeds."""
    chance = np.random.default_rng(0)
    for seeds in (1, 3):
        rates = np.linspace(0.80, 0.86, 12)
        pairs = statistics.compare([chance.random((seeds, 2_000)) < rate for rate in rates])
        verdicts = {True: 0, False: 0}
        for i, j in itertools.combinations(range(len(rates)), 2):
            for (low, high), is_real in (
                (pairs.interval(i, j), pairs.p[i, j] < statistics.LEVEL),
                (pairs.interval_among_all(i, j), not pairs.tied[i, j]),
            ):
                assert (low > 0 or high < 0) == is_real
                verdicts[bool(is_real)] += 1
        assert min(verdicts.values()) > 5


def test_single_runs_that_hardly_differ_have_an_interval_as_wide_as_others():
    """McNemar's p-value is 1 there, and no error of a t-test that gives 1 has bounds."""
    one = np.tile([True, True, False, True, False], 100)
    other = one.copy()
    other[:41] = ~one[:41]  # 25 of them were right, 16 wrong, and 8 more turn the other way
    other[np.flatnonzero(~one)[-8:]] = True
    pairs = statistics.compare([one[None], other[None]])
    assert pairs.difference[0, 1] == pytest.approx(1 / 500)
    assert pairs.p[0, 1] > 0.99
    half = 1.96 * np.sqrt(49 / 500**2)
    assert pairs.interval(0, 1) == pytest.approx((1 / 500 - half, 1 / 500 + half), abs=1e-4)


def test_levels_of_holm_by_hand():
    levels = statistics.holm_levels(np.array([0.03, 0.001, 0.04, 0.012]))
    assert levels.tolist() == pytest.approx([0.025, 0.0125, 0.025, 0.05 / 3])
    assert statistics.holm_levels(np.array([])).tolist() == []
