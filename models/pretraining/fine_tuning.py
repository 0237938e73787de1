"""How ULMFiT learns (Howard & Ruder, 2018, section 3.2)."""

from collections.abc import Mapping
from typing import Any

from benchmark.rows import OnEvent

import keras
from keras import ops

CUT = 0.1
"""Share of the steps in which the rate rises."""

RATIO = 32
"""How many times smaller the lowest rate is than the highest."""


class SlantedTriangle(keras.optimizers.schedules.LearningRateSchedule):
    """A rate that rises for a tenth of the steps and falls for the others (equation 3).

    Args:
        highest: the rate at the top.
        steps: how many there will be.
    """

    def __init__(self, highest: float, steps: int):
        self.highest, self.steps = highest, steps
        self.cut = max(1, int(steps * CUT))

    def __call__(self, step):
        """Return the rate of a step, counted from 0."""
        step = ops.cast(step, "float32")
        falling = 1 - (step - self.cut) / max(1, self.steps - self.cut)
        share = ops.where(step < self.cut, step / self.cut, ops.maximum(falling, 0.0))
        return self.highest * (1 + share * (RATIO - 1)) / RATIO

    def get_config(self) -> dict:
        """Return what `__init__` takes."""
        return {"highest": self.highest, "steps": self.steps}


class DiscriminativeAdam(keras.optimizers.Adam):
    """Adam with a smaller rate for some layers.

    Args:
        rate: of all others.
        slowness: what it is divided by, by the layers' names.
        ema_momentum: of the running mean of the weights, which is kept; 0 for none.
    """

    def __init__(self, rate: Any, slowness: Mapping[str, float], ema_momentum: float = 0.0):
        super().__init__(rate, use_ema=ema_momentum > 0, ema_momentum=ema_momentum)
        self.slowness = dict(slowness)

    def build(self, variables) -> None:
        """Take the weights; the path of each names its layer."""
        super().build(variables)
        self.divisors = [
            next(
                (self.slowness[part] for part in one.path.split("/") if part in self.slowness), 1.0
            )
            for one in variables
        ]

    def update_step(self, gradient, variable, learning_rate) -> None:
        """Move a weight."""
        divisor = self.divisors[self._get_variable_index(variable)]
        super().update_step(gradient, variable, learning_rate / divisor)


def later_epochs(on_event: OnEvent, before: int, epochs: int) -> OnEvent:
    """Return what is told of a stage of training, as epochs of the whole.

    Args:
        on_event: is told of all stages.
        before: epochs of earlier stages.
        epochs: of all stages.
    """

    def tell(event: dict[str, Any]) -> None:
        if "done" in event:
            event = event | {"done": (before + event["done"] * event["epochs"]) / epochs}
        if "epoch" in event:
            event = event | {"epoch": event["epoch"] + before, "epochs": epochs}
        on_event(event)

    return tell
