"""What a row learns from; the test reviews are not in it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from preprocessing.corpus import Corpus, Reviews
from preprocessing.ragged import Ragged
from preprocessing.storage import make_folder
from preprocessing.subwords.ids import subword_ids
from preprocessing.subwords.tokenizers import Tokenizer
from preprocessing.word_vectors import Word2VecSettings, word_vectors

import numpy as np


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
        folder: where what is made once of these reviews is kept; rows call `cached`.
        synthetic: the reviews are the embedded sample's.
        seconds: what it once took to make what the row asked for.
        cache_seconds: seconds the row cache_seconds for that, which do not count as training.
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
    cache_seconds: float = 0.0

    @classmethod
    def of(cls, corpus: Corpus, seed: int) -> "TrainingData":
        """Take the training data of a corpus for a run with `seed`."""
        return cls(
            train=corpus.reviews("train"),
            validation=corpus.reviews("validation"),
            unsup=corpus.reviews("unsup"),
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
        self.cache_seconds += time.perf_counter() - start
        return np.asarray(vectors)

    def subword_ids(self, reviews: Reviews, tokenizer: Tokenizer) -> Ragged:
        """Return the reviews' subword ids, without start and end."""
        start = time.perf_counter()
        made = subword_ids(reviews.texts, tokenizer)
        part = "subwords of unsup" if reviews is self.unsup else "subwords"
        self.seconds[part] = made.seconds
        self.cache_seconds += time.perf_counter() - start
        return made.ids

    def cached(self, step: str, name: str, build: Callable[[Path], dict]) -> Path:
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
        self.cache_seconds += time.perf_counter() - start
        return self.folder / name
