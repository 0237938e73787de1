"""Word vectors learned from the training and the unlabelled reviews, never from test."""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from preprocessing.corpus import Corpus
from preprocessing.storage import make_folder

import numpy as np

_LONGEST_SENTENCE = 10_000  # gensim silently drops the words after the ten-thousandth


@dataclass(frozen=True)
class Word2VecSettings:
    """How the shared vectors are learned (Mikolov et al., 2013).

    Attributes:
        dimensions: numbers in a vector.
        window: words to each side that a word is related to.
        epochs: passes over the reviews.
        skip_gram: predict the context from the word (True) or the word from the context (False).
        negative_samples: random words that each true pair is told apart from.
        subsampling: words more frequent than this share of all words are thinned out.
    """

    dimensions: int = 300
    window: int = 10
    epochs: int = 10
    skip_gram: bool = False
    negative_samples: int = 5
    subsampling: float = 1e-4


def word_vectors(corpus: Corpus, seed: int, settings: Word2VecSettings) -> tuple[np.ndarray, float]:
    """Return the vectors and the seconds it took to learn them; they are kept with the corpus.

    One thread learns them, since only then does a seed give the same vectors again.

    Returns:
        The matrix, shape (vocabulary, dimensions), float32, row i for word id i, row 0 (padding)
        zero, memory-mapped; and the seconds.
    """
    numbers = "-".join(f"{value:g}" for value in asdict(settings).values())
    folder = corpus.folder / f"word2vec-{numbers}-seed-{seed}"

    def build(target: Path) -> dict:
        start = time.perf_counter()
        vectors = _learn(corpus, seed, settings)
        np.save(target / "vectors.npy", vectors, allow_pickle=False)
        return {"settings": asdict(settings), "seconds": time.perf_counter() - start}

    manifest = make_folder(folder, build)
    vectors = np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False)
    return vectors, manifest["seconds"]


def _learn(corpus: Corpus, seed: int, settings: Word2VecSettings) -> np.ndarray:
    from gensim.models import Word2Vec  # takes a second, and most rows never need it

    model = Word2Vec(
        list(_sentences(corpus)),
        vector_size=settings.dimensions,
        window=settings.window,
        epochs=settings.epochs,
        sg=int(settings.skip_gram),
        negative=settings.negative_samples,
        sample=settings.subsampling,
        min_count=1,
        workers=1,
        seed=seed,
    )
    vectors = np.zeros((len(corpus.vocabulary), settings.dimensions), np.float32)
    for number, word in enumerate(corpus.vocabulary):
        if word in model.wv:
            vectors[number] = model.wv[word]
    return vectors


def _sentences(corpus: Corpus) -> Iterator[list[str]]:
    for split in ("train", "unsup"):
        for words in corpus.reviews(split).word_lists():
            for start in range(0, len(words), _LONGEST_SENTENCE):
                yield words[start : start + _LONGEST_SENTENCE]
