"""Which differences are real: by hand, on made-up data, and as the libraries compute it."""

from benchmark import statistics

import numpy as np
import pytest
from scipy.stats import bootstrap
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests


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


def test_mcnemar_agrees_with_statsmodels(runs):
    for accuracy in (0.8, 0.82, 0.9):
        one, other = runs(0.8, seeds=2)[0], runs(accuracy, seeds=1)[0]
        table = [[(one & other).sum(), (one & ~other).sum()],
                 [(~one & other).sum(), (~one & ~other).sum()]]  # fmt: skip
        assert statistics.mcnemar(one, other) == pytest.approx(mcnemar(table, exact=True).pvalue)


def test_holm_by_hand_and_as_statsmodels_computes_it():
    p = np.array([0.01, 0.04, 0.03, 0.005])
    assert statistics.holm(p) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    p = np.random.default_rng(0).random(300) ** 3
    assert statistics.holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    assert statistics.holm(np.empty(0)).shape == (0,)


def test_the_paired_bootstrap_agrees_with_scipy_on_single_runs(runs):
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


def test_the_error_over_seeds_and_reviews_is_the_known_one():
    """Seeds that are right or wrong on all reviews: the whole variance is that over seeds."""
    one = np.repeat(np.array([[1], [1], [0], [0], [1]], bool), 100, axis=1)
    sure = np.ones((3, 100), bool)
    seeds = np.array([1, 1, 0, 0, 1])
    pairs = statistics.compare([one, sure])
    assert pairs.error[0, 1] == pytest.approx(seeds.std(ddof=1) / np.sqrt(5), rel=0.05)


def test_a_spread_over_seeds_makes_a_difference_less_sure(runs):
    quiet = statistics.compare([runs(0.90), runs(0.88)])
    assert quiet.better[0, 1]
    wide = np.concatenate([runs(accuracy, seeds=1) for accuracy in (0.85, 0.90, 0.95)])
    assert not statistics.compare([wide, runs(0.88)]).better.any()


def test_equal_rows_are_rarely_told_apart_and_the_table_holds_its_level(runs):
    false_alarms = [
        statistics.compare([runs(0.9, reviews=1_000) for _ in range(4)], resamples=300).better.any()
        for _ in range(60)
    ]
    assert np.mean(false_alarms) <= 0.1


def test_ranks_count_the_rows_that_are_significantly_better(runs):
    rows = [runs(accuracy, reviews=20_000) for accuracy in (0.95, 0.9495, 0.92, 0.85)]
    pairs = statistics.compare(rows)
    assert pairs.ranks.tolist() == [1, 1, 3, 4]
    assert pairs.tied[0].tolist() == [False, True, False, False]


def test_being_tied_is_not_transitive_and_the_rule_says_what_follows():
    adjusted = np.array([[1, 0.5, 0.01], [0.5, 1, 0.5], [0.01, 0.5, 1]])
    accuracy = np.array([0.9, 0.89, 0.88])
    pairs = statistics.Pairs(accuracy[:, None] - accuracy, adjusted, adjusted, adjusted)
    assert pairs.ranks.tolist() == [1, 1, 2]


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


def test_the_same_draws_every_time(runs):
    rows = [runs(0.9), runs(0.89)]
    np.testing.assert_array_equal(statistics.compare(rows).p, statistics.compare(rows).p)
