import dataclasses
import time

from benchmark.rows import hardware
from benchmark.rows.networks import devices, network_row
from benchmark.rows.networks.batches import Batches
from benchmark.rows.networks.network_row import NetworkRow
from benchmark.rows.networks.options import NetworkOptions, fit_to_size
from benchmark.rows.networks.training import predict, seconds_compiling, train
from benchmark.rows.training_data import TrainingData
from bert_family.shared import fine_tuning
from preprocessing.ragged import Ragged, bucket_widths
from tests.conftest import run_python

import keras
import numpy as np
import pytest
from keras import layers, ops

OPTIONS = NetworkOptions(epochs=3, least_steps=1, batch_size=16, max_words=60)


def build(options, data):
    words = keras.Input((None,), dtype="int32")
    mask = ops.cast(ops.not_equal(words, 0), "float32")[..., None]
    x = ops.sum(layers.Embedding(len(data.vocabulary), 4)(words) * mask, axis=1)
    return keras.Model(words, layers.Dense(1, activation="sigmoid", dtype="float32")(x))


ROW = NetworkRow("test", NetworkOptions, build=build)


@pytest.fixture
def batches(small):
    reviews = small.reviews("train")
    widths = bucket_widths(reviews.words.lengths, OPTIONS.max_words)
    return Batches(reviews.words, reviews.labels, 16, widths, random=np.random.default_rng(0))


def test_compilation_is_told_from_three_epochs_on():
    epochs = [{"seconds": seconds} for seconds in (9.0, 4.0, 6.0)]
    assert seconds_compiling(epochs) == 9 - 5
    assert seconds_compiling(epochs[1:]) is None
    assert seconds_compiling([{"seconds": 4.0}, *epochs]) == 0


def test_an_epoch_holds_every_review_once_with_its_own_label(batches, small):
    reviews = small.reviews("train")
    seen = np.concatenate(batches.plan)
    assert sorted(seen) == list(range(len(reviews)))
    for i in range(len(batches)):
        words, labels = batches[i]
        assert words.shape[1] in batches.widths
        for row, line, label in zip(batches.plan[i], words, labels, strict=True):
            kept = reviews.words[row][: OPTIONS.max_words]
            assert line[: len(kept)].tolist() == kept.tolist()
            assert not line[len(kept) :].any()
            assert label[0] == reviews.labels[row]


def test_no_epoch_waits_for_the_tuner_of_tf_data_to_stop(batches):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("only TensorFlow reads through tf.data")
    from keras.src.trainers.data_adapters.py_dataset_adapter import PyDatasetAdapter

    assert PyDatasetAdapter(batches).get_tf_dataset().options().autotune.enabled is False


def test_batches_come_in_order_though_some_take_longer_to_make(batches):
    class Slow(Batches):
        def __getitem__(self, index):
            time.sleep(0.02 * (index % 2 == 0))
            return super().__getitem__(index)

    slow = Slow(batches.sequences, None, 16, np.unique(batches.widths))
    words = keras.Input((None,), dtype="int32")
    first = keras.Model(words, words[:, :1]).predict(slow, verbose=0)
    assert first.tolist() == np.concatenate([slow[i][0][:, :1] for i in range(len(slow))]).tolist()


def test_the_widest_batch_comes_first_and_a_narrow_one_second(batches):
    for _ in range(3):
        widths = [batches[i][0].shape[1] for i in range(len(batches))]
        assert widths[0] == max(widths)
        assert widths[1] == min(widths)
        batches.on_epoch_end()


def test_each_epoch_is_shuffled_anew(batches):
    first = [plan.tolist() for plan in batches.plan]
    batches.on_epoch_end()
    assert [plan.tolist() for plan in batches.plan] != first


def test_padded_batches_mix_all_lengths_and_have_one_width(small):
    reviews = small.reviews("train")
    widths, random = np.array([OPTIONS.max_words]), np.random.default_rng(0)
    batches = Batches(reviews.words, reviews.labels, 16, widths, random=random)
    assert {batches[i][0].shape[1] for i in range(len(batches))} == {OPTIONS.max_words}
    lengths = np.minimum(reviews.words.lengths, OPTIONS.max_words)
    spread = np.mean([lengths[rows].std() for rows in batches.plan])
    assert spread > 0.5 * lengths.std()


def test_without_labels_a_batch_is_ids_alone_and_the_tail_is_kept_where_asked():
    sequences = Ragged.from_lengths(np.arange(1, 11), np.array([3, 7]))
    (ids,) = Batches(sequences, None, 2, np.array([4]), "tail")[0]
    assert sorted(ids.tolist()) == [[1, 2, 3, 0], [7, 8, 9, 10]]


def test_a_prediction_does_not_look_at_labels(small):
    reviews = small.reviews("train")
    fitted = ROW.fit(OPTIONS, TrainingData.of(small, 0), lambda event: None)
    known = fitted.predict(reviews)
    turned = dataclasses.replace(reviews, labels=1 - reviews.labels)
    np.testing.assert_array_equal(fitted.predict(turned), known)


def test_one_loop_trains_any_model_with_any_optimizer_and_loss():
    """The mean squared distance to the labels falls, and the best epoch's weights are kept.

    Validation asks for the opposite here, so that the first epoch is the best.
    """
    keras.utils.set_random_seed(0)
    sequences = Ragged.from_lengths(np.array([1, 2] * 20), np.ones(40, int))
    batches = Batches(sequences, np.array([0, 1] * 20), 8, np.array([1]))
    opposite = Batches(sequences, np.array([1, 0] * 20), 8, np.array([1]))
    ids = keras.Input((None,), dtype="int32")
    model = keras.Model(ids, layers.Dense(1)(layers.Embedding(3, 4)(ids)[:, 0]))
    events = []
    optimizer = keras.optimizers.SGD(0.1)
    history = train(model, optimizer, batches, opposite, 5, events.append, loss="mse")
    assert history[-1]["loss"] < 0.5 * history[0]["loss"]
    assert len(history) == len([event for event in events if event["event"] == "epoch"]) == 5
    losses = [epoch["validation_loss"] for epoch in history]
    assert losses[-1] > losses[0] == min(losses)
    distance = np.mean((predict(model, batches) - opposite.labels) ** 2)
    assert distance == pytest.approx(losses[0], rel=1e-4)


def test_the_learning_curve_and_the_best_epoch(small):
    events = []
    fitted = ROW.fit(OPTIONS, TrainingData.of(small, 0), events.append)
    assert [event["epoch"] for event in events if event["event"] == "epoch"] == [1, 2, 3]
    assert len(fitted.history) == 3
    validation = small.reviews("validation")
    p = fitted.predict(validation).astype(np.float64)
    loss = -np.log(np.where(validation.labels == 1, p, 1 - p)).mean()
    assert loss == pytest.approx(min(e["validation_loss"] for e in fitted.history), rel=1e-4)


def test_averaged_weights_are_what_is_judged_and_kept(small):
    """With momentum near 1 the mean stays near the start, whatever the steps do."""
    options = dataclasses.replace(OPTIONS, ema_momentum=0.9999, learning_rate=0.1)
    fitted = ROW.fit(options, TrainingData.of(small, 0), lambda event: None)
    losses = [epoch["validation_loss"] for epoch in fitted.history]
    assert np.ptp(losses) < 0.01
    assert fitted.history[-1]["loss"] < 0.5
    validation = small.reviews("validation")
    p = fitted.predict(validation).astype(np.float64)
    loss = -np.log(np.where(validation.labels == 1, p, 1 - p)).mean()
    assert loss == pytest.approx(min(losses), rel=1e-4)


@pytest.mark.parametrize(
    ("batch_size", "epochs", "reviews", "batch_size_now", "epochs_now"),
    [
        (64, 2, 22_500, 64, 2),  # 704 steps are enough
        (64, 2, 2_000, 16, 2),  # 250 steps in batches of 16
        (64, 2, 900, 16, 4),  # 57 steps in a pass
        (64, 2, 40, 16, 5),  # not more than 5 passes
        (24, 2, 900, 16, 4),  # not below 16
        (4, 1, 400, 4, 2),  # unless it was asked for
        (64, 20, 40, 16, 20),  # passes that were asked for stay
    ],
)
def test_a_small_corpus_gets_smaller_batches_then_more_passes(
    batch_size, epochs, reviews, batch_size_now, epochs_now
):
    options = NetworkOptions(batch_size=batch_size, epochs=epochs, least_steps=200)
    assert fit_to_size(options, reviews) == (batch_size_now, epochs_now)


def test_training_takes_the_smaller_batches_and_prediction_does_not(small):
    options = dataclasses.replace(OPTIONS, batch_size=64, epochs=1, least_steps=18)
    fitted = ROW.fit(options, TrainingData.of(small, 0), lambda event: None)
    assert len(fitted.history) == 3, "18 steps of 6 batches of 16"
    assert fitted.options.batch_size == 64


@pytest.fixture
def single_precision_again():
    """Leave single precision for the tests to come."""
    yield
    keras.config.set_dtype_policy("float32")


@pytest.mark.usefixtures("single_precision_again")
def test_half_precision_is_an_option(small):
    options = dataclasses.replace(OPTIONS, precision="mixed_bfloat16")
    fitted = ROW.fit(options, TrainingData.of(small, 0), lambda event: None)
    assert fitted.precision == "mixed_bfloat16"


@pytest.mark.parametrize(
    ("asked", "gpu", "fast_on_gpu", "fast_on_cpu", "of_words", "of_subwords"),
    [
        ("auto", True, True, False, "mixed_bfloat16", "mixed_bfloat16"),
        ("auto", True, False, True, "float32", "float32"),
        ("auto", False, True, True, "float32", "mixed_bfloat16"),
        ("auto", False, True, False, "float32", "float32"),
        ("float32", True, True, True, "float32", "float32"),
    ],
)
def test_half_precision_is_chosen_where_it_is_fast(
    monkeypatch, asked, gpu, fast_on_gpu, fast_on_cpu, of_words, of_subwords
):
    for module in (devices, fine_tuning):
        monkeypatch.setattr(module, "on_gpu", lambda: gpu)
    monkeypatch.setattr(hardware, "gpus_multiply_bfloat16", lambda: fast_on_gpu)
    monkeypatch.setattr(hardware, "multiplies_bfloat16", lambda: fast_on_cpu)
    monkeypatch.setattr(keras.backend, "backend", lambda: "tensorflow")
    assert devices.dtype_policy(asked) == of_words
    assert fine_tuning.dtype_policy(asked) == of_subwords


SEVERAL_DEVICES = """
import dataclasses
import keras
import numpy as np
from benchmark.rows import TrainingData, catalogue
from benchmark.rows.networks import devices
from preprocessing.corpus import Corpus
from pathlib import Path
import sys

corpus = Corpus(Path(sys.argv[1]))
row = catalogue.load("cnn")
options = row.hyperparameters(
    epochs=1, least_steps=1, filters=4, max_words=40, batch_size=16, batches="padded"
)
answers = []
for number in (1, 2):
    if number == 2:
        both = keras.distribution.DataParallel()
        devices.use_all_gpus = lambda: keras.distribution.set_distribution(both)
    data = TrainingData.of(corpus, 0)
    data = dataclasses.replace(data, train=data.train.part(0, 89))
    fitted = row.fit(options, data, lambda event: None)
    assert devices.devices() == number
    answers.append(fitted.predict(data.train))
assert np.allclose(*answers, atol=0.02), np.abs(answers[0] - answers[1]).max()
"""


def test_several_devices_share_each_batch(small):
    """Two made of one processor, on JAX, where Keras can do it; an odd number of reviews."""
    process = run_python(
        "-c", SEVERAL_DEVICES, small.folder,
        KERAS_BACKEND="jax", JAX_DISABLE_MOST_OPTIMIZATIONS="1",
        XLA_FLAGS="--xla_force_host_platform_device_count=2",
    )  # fmt: skip
    assert process.returncode == 0, process.stderr


def test_the_tail_is_what_is_learned_judged_and_predicted(small):
    given = []
    row = dataclasses.replace(ROW, learn=lambda *about: given.append(about[-1]) or [])
    options = dataclasses.replace(OPTIONS, truncation="tail", max_words=5)
    fitted = row.fit(options, TrainingData.of(small, 0), lambda event: None)
    for batches in (
        given[0].batches, given[0].validation, fitted.batches(small.reviews("validation"))
    ):  # fmt: skip
        longest = int(batches.sequences.lengths.argmax())
        number = next(i for i, rows in enumerate(batches.plan) if longest in rows)
        ids = batches[number][0][list(batches.plan[number]).index(longest)]
        assert ids.tolist() == batches.sequences[longest][-5:].tolist()


def test_the_rate_falls_over_all_epochs(small, monkeypatch):
    given = []
    monkeypatch.setattr(
        network_row, "train",
        lambda model, optimizer, batches, *rest: given.append((optimizer, len(batches))) or [],
    )  # fmt: skip
    ROW.fit(OPTIONS, TrainingData.of(small, 0), print)
    ((optimizer, batches),) = given
    rate = optimizer.get_config()["learning_rate"]["config"]
    assert rate["decay_steps"] == 3 * batches
    assert rate["initial_learning_rate"] == OPTIONS.learning_rate


def test_the_first_epoch_of_stages_does_not_tell_how_long_compilation_took(small):
    epochs = [{"seconds": seconds} for seconds in (9.0, 4.0, 6.0)]
    for in_stages, seconds in ((False, 4.0), (True, None)):
        row = dataclasses.replace(ROW, learn=lambda *about: epochs, in_stages=in_stages)
        fitted = row.fit(OPTIONS, TrainingData.of(small, 0), print)
        assert fitted.seconds_compiling == seconds
