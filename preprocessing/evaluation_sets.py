"""Evaluation sets: texts on which a trained model is evaluated besides the official test reviews.

They show whether a model reads or merely counts. Nothing is trained and nothing is chosen on them.
Three kinds:

- edited reviews, each beside its original with the opposite verdict (``counterfactual``,
  ``contrast``): a model that answers from single words goes on answering as before;
- texts of another kind (``sentences``; ``products``, which are pairs, too);
- a table of the user's own.

Texts are fetched from where they are published, at one commit each, and checked by SHA-256. They
are never part of this repository; docs/evaluation-sets.md has whom to cite, and the licences.
"""

import csv
import errno
import hashlib
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from preprocessing.errors import UserError
from preprocessing.held_out import letters_and_digits
from preprocessing.sources import custom, sample_sets, tables
from preprocessing.sources.download import download

import numpy as np

UNPAIRED = -1
_LABELS = {"Negative": 0, "Positive": 1}
_LONGEST_NAME = 60


@dataclass(frozen=True)
class EvaluationSet:
    """Labelled texts to be predicted once by every trained model.

    Attributes:
        name: what its columns in the leaderboard begin with.
        texts: the raw texts.
        labels: shape (texts,), int8, 1 positive, 0 negative.
        pairs: shape (texts,), int32; the two texts of a pair share a number, any; `UNPAIRED`
            without.
        edited: shape (texts,), bool; whether the text is the edited one of its pair.
        ids: an identifier for each text, such as ``contrast/12/edited``; says nothing of the text.
        classes: what the user's own table calls negative and positive.
    """

    name: str
    texts: Sequence[str]
    labels: np.ndarray
    pairs: np.ndarray
    edited: np.ndarray
    ids: Sequence[str]
    classes: tuple[str, str] = ("negative", "positive")

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def is_paired(self) -> bool:
        """Whether every text has its counterpart with the opposite label."""
        return bool(len(self)) and bool((self.pairs != UNPAIRED).all())

    @cached_property
    def hash(self) -> str:
        """Sixteen hexadecimal digits that name texts, labels and pairs."""
        digest = hashlib.sha256()
        for text, label, pair, edited in zip(
            self.texts, self.labels, self.pairs, self.edited, strict=True
        ):
            encoded = text.encode()
            digest.update(f"{len(encoded)} {label} {pair} {int(edited)}\n".encode() + encoded)
        return digest.hexdigest()[:16]


@dataclass(frozen=True)
class PublishedFile:
    """A file of a published set.

    Attributes:
        path: its place in the folder that ``--evaluation-data`` names, and in the cache.
        url: its published address, at one commit.
        size: its length in bytes.
        sha256: its SHA-256, in hexadecimal.
    """

    path: str
    url: str
    size: int
    sha256: str


@dataclass(frozen=True)
class PublishedSet:
    """A set that others have published.

    Attributes:
        name: its name here.
        files: what it is read from.
        read: takes the files' contents, in that order, and returns the rows.
    """

    name: str
    files: tuple[PublishedFile, ...]
    read: Callable[..., list["Row"]]


Row = tuple[str, int, int, bool]
"""A text, its label, its pair, and whether it is the edited one of that."""


def load(name: str, folder: Path | None, cache: Path) -> EvaluationSet:
    """Return a published set.

    Args:
        name: a key of `PUBLISHED`.
        folder: a folder with the sets' files, which is not written to; None to fetch them.
        cache: the folder that downloads are kept in.

    Raises:
        UserError: a file is not there, cannot be fetched, or is not the published one.
    """
    published = PUBLISHED[name]
    contents = [_content(file, folder, cache) for file in published.files]
    return _of(name, published.read(*contents))


def built_in(
    dataset: str, folder: Path | None, cache: Path
) -> tuple[list[EvaluationSet], list[str]]:
    """Return the sets that models trained on a data set are asked, and what is missing.

    Args:
        dataset: "imdb" for the published sets, "sample" for those of the embedded sample; models
            of other texts are asked nothing but what ``--evaluate-on`` names.
        folder: a folder with the published sets' files; None to fetch them.
        cache: the folder that downloads are kept in.

    Returns:
        The sets that are at hand, and a sentence for each that is not.
    """
    if dataset == "sample":
        return [_of(name, rows()) for name, rows in EMBEDDED.items()], []
    found: list[EvaluationSet] = []
    missing: list[str] = []
    for name in PUBLISHED if dataset == "imdb" else ():
        try:
            if folder is None and missing:  # a download would wait for the same silent host
                kept = at_hand([name], None, cache)
                found += kept
                missing += [] if kept else [f"evaluation set {name} is left out, too"]
            else:
                found.append(load(name, folder, cache))
        except UserError as error:
            missing.append(f"evaluation set {name} is left out: {error}")
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise  # else the cache can only be read
            missing.append(f"evaluation set {name} is left out: {error.filename}: {error.strerror}")
    return found, missing


def at_hand(names: Iterable[str], folder: Path | None, cache: Path) -> list[EvaluationSet]:
    """Return the published sets of these names that are on this machine; nothing is fetched.

    Args:
        names: of sets, not all of which need be published ones.
        folder: a folder with the published sets' files; None for what was fetched into the cache.
        cache: the folder that downloads are kept in.

    Raises:
        UserError: a file is not the published one.
    """
    where = folder or cache / "evaluation"
    return [
        load(name, where, cache)
        for name in names
        if name in PUBLISHED and all((where / one.path).is_file() for one in PUBLISHED[name].files)
    ]


def _of(name: str, rows: Sequence[Row]) -> EvaluationSet:
    """Return rows as a set."""
    texts, labels, pairs, edited = zip(*rows, strict=True)
    return EvaluationSet(
        name,
        list(texts),
        np.array(labels, np.int8),
        np.array(pairs, np.int32),
        np.array(edited, bool),
        [
            f"{name}/{row}" if pair == UNPAIRED
            else f"{name}/{pair}/{'edited' if is_edited else 'original'}"
            for row, (_, _, pair, is_edited) in enumerate(rows)
        ],
    )  # fmt: skip


def from_table(path: Path) -> EvaluationSet:
    """Return a table of the user's own as a set.

    Its columns are ``text``, ``label`` (the classes' names, of which there are two) and, for edited
    texts, ``pair``: two texts share a value, and the first of them is the original.

    Args:
        path: a table of a form that `preprocessing.sources.tables` reads.

    Raises:
        UserError: a column is missing, a row cannot be used, there are not two classes, or the
            texts of a pair are of one.
    """
    tables.check_file(path)
    if not tables.form_of(path):
        raise tables.unreadable(path, f"evaluation sets are {tables.READ} files")
    records = []
    with tables.opened(path) as table:
        table.require("text", "label", options="these two names are needed")
        for line, record, problem in table.rows:
            if problem:
                raise UserError(f"{path}, line {line}: {problem}")
            for column in ("text", "label"):
                if not tables.text_of(record, column).strip():
                    raise UserError(f"{path}, line {line}: no {column}")
                if not tables.is_utf8(record[column]):
                    advice = tables.encoding_advice(path)
                    raise UserError(f"{path}, line {line}, is not UTF-8: {advice}")
            records.append(record)
    if not records:
        raise UserError(f"{path} has a header, but no rows")
    counts = Counter(str(record["label"]).strip() for record in records)
    if len(counts) != 2:
        found = ", ".join(f"{name!r} ({count:,})" for name, count in counts.most_common(5))
        raise UserError(f"{path}: two classes are needed in 'label'; there are {found}")
    classes = sorted(counts, key=custom.class_order)
    numbers: dict[str, int] = {}
    seen: Counter[int] = Counter()
    positive: Counter[int] = Counter()
    rows = []
    for record in records:
        value = tables.text_of(record, "pair").strip()
        pair = numbers.setdefault(value, len(numbers)) if value else UNPAIRED
        label = classes.index(str(record["label"]).strip())
        rows.append((str(record["text"]), label, pair, pair != UNPAIRED and seen[pair] > 0))
        seen[pair] += 1
        positive[pair] += label
    odd = [value for value, pair in numbers.items() if seen[pair] != 2]
    if odd:
        raise UserError(
            f"{path}: pair {odd[0]!r} stands in {seen[numbers[odd[0]]]} rows; a pair has 2"
        )
    if alike := [value for value, pair in numbers.items() if positive[pair] != 1]:
        raise UserError(
            f"{path}: both texts of pair {alike[0]!r} have one label; an edit changes it"
        )
    name = re.sub(r"[^a-z0-9]+", "_", tables.stem(path).lower()).strip("_")
    name = name[:_LONGEST_NAME] or "own"
    return replace(_of(name, rows), classes=(classes[0], classes[1]))


def _content(file: PublishedFile, folder: Path | None, cache: Path) -> bytes:
    """Return a file's bytes, after comparing their hash with the published one."""
    if folder is None:
        path = download(
            file.url, cache / "evaluation" / file.path, file.size, file.sha256, "sha256"
        )
    else:
        path = folder / file.path
        if not path.is_file():
            raise UserError(f"{path}: no such file; it is published at {file.url}")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise UserError(
            f"{path} is not the published file (its SHA-256 is not {file.sha256[:16]}…); "
            f"get a fresh copy from {file.url}"
        )
    return content


def _table(content: bytes) -> list[dict[str, str]]:
    """Return the rows of a table separated by tabs, in which texts may stand in quotes."""
    csv.field_size_limit(tables.LONGEST_FIELD)
    return list(
        csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter="\t")
    )


def _without_unedited(rows: list[Row]) -> list[Row]:
    """Return the rows whose pair really differs.

    One published "edit" is its unedited original with the opposite label.
    """
    texts: dict[int, set[str]] = {}
    for text, _, pair, _ in rows:
        texts.setdefault(pair, set()).add(letters_and_digits(text))
    return [row for row in rows if len(texts[row[2]]) == 2]


def _read_counterfactual(paired: bytes) -> list[Row]:
    """Read pairs that share a ``batch_id``, the original first."""
    seen: set[int] = set()
    rows = []
    for row in _table(paired):
        pair = int(row["batch_id"])
        rows.append((row["Text"], _LABELS[row["Sentiment"]], pair, pair in seen))
        seen.add(pair)
    return _without_unedited(rows)


def _read_contrast(original: bytes, contrast: bytes) -> list[Row]:
    """Read two files whose rows belong together one by one."""
    rows = []
    for pair, both in enumerate(zip(_table(original), _table(contrast), strict=True)):
        for row, is_edited in zip(both, (False, True), strict=True):
            rows.append((row["Text"], _LABELS[row["Sentiment"]], pair, is_edited))
    return _without_unedited(rows)


def _read_sentences(negative: bytes, positive: bytes) -> list[Row]:
    """Read a sentence a line, in Latin-1."""
    return [
        (line.strip(), label, UNPAIRED, False)
        for label, content in enumerate((negative, positive))
        for line in content.decode("latin-1").split("\n")
        if line.strip()
    ]


def _read_products(negative: bytes, positive: bytes) -> list[Row]:
    """Read a sentence and its rewrite a line, separated by a tab; numbers stand as ``num_num``."""
    rows: list[Row] = []
    for label, content in enumerate((negative, positive)):
        for line in content.decode("utf-8").split("\n"):
            if line.strip():
                original, edited = map(str.strip, line.split("\t"))
                pair = len(rows) // 2
                rows += [(original, label, pair, False), (edited, 1 - label, pair, True)]
    return rows


def _github(repository: str, commit: str, path: str) -> str:
    return f"https://raw.githubusercontent.com/{repository}/{commit}/{path}"


_COUNTERFACTUAL = (
    "acmi-lab/counterfactually-augmented-data", "6f232a1d2a11462a30ce08fb4825b734ab30828e",
)  # fmt: skip
_CONTRAST = "allenai/contrast-sets", "e2b87316ba7b30093bc9ffbc340e6550cab79f67"
_SENTENCES = "yoonkim/CNN_sentence", "23e0e1f7355705bb083043fda05c031b15acb38c"
_PRODUCTS = (
    "lijuncen/Sentiment-and-Style-Transfer", "14a48fa3f49a5d0020083830901037a4640deab4",
)  # fmt: skip

PUBLISHED = {
    one.name: one
    for one in (
        PublishedSet(
            "contrast",
            (
                PublishedFile(
                    "contrast/test_original.tsv",
                    _github(*_CONTRAST, "IMDb/data/test_original.tsv"),
                    452_024,
                    "9dc78ddeb5cb6ff6060d24df33a83b6d29f9828994f4b1a5e0086f7e774713bd",
                ),
                PublishedFile(
                    "contrast/test_contrast.tsv",
                    _github(*_CONTRAST, "IMDb/data/test_contrast.tsv"),
                    453_717,
                    "3bcb3bd41218b6a5d7bef7fe020a243919f3df0f12f55291b25ef8bbdbe04173",
                ),
            ),
            _read_contrast,
        ),
        PublishedSet(
            "counterfactual",
            (
                PublishedFile(
                    "counterfactual/test_paired.tsv",
                    _github(*_COUNTERFACTUAL, "sentiment/combined/paired/test_paired.tsv"),
                    907_811,
                    "9534b20850205c59015b313983cae7afb31c54c04ffcbd19cea7f1bce5011275",
                ),
            ),
            _read_counterfactual,
        ),
        PublishedSet(
            "sentences",
            (
                PublishedFile(
                    "sentences/rt-polarity.neg",
                    _github(*_SENTENCES, "rt-polarity.neg"),
                    612_256,
                    "4ace77d558c3714723843f1d65b60c01e3417b208180f0728808d76ad0eeeaca",
                ),
                PublishedFile(
                    "sentences/rt-polarity.pos",
                    _github(*_SENTENCES, "rt-polarity.pos"),
                    626_139,
                    "2da124ec187a9d5a29c9f04e91c540e02baed5af8868f550a26bd6fd4dbf8bf0",
                ),
            ),
            _read_sentences,
        ),
        PublishedSet(
            "products",
            (
                PublishedFile(
                    "products/reference.0",
                    _github(*_PRODUCTS, "data/amazon/reference.0"),
                    55_649,
                    "adff4326eebfcbebbb2076991f417214b57896011366c5d2132112a7b90035fc",
                ),
                PublishedFile(
                    "products/reference.1",
                    _github(*_PRODUCTS, "data/amazon/reference.1"),
                    56_921,
                    "07ce244c105853e871eecfb64b58470dd76af282599042a1d6e3ab537629412c",
                ),
            ),
            _read_products,
        ),
    )
}
"""The built-in sets by name, in the order of the leaderboard's columns."""

EMBEDDED = {"edits": sample_sets.edited_pairs, "things": sample_sets.things}
"""The sets of the embedded sample."""
