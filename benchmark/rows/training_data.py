"""What a row learns from; the test reviews are not in it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from preprocessing.corpus import Corpus, Reviews
from preprocessing.errors import UserError
from preprocessing.ragged import Ragged
from preprocessing.storage import make_folder
from preprocessing.subwords.ids import subword_ids
from preprocessing.subwords.tokenizers import Tokenizer
from preprocessing.word_vectors import SETTINGS, Kind, RandomSettings, Settings, word_vectors

import numpy as np

WORD_VECTORS = ("word2vec", "fasttext", "glove")

ONCE = (
    *WORD_VECTORS,
    "subwords",
    "language model forwards",
    "language model backwards",
    "pretraining",
    "teacher",
)
"""What `--make-only` makes once and keeps; each may need those before it."""


class MadeError(Exception):
    """What was to be made once is made; it ends a `fit` that was begun for that alone.

    Attributes:
        tokenizer: whose subword ids were made; None if it was something else.
    """

    def __init__(self, tokenizer: Tokenizer | None = None):
        super().__init__("made, as it was asked for")
        self.tokenizer = tokenizer


@dataclass
class CacheClock:
    """What is made once and kept: the seconds it took, and those that this run waited for it.

    Attributes:
        seconds: what each thing that the row asked for once took to make, in this run or before.
        perplexity: of each language model among them, on the validation reviews, after each pass.
        cache_seconds: wall seconds of this run in making or opening them; no part of training.
        cache_cpu_seconds: the CPU seconds of the same, all threads together.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    perplexity: dict[str, list[float]] = field(default_factory=dict)
    cache_seconds: float = 0.0
    cache_cpu_seconds: float = 0.0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count the block's seconds as spent on the cache."""
        start, cpu_start = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.cache_seconds += time.perf_counter() - start
            self.cache_cpu_seconds += time.process_time() - cpu_start


@dataclass
class TrainingData:
    """All that a row may learn from; the test reviews are not in it.

    Attributes:
        train: the reviews to fit, with labels.
        train_texts: all training reviews, also those whose label a run may not use: for what needs
            no label, such as a vocabulary or pretraining.
        validation: the reviews to make choices on.
        unsup: reviews without labels.
        vocabulary: the word of each id; ids 0 and 1 are padding and unknown.
        seed: fixes all chance in the run.
        learn_vectors: makes word vectors; rows call `word_vectors`.
        folder: where what is made once of these reviews is kept; rows call `cached`.
        synthetic: the reviews are the embedded sample's.
        clock: counts what is made once and kept; one and the same in all copies of the data.
        make_only: the step, such as ``word2vec``, after which learning stops; empty for none.
        on_event: is told of the progress of what is made once, as a row's `fit` is of training.
    """

    train: Reviews
    train_texts: Reviews
    validation: Reviews
    unsup: Reviews
    vocabulary: list[str]
    seed: int
    learn_vectors: Callable[[Settings, int], tuple[np.ndarray, float]] = field(repr=False)
    folder: Path = field(repr=False)
    synthetic: bool = False
    clock: CacheClock = field(default_factory=CacheClock, repr=False)
    make_only: str = ""
    on_event: Callable[[dict[str, Any]], None] = field(default=lambda event: None, repr=False)

    @classmethod
    def of(cls, corpus: Corpus, seed: int, labels: int | None = None) -> "TrainingData":
        """Take the training data of a corpus for a run.

        Args:
            corpus: the reviews.
            seed: fixes all chance in the run.
            labels: how many training reviews keep their label; None for all.

        Raises:
            UserError: a class has fewer.
        """
        train = corpus.reviews("train")
        few = (
            train
            if labels is None
            else train.take(labelled_rows(corpus.column("labels", "train"), labels, seed))
        )
        return cls(
            train=few,
            train_texts=replace(train, labels=None),
            validation=corpus.reviews("validation"),
            unsup=corpus.reviews("unsup"),
            vocabulary=corpus.vocabulary,
            seed=seed,
            learn_vectors=lambda settings, seed: word_vectors(corpus, seed, settings),
            folder=corpus.folder,
            synthetic=corpus.synthetic,
        )

    def word_vectors(self, kind: Kind = "cbow", seed: int | None = None) -> np.ndarray:
        """Return word vectors, shape (vocabulary, dimensions), float32.

        Args:
            kind: how they are learned.
            seed: None for that of this run.

        Raises:
            MadeError: they were all that was to be made; so the two below.
        """
        settings = SETTINGS[kind]
        with self.clock.waiting():
            vectors, seconds = self.learn_vectors(settings, self.seed if seed is None else seed)
        if isinstance(settings, RandomSettings):
            return vectors
        if self.make_only == settings.method:
            raise MadeError
        self.clock.seconds[settings.method] = seconds
        return np.asarray(vectors)

    def subword_ids(self, reviews: Reviews, tokenizer: Tokenizer) -> Ragged:
        """Return the reviews' subword ids, without start and end."""
        with self.clock.waiting():
            made = subword_ids(reviews.texts, tokenizer)
        if self.make_only == "subwords":
            raise MadeError(tokenizer)
        split = reviews.texts.split
        self.clock.seconds[f"subwords of {split}" if split else "subwords"] = made.seconds
        return made.ids

    def cached(self, step: str, name: str, build: Callable[[Path], dict]) -> Path:
        """Return a folder that is made once of these reviews and then kept.

        Args:
            step: what the seconds it takes are counted as.
            name: the folder's name, which must tell all that the content depends on.
            build: as of `preprocessing.storage.make_folder`; where it goes on with what was
                stopped, it returns the "seconds" that were spent before; of a language model, it
                returns the "perplexity" after each pass.
        """

        def timed(target: Path) -> dict:
            start = time.perf_counter()
            manifest = build(target)
            seconds_before = manifest.get("seconds", 0.0)
            return manifest | {"seconds": seconds_before + time.perf_counter() - start}

        with self.clock.waiting():
            manifest = make_folder(self.folder / name, timed)
        if self.make_only == step:
            raise MadeError
        self.clock.seconds[step] = manifest["seconds"]
        if "perplexity" in manifest:
            self.clock.perplexity[step] = manifest["perplexity"]
        return self.folder / name


def labelled_rows(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Draw the reviews that keep their labels when only some may.

    Both classes get the same number, or one of them one more. With one seed, the fewer are among
    the more: those of 100 are among those of 1,000.

    Args:
        labels: of all training reviews, 1 positive, 0 negative, shape (reviews,).
        count: how many to draw.
        seed: fixes the draw.

    Returns:
        Their numbers, ascending, shape (count,).

    Raises:
        UserError: a class has fewer.
    """
    random = np.random.default_rng(seed)
    first = int(random.integers(2))  # the class that is drawn first, and more often if count is odd
    drawn = [random.permutation(np.flatnonzero(labels == label)) for label in (first, 1 - first)]
    wanted = [(count + 1) // 2, count // 2]
    for rows, number in zip(drawn, wanted, strict=True):
        if number > len(rows):
            raise UserError(
                f"--labels {count}: a class has only {len(rows)} labelled training reviews; "
                f"give at most {2 * min(map(len, drawn)):,}"
            )
    return np.sort(np.concatenate([r[:n] for r, n in zip(drawn, wanted, strict=True)]))
