"""What a row of the leaderboard is.

A row is one file in ``models/`` or ``bert_family/`` that defines `row`, an instance of `Row`. It
learns from `TrainingData`, which holds no test review, and answers reviews with probabilities. It
knows nothing of metrics and records.
"""

import argparse
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.rows.training_data import TrainingData
from preprocessing.corpus import Reviews

import numpy as np

OnEvent = Callable[[dict[str, Any]], None]


class Fitted(ABC):
    """A row that has learned."""

    parameters: int
    """How many numbers the trained model holds, those that it was given included."""

    history: list[dict[str, float]]
    """One entry an epoch; empty where there are no epochs."""

    seconds_compiling: float | None = None
    """Part of the training time that compilation took, where that can be told."""

    precision: str = "float64"
    """The number format that it computes in."""

    on_gpu: bool = False

    weights: str = "none"
    """The name of the pretrained weights that it started from."""

    outside_data: str = "none"
    """What it saw besides IMDB, directly or through pretrained weights."""

    def make_ready(self, reviews: Reviews) -> None:
        """Make once what is kept of the reviews, so that it counts as no part of prediction."""
        return

    @abstractmethod
    def predict(self, reviews: Reviews) -> np.ndarray:
        """Return the probability that each review is positive, shape (reviews,), float."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write what `Row.load` needs into an existing folder."""


@dataclass(frozen=True)
class Step:
    """What a line of the leaderboard changes in a simpler one.

    Attributes:
        before: the simpler line's name, such as ``lstm`` or ``bert (scratch-tiny)``.
        change: the change, in a few words.
    """

    before: str
    change: str


@dataclass(frozen=True)
class Variant:
    """Named settings of a row, which make a line of the leaderboard of their own.

    Attributes:
        settings: the hyperparameters that differ from the row's defaults.
        step: what the variant changes in a simpler line.
        weights: the name of the public weights that it starts from; empty if it needs none.
    """

    settings: dict[str, Any]
    step: Step | None = None
    weights: str = ""


@dataclass(frozen=True)
class Row(ABC):
    """A row of the leaderboard.

    Attributes:
        family: the family it is compared within.
        hyperparameters: dataclass of its options, made by `hyperparameters`.
        step: what it changes in a simpler row; `python -m benchmark steps` says what that buys.
        variants: named settings, each a line of the leaderboard of its own.
        weights: the name of the public weights that the defaults start from; empty if none.
            Step, variants and weights are written as literals, since the catalogue reads them
            without importing the row.
    """

    family: str
    hyperparameters: type
    step: Step | None = field(default=None, kw_only=True)
    variants: dict[str, Variant] = field(default_factory=dict, kw_only=True)
    weights: str = field(default="", kw_only=True)

    def options_of(self, variant: str) -> Any:
        """Return the hyperparameters of a variant; of the row's defaults if the name is empty."""
        return self.hyperparameters(**(self.variants[variant].settings if variant else {}))

    def variant_of(self, options: Any) -> str:
        """Return the variant that has exactly these hyperparameters; empty if there is none."""
        return next((name for name in self.variants if self.options_of(name) == options), "")

    def check_weights(self, options: Any) -> None:
        """Tell within seconds whether the pretrained weights can be had, if the row needs any.

        Raises:
            UserError: they cannot.
        """
        return

    def add_actions(self, parser: argparse.ArgumentParser) -> None:
        """Add options that print something and exit; most rows have none."""
        return

    def warm_up(self) -> None:
        """Import the libraries that `fit` needs; it is called before the clock starts."""
        return

    @abstractmethod
    def fit(self, options: Any, data: TrainingData, on_event: OnEvent) -> Fitted:
        """Learn from `data`, with `data.seed` fixing all chance.

        Args:
            options: an instance of `hyperparameters`.
            data: the reviews.
            on_event: is told of progress, as dictionaries with an "event".
        """

    @abstractmethod
    def load(self, options: Any, folder: Path) -> Fitted:
        """Read what `Fitted.save` wrote."""

    @abstractmethod
    def versions(self) -> dict[str, str]:
        """Name the backend first, then other libraries that the result depends on."""
