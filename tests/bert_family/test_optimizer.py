"""AdamW, its schedule and its rates, by hand."""

from bert_family.shared.optimizer import WarmUpAndLinearDecay, adamw

import keras
import numpy as np
import pytest
from keras import ops


@pytest.mark.parametrize(
    ("step", "rate"),
    [(0, 0.2), (4, 1.0), (5, 1.0), (15, 0.5), (24, 0.05), (25, 0.0), (40, 0.0)],
)
def test_the_schedule_at_its_corners(step, rate):
    schedule = WarmUpAndLinearDecay(1.0, steps=25, warm_up=0.2)
    assert float(schedule(step)) == pytest.approx(rate, abs=1e-6)


def test_without_warm_up_it_only_falls():
    schedule = WarmUpAndLinearDecay(2.0, steps=10, warm_up=0)
    assert [float(schedule(step)) for step in (0, 5, 10)] == pytest.approx([2, 1, 0])


def model_of(weights: dict[str, float]) -> keras.Model:
    """Return a model whose loss is the sum of its weights, each of its own name."""

    class Sum(keras.layers.Layer):
        def build(self, shape):
            self.own = [
                self.add_weight(shape=(1,), initializer=keras.initializers.Constant(value),
                                name=name)
                for name, value in weights.items()
            ]  # fmt: skip

        def call(self, x):
            return x * sum(ops.sum(weight) for weight in self.own)

    x = keras.Input((1,))
    return keras.Model(x, Sum()(x))


def after_a_step(weights, **options) -> dict[str, float]:
    model = model_of(weights)
    settings = {"weight_decay": 0.0, "clip_norm": 0.0, "warm_up": 0.0} | options
    model.compile(adamw(0.1, steps=10, **settings), loss=lambda y, p: p)
    model.train_on_batch(np.ones((4, 1)), np.ones((4, 1)))
    return {weight.name: float(weight[0]) for weight in model.weights}


def test_biases_and_norms_are_not_decayed():
    weights = {"kernel": 3.0, "bias": 3.0, "gamma": 3.0, "beta": 3.0}
    moved = after_a_step(weights, weight_decay=0.5)
    assert moved["kernel"] == pytest.approx(3.0 - 0.1 * 0.5 * 3.0 - 0.1, abs=1e-3)
    for name in ("bias", "gamma", "beta"):
        assert moved[name] == pytest.approx(3.0 - 0.1, abs=1e-3)


def test_each_weight_has_its_share_of_the_rate():
    moved = after_a_step({"kernel": 1.0, "bias": 1.0}, shares=[1.0, 0.25])
    assert moved["kernel"] == pytest.approx(0.9, abs=1e-3)
    assert moved["bias"] == pytest.approx(0.975, abs=1e-3)


def test_gradients_are_cut_together():
    optimizer = adamw(0.1, 10, 0.0, 0.0, clip_norm=1.0)
    assert optimizer.global_clipnorm == 1.0
    assert adamw(0.1, 10, 0.0, 0.0, clip_norm=0.0).global_clipnorm is None
