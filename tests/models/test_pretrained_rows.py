"""What rows do with a language model: perturbations, frozen layers, gradual unfreezing."""

from benchmark.rows.networks.batches import Batches
from models.elmo import Mix
from models.layers.lstm import lstm
from models.pretraining.fine_tuning import DiscriminativeAdam, SlantedTriangle, later_epochs
from models.pretraining.gradient import gradient
from models.pretraining.perturbation import (
    NormalizedVectors,
    Perturbed,
    WithUnlabelled,
    adversarial,
    kl_divergence,
    of_length,
    virtual_adversarial,
)
from preprocessing.ragged import Ragged

import keras
import numpy as np
import pytest
from keras import layers, ops

RANDOM = np.random.default_rng(0)
VECTORS = RANDOM.normal(size=(3, 4, 2)).astype(np.float32)
MASK = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]], np.float32)[..., None]
LABELS = np.array([[1], [0], [1]], np.float32)
SLOPE = np.array([0.6, -0.8], np.float32)


def read(inputs):
    """Answer by the sum of the words' vectors along one direction."""
    vectors, mask = inputs
    return ops.sigmoid(ops.sum(vectors * mask * SLOPE, axis=(1, 2))[:, None])


def lengths(perturbation) -> np.ndarray:
    return np.sqrt((np.asarray(perturbation) ** 2).sum(axis=(1, 2)))


def test_a_perturbation_is_epsilon_long_and_leaves_padding_alone() -> None:
    noise = RANDOM.normal(size=VECTORS.shape).astype(np.float32)
    tensors = ops.convert_to_tensor(VECTORS), ops.convert_to_tensor(MASK)
    for moved in (
        adversarial(read, *tensors, LABELS, 5.0),
        virtual_adversarial(read, *tensors, read(tensors), 5.0, noise),
    ):
        np.testing.assert_allclose(lengths(moved), 5.0, rtol=1e-4)
        assert (np.asarray(moved)[MASK[..., 0] == 0] == 0).all()


def bent(inputs):
    """Answer by the sum of the squares of the words' vectors, whose slope depends on them."""
    vectors, mask = inputs
    return ops.sigmoid(ops.sum(ops.square(vectors) * mask, axis=(1, 2))[:, None])


@pytest.mark.parametrize("kind", ["adversarial", "virtual_adversarial"])
def test_nothing_is_learned_through_a_perturbation(kind: str) -> None:
    vectors, mask = ops.convert_to_tensor(VECTORS), ops.convert_to_tensor(MASK)
    answer = bent([vectors, mask])

    def moved(x):
        if kind == "adversarial":
            return adversarial(bent, x, mask, LABELS, 2.0)
        return virtual_adversarial(bent, x, mask, answer, 2.0, ops.ones_like(x))

    slope = gradient(lambda x: ops.sum(x) + ops.sum(moved(x)), vectors)
    np.testing.assert_allclose(np.asarray(slope), 1, atol=1e-5)


def test_an_adversarial_perturbation_is_the_one_worked_out_by_hand() -> None:
    """The loss of a positive review rises against the slope, that of a negative one along it."""
    moved = adversarial(
        read, ops.convert_to_tensor(VECTORS), ops.convert_to_tensor(MASK), LABELS, 2.0
    )
    words = MASK.sum(axis=1)
    by_hand = 2.0 * (1 - 2 * LABELS)[..., None] * MASK * SLOPE / np.sqrt(words)[..., None]
    np.testing.assert_allclose(np.asarray(moved), by_hand, rtol=1e-4)


def test_the_virtual_term_is_zero_where_the_answer_is_always_the_same() -> None:
    def constant(inputs):
        return ops.sigmoid(0.0 * ops.sum(inputs[0], axis=(1, 2))[:, None] + 0.3)

    vectors, mask = ops.convert_to_tensor(VECTORS), ops.convert_to_tensor(MASK)
    answer = constant([vectors, mask])
    moved = virtual_adversarial(constant, vectors, mask, answer, 5.0, ops.ones_like(vectors))
    divergence = kl_divergence(answer, constant([vectors + moved, mask]))
    np.testing.assert_allclose(np.asarray(divergence), 0, atol=1e-7)


def test_the_virtual_perturbation_changes_the_answer_more_than_a_random_one() -> None:
    vectors, mask = ops.convert_to_tensor(VECTORS), ops.convert_to_tensor(MASK)
    noise = ops.convert_to_tensor(RANDOM.normal(size=VECTORS.shape).astype(np.float32))
    answer = read([vectors, mask])
    directed = virtual_adversarial(read, vectors, mask, answer, 1.0, noise)
    changed, by_chance = (
        np.asarray(kl_divergence(answer, read([vectors + moved, mask])))
        for moved in (directed, of_length(noise * mask, 1.0))
    )
    assert (changed > by_chance).all()


WORDS = np.array([[1, 2, 3], [2, 1, 0], [3, 0, 0]], np.int32)
EPSILON = 2.0


def perturbed(kind) -> Perturbed:
    """Return a model in training that reads vectors of ids by `read`."""
    keras.utils.set_random_seed(0)
    ids = keras.Input((None,), dtype="int32")
    present = ops.cast(ops.not_equal(ids, 0), "float32")[..., None]
    embed = keras.Model(ids, [layers.Embedding(4, 2)(ids) * present, present])
    inputs = [keras.Input((None, 2)), keras.Input((None, 1))]
    model = Perturbed(embed, keras.Model(inputs, read(inputs)), kind, EPSILON, 0)
    model.compile("sgd", "binary_crossentropy", run_eagerly=True)
    return model


def logits_and_reach(model) -> tuple[np.ndarray, np.ndarray]:
    """Return each review's logit, and how far a perturbation along the slope moves it."""
    probabilities = np.asarray(model(WORDS))[:, 0].astype(np.float64)
    return np.log(probabilities / (1 - probabilities)), EPSILON * np.sqrt((WORDS > 0).sum(axis=1))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_the_adversarial_loss_is_the_one_worked_out_by_hand() -> None:
    model = perturbed("adversarial")
    logits, reach = logits_and_reach(model)
    towards = 2 * LABELS[:, 0] - 1
    plain = -np.log(sigmoid(towards * logits)).mean()
    moved = -np.log(sigmoid(towards * logits - reach)).mean()
    for training, by_hand in ((True, plain + moved), (False, plain)):
        loss = model.compute_loss(WORDS, LABELS, model(WORDS), training=training)
        assert float(loss) == pytest.approx(by_hand, rel=1e-4)


def divergences(model) -> np.ndarray:
    """Return what moving each review against and along the slope changes, shape (3, 2), in nats."""
    logits, reach = logits_and_reach(model)
    p = sigmoid(logits)[:, None]
    q = sigmoid(logits[:, None] + reach[:, None] * np.array([-1, 1]))
    return p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))


def test_the_virtual_loss_is_one_of_those_worked_out_by_hand() -> None:
    """Along a line there are two directions; which one it takes depends on where it starts."""
    model = perturbed("virtual_adversarial")
    by_hand = divergences(model)
    for i in range(3):
        words, label = WORDS[i : i + 1], LABELS[i : i + 1]
        with_term, plain = (
            float(model.compute_loss(words, label, model(words), training=training))
            for training in (True, False)
        )
        term = with_term - plain
        assert min(abs(term - by_hand[i])) < 1e-3


def test_the_virtual_loss_is_the_mean_over_unlabelled_reviews_too() -> None:
    model = perturbed("virtual_adversarial")
    by_hand = divergences(model)
    both = {"words": WORDS[:1], "unlabelled": WORDS[1:2]}
    loss = float(model.compute_loss(both, LABELS[:1], model(both), training=True))
    plain = float(model.compute_loss(both, LABELS[:1], model(both), training=False))
    possible = (by_hand[0][:, None] + by_hand[1]) / 2
    assert np.abs(loss - plain - possible).min() < 1e-3


def test_gradient_is_that_of_finite_differences() -> None:
    x = np.array([0.3, -0.7], np.float32)

    def loss(x):
        return ops.sum(ops.tanh(x) * ops.square(x))

    by_hand = [
        (float(loss(x + step)) - float(loss(x - step))) / 2e-3
        for step in 1e-3 * np.eye(2, dtype="f")
    ]
    np.testing.assert_allclose(
        np.asarray(gradient(loss, ops.convert_to_tensor(x))), by_hand, atol=1e-3
    )


def test_normalized_vectors_have_mean_zero_and_variance_one_by_frequency() -> None:
    vectors = RANDOM.normal(2.0, 3.0, (5, 4)).astype(np.float32)
    counts = np.array([5, 1, 7, 2, 3])
    table = NormalizedVectors(5, 4)
    table.build(None)
    weights = [RANDOM.normal(size=shape).astype(np.float32) for shape in ((4, 12), (3, 12), (12,))]
    renewed = table.start(vectors, counts, weights)
    normalized = np.asarray(table(np.arange(5)))
    share = counts / counts.sum()
    np.testing.assert_allclose(share @ normalized, 0, atol=1e-5)
    np.testing.assert_allclose(share @ normalized**2, 1, atol=1e-4)
    # an LSTM with the weights that `start` returns reads them as it read the vectors
    plain, other = lstm(3), lstm(3)
    for layer, given in ((plain, weights), (other, renewed)):
        layer.build((1, 5, 4))
        layer.set_weights(given)
    np.testing.assert_allclose(
        np.asarray(plain(vectors[None])), np.asarray(other(normalized[None])), atol=1e-4
    )


def test_unlabelled_reviews_stand_beside_labelled_ones_of_like_length() -> None:
    class Labelled:
        truncation = "head"
        widths = np.array([6, 6, 10, 10])

        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int):
            return np.ones((2, (6, 10)[index]), np.int32), np.ones((2, 1), np.float32)

    unlabelled = Ragged.from_lengths(np.arange(1, 49), np.array([4, 4, 20, 20]))
    beside = WithUnlabelled(Labelled(), unlabelled, np.random.default_rng(0))
    (short, labels), (long, _) = beside[0], beside[1]
    assert short["unlabelled"].shape == short["words"].shape
    assert labels.shape == (2, 1)
    assert short["unlabelled"].max() <= 8, "of the two short reviews"
    assert long["unlabelled"].shape == (2, 10)
    assert long["unlabelled"].min() > 8, "of the two long ones, cut"


def test_what_stands_beside_a_batch_does_not_depend_on_which_is_made_first(small) -> None:
    reviews = small.reviews("train")

    def made() -> WithUnlabelled:
        random = np.random.default_rng(0)
        batches = Batches(reviews.words, reviews.labels, 8, np.array([20]), random=random)
        return WithUnlabelled(batches, reviews.words, random)

    one, other = made(), made()
    last_first = [one[i][0]["unlabelled"].tolist() for i in reversed(range(len(one)))]
    in_order = [other[i][0]["unlabelled"].tolist() for i in range(len(other))]
    assert last_first[::-1] == in_order
    assert in_order[0] != in_order[1]
    other.on_epoch_end()
    assert other[0][0]["unlabelled"].tolist() != in_order[0]


def test_a_mix_begins_as_the_mean_and_follows_its_weights() -> None:
    parts = [ops.ones((1, 2, 3)) * value for value in (1.0, 3.0)]
    mix = Mix()
    assert np.asarray(mix(parts)) == pytest.approx(2.0)
    mix.logits.assign(np.log([1.0, 3.0]))
    mix.scale.assign(2.0)
    assert np.asarray(mix(parts)) == pytest.approx(2 * (0.25 * 1 + 0.75 * 3))


def test_the_rate_rises_for_a_tenth_of_the_steps_and_falls_to_a_thirty_second() -> None:
    rate = SlantedTriangle(0.32, 100)
    assert float(rate(0)) == pytest.approx(0.01)
    assert float(rate(10)) == pytest.approx(0.32)
    assert float(rate(100)) == pytest.approx(0.01)
    assert float(rate(55)) == pytest.approx((0.32 + 0.01) / 2)


def test_deeper_layers_move_less() -> None:
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [layers.Dense(2, name="lower"), layers.Dense(1, name="upper")], name="network"
    )
    model.build((None, 2))
    before = [layer.get_weights()[0] for layer in model.layers]
    model.compile(DiscriminativeAdam(0.01, {"lower": 4.0}), "mse")
    model.train_on_batch(np.ones((4, 2)), 3 * np.ones((4, 1)))
    lower, upper = (
        np.abs(layer.get_weights()[0] - old).max()
        for layer, old in zip(model.layers, before, strict=True)
    )
    assert upper == pytest.approx(0.01, rel=0.01)
    assert lower == pytest.approx(0.0025, rel=0.01)


def test_the_progress_of_a_stage_is_that_of_the_whole() -> None:
    told: list[dict] = []
    tell = later_epochs(told.append, before=3, epochs=14)
    tell({"event": "batch", "epoch": 1, "epochs": 5, "done": 0.1})  # half of the first of 5
    assert told == [{"event": "batch", "epoch": 4, "epochs": 14, "done": pytest.approx(3.5 / 14)}]
