"""The prepared corpus: made once from the source, immutable, memory-mapped, the same for all rows.

On disk it is one folder, named by a hash of the reviews and of how they were prepared::

    data/imdb-3f2a…/
        texts.npy, text_offsets.npy    raw UTF-8 texts end to end
        words.npy, word_offsets.npy    word ids end to end, the smallest integer type that fits
        labels.npy, ratings.npy        int8; 1 positive, 0 negative, -1 unlabelled; stars or 0
        films.npy                      int32; equal for reviews of one film
        also_in_train.npy              bool; a test review whose text stands in train too
        ids.txt, vocabulary.txt        one a line
        manifest.json                  settings, counts, audit, seconds, sizes and hashes

Reviews stand in the order train, validation, test, unsup, so that each part is one slice.
What only some rows need (word vectors, subword ids) is made when first asked for and kept inside.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from preprocessing import storage
from preprocessing.ragged import Ragged
from preprocessing.text import words
from preprocessing.vocabulary import UNKNOWN

import numpy as np

VERSION = 1


SPLITS = ("train", "validation", "test", "unsup")


@dataclass(frozen=True)
class Texts(Ragged):
    """Raw UTF-8 bytes of reviews, which know where in a prepared corpus they stand.

    Attributes:
        corpus: the corpus's folder; None for other texts.
        first: the number of the first of them in the corpus.
    """

    corpus: Path | None = None
    first: int = 0

    @classmethod
    def of_corpus(cls, folder: Path) -> "Texts":
        """Return all texts of a prepared corpus."""
        arrays = (_open(folder, name) for name in ("texts", "text_offsets"))
        return cls(*arrays, corpus=folder)

    def part(self, start: int, stop: int) -> "Texts":
        """Return texts start to stop."""
        part = super().part(start, stop)
        return Texts(part.values, part.offsets, self.corpus, self.first + start)


@dataclass(frozen=True)
class Reviews:
    """Some reviews as a row sees them.

    Attributes:
        texts: raw UTF-8 bytes of each review.
        words: word ids of each review; 0 is padding and does not occur, 1 is unknown.
        vocabulary: the word of each id.
        labels: shape (reviews,), int8, 1 positive, 0 negative; None where a row must not know.
    """

    texts: Texts
    words: Ragged
    vocabulary: Sequence[str]
    labels: np.ndarray | None = None

    @classmethod
    def of(cls, texts: Sequence[str], vocabulary: Sequence[str]) -> "Reviews":
        """Return raw texts as reviews, prepared as those of a corpus with this vocabulary are."""
        id_of = {word: number for number, word in enumerate(vocabulary)}
        encoded = [text.encode(errors="replace") for text in texts]
        numbered = [[id_of.get(w, UNKNOWN) for w in words(text)] for text in texts]
        return cls(
            texts=Texts.from_lengths(
                np.frombuffer(b"".join(encoded), np.uint8), np.array([len(t) for t in encoded])
            ),
            words=Ragged.from_lengths(
                np.array([number for ids in numbered for number in ids], np.uint32),
                np.array([len(ids) for ids in numbered]),
            ),
            vocabulary=vocabulary,
        )

    def __len__(self) -> int:
        return len(self.words)

    def word_lists(self) -> Iterator[list[str]]:
        """Yield the words of each review; those outside of the vocabulary as ``<unknown>``."""
        names = np.array(self.vocabulary, dtype=object)
        for row in range(len(self)):
            yield names[self.words[row]].tolist()

    def part(self, start: int, stop: int) -> "Reviews":
        """Return reviews start to stop."""
        return replace(
            self,
            texts=self.texts.part(start, stop),
            words=self.words.part(start, stop),
            labels=None if self.labels is None else self.labels[start:stop],
        )


class Corpus:
    """A prepared corpus, opened without reading it: arrays are memory-mapped when first used."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.manifest = storage.read_manifest(folder)

    @property
    def name(self) -> str:
        """The data set's name, as results are filed under: imdb, sample, imdb-limit-100."""
        return self.manifest["name"]

    @property
    def hash(self) -> str:
        """Sixteen hexadecimal digits that name reviews and preparation."""
        return self.manifest["hash"]

    @property
    def notes(self) -> list[str]:
        """What was done to the user's own texts: what was left out, how they were split."""
        return self.manifest.get("notes", [])

    @cached_property
    def vocabulary(self) -> list[str]:
        """The word of each id; ids 0 and 1 are padding and unknown."""
        return (self.folder / "vocabulary.txt").read_text(encoding="utf-8").splitlines()

    def array(self, name: str) -> np.ndarray:
        """Return one of the arrays, memory-mapped and read-only."""
        return _open(self.folder, name)

    def column(self, name: str, split: str) -> np.ndarray:
        """Return labels, ratings, films or also_in_train of one split, shape (reviews,)."""
        return self.array(name)[slice(*self.manifest["splits"][split])]

    def reviews(self, split: str) -> Reviews:
        """Return one split. Only train and validation come with labels."""
        start, stop = self.manifest["splits"][split]
        return Reviews(
            texts=Texts.of_corpus(self.folder).part(start, stop),
            words=Ragged(self.array("words"), self.array("word_offsets")).part(start, stop),
            vocabulary=self.vocabulary,
            labels=self.column("labels", split) if split in ("train", "validation") else None,
        )


def _open(folder: Path, name: str) -> np.ndarray:
    return np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
