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
from preprocessing.corpus import Corpus, Reviews

import numpy as np

OnEvent = Callable[[dict[str, Any]], None]


class Fitted(ABC):
    """A row that has learned."""

    parameters: int
    """How many numbers it learned, the vectors it was given included."""

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
    """What it saw beside IMDB, directly or through pretrained weights."""

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
    """What a row changes in a simpler one.

    Attributes:
        before: the simpler row's name.
        change: the change, in a few words.
    """

    before: str
    change: str


@dataclass(frozen=True)
class Row(ABC):
    """A row of the leaderboard.

    Attributes:
        family: the family it is compared within.
        hyperparameters: dataclass of its options, made by `hyperparameters`.
        step: what it changes in a simpler row; `python -m benchmark steps` says what that buys.
        variant_options: the options that say which weights it starts from. With others than the
            defaults it is a variant, with records and a line of the leaderboard of its own.
        further_options: those of them that say what more is learned before the fit.
        also_measure: what `python -m benchmark speed` measures beside the rate of this row; takes
            the row and the corpus and returns lines for people.
    """

    family: str
    hyperparameters: type
    step: Step | None = field(default=None, kw_only=True)
    variant_options: tuple[str, ...] = field(default=(), kw_only=True)
    further_options: tuple[str, ...] = field(default=(), kw_only=True)
    also_measure: Callable[["Row", Corpus], str] | None = field(default=None, kw_only=True)

    def variant(self, options: Any) -> str:
        """Return the name of the variant that the options make; empty for the row itself."""
        return ""

    def add_actions(self, parser: argparse.ArgumentParser) -> None:
        """Add options that print something and exit; most rows have none."""
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
