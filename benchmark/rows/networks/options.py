"""The hyperparameters that all networks share."""

import math
from dataclasses import replace
from typing import Literal

from benchmark.rows.hyperparameters import hyperparameters, option
from benchmark.rows.quiet import native_log_hidden

with native_log_hidden():
    pass


SMALLEST_BATCH = 16
"""What `least_steps` can halve batches to; smaller ones make a pass much slower."""


MOST_EXTRA_EPOCHS = 5
"""What `least_steps` can raise the epochs to, so that a look at few reviews stays quick."""


@hyperparameters
class TrainingOptions:
    """Options that every network has; a row changes a default by writing the field again."""

    epochs: int = option(8, "passes over the training reviews; the best one is kept", ge=1)
    least_steps: int = option(
        300, "steps at least: a small corpus gets smaller batches, then more passes", ge=1
    )
    batch_size: int = option(64, "reviews in a step", ge=1)
    learning_rate: float = option(
        1e-3, "step size of Adam at the start; falls to 0 along a cosine", gt=0
    )
    batches: Literal["like_length", "padded"] = option(
        "like_length", "reviews of like length together, or any, all padded to the longest read"
    )
    precision: Literal["auto", "float32", "mixed_bfloat16"] = option(
        "auto",
        "number format; auto is mixed_bfloat16 on a GPU that multiplies it fast, else float32",
    )


@hyperparameters
class NetworkOptions(TrainingOptions):
    """Options of networks over word ids."""

    ema_momentum: float = option(
        0.0, "momentum of the running mean of the weights that is kept; 0 for none", ge=0, lt=1
    )
    max_words: int = option(400, "words read of a review, from the end that is kept", ge=1)
    truncation: Literal["head", "tail"] = option("head", "which end of a longer review is read")


def for_so_few(options: TrainingOptions, reviews: int) -> TrainingOptions:
    """Return the options for training on so many reviews, with `least_steps` steps if it can be.

    Smaller batches come first: they make more steps of the same work, and more passes do not.
    """
    batch_size = options.batch_size
    while batch_size > SMALLEST_BATCH and options.epochs * _steps(reviews, batch_size) < (
        options.least_steps
    ):
        batch_size = max(SMALLEST_BATCH, batch_size // 2)
    more = math.ceil(options.least_steps / _steps(reviews, batch_size))
    epochs = max(options.epochs, min(MOST_EXTRA_EPOCHS, more))
    return replace(options, batch_size=batch_size, epochs=epochs)


def _steps(reviews: int, batch_size: int) -> int:
    return math.ceil(reviews / batch_size)
