from benchmark.records import metrics
from benchmark.records.predictions import Predictions, informed

import numpy as np
import pytest
import sklearn.metrics
from scipy.special import expit, logit
from scipy.stats import bootstrap
from sklearn.calibration import calibration_curve


def test_scores_by_hand():
    labels = np.array([1, 1, 0, 0])
    logits = np.log(np.array([0.9, 0.4, 0.2, 0.6]) / np.array([0.1, 0.6, 0.8, 0.4]))
    scores = metrics.scores(logits, labels)
    assert scores["accuracy"] == 0.5
    assert scores["f1"] == 0.5
    assert scores["roc_auc"] == 0.75
    assert scores["log_loss"] == pytest.approx(-np.log([0.9, 0.4, 0.8, 0.4]).mean())
    assert scores["calibration_error"] == pytest.approx((0.1 + 0.6 + 0.2 + 0.6) / 4)


def test_calibration_error_of_a_calibrated_and_of_a_sure_predictor():
    labels = np.tile([1, 0, 0, 0], 50)
    assert metrics.calibration_error(np.full(200, logit(0.25)), labels) == pytest.approx(0)
    assert metrics.calibration_error(np.full(200, 50.0), labels) == pytest.approx(0.75)


def test_scores_agree_with_scikit_learn():
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 5_000).astype(np.int8)
    logits = random.normal(0.5 * labels, 2).astype(np.float16)  # with many ties
    chances, positive = expit(logits.astype(float)), logits >= 0
    found = metrics.scores(logits, labels)
    found.pop("calibration_error")  # scikit-learn has none; see below
    assert found == pytest.approx({
        "accuracy": sklearn.metrics.accuracy_score(labels, positive),
        "f1": sklearn.metrics.f1_score(labels, positive),
        "roc_auc": sklearn.metrics.roc_auc_score(labels, chances),
        "log_loss": sklearn.metrics.log_loss(labels, chances),
    }, abs=1e-12)  # fmt: skip


def test_scores_of_one_class_alone():
    scores = metrics.scores(np.array([-1.0, -2.0]), np.array([0, 0]))
    assert np.isnan(scores.pop("roc_auc"))
    assert scores["accuracy"] == 1
    assert scores["f1"] == 0


def test_an_undecided_prediction_counts_as_positive():
    assert metrics.scores(np.zeros(2), np.array([1, 0]))["f1"] == pytest.approx(2 / 3)


def test_kept_logits_keep_the_side_and_the_order():
    probabilities = np.array([0, 1e-9, 0.3, 0.4999, 0.5 - 1e-9, 0.5, 0.5 + 1e-9, 0.5001, 0.9, 1])
    kept = metrics.logits_to_keep(probabilities)
    assert kept.dtype == np.float16
    assert np.isfinite(kept).all()
    assert ((kept >= 0) == (probabilities >= 0.5)).all()
    assert (np.diff(kept) >= 0).all()


@pytest.mark.parametrize("bad", [np.nan, -0.1, 1.1, np.inf])
def test_values_outside_0_to_1_are_refused(bad):
    with pytest.raises(ValueError, match="prediction 1 is"):
        metrics.logits_to_keep(np.array([0.5, bad]))


def test_bootstrap_interval_agrees_with_scipy():
    correct = np.random.default_rng(0).random((3, 2_000)) < 0.85
    low, high = metrics.bootstrap_interval(correct)
    theirs = bootstrap(
        (correct.mean(axis=0),), np.mean, n_resamples=2_000, method="percentile", rng=0
    ).confidence_interval
    assert low == pytest.approx(theirs.low, abs=1e-3)
    assert high == pytest.approx(theirs.high, abs=1e-3)
    assert metrics.bootstrap_interval(correct) == (low, high)


def test_all_seeds_of_a_review_stay_together_in_the_bootstrap():
    """Seeds that say the same add nothing, where drawn answers would narrow the interval."""
    one = (np.random.default_rng(0).random(2_000) < 0.85)[None]
    thrice = metrics.bootstrap_interval(np.repeat(one, 3, axis=0))
    assert thrice == pytest.approx(metrics.bootstrap_interval(one))


def test_the_reliability_curve_agrees_with_scikit_learn():
    random = np.random.default_rng(0)
    probabilities = random.random(500) ** 2
    labels = (random.random(500) < probabilities).astype(int)
    observed, claimed = calibration_curve(labels, probabilities, n_bins=metrics.CALIBRATION_BINS)
    curve = metrics.reliability(probabilities, labels)
    full = curve.reviews > 0
    assert curve.claimed[full] == pytest.approx(claimed)
    assert curve.observed[full] == pytest.approx(observed)
    assert curve.reviews.sum() == 500


def test_empty_bins_are_no_numbers():
    curve = metrics.reliability(np.array([0.0, 1.0, 1.0]), np.array([0, 1, 0]))
    assert curve.reviews.tolist() == [1, *[0] * 13, 2]
    assert np.isnan(curve.observed[1:-1]).all()
    assert curve.observed[[0, -1]].tolist() == [0, 0.5]


def test_a_model_is_informed_if_it_beats_always_answering_the_larger_class():
    """Of 100 reviews: 0.70 - 1.96 * 0.458 / 10 = 0.61, and 0.59 - 0.096 = 0.494."""

    def answers(right, labels):
        logits = np.where((np.arange(100) < right) == (labels == 1), 1.0, -1.0)
        return Predictions([], logits[None], labels, np.zeros(100, bool))

    half, most = np.arange(100) % 2, (np.arange(100) >= 20).astype(int)
    assert set(informed({"a": answers(70, half), "b": answers(59, half)})) == {"a"}
    assert informed({"c": answers(80, most)}) == {}
