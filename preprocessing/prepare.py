"""Preparing a corpus: from the reviews of a source to the files that `Corpus` reads."""

import hashlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from preprocessing import held_out, storage, vocabulary
from preprocessing.corpus import SPLITS, VERSION, Corpus, is_synthetic
from preprocessing.errors import UserError
from preprocessing.options import DataOptions
from preprocessing.ragged import Ragged
from preprocessing.sources import imdb, sample
from preprocessing.sources.custom import OWN, CustomReviews, check_source, is_custom
from preprocessing.sources.review import PARTS, Review
from preprocessing.splits import held_out_mask
from preprocessing.text import words

import numpy as np

PUBLISHED = {"imdb": "b7559307dd2c0163", "imdb-with-originals": "051e14303520d1e9"}
"""The hash of the published reviews as the leaderboard uses them, by the corpus's name."""

_CHUNK = 5_000


@dataclass(frozen=True)
class Settings:
    """How a corpus is prepared. Another setting is another corpus.

    Attributes:
        minimum_count: a word rarer than this in the training reviews is unknown; words seen once
            teach next to nothing.
        largest_vocabulary: ids at most; 65,536 keeps them in two bytes.
        validation_fraction: share of the training reviews set aside for validation.
        limit: for a quick look, at most this many reviews of train, of test and of unsup, as many
            of each class.
        with_originals: learn from the originals of edited reviews, too, as protocol 1 did; see
            `preprocessing.held_out`.
    """

    minimum_count: int = 2
    largest_vocabulary: int = 65_536
    validation_fraction: float = 0.1
    limit: int | None = None
    with_originals: bool = False


def open_corpus(options: DataOptions) -> Corpus:
    """Open the corpus that a user names, preparing it first where that was not done yet.

    Raises:
        UserError: the source is missing or damaged, or `options.prepared` is no such corpus.
    """
    settings = Settings(limit=options.limit, with_originals=options.with_originals)
    if options.prepared is not None:
        corpus = _prepared_as(settings, options.dataset, options.prepared)
        given = options.data is not None and is_custom(options.data)
        named = "--data" if given else options.for_own_texts
        if named and not corpus.name.startswith(OWN):
            raise UserError(
                f"--prepared {options.prepared} is {corpus.name}, and {named} is for labelled "
                f"texts of your own; give one of the two"
            )
        return corpus
    if is_synthetic(options.dataset) and options.data is not None:
        raise UserError("--data names reviews; the sample is made by its generator")
    source: Path | CustomReviews | None = options.data
    if options.data is not None and options.dataset == "imdb":
        check_source(options.data)
        if is_custom(options.data):
            source = CustomReviews(
                options.data, options.text_column, options.label_column, options.split_column,
                options.allow_bad_rows,
            )  # fmt: skip
    if not isinstance(source, CustomReviews):
        if named := options.for_own_texts:
            raise UserError(f"{named} is for labelled texts of your own, which --data names")
    elif options.with_originals:
        raise UserError("--with-originals is for the IMDB reviews, not for texts of your own")
    if options.with_originals and is_synthetic(options.dataset):
        raise UserError("--with-originals is for the IMDB reviews; the sample has no originals")
    return prepare(options.dataset, source, options.cache, settings)


def _prepared_as(settings: Settings, dataset: str, folder: Path) -> Corpus:
    """Open a corpus that a user names by its folder."""
    if not (folder / storage.MANIFEST).is_file():
        raise UserError(
            f"--prepared {folder} is not a prepared corpus; name a folder such as "
            f"data/imdb-{PUBLISHED['imdb']}"
        )
    if "splits" not in storage.read_manifest(folder):
        raise UserError(
            f"--prepared {folder} is not a prepared corpus but another folder of this project; "
            f"name one such as data/imdb-{PUBLISHED['imdb']}"
        )
    corpus = Corpus(folder.resolve())
    if corpus.manifest["version"] != VERSION:
        raise UserError(f"--prepared {folder} is of another version; prepare the reviews anew")
    if is_synthetic(corpus.name) != is_synthetic(dataset):
        kind = "sample" if is_synthetic(corpus.name) else "imdb"
        raise UserError(
            f"--prepared {folder} is {corpus.name}, not {dataset}; it needs --dataset {kind}"
        )
    theirs = corpus.manifest["settings"]
    for name, value in asdict(settings).items():
        if theirs[name] != value:
            raise UserError(
                f"--prepared {folder} was prepared with {name} {theirs[name]}, not {value}; "
                f"give the options that it was prepared with"
            )
    return corpus


def data_from_environment(dataset: str) -> Path | None:
    """Return what ``IMDB_DATA`` names, for the data set "imdb"; else None.

    Raises:
        UserError: it is neither IMDB's archive nor its unpacked folder.
    """
    named = os.environ.get("IMDB_DATA")
    if not named or dataset != "imdb":
        return None
    path = Path(named)
    try:
        check_source(path)
        is_imdb = not is_custom(path)
    except UserError:
        is_imdb = False
    if not is_imdb:
        raise UserError(
            f"IMDB_DATA={named} is not IMDB's .tar.gz or its unpacked folder; --data names other "
            f"texts"
        )
    return path


def prepare(
    dataset: str,
    data: Path | CustomReviews | None,
    cache: Path,
    settings: Settings | None = None,
) -> Corpus:
    """Open the corpus, preparing it first where that was not done yet.

    Args:
        dataset: "imdb", or "sample" for the embedded synthetic corpus.
        data: the IMDB archive or folder; without it what is in `cache`, or a download. Or labelled
            texts of the user's own, in place of IMDB's.
        cache: the folder where corpora and downloads are kept.
        settings: how to prepare; the default is what the leaderboard uses.

    Raises:
        UserError: the source is missing or damaged.
    """
    settings = settings or Settings()
    if isinstance(data, CustomReviews):
        dataset = data.name
    originals = held_out.names() if dataset == "imdb" else frozenset()
    header = _canonical(dataset, VERSION, asdict(settings), sorted(originals))
    key = hashlib.sha256(header).hexdigest()[:16]
    if dataset == "imdb" and data is None and not imdb.in_cache(cache):
        prepared = _prepared(cache, key)
        if prepared:
            remarks = [f"read from {prepared[0]}"]
            if len(prepared) > 1:
                remarks = [
                    f"{len(prepared)} prepared corpora are in {cache}; read from the newest, "
                    f"{prepared[0].name} (--data names another's source)"
                ]
            return Corpus(prepared[0], remarks)
    fingerprint, read = _source(dataset, data, cache)
    note = cache / "sources" / f"{key}-{fingerprint[:16]}"
    if folder := _noted(note, cache):
        return Corpus(folder)

    clock = Clock()
    with clock.step("read the reviews"):
        reviews, notes = read()
        if dataset == "imdb" and not settings.with_originals:
            reviews = held_out.without_originals(reviews, originals)
        reviews = _limited(reviews, settings.limit)
    with clock.step("hash the reviews"):
        digest = hashlib.sha256(header)
        for part in PARTS:
            for review in reviews[part]:
                digest.update(_canonical(*review))
        corpus_hash = digest.hexdigest()[:16]
    name = dataset if settings.limit is None else f"{dataset}-limit-{settings.limit}"
    name += "-with-originals" if settings.with_originals else ""
    folder = cache / f"{name}-{corpus_hash}"
    if isinstance(data, CustomReviews):  # two tables of one name have results of their own
        name += f"-{corpus_hash[:8]}"
    about = {"name": name, "hash": corpus_hash, "version": VERSION, "settings": asdict(settings)}
    if PUBLISHED.get(name, corpus_hash) != corpus_hash:
        notes.append(
            f"corpus {corpus_hash} is not the published data set, which is {PUBLISHED[name]}; "
            f"results on it do not belong in the published table"
        )
    about |= {"notes": notes}
    storage.make_folder(folder, lambda target: about | _build(target, reviews, settings, clock))
    storage.write_atomically(note, storage.seal({"source": note.name, "corpus": folder.name}))
    return Corpus(folder)


def _noted(note: Path, cache: Path) -> Path | None:
    """Return the corpus that was prepared from a source; None if there is none, or no telling."""
    try:
        said = storage.unseal(note.read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    folder = cache / str(said["corpus"])
    return folder if said["source"] == note.name and folder.exists() else None


def _prepared(cache: Path, key: str) -> list[Path]:
    """Return the folders of the corpora that were prepared as `key` says, the newest first."""
    found = {_noted(note, cache) for note in (cache / "sources").glob(f"{key}-*")}
    folders = [folder for folder in found if folder and (folder / storage.MANIFEST).exists()]
    return sorted(
        folders, key=lambda folder: (folder / storage.MANIFEST).stat().st_mtime_ns, reverse=True
    )


def _source(
    dataset: str, data: Path | CustomReviews | None, cache: Path
) -> tuple[str, Callable[[], tuple[dict[str, list[Review]], list[str]]]]:
    """Return the source's fingerprint, and what reads its reviews and says what was done."""
    if isinstance(data, CustomReviews):
        return data.fingerprint(), data.read
    if dataset == "imdb":
        path = imdb.locate(data, cache)
        return imdb.fingerprint(path), lambda: (imdb.read(path), [])
    return storage.sha256(Path(sample.__file__)), lambda: (sample.read_sample(), [])


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


def _canonical(*values: Any) -> bytes:
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
        is_out = held_out_mask(reviews["train"], settings.validation_fraction)
        splits = {
            "train": [r for r, out in zip(reviews["train"], is_out, strict=True) if not out],
            "validation": [r for r, out in zip(reviews["train"], is_out, strict=True) if out],
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
