"""Word vectors learned from the training and the unlabelled reviews, never from test."""

import time
from dataclasses import asdict
from pathlib import Path

from preprocessing.corpus import Corpus
from preprocessing.ragged import PADDING
from preprocessing.storage import make_folder
from preprocessing.word_vectors.settings import (
    SETTINGS,
    FastTextSettings,
    GloveSettings,
    Kind,
    RandomSettings,
    Settings,
    Word2VecSettings,
    folder_name,
)

import numpy as np

__all__ = [
    "SETTINGS",
    "FastTextSettings",
    "GloveSettings",
    "Kind",
    "RandomSettings",
    "Settings",
    "Word2VecSettings",
    "folder_name",
    "word_vectors",
]


def word_vectors(corpus: Corpus, seed: int, settings: Settings) -> tuple[np.ndarray, float]:
    """Return the vectors and the seconds it took to learn them; they are kept with the corpus.

    One thread learns them, since only then does a seed give the same vectors again. Random ones
    are drawn and not kept.

    Returns:
        The matrix, shape (vocabulary, dimensions), float32, row i for word id i, row 0 (padding)
        zero, memory-mapped if it is kept; and the seconds.
    """
    if isinstance(settings, RandomSettings):
        return _random(len(corpus.vocabulary), seed, settings), 0.0
    folder = corpus.folder / folder_name(settings, seed)

    def build(target: Path) -> dict:
        start = time.perf_counter()
        vectors = _learn(corpus, seed, settings)
        np.save(target / "vectors.npy", vectors, allow_pickle=False)
        return {"settings": asdict(settings), "seconds": time.perf_counter() - start}

    manifest = make_folder(folder, build)
    vectors = np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False)
    return vectors, manifest["seconds"]


def _learn(
    corpus: Corpus, seed: int, settings: Word2VecSettings | FastTextSettings | GloveSettings
) -> np.ndarray:
    # Imported here, since gensim takes a second, and most rows never need it.
    if isinstance(settings, GloveSettings):
        from preprocessing.word_vectors import glove

        return glove.learn(corpus, seed, settings)
    from preprocessing.word_vectors import with_gensim

    return with_gensim.learn(corpus, seed, settings)


def _random(words: int, seed: int, settings: RandomSettings) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((words, settings.dimensions), np.float32)
    vectors[PADDING] = 0
    return vectors
