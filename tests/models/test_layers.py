"""The layers of our own, against small cases worked by hand in NumPy."""

from benchmark.rows import catalogue
from models.capsule import margin_loss
from models.layers.attention import AttentionPooling
from models.layers.capsules import DynamicRouting, squash
from models.layers.ends import corrected_vectors, fixed_table, of_length_one
from models.layers.lstm import lstm
from models.layers.pooling import at_last_word, max_and_mean
from models.layers.positions import AddPositions, sinusoids
from models.layers.recurrent import backwards
from preprocessing.errors import UserError
from tests.conftest import run_python

import keras
import numpy as np
import pytest
from pydantic import ValidationError

FORMATS = ("float32", "mixed_bfloat16")


@pytest.fixture
def states():
    """Three reviews of 4, 2 and 0 words; what stands at padding is large on purpose."""
    x = np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32)
    mask = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0]], np.float32)[..., None]
    return np.where(mask > 0, x, 1e6).astype(np.float32), mask


def numpy_of(x):
    return keras.ops.convert_to_numpy(keras.ops.cast(x, "float32"))


def test_pooling_takes_the_largest_and_the_mean_of_the_words_alone(states):
    x, mask = states
    pooled = numpy_of(max_and_mean(x, mask))
    np.testing.assert_allclose(pooled[0], [*x[0].max(0), *x[0].mean(0)], rtol=1e-5)
    np.testing.assert_allclose(pooled[1], [*x[1, :2].max(0), *x[1, :2].mean(0)], rtol=1e-5)
    np.testing.assert_array_equal(pooled[2], 0)


def test_the_last_word_is_the_one_before_the_padding(states):
    x, mask = states
    last = numpy_of(at_last_word(x, mask))
    np.testing.assert_array_equal(last, [x[0, 3], x[1, 1], 0 * x[2, 0]])


def test_attention_without_a_hidden_layer_by_hand(states):
    x, mask = states
    layer = AttentionPooling(0)
    pooled, weights = map(numpy_of, layer(x, mask))
    (context,) = map(numpy_of, layer.weights)
    scores = np.exp(np.tanh(x[1, :2]) @ context)[:, 0]
    expected = scores / scores.sum()
    np.testing.assert_allclose(weights[1], [*expected, 0, 0], rtol=1e-5)
    np.testing.assert_allclose(pooled[1], expected @ x[1, :2], rtol=1e-4)


def test_the_margin_loss_by_hand():
    labels, lengths = np.array([[1.0], [0.0]]), np.array([[0.3, 0.6], [0.95, 0.05]])
    expected = [0.3**2 + 0.5 * 0.2**2, 0]
    np.testing.assert_allclose(numpy_of(margin_loss(labels, lengths)), expected, rtol=1e-5)


def test_backwards_turns_the_words_and_leaves_the_padding(states):
    x, mask = states
    turned = numpy_of(backwards(x, mask))
    np.testing.assert_array_equal(turned[0], x[0, ::-1])
    np.testing.assert_array_equal(turned[1], x[1, [1, 0, 2, 3]])
    np.testing.assert_array_equal(numpy_of(backwards(turned, mask)), x)


def test_attention_by_hand(states):
    x, mask = states
    layer = AttentionPooling(3)
    pooled, weights = map(numpy_of, layer(x, mask))
    w, b, context = map(numpy_of, layer.weights)
    scores = np.exp(np.tanh(x[1, :2] @ w + b) @ context)[:, 0]
    expected = scores / scores.sum()
    np.testing.assert_allclose(weights[1], [*expected, 0, 0], rtol=1e-5)
    np.testing.assert_allclose(pooled[1], expected @ x[1, :2], rtol=1e-4)


@pytest.mark.parametrize("precision", FORMATS)
def test_attention_weights_sum_to_one_over_words_and_are_zero_at_padding(states, precision):
    x, mask = states
    x = x * 50  # scores far apart: an unstable softmax would overflow
    pooled, weights = map(numpy_of, AttentionPooling(3, dtype=precision)(x, mask))
    assert np.isfinite(pooled).all()
    assert (weights[mask[..., 0] == 0] == 0).all()
    np.testing.assert_allclose(weights.sum(1), [1, 1, 0], atol=1e-2 if "bf" in precision else 1e-6)


def test_squash_by_hand():
    x = np.array([[3.0, 4.0], [0.0, 0.0], [0.3, 0.4]], np.float32)
    lengths = np.linalg.norm(numpy_of(squash(x)), axis=-1)
    np.testing.assert_allclose(lengths, [25 / 26, 0, 0.25 / 1.25], atol=1e-5)
    np.testing.assert_allclose(numpy_of(squash(x))[0] / lengths[0], [0.6, 0.8], rtol=1e-5)


def route_in_numpy(below, importance, matrices, words, capsules, iterations):
    """Procedure 1 of Sabour et al., one review, one loop over everything."""
    votes = [
        importance[w] * (below[w, k] @ matrices[k]).reshape(capsules, -1)
        for w in range(words)
        for k in range(below.shape[1])
    ]
    agreement = np.zeros((len(votes), capsules))
    for _ in range(iterations):
        share = np.exp(agreement) / np.exp(agreement).sum(1, keepdims=True)
        above = []
        for c in range(capsules):
            s = sum(share[i, c] * vote[c] for i, vote in enumerate(votes)) / np.sqrt(words)
            n = np.linalg.norm(s)
            above.append(n**2 / (1 + n**2) * s / n)
        for i, vote in enumerate(votes):
            agreement[i] += [vote[c] @ above[c] for c in range(capsules)]
    return np.array(above)


@pytest.mark.parametrize("iterations", [1, 3])
def test_routing_by_hand(iterations):
    random = np.random.default_rng(1)
    below = random.normal(size=(2, 4, 3, 5)).astype(np.float32)
    importance = np.array([[0.5, 2, 1, 0.5], [1.5, 0.5, 0, 0]], np.float32)[..., None]
    layer = DynamicRouting(2, 6, iterations)
    above = numpy_of(layer(below, importance))
    matrices = numpy_of(layer.matrices)
    for review, words in enumerate((4, 2)):
        expected = route_in_numpy(below[review], importance[review], matrices, words, 2, iterations)
        np.testing.assert_allclose(above[review], expected, rtol=1e-3, atol=1e-5)


def test_routing_sends_more_to_the_capsule_that_agrees():
    """Votes that say the same to the first capsule and quarrel about the second."""
    below = np.eye(2, dtype=np.float32)[None, :, None, :]
    layer = DynamicRouting(2, 2, 5)
    layer.build(below.shape, (1, 2, 1))
    layer.matrices.assign(np.array([[[2.0, 0, 2, 0], [2, 0, -2, 0]]], np.float32))
    length = np.linalg.norm(numpy_of(layer(below, np.ones((1, 2, 1), np.float32))), axis=-1)[0]
    assert length[0] > 0.7
    assert length[1] < 0.05


def test_sinusoids_by_hand():
    waves = sinusoids(3, 4)
    expected = [[np.sin(p), np.cos(p), np.sin(p / 100), np.cos(p / 100)] for p in range(3)]
    np.testing.assert_allclose(waves, expected, rtol=1e-6)


@pytest.mark.parametrize("kind", ["sinusoidal", "learned"])
def test_positions_are_the_same_for_every_review_and_learn_only_when_asked(kind):
    layer = AddPositions(kind, 6)
    added = numpy_of(layer(np.zeros((2, 5, 4), np.float32)))
    np.testing.assert_array_equal(added[0], added[1])
    assert len(np.unique(added[0], axis=0)) == 5
    assert bool(layer.trainable_weights) == (kind == "learned")


def test_on_jax_an_lstm_computes_in_what_its_gpu_kernel_has():
    code = (
        "import keras; keras.config.set_dtype_policy('mixed_bfloat16');"
        "from models.layers.lstm import lstm; print(lstm(4).compute_dtype)"
    )
    process = run_python("-c", code, KERAS_BACKEND="jax")
    assert process.stdout.strip() == "float32", process.stderr


def test_on_tensorflow_an_lstm_computes_in_the_format_that_was_asked_for(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "tensorflow")
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        assert lstm(4).compute_dtype == "bfloat16"
    finally:
        keras.config.set_dtype_policy(before)


def test_what_heads_cannot_share_is_said():
    row = catalogue.load("transformer")
    with pytest.raises(UserError, match="--units 9 is not a multiple of --heads 4"):
        row.build(row.hyperparameters(units=9), None)
    with pytest.raises(ValidationError, match="greater than 0"):
        catalogue.load("cnn").hyperparameters(widths=(0,))


def test_frequent_words_have_corrections_of_their_own_and_rare_ones_share_one():
    vectors = np.arange(10, dtype=np.float32).reshape(5, 2)
    words = keras.Input((None,), dtype="int32")
    model = keras.Model(words, corrected_vectors(words, fixed_table(vectors), learned_words=3))
    read = np.array([[1, 2, 3, 4]])
    np.testing.assert_array_equal(np.asarray(model(read))[0], vectors[1:])
    (correction,) = model.trainable_weights
    correction.assign(np.array([[100, 0], [200, 0], [300, 0]], np.float32))
    moved = np.asarray(model(read))[0] - vectors[1:]
    assert moved.tolist() == [[200, 0], [300, 0], [100, 0], [100, 0]]


def test_vectors_are_divided_by_the_length_of_a_typical_frequent_word():
    vectors = np.diag([9.0, 2.0, 4.0, 2.0, 1.0, 1.0, 1.0, 1.0]).astype(np.float32)
    np.testing.assert_allclose(of_length_one(vectors), vectors / 2)  # of words 1 to 3
