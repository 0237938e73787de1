"""What the test reviews are like: length, stars, negation and contrast; from the corpus."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from preprocessing.corpus import Corpus
from preprocessing.ragged import Ragged

import numpy as np

NEGATION = frozenset(
    ("neither", "never", "no", "nobody", "none", "nor", "not", "nothing", "nowhere")
)
CONTRAST = frozenset(("although", "but", "despite", "however", "nevertheless", "though", "yet"))


@dataclass(frozen=True)
class Slices:
    """Of each test review, in the corpus's order; all arrays have the shape (reviews,).

    Attributes:
        ids: its identifier: part, class, number and stars, such as ``test/pos/12_9``.
        words: how many words it has, int.
        stars: from 1 to 10, int; 0 where unknown.
        negation: whether a word of `NEGATION` is in it, bool; contractions count.
        contrast: whether a word of `CONTRAST` is in it, bool.
        texts: the raw texts, as UTF-8 bytes.
    """

    ids: np.ndarray
    words: np.ndarray
    stars: np.ndarray
    negation: np.ndarray
    contrast: np.ndarray
    texts: Ragged


def at_hand(cache: Path, corpus_hash: str) -> Slices | None:
    """Return the slices if the prepared corpus is in `cache`; nothing is fetched or prepared."""
    folder = next((one for one in cache.glob(f"*-{corpus_hash}") if one.is_dir()), None)
    return of(Corpus(folder)) if folder else None


def of(corpus: Corpus) -> Slices:
    """Return the slices of a corpus's test reviews."""
    start, stop = corpus.manifest["splits"]["test"]
    ids = (corpus.folder / "ids.txt").read_text(encoding="utf-8").splitlines()[start:stop]
    reviews = corpus.reviews("test")
    return Slices(
        ids=np.array(ids),
        words=reviews.words.lengths,
        stars=np.asarray(corpus.column("ratings", "test")).astype(int),
        negation=_has(reviews.words, corpus.vocabulary, NEGATION),
        contrast=_has(reviews.words, corpus.vocabulary, CONTRAST),
        texts=reviews.texts,
    )


def _has(words: Ragged, vocabulary: list[str], wanted: Iterable[str]) -> np.ndarray:
    """Tell of each review whether it holds one of the words."""
    numbers = [number for number, word in enumerate(vocabulary) if word in wanted]
    found = np.concatenate([[0], np.cumsum(np.isin(words.values, numbers))])
    return found[words.offsets[1:]] > found[words.offsets[:-1]]
