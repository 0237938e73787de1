"""AdamW as BERT's papers use it: warm-up, linear decay, no decay on biases and norms, clipping.

Keras's has Adam's correction of the first steps' bias, which BERT's own code leaves out.
"""

from collections.abc import Sequence

import keras
from keras import ops

WITHOUT_DECAY = ("bias", "gamma", "beta")
"""Names of the weights that are not decayed: biases and the scales and shifts of norms."""


@keras.saving.register_keras_serializable("bert_family")
class WarmUpAndLinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """A rate that rises from 0 to its peak and falls to 0, both along a line."""

    def __init__(self, peak: float, steps: int, warm_up: float):
        """Describe the line.

        Args:
            peak: the highest rate.
            steps: how many steps there are.
            warm_up: the share of them in which the rate rises.
        """
        self.peak, self.steps, self.warm_up = peak, steps, warm_up

    def __call__(self, step):
        """Return the rate of a step, the first being 0."""
        step = ops.cast(step, "float32")
        rising = self.warm_up * self.steps
        up = (step + 1) / max(rising, 1)
        down = (self.steps - step) / max(self.steps - rising, 1)
        return self.peak * ops.clip(ops.minimum(up, down), 0, 1)

    def get_config(self) -> dict:
        """Return the arguments."""
        return {"peak": self.peak, "steps": self.steps, "warm_up": self.warm_up}


@keras.saving.register_keras_serializable("bert_family")
class LayerwiseAdamW(keras.optimizers.AdamW):
    """AdamW with a rate of its own for each weight.

    The layers near the text hold what is general and move less (Howard & Ruder, 2018; Sun et al.,
    2019, section 5.3.4). The weights' decay follows the whole rate.

    Attributes:
        shares: what each weight's rate is of the whole, in the order of the trainable weights.
    """

    def __init__(self, *args, shares: Sequence[float] = (), **kwargs):
        super().__init__(*args, **kwargs)
        self.shares = list(shares)

    def update_step(self, gradient, variable, learning_rate):
        """Move one weight."""
        share = self.shares[self._get_variable_index(variable)]
        super().update_step(gradient, variable, learning_rate * share)

    def get_config(self) -> dict:
        """Return the arguments."""
        return super().get_config() | {"shares": self.shares}


def adamw(
    peak: float,
    steps: int,
    warm_up: float,
    weight_decay: float,
    clip_norm: float,
    shares: list[float] | None = None,
) -> keras.optimizers.Optimizer:
    """Return AdamW with warm-up and linear decay.

    Args:
        peak: the highest rate.
        steps: how many steps there will be.
        warm_up: the share of them in which the rate rises.
        weight_decay: what share of a weight, times the rate, is taken off at each step; biases and
            norms are left alone.
        clip_norm: the norm that all gradients together are clipped to; 0 for no clipping.
        shares: what each trainable weight's rate is of the whole; None for all the same.
    """
    cls, given = (LayerwiseAdamW, {"shares": shares}) if shares else (keras.optimizers.AdamW, {})
    optimizer = cls(
        WarmUpAndLinearDecay(peak, steps, warm_up),
        weight_decay=weight_decay,
        epsilon=1e-6,
        global_clipnorm=clip_norm or None,
        **given,
    )
    optimizer.exclude_from_weight_decay(var_names=list(WITHOUT_DECAY))
    return optimizer
