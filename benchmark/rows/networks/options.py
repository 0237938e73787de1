"""The hyperparameters that all networks share."""

import math
from typing import Annotated, Literal

from benchmark.rows.hyperparameters import Choice, LogUniform, hyperparameters, option, searched

from pydantic import Field

SMALLEST_BATCH = 16
"""What `least_steps` can halve batches to; smaller ones make a pass much slower."""

MOST_EXTRA_EPOCHS = 5
"""What `least_steps` can raise the epochs to, so that a look at few reviews stays quick."""


Epochs = Annotated[
    int, Field(ge=1, description="passes over the training reviews; the best one is kept")
]
LearningRate = Annotated[
    float,
    Field(
        gt=0,
        description="step size of Adam at the start; falls to 0 along a cosine",
        json_schema_extra=searched(LogUniform(3e-4, 1e-2)),
    ),
]
MaxWords = Annotated[
    int,
    Field(ge=1, description="words read of a review; 98 % have at most 800"),
]


@hyperparameters
class TrainingOptions:
    """Options that every network has; a row changes a default by writing the field again."""

    epochs: Epochs = 8
    least_steps: int = option(
        300, "least number of steps; a small corpus gets smaller batches, then more passes", ge=1
    )
    batch_size: int = option(64, "reviews in a step", Choice(32, 64, 128), ge=1)
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

    learning_rate: LearningRate = 1e-3
    ema_momentum: float = option(
        0.0,
        "momentum of the running mean of the weights that is kept; 0 for none",
        Choice(0.0, 0.9, 0.99),
        ge=0,
        lt=1,
    )
    max_words: MaxWords = 400
    truncation: Literal["head", "tail"] = option("head", "which end of a longer review is read")


def fit_to_size(options: TrainingOptions, reviews: int) -> tuple[int, int]:
    """Return batch size and epochs for a number of reviews, with `least_steps` steps if possible.

    Smaller batches come first: they make more steps of the same work, and more passes do not.
    """

    def steps(size: int) -> int:
        return math.ceil(reviews / size)

    batch_size, epochs, least = options.batch_size, options.epochs, options.least_steps
    while batch_size > SMALLEST_BATCH and epochs * steps(batch_size) < least:
        batch_size = max(SMALLEST_BATCH, batch_size // 2)
    return batch_size, max(epochs, min(MOST_EXTRA_EPOCHS, math.ceil(least / steps(batch_size))))
