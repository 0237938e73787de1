"""Reading a prepared corpus: immutable, memory-mapped, the same for all rows.

On disk it is one folder, named by a hash of the reviews and of how they were prepared::

    data/imdb-3f2a…/
        texts.npy, text_offsets.npy    raw UTF-8 texts end to end
        words.npy, word_offsets.npy    word ids end to end, the smallest integer type that fits
        labels.npy, ratings.npy        int8; 1 positive, 0 negative, -1 unlabelled; stars or 0
        films.npy                      int32; equal for reviews of one film
        also_in_train.npy              bool; a test review whose text is in train or validation, too
        ids.txt, vocabulary.txt        one a line
        manifest.json                  settings, counts, audit, seconds, sizes and hashes

Reviews stand in the order train, validation, test, unsup, so that each split is one slice.
`preprocessing.prepare` writes the folder. What only some rows need (word vectors, subword ids) is
made when first asked for and kept inside.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from preprocessing import storage
from preprocessing.ragged import Ragged
from preprocessing.text import words
from preprocessing.vocabulary import UNKNOWN

import numpy as np

VERSION = 2
SPLITS = ("train", "validation", "test", "unsup")

_test_is_withheld = False


@contextmanager
def withholding_test() -> Iterator[None]:
    """Refuse the test reviews to all code of this process, for as long as a row learns.

    Every way to them goes through `Corpus.reviews` or `Corpus.column`, which raise a `RuntimeError`
    meanwhile, whichever corpus object is asked.
    """
    global _test_is_withheld
    before, _test_is_withheld = _test_is_withheld, True
    try:
        yield
    finally:
        _test_is_withheld = before


@dataclass(frozen=True)
class Texts(Ragged):
    """Raw UTF-8 bytes of reviews, which know where in a split of a corpus they stand.

    Attributes:
        corpus: the corpus's folder; None for other texts.
        split: the split they are from; empty for other texts.
        first: the number of the first of them in the split.
        rows: the number of each in the split, where they do not follow on one another.
    """

    corpus: Path | None = None
    split: str = ""
    first: int = 0
    rows: np.ndarray | None = None

    def part(self, start: int, stop: int) -> "Texts":
        """Return texts start to stop."""
        part = super().part(start, stop)
        rows = None if self.rows is None else self.rows[start:stop]
        first = self.first + start
        return replace(self, values=part.values, offsets=part.offsets, first=first, rows=rows)

    def take(self, rows: np.ndarray) -> "Texts":
        """Return the chosen texts."""
        taken = super().take(rows)
        in_split = self.first + rows if self.rows is None else self.rows[rows]
        return replace(self, values=taken.values, offsets=taken.offsets, rows=in_split)


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
            texts=Texts(
                np.frombuffer(b"".join(encoded), np.uint8),
                np.cumsum([0, *(len(text) for text in encoded)], dtype=np.int64),
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

    def take(self, rows: np.ndarray) -> "Reviews":
        """Return the chosen reviews, in the order of `rows`, shape (n,)."""
        return replace(
            self,
            texts=self.texts.take(rows),
            words=self.words.take(rows),
            labels=None if self.labels is None else self.labels[rows],
        )


def is_synthetic(name: str) -> bool:
    """Whether a corpus of this name is the embedded one, or a part of it."""
    return name.startswith("sample")


def titled(name: str) -> str:
    """Return a corpus's name for people, who are told where it is synthetic."""
    return f"{name} (synthetic)" if is_synthetic(name) else name


class Corpus:
    """A prepared corpus, opened without reading it: arrays are memory-mapped when first used."""

    def __init__(self, folder: Path, remarks: Sequence[str] = ()):
        """Open the corpus.

        Args:
            folder: where it is.
            remarks: what the user should know of how it was found; the last of `notes`.

        Raises:
            DamagedError: the folder was changed, as far as a look at its manifest tells.
        """
        self.folder = folder
        self.manifest = storage.read_manifest(folder)
        self.remarks = list(remarks)
        if not folder.name.endswith(f"-{self.hash}") or not self._is_tiled():
            raise storage.damaged(folder, storage.MANIFEST, "it is of another corpus")

    @property
    def name(self) -> str:
        """The data set's name, as results are filed under: imdb, sample, imdb-limit-100."""
        return self.manifest["name"]

    @property
    def hash(self) -> str:
        """Sixteen hexadecimal digits that name reviews and preparation."""
        return self.manifest["hash"]

    @property
    def synthetic(self) -> bool:
        """The reviews are the embedded sample's."""
        return is_synthetic(self.name)

    @property
    def notes(self) -> list[str]:
        """What the user should know: what was left out of custom texts, how they were split."""
        return self.manifest.get("notes", []) + self.remarks

    @cached_property
    def vocabulary(self) -> list[str]:
        """The word of each id; ids 0 and 1 are padding and unknown."""
        return (self.folder / "vocabulary.txt").read_text(encoding="utf-8").splitlines()

    def column(self, name: str, split: str) -> np.ndarray:
        """Return labels, ratings, films or also_in_train of one split, shape (reviews,).

        The array is memory-mapped and read-only.

        Raises:
            RuntimeError: the split is test, and a row is learning.
        """
        return self._array(name)[slice(*self._bounds(split))]

    def reviews(self, split: str) -> Reviews:
        """Return one split. Only train and validation come with labels.

        Raises:
            RuntimeError: the split is test, and a row is learning.
        """
        bounds = self._bounds(split)
        texts = Ragged(self._array("texts"), self._array("text_offsets")).part(*bounds)
        return Reviews(
            texts=Texts(texts.values, texts.offsets, self.folder, split),
            words=Ragged(self._array("words"), self._array("word_offsets")).part(*bounds),
            vocabulary=self.vocabulary,
            labels=self.column("labels", split) if split in ("train", "validation") else None,
        )

    def _is_tiled(self) -> bool:
        """Tell whether the splits follow on one another and hold all reviews."""
        bounds = [self.manifest["splits"][split] for split in SPLITS]
        starts, stops = zip(*bounds, strict=True)
        follow = starts == (0, *stops[:-1]) and list(stops) == sorted(stops)
        return follow and stops[-1] == len(self._array("labels"))

    def _bounds(self, split: str) -> tuple[int, int]:
        if split == "test" and _test_is_withheld:
            raise RuntimeError("the test reviews are withheld while a row learns")
        start, stop = self.manifest["splits"][split]
        return start, stop

    def _array(self, name: str) -> np.ndarray:
        try:
            return np.load(self.folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        except ValueError as error:
            raise storage.damaged(self.folder, f"{name}.npy", error) from None
