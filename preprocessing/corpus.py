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

import hashlib
import json
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from multiprocessing import get_context
from pathlib import Path

from preprocessing import folders, imdb, sample, vocabulary
from preprocessing.errors import UserError
from preprocessing.own_reviews import OwnReviews
from preprocessing.ragged import Ragged
from preprocessing.reviews import PARTS, Review
from preprocessing.splits import held_out_mask
from preprocessing.text import words
from preprocessing.vocabulary import UNKNOWN

import numpy as np

VERSION = 1
DATASETS = ("imdb", "sample")
SPLITS = ("train", "validation", "test", "unsup")
_CHUNK = 5_000


@dataclass(frozen=True)
class Settings:
    """How a corpus is prepared. Another setting is another corpus.

    Attributes:
        minimum_count: a word rarer than this in the training reviews is unknown; words seen once
            teach next to nothing.
        largest_vocabulary: ids at most; 65,536 keeps them in two bytes.
        validation_fraction: share of the training reviews set aside for validation.
        limit: for a quick look, only so many reviews of train, of test and of unsup.
    """

    minimum_count: int = 2
    largest_vocabulary: int = 65_536
    validation_fraction: float = 0.1
    limit: int | None = None


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
        self.manifest = folders.read_manifest(folder)

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


def prepare(
    dataset: str,
    data: Path | OwnReviews | None,
    cache: Path,
    settings: Settings | None = None,
) -> Corpus:
    """Open the corpus, preparing it first where that was not done yet.

    Args:
        dataset: "imdb", or "sample" for the embedded synthetic corpus.
        data: the IMDB archive or folder; without it what is in `cache`, or a download. Or labelled
            texts of the user's own, in the place of IMDB's.
        cache: the folder where corpora and downloads are kept.
        settings: how to prepare; the default is what the leaderboard uses.

    Raises:
        UserError: the source is missing or damaged.
    """
    settings = settings or Settings()
    own = data if isinstance(data, OwnReviews) else None
    if dataset == "sample" and data is not None:
        raise UserError("--data names reviews; the sample is made by its generator")
    if own:
        dataset = own.name
    key = hashlib.sha256(_canonical(dataset, VERSION, asdict(settings))).hexdigest()[:16]
    known = cache / "sources"
    if dataset == "imdb" and data is None and not (cache / "aclImdb_v1.tar.gz").exists():
        for note in sorted(known.glob(f"{key}-*")):
            if (folder := cache / note.read_text().strip()).exists():
                return Corpus(folder)
    if own:
        fingerprint, read = own.fingerprint(), own.read
    elif dataset == "imdb":
        source = imdb.locate(data, cache)
        fingerprint, read = imdb.fingerprint(source), partial(imdb.read, source)
    else:
        fingerprint, read = folders.sha256(Path(sample.__file__)), sample.read_sample
    note = known / f"{key}-{fingerprint[:16]}"
    if note.exists() and (folder := cache / note.read_text().strip()).exists():
        return Corpus(folder)

    clock = Clock()
    with clock.step("read the reviews"):
        reviews, notes = read() if own else (read(), [])
        reviews = _limited(reviews, settings.limit)
    with clock.step("hash the reviews"):
        digest = hashlib.sha256(_canonical(dataset, VERSION, asdict(settings)))
        for part in PARTS:
            for review in reviews[part]:
                digest.update(_canonical(*review))
        corpus_hash = digest.hexdigest()[:16]
    name = dataset if settings.limit is None else f"{dataset}-limit-{settings.limit}"
    folder = cache / f"{name}-{corpus_hash}"
    about = {"name": name, "hash": corpus_hash, "version": VERSION, "settings": asdict(settings)}
    about |= {"notes": notes} if own else {}
    folders.make_folder(folder, lambda target: about | _build(target, reviews, settings, clock))
    folders.write_atomically(note, folder.name + "\n")
    return Corpus(folder)


class Clock:
    """Seconds of each step, by `time.perf_counter`."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add the time of the block to the step's."""
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0) + time.perf_counter() - start


def _canonical(*values) -> bytes:
    return json.dumps(values, ensure_ascii=True, sort_keys=True).encode() + b"\n"


def _limited(reviews: dict[str, list[Review]], limit: int | None) -> dict[str, list[Review]]:
    """Keep `limit` reviews of each part, as many of each class; always the same ones."""
    if limit is None:
        return reviews
    random = np.random.default_rng(0)
    kept = {}
    for part, all_reviews in reviews.items():
        if len(all_reviews) <= limit:
            kept[part] = all_reviews
            continue
        labels = np.array([review.label for review in all_reviews])
        classes = np.unique(labels)
        rows = [
            random.permutation(np.flatnonzero(labels == label))[: limit // len(classes)]
            for label in classes
        ]
        kept[part] = [all_reviews[row] for row in np.sort(np.concatenate(rows))]
    return kept


def _build(
    folder: Path, reviews: dict[str, list[Review]], settings: Settings, clock: Clock
) -> dict:
    """Write the corpus files; return their part of the manifest."""
    with clock.step("split off validation"):
        held_out = held_out_mask(reviews["train"], settings.validation_fraction)
        splits = {
            "train": [r for r, out in zip(reviews["train"], held_out, strict=True) if not out],
            "validation": [r for r, out in zip(reviews["train"], held_out, strict=True) if out],
            "test": reviews["test"],
            "unsup": reviews["unsup"],
        }
        ordered = [review for split in SPLITS for review in splits[split]]
        stops = np.cumsum([len(splits[split]) for split in SPLITS]).tolist()
        bounds = dict(zip(SPLITS, zip([0, *stops], stops, strict=False), strict=True))
    with clock.step("find the words"):
        all_words, ids = _words_of([review.text for review in ordered])
    with clock.step("number the words"):
        training = ids.values[: ids.offsets[bounds["train"][1]]]
        counts = np.bincount(training, minlength=len(all_words))
        chosen = vocabulary.choose_words(
            dict(zip(all_words, counts.tolist(), strict=True)),
            settings.minimum_count,
            settings.largest_vocabulary,
        )
        id_of = {word: number for number, word in enumerate(chosen)}
        translation = np.array([id_of.get(word, vocabulary.UNKNOWN) for word in all_words])
        id_type = vocabulary.smallest_integer_type(len(chosen) - 1)
        numbered = translation.astype(id_type)[ids.values]
    with clock.step("write the files"):
        encoded = [review.text.encode() for review in ordered]
        texts = Ragged.from_lengths(
            np.frombuffer(b"".join(encoded), np.uint8), np.array([len(text) for text in encoded])
        )
        film_numbers: dict[str, int] = {}
        train_texts = {review.text for review in reviews["train"]}
        arrays = {
            "texts": texts.values,
            "text_offsets": texts.offsets,
            "words": numbered,
            "word_offsets": ids.offsets,
            "labels": np.array([review.label for review in ordered], np.int8),
            "ratings": np.array([review.rating for review in ordered], np.int8),
            "films": np.array(
                [film_numbers.setdefault(review.film, len(film_numbers)) for review in ordered],
                np.int32,
            ),
            "also_in_train": np.array([review.text in train_texts for review in ordered]),
        }
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array, allow_pickle=False)
        for name, lines in (("vocabulary", chosen), ("ids", [review.id for review in ordered])):
            (folder / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {
        "splits": bounds,
        "seconds": clock.seconds,
        "vocabulary": len(chosen),
        "distinct_words": len(all_words),
        "id_type": str(id_type),
        "words": {
            split: _lengths_of(Ragged(numbered, ids.offsets).part(*bounds[split]))
            for split in SPLITS
            if splits[split]
        },
        "audit": _audit(reviews),
    }


def _words_of(texts: list[str]) -> tuple[list[str], Ragged]:
    """Return all distinct words, and for each text which of them it holds."""
    chunks = [texts[i : i + _CHUNK] for i in range(0, len(texts), _CHUNK)]
    index: dict[str, int] = {}
    values, lengths = [], []
    for distinct, chunk_ids, chunk_lengths in _map_chunks(chunks):
        numbers = np.array([index.setdefault(w, len(index)) for w in distinct], np.uint32)
        values.append(numbers[chunk_ids])
        lengths.append(chunk_lengths)
    return list(index), Ragged.from_lengths(np.concatenate(values), np.concatenate(lengths))


def _map_chunks(chunks: list[list[str]]) -> Iterator[tuple[list[str], np.ndarray, np.ndarray]]:
    if len(chunks) < 3:  # starting processes would take longer
        yield from map(_words_of_chunk, chunks)
        return
    with ProcessPoolExecutor(
        mp_context=get_context("spawn"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
    ) as pool:
        yield from pool.map(_words_of_chunk, chunks)


def _words_of_chunk(texts: list[str]) -> tuple[list[str], np.ndarray, np.ndarray]:
    index: dict[str, int] = {}
    ids: list[int] = []
    lengths = []
    for text in texts:
        found = words(text)
        ids.extend([index.setdefault(word, len(index)) for word in found])
        lengths.append(len(found))
    return list(index), np.array(ids, np.uint32), np.array(lengths, np.int64)


def _lengths_of(words: Ragged) -> dict:
    lengths = words.lengths
    percents = (10, 25, 50, 75, 90, 99)
    quantiles = np.percentile(lengths, percents).round().astype(int).tolist()
    return {
        "reviews": len(words),
        "words": int(lengths.sum()),
        "unknown": int((words.values == vocabulary.UNKNOWN).sum()),
        "mean": float(lengths.mean()),
        "quantiles": {f"{p} %": q for p, q in zip(percents, quantiles, strict=True)},
        "longest": int(lengths.max()),
    }


def _audit(reviews: dict[str, list[Review]]) -> dict[str, int]:
    """Count distinct texts in each part and in both of two, and films in both train and test."""
    texts = {part: {review.text for review in reviews[part]} for part in PARTS}
    films = {part: {review.film for review in reviews[part]} for part in PARTS}
    counts = {f"distinct texts in {part}": len(texts[part]) for part in PARTS}
    for one, other in (("train", "test"), ("train", "unsup"), ("test", "unsup")):
        counts[f"texts in both {one} and {other}"] = len(texts[one] & texts[other])
    seen = sum(review.text in texts["train"] for review in reviews["test"])
    return counts | {
        "test reviews whose text is in train": seen,
        "films in both train and test": len(films["train"] & films["test"]),
    }
