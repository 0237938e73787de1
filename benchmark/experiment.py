"""What a row of the leaderboard is.

A row is one file in ``models/`` or ``bert_family/`` that defines `row`, an instance of `Row`. It
learns from `TrainingData`, which holds no test review, and answers reviews with probabilities. It
knows nothing of metrics and records.
"""

import argparse
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from preprocessing.corpus import Corpus, Reviews
from preprocessing.folders import make_folder
from preprocessing.ragged import Ragged
from preprocessing.subwords import Tokenizer, subword_ids
from preprocessing.word_vectors import Word2VecSettings, word_vectors

import numpy as np
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked_dataclass

Report = Callable[[dict[str, Any]], None]


def hyperparameters(cls: type) -> type:
    """Make a class of annotated options a frozen dataclass whose values are checked."""
    return checked_dataclass(frozen=True, config=ConfigDict(extra="forbid"))(cls)


def option(default: Any, why: str, **limits: Any) -> Any:
    """Describe one hyperparameter.

    Args:
        default: its value unless the user gives another.
        why: what it is, with its unit or its reason; shown by ``--help``.
        **limits: pydantic's ``ge``, ``gt``, ``le``, ``lt``.
    """
    return Field(default=default, description=why, **limits)


@dataclass
class TrainingData:
    """All that a row may learn from; the test reviews are not in it.

    Attributes:
        train: the reviews to fit.
        validation: the reviews to make choices on.
        unsup: reviews without labels.
        vocabulary: the word of each id; ids 0 and 1 are padding and unknown.
        seed: fixes all chance in the run.
        learn_vectors: makes word vectors; rows call `word_vectors`.
        folder: where what is made once of these reviews is kept; rows call `kept`.
        synthetic: the reviews are the embedded sample's.
        seconds: what it once took to make what the row asked for.
        waited: seconds the row waited for that, which do not count as training.
    """

    train: Reviews
    validation: Reviews
    unsup: Reviews
    vocabulary: list[str]
    seed: int
    learn_vectors: Callable[[Word2VecSettings], tuple[np.ndarray, float]] = field(repr=False)
    folder: Path = field(repr=False)
    synthetic: bool = False
    seconds: dict[str, float] = field(default_factory=dict)
    waited: float = 0.0

    @classmethod
    def of(cls, corpus: Corpus, seed: int) -> "TrainingData":
        """Take the training data of a corpus for a run with `seed`."""
        return cls(
            *(corpus.reviews(split) for split in ("train", "validation", "unsup")),
            vocabulary=corpus.vocabulary,
            seed=seed,
            learn_vectors=lambda settings: word_vectors(corpus, seed, settings),
            folder=corpus.folder,
            synthetic=corpus.name.startswith("sample"),
        )

    def word_vectors(self, settings: Word2VecSettings | None = None) -> np.ndarray:
        """Return word2vec vectors of this run's seed, shape (vocabulary, dimensions), float32."""
        start = time.perf_counter()
        vectors, self.seconds["word2vec"] = self.learn_vectors(settings or Word2VecSettings())
        self.waited += time.perf_counter() - start
        return np.asarray(vectors)

    def subword_ids(self, reviews: Reviews, tokenizer: Tokenizer) -> Ragged:
        """Return the reviews' subword ids, without start and end."""
        start = time.perf_counter()
        made = subword_ids(reviews.texts, tokenizer)
        part = "subwords of unsup" if reviews is self.unsup else "subwords"
        self.seconds[part] = made.seconds
        self.waited += time.perf_counter() - start
        return made.ids

    def kept(self, step: str, name: str, build: Callable[[Path], dict]) -> Path:
        """Return a folder that is made once of these reviews and then kept.

        Args:
            step: what the seconds it takes are counted as.
            name: the folder's name, which must tell all that the content depends on.
            build: as of `preprocessing.folders.make_folder`; where it goes on with what was
                stopped, it returns the "seconds" that were spent before.
        """

        def timed(target: Path) -> dict:
            start = time.perf_counter()
            manifest = build(target)
            seconds_before = manifest.get("seconds", 0.0)
            return manifest | {"seconds": seconds_before + time.perf_counter() - start}

        start = time.perf_counter()
        self.seconds[step] = make_folder(self.folder / name, timed)["seconds"]
        self.waited += time.perf_counter() - start
        return self.folder / name


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
    def fit(self, options: Any, data: TrainingData, report: Report) -> Fitted:
        """Learn from `data`, with `data.seed` fixing all chance.

        Args:
            options: an instance of `hyperparameters`.
            data: the reviews.
            report: is told of progress, as dictionaries with an "event".
        """

    @abstractmethod
    def load(self, options: Any, folder: Path) -> Fitted:
        """Read what `Fitted.save` wrote."""

    @abstractmethod
    def versions(self) -> dict[str, str]:
        """Name the backend first, then other libraries that the result depends on."""
