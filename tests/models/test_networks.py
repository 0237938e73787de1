"""What every row that is a Keras network must keep."""

import dataclasses

from benchmark.rows import catalogue
from benchmark.rows.networks.network_row import Lessons, NetworkRow
from benchmark.rows.training_data import TrainingData
from models import fasttext, lm_lstm, ulmfit
from models.pretraining.language_model import DIRECTIONS, language_model
from models.pretraining.perturbation import Perturbed, WithUnlabelled
from preprocessing.errors import UserError
from tests.conftest import run_python
from tests.models.test_contract import quick_options

import keras
import numpy as np
import pytest

NETWORKS = [
    line.name for line in catalogue.lines().values() if type(catalogue.load(line.row)) is NetworkRow
]
WORDS = 15


def row_and_options(name):
    """Return a line's row and its hyperparameters for a quick fit."""
    line = catalogue.lines()[name]
    row = catalogue.load(line.row)
    settings = row.variants[line.variant].settings if line.variant else {}
    return row, dataclasses.replace(quick_options(row), **settings)


@pytest.fixture(scope="module")
def built(small):
    """Each network, untrained, in float32."""
    kept = {}

    def build(name):
        if name not in kept:
            row, options = row_and_options(name)
            keras.config.set_dtype_policy("float32")
            keras.utils.set_random_seed(0)
            kept[name] = row.build(options, TrainingData.of(small, 0))
        return kept[name]

    return build


@pytest.fixture(scope="module")
def some_words(small):
    """Eight reviews, shape (8, 15), the second of them cut to three words."""
    words = small.reviews("train").words.padded(np.arange(8), WORDS)
    words[1, 3:] = 0
    return words


@pytest.mark.parametrize("name", NETWORKS)
def test_padding_and_other_reviews_change_no_prediction(name, built, some_words):
    model = built(name)
    together = model(np.pad(some_words, ((0, 0), (0, 9))))
    for i, length in ((0, WORDS), (1, 3)):
        alone = model(some_words[i : i + 1, :length])
        np.testing.assert_allclose(alone[0], together[i], atol=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_it_learns_64_reviews_by_heart(name, small, eagerly):
    (row, options), data = row_and_options(name), TrainingData.of(small, 0)
    rows = np.r_[0:32, len(data.train) - 32 : len(data.train)]
    words, labels = data.train.words.padded(rows, WORDS), data.train.labels[rows, None]
    keras.config.set_dtype_policy("float32")
    keras.utils.set_random_seed(0)
    shares = [name for name in ("dropout", "spatial_dropout") if hasattr(options, name)]
    options = dataclasses.replace(options, **dict.fromkeys(shares, 0.0))
    model = row.build(options, data)
    # ulmfit's rate is for its new layers; its word vectors, two layers down, learn more slowly
    rate = 3 * options.learning_rate / getattr(options, "slower", 1) ** 2
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy")
    for _ in range(40):
        for _ in range(3):
            model.train_on_batch(words, labels)
        accuracy = np.mean((np.asarray(model(words)) > 0.5) == labels)
        if accuracy == 1:
            break
    assert accuracy == 1


RECURRENT = (
    "lstm", "gru", "stacked_lstm", "bidirectional_lstm", "cnn_lstm", "attention_lstm", "lm_lstm",
    "elmo", "ulmfit",
)  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_recurrent_layers_are_such_as_fused_gpu_kernels_compute(name, built):
    """cuDNN has one form of LSTM and GRU, and no mask but for padding at the end."""
    fused = keras.layers.LSTM | keras.layers.GRU
    every = list(built(name)._flatten_layers(recursive=True))
    recurrent = [layer for layer in every if isinstance(layer, fused)]
    assert recurrent or not name.startswith(RECURRENT)
    for layer in every:
        if layer in recurrent:
            assert layer.activation is keras.activations.tanh
            assert layer.recurrent_activation is keras.activations.sigmoid
            assert layer.use_bias
            assert not layer.unroll
            assert layer.recurrent_dropout == 0
            assert getattr(layer, "reset_after", True)
        assert not getattr(layer, "mask_zero", False)


PREDICT = """
import json, sys
from pathlib import Path
import benchmark, keras, numpy as np
from benchmark.rows import catalogue
from models.pretraining.gradient import gradient

folder = Path(sys.argv[1])
words = np.load(folder / "words.npy")
for name, line in catalogue.lines().items():
    if (folder / f"{name}.keras").exists():
        catalogue.load(line.row)
        model = keras.models.load_model(folder / f"{name}.keras")
        np.save(folder / f"{name}.npy", model.predict_on_batch(words))
slopes = gradient(lambda x: keras.ops.sum(x**3), keras.ops.array([1.0, 2.0]))
np.testing.assert_allclose(slopes, [3, 12])
assert keras.backend.backend() == "jax"
assert "tensorflow" not in sys.modules
"""


def test_the_same_weights_give_the_same_predictions_on_jax(built, some_words, tmp_path):
    np.save(tmp_path / "words.npy", some_words)
    for name in NETWORKS:
        built(name).save(tmp_path / f"{name}.keras")
    quick = {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}  # compiling takes longer than computing
    process = run_python("-c", PREDICT, tmp_path, KERAS_BACKEND="jax", **quick)
    assert process.returncode == 0, process.stderr
    for name in NETWORKS:
        here = np.asarray(built(name)(some_words))
        np.testing.assert_allclose(np.load(tmp_path / f"{name}.npy"), here, atol=1e-5, err_msg=name)


def test_capsules_that_learn_their_lengths_answer_by_the_longer_one(small, eagerly):
    row, options = row_and_options("capsule (paper)")
    fitted = row.fit(options, TrainingData.of(small, 0), lambda event: None)
    validation = small.reviews("validation")
    right = ((fitted.predict(validation) >= 0.5) == validation.labels).mean()
    best = min(fitted.history, key=lambda epoch: epoch["validation_loss"])
    assert best["validation_accuracy"] == pytest.approx(right)


def test_words_beyond_the_known_ones_are_read_as_unknown(small):
    row, options = row_and_options("cnn (quick)")
    keras.config.set_dtype_policy("float32")
    model = row.build(dataclasses.replace(options, known_words=20), TrainingData.of(small, 0))

    def answer(*words):
        return float(np.asarray(model(np.array([words])))[0, 0])

    assert answer(5, 20, 7) == answer(5, 90, 7) == answer(5, 1, 7) != answer(5, 19, 7)


def test_fasttext_is_the_mean_of_words_and_pairs(small):
    row = catalogue.load("fasttext")
    keras.config.set_dtype_policy("float32")
    options = row.hyperparameters(places=50, dimensions=4, max_ngram=2)
    model = row.build(options, TrainingData.of(small, 0))
    tables = {
        layer.input_dim: layer.get_weights()[0]
        for layer in model.layers
        if isinstance(layer, keras.layers.Embedding)
    }
    words, pairs = tables[len(small.vocabulary)], tables[50]
    kernel, bias = model.get_layer("positive").get_weights()
    mean = (words[2] + words[3] + pairs[(2 * fasttext.MULTIPLIER + 3) % 50]) / 3
    for ids, features in (([2, 3, 0], mean), ([2, 0, 0], words[2]), ([0, 0, 0], 0 * mean)):
        expected = 1 / (1 + np.exp(-(features @ kernel + bias)))
        np.testing.assert_allclose(np.asarray(model(np.array([ids])))[0], expected, rtol=1e-5)


@pytest.mark.parametrize(("vectors", "tables"), [("word2vec", 1), ("learned", 2)])
def test_elmo_holds_each_table_of_word_vectors_once(vectors, tables, small):
    row, options = row_and_options("elmo")
    changed = {"lm_vectors": vectors, "lm_units": 300, "lm_dimensions": 300, "pretrain": 0}
    keras.config.set_dtype_policy("float32")
    model = row.build(dataclasses.replace(options, **changed), TrainingData.of(small, 0))
    fixed = [weight.shape for weight in model.non_trainable_weights]
    assert fixed.count((len(small.vocabulary), 300)) == tables


def test_ulmfit_unfreezes_the_last_layer_first_and_makes_all_passes_in_the_last_stage(
    small, monkeypatch
):
    stages = []

    def train(model, optimizer, batches, validation, epochs, on_event):
        assert (optimizer.use_ema, optimizer.ema_momentum) == (True, 0.9)
        deep = [layer for layer in model.layers if layer.name.startswith(("lstm_", "correction"))]
        rate = optimizer.get_config()["learning_rate"]["config"]
        opened = {layer.name for layer in deep if layer.trainable}
        stages.append((epochs, rate["steps"], opened, optimizer.slowness))
        return [{}] * epochs

    monkeypatch.setattr(ulmfit, "train", train)
    row, options = row_and_options("ulmfit")
    options = dataclasses.replace(
        options, ema_momentum=0.9, lm_layers=2, slower=2.0, learned_words=9
    )
    data = TrainingData.of(small, 0)
    keras.config.set_dtype_policy("float32")
    lessons = Lessons([None] * 4, None, epochs=5)
    history = row.learn(options, data, row.build(options, data), lessons)
    slowness = {"lstm_1": 2.0, "lstm_0": 4.0, "correction": 8.0}
    assert stages == 2 * [
        (1, 4, set(), slowness),
        (1, 4, {"lstm_1"}, slowness),
        (1, 4, {"lstm_1", "lstm_0"}, slowness),
        (5, 20, {"lstm_1", "lstm_0", "correction"}, slowness),
    ]
    assert len(history) == 16


@pytest.mark.parametrize("name", ["lm_lstm", "elmo", "ulmfit"])
def test_a_row_starts_from_what_its_language_models_learned(name, small, eagerly):
    (row, options), data = row_and_options(name), TrainingData.of(small, 0)
    model = row.build(options, data)
    read = {"forwards": "read"} if name == "lm_lstm" else {one: one for one in DIRECTIONS}
    first = {}
    for direction, part in read.items():
        start = language_model(options, data, direction)
        for number, learned in enumerate(start.layers):
            kept = model.get_layer(part).get_layer(f"lstm_{number}").get_weights()
            for ours, theirs in zip(kept, learned, strict=True):
                np.testing.assert_array_equal(ours, theirs)
        first[direction] = start.layers[0][0]
        assert model.get_layer(part).trainable == (name != "elmo")
    if len(first) == 2:
        assert (first["forwards"] != first["backwards"]).any()


def test_attention_sees_each_word_as_read_from_both_ends(small, some_words):
    row, options = row_and_options("attention_lstm")
    keras.config.set_dtype_policy("float32")
    model = row.build(options, TrainingData.of(small, 0))
    states = keras.Model(model.input, model.get_layer("attention").input[0])
    words = some_words[:1]
    first, last = words.copy(), words.copy()
    first[0, 0], last[0, -1] = words[0, 0] + 1, words[0, -1] + 1
    as_is, other_first, other_last = (np.asarray(states(one))[0] for one in (words, first, last))
    there, back = slice(options.units), slice(options.units, None)
    assert (as_is[-1, back] == other_first[-1, back]).all()
    assert (as_is[-1, there] != other_first[-1, there]).any()
    assert (as_is[0, there] == other_last[0, there]).all()
    assert (as_is[0, back] != other_last[0, back]).any()


def test_the_second_reader_begins_at_the_end(small, some_words):
    words = some_words[:1]
    row, options = row_and_options("bidirectional_lstm")
    keras.config.set_dtype_policy("float32")
    model = row.build(options, TrainingData.of(small, 0))
    there, back = (layer for layer in model.layers if isinstance(layer, keras.layers.LSTM))
    back.set_weights(there.get_weights())
    positive = model.get_layer("positive")
    kernel, bias = positive.get_weights()
    kernel[len(kernel) // 2 :] = kernel[: len(kernel) // 2]
    positive.set_weights([kernel, bias])
    np.testing.assert_allclose(model(words), model(words[:, ::-1]), atol=1e-6)

    row, options = row_and_options("ulmfit")
    model = row.build(options, TrainingData.of(small, 0))
    there, back = model.get_layer("forwards"), model.get_layer("backwards")
    there.set_weights(back.get_weights())
    np.testing.assert_allclose(back(words), there(words[:, ::-1]), atol=1e-6)


@pytest.mark.parametrize("name", [name for name in NETWORKS if not name.startswith("fasttext")])
def test_the_order_of_words_matters(name, built, some_words):
    model, words = built(name), some_words[:1]
    assert np.abs(np.asarray(model(words)) - np.asarray(model(words[:, ::-1]))).max() > 1e-5


@pytest.mark.parametrize("name", NETWORKS)
def test_the_shares_that_are_dropped_are_those_that_were_asked_for(name, small):
    row, options = row_and_options(name)
    shares = {"dropout": 0.31, "spatial_dropout": 0.17, "layer_dropout": 0.23}
    asked = {option: share for option, share in shares.items() if hasattr(options, option)}
    model = row.build(dataclasses.replace(options, **asked), TrainingData.of(small, 0))
    found = {getattr(layer, "rate", None) for layer in model._flatten_layers(recursive=True)}
    assert set(asked.values()) <= found


def test_perturbed_vectors_are_refused_where_numbers_are_too_coarse(small):
    row, options = row_and_options("lm_lstm (virtual_adversarial)")
    options = dataclasses.replace(options, precision="mixed_bfloat16")
    with pytest.raises(UserError, match="bfloat16 rounds its small steps away"):
        row.build(options, TrainingData.of(small, 0))


@pytest.mark.parametrize("variant", ["not-pretrained", "adversarial", "virtual_adversarial"])
def test_a_variant_trains_by_its_perturbation(variant, small, monkeypatch):
    class Trained(Exception):
        pass

    def learn(options, data, model, lessons):
        raise Trained(model, lessons.batches)

    monkeypatch.setattr(lm_lstm, "learn", learn)
    row, options = row_and_options(f"lm_lstm ({variant})")
    options = dataclasses.replace(options, pretrain=0)
    with pytest.raises(Trained) as trained:
        row.fit(options, TrainingData.of(small, 0), lambda event: None)
    model, batches = trained.value.args
    assert getattr(model, "kind", "none") == options.perturbation
    assert isinstance(model, Perturbed) == (variant != "not-pretrained")
    assert isinstance(batches, WithUnlabelled) == (variant == "virtual_adversarial")


@pytest.mark.parametrize("variant", ["adversarial", "virtual_adversarial"])
def test_perturbed_vectors_train_without_unlabelled_reviews(variant, small):
    row, options = row_and_options(f"lm_lstm ({variant})")
    data = TrainingData.of(small, 0)
    data = dataclasses.replace(data, unsup=data.unsup.part(0, 0))
    fitted = row.fit(dataclasses.replace(options, pretrain=0), data, lambda event: None)
    assert fitted.precision == "float32"
    assert np.isfinite([epoch["loss"] for epoch in fitted.history]).all()
