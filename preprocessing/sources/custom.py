"""Labelled texts of your own: a table, one text a row, or a folder for each of two classes.

    reviews.csv, .tsv, .jsonl       columns text and label, and split if wanted; also as .gz
    reviews.parquet                 the same
    FOLDER/good/*.txt, FOLDER/bad/*.txt
    FOLDER/train/good/*.txt, …, FOLDER/test/bad/*.txt

A row that cannot be used is left out, counted and named by its line. A folder's file counts as one.
"""

import gzip
import hashlib
import json
import math
import re
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from preprocessing.errors import UserError
from preprocessing.sources import tables
from preprocessing.sources.review import CLASS_NAMES, PARTS, UNLABELLED, Review
from preprocessing.splits import held_out_mask
from preprocessing.storage import sha256

POSITIVE = frozenset(("pos", "positive", "true", "yes", "good"))
"""Names by which a class is known to be the positive one; else it is the last in order."""

READING = 2
"""Raised when the same files are read in another way, so that they are prepared again."""

OWN = "own-"
"""What the name of a corpus of such texts begins with."""

PART_OF = {"train": "train", "validation": "train", "test": "test", "unsup": "unsup"}
TEST_FRACTION = 0.2
TEST_SEED = 1
MOST_LEFT_OUT = 0.01
WORTH_SKIPPING = 0.1
LEAST_OF_A_CLASS = 10
_LONGEST_NAME = 60
_NOT_UTF8 = "not in UTF-8"


class Row(NamedTuple):
    """A text as it was found.

    Attributes:
        where: its line, or a folder's file.
        text: the text.
        label: the name of its class; empty where there is none.
        split: a key of `PART_OF`; empty where none is given.
    """

    where: str
    text: str
    label: str
    split: str


@dataclass(frozen=True)
class CustomReviews:
    """Where the texts are and how to read them.

    Attributes:
        path: a table or a folder.
        text_column: the column of the texts.
        label_column: the column of the classes' names.
        split_column: the column that says train, validation, test or unsup, if there is one.
        allow_bad_rows: leave out any number of rows that cannot be used, not only 1 %.
    """

    path: Path
    text_column: str = "text"
    label_column: str = "label"
    split_column: str = "split"
    allow_bad_rows: bool = False

    @property
    def name(self) -> str:
        """What results are filed under, before the corpus's hash: ``own-`` and the file's name."""
        stem = self.path.name if self.path.is_dir() else tables.stem(self.path)
        slug = re.sub(r"[^a-z0-9]+", "-", stem.lower())[:_LONGEST_NAME].strip("-")
        return f"{OWN}{slug or 'reviews'}"

    def fingerprint(self) -> str:
        """Return a hash that changes when the texts or the way to read them do."""
        settings = {k: v for k, v in asdict(self).items() if k != "path"}
        digest = hashlib.sha256(json.dumps([READING, settings]).encode())
        files = [self.path] if self.path.is_file() else sorted(self.path.rglob("*.txt"))
        for file in files:  # a text moved to the other class is another data set
            line = f"{file.relative_to(self.path)} {sha256(file)}\n"
            digest.update(line.encode(errors="surrogateescape"))
        return digest.hexdigest()

    def read(self) -> tuple[dict[str, list[Review]], list[str]]:
        """Read the texts and split them where no split is given.

        Returns:
            The reviews of "train", "test" and "unsup", and sentences that say what was done.

        Raises:
            UserError: too many rows cannot be used, there are not two classes, or too few texts.
        """
        bad: dict[str, list[str]] = defaultdict(list)
        rows = []
        for row in self._rows(bad):
            if reason := _why_not(row):
                bad[reason].append(row.where)
            else:
                rows.append(row)
        if not rows and not bad:
            raise UserError(f"{self.path} has a header, but no rows")
        notes = self._left_out(bad, len(rows))
        classes, others = self._classes(rows)
        notes += others
        usable = [row for row in rows if not row.label or row.label in classes]
        notes.append(f"{classes[1]!r} counts as positive, {classes[0]!r} as negative")
        if any(row.split == "validation" for row in usable):
            notes.append("texts marked validation count as train; validation is drawn from both")
        reviews: dict[str, list[Review]] = {part: [] for part in PARTS}
        for row in usable:
            part = PART_OF.get(row.split, "train")
            label = UNLABELLED if part == "unsup" else classes.index(row.label)
            identifier = f"{part}/{CLASS_NAMES[label]}/{row.where}"
            reviews[part].append(Review(identifier, row.text, label, 0, identifier))
        for part in PARTS:
            reviews[part].sort(key=lambda review: review.label)
        drawn = not reviews["test"] and bool(reviews["train"])
        different = {(review.text, review.label) for review in reviews["train"]}
        given = Counter(label for _, label in different)
        if drawn:
            notes.append(self._split(reviews))
        if short := _too_few(reviews, classes):
            if drawn:
                there = " and ".join(f"{name!r} has {given[i]:,}" for i, name in enumerate(classes))
                short += (
                    f"; no split is given, so {TEST_FRACTION:.0%} are drawn for test, and each "
                    f"class needs {LEAST_OF_A_CLASS / TEST_FRACTION:.0f} different texts: {there}"
                )
            raise UserError(f"{self.path}: {short}")
        return reviews, notes

    def _rows(self, bad: dict[str, list[str]]) -> Iterator[Row]:
        """Yield what can be read; the places of the rest go to `bad`, by reason."""
        return _files(self.path) if self.path.is_dir() else self._table_rows(bad)

    def _table_rows(self, bad: dict[str, list[str]]) -> Iterator[Row]:
        names = (self.text_column, self.label_column, self.split_column)
        with tables.opened(self.path) as table:
            table.require(
                self.text_column, self.label_column,
                options="--text-column and --label-column name others",
            )  # fmt: skip
            if self.split_column != "split":
                table.require(self.split_column, options="--split-column names another")
            for line, fields, problem in table.rows:
                if problem:
                    bad[problem].append(str(line))
                    continue
                text, label, split = (tables.text_of(fields, name) for name in names)
                split = split.strip().lower()
                yield Row(str(line), text, "" if split == "unsup" else label.strip(), split)

    def _classes(self, rows: list[Row]) -> tuple[tuple[str, str], list[str]]:
        """Return the names of the two classes, the positive one last, and what was left out.

        At most `MOST_LEFT_OUT` of the texts may belong to further classes, and are then left out,
        unless the user allows more.

        Raises:
            UserError: there are not two.
        """
        counts = Counter(row.label for row in rows if row.label)
        two = [name for name, _ in counts.most_common(2)]
        third = [row.where for row in rows if row.label and row.label not in two]
        too_many = len(third) > MOST_LEFT_OUT * len(rows) and not self.allow_bad_rows
        if len(two) < 2 or too_many:
            found = tables.listed(f"{name!r} ({n:,})" for name, n in counts.most_common())
            where = "the folder" if self.path.is_dir() else f"column {self.label_column!r}"
            raise UserError(
                f"{self.path}: two classes are needed, and {where} has "
                + (f"{len(counts):,}: {found}; " if counts else "none; ")
                + " or ".join(
                    ["keep the texts of two"] * too_many
                    + ["add texts of a second"] * (len(counts) == 1)
                    + ["--label-column names another column"] * (not self.path.is_dir())
                )
            )
        negative, positive = sorted(two, key=class_order)
        named = ", ".join(f"{n:,} of {name!r}" for name, n in counts.items() if name not in two)
        said = f"texts of other classes are left out: {named} ({self._places(third)})"
        return (negative, positive), [said] if third else []

    def _left_out(self, bad: dict[str, list[str]], usable: int) -> list[str]:
        """Say what was left out, if anything was.

        Raises:
            UserError: it is too much.
        """
        count = sum(map(len, bad.values()))
        if not count:
            return []
        reasons = sorted(bad.items(), key=lambda each: -len(each[1]))
        said = [f"{len(found):,} {why} ({self._places(found)})" for why, found in reasons[:5]]
        said += [f"{sum(len(found) for _, found in reasons[5:]):,} for other reasons"] * (
            len(reasons) > 5
        )
        left_out = f"{count:,} of {count + usable:,} texts cannot be used: {'; '.join(said)}"
        if not usable or (count > MOST_LEFT_OUT * (count + usable) and not self.allow_bad_rows):
            advice = "fix them"
            if count <= WORTH_SKIPPING * (count + usable):
                advice += ", or skip them with --allow-bad-rows"
            if reasons[0][0] == _NOT_UTF8 and self.path.is_file():
                advice = tables.encoding_advice(self.path)
            raise UserError(f"{self.path}: {left_out}; {advice}")
        return [left_out]

    def _places(self, found: list[str]) -> str:
        return tables.places(found, "file" if self.path.is_dir() else "line")

    def _split(self, reviews: dict[str, list[Review]]) -> str:
        """Take test texts from those for training, as many of each class, no text in both.

        Returns:
            A sentence that says so.

        Raises:
            UserError: too few texts differ.
        """
        given = reviews["train"]
        try:
            chosen = held_out_mask(given, TEST_FRACTION, TEST_SEED)
        except UserError as error:
            raise UserError(f"{self.path}: no split is given, and {error}") from None
        reviews["train"] = [r for r, out in zip(given, chosen, strict=True) if not out]
        reviews["test"] = [
            r._replace(id=r.id.replace("train/", "test/", 1))
            for r, out in zip(given, chosen, strict=True)
            if out
        ]
        return (
            f"no test texts were given: {TEST_FRACTION:.0%} of each class were drawn, with seed "
            f"{TEST_SEED}"
        )


def is_custom(path: Path) -> bool:
    """Tell whether a path is a table, or a folder of class folders that is not IMDB's."""
    return bool(_class_folders(path)) if path.is_dir() else bool(tables.form_of(path))


def check_source(path: Path) -> None:
    """Check that a path is something that ``--data`` reads, by its name and how it begins.

    Raises:
        UserError: it is nothing of the kind; the message says what it is.
    """
    tables.check_regular(path)
    if is_custom(path):
        return
    if path.is_dir():
        if (path / "aclImdb").is_dir() or ((path / "train").is_dir() and (path / "test").is_dir()):
            return
        inside = tables.listed(sorted(one.name for one in path.iterdir())) or "nothing"
        what = f"has neither two folders of .txt files nor train/ and test/ in it, but {inside}"
        raise UserError(f"{path} {what}; --data reads {_READ}")
    with path.open("rb") as file:
        head = file.read(1 << 12)
    if not head:
        raise UserError(f"{path} is empty; --data reads {_READ}")
    if head.startswith(_GZIP) and (
        path.name.lower().endswith((".tar.gz", ".tgz")) or _is_tar(path)
    ):
        return
    raise tables.unreadable(path, f"--data reads {_READ}")


_GZIP = b"\x1f\x8b"
_READ = f"{tables.READ}, a folder with a folder of .txt files for each class, or IMDB's .tar.gz"


def _is_tar(path: Path) -> bool:
    try:
        return tarfile.is_tarfile(path)
    except (EOFError, gzip.BadGzipFile):
        return False


def _too_few(reviews: dict[str, list[Review]], classes: tuple[str, str]) -> str:
    """Say which classes have too few texts, and where; empty if none has."""
    counts = {
        (part, label): sum(review.label == label for review in reviews[part])
        for part in ("train", "test")
        for label in (0, 1)
    }
    short = [
        f"{count} of {classes[label]!r} for {part}"
        for (part, label), count in counts.items()
        if count < LEAST_OF_A_CLASS
    ]
    if not short:
        return ""
    return f"too few texts: {', '.join(short)}; at least {LEAST_OF_A_CLASS} of each are needed"


def _why_not(row: Row) -> str:
    """Say why a row cannot be used; empty if it can."""
    if not tables.is_utf8(*row):
        return _NOT_UTF8
    if not row.text.strip():
        return "without a text"
    if row.split and row.split not in PART_OF:
        return f"with the split {row.split[:40]!r}, which is none of {', '.join(PART_OF)}"
    if not row.label and row.split != "unsup":
        return "without a label"
    return ""


def class_order(name: str) -> tuple:
    """Sort the positive class last: by its name, else by number, else by alphabet.

    Capital letters make no difference, so that one class is positive in all tables.
    """
    try:
        number = float(name)
    except ValueError:
        number = 0.0
    if not math.isfinite(number):  # "nan" and "inf" are names
        number = 0.0
    return name.lower() in POSITIVE, number, name.lower(), name


def _class_folders(folder: Path) -> dict[str, list[Path]]:
    """Return the class folders of each split, "" where there is no split; empty for IMDB's own."""
    train = folder / "train"
    parts = {name: folder / name for name in ("train", "validation", "test")}
    parts = {name: part for name, part in parts.items() if part.is_dir()}
    splits = parts if {"train", "test"} <= set(parts) else {"": folder}
    found = {
        split: [
            sub
            for sub in sorted(parent.iterdir())
            if sub.is_dir() and any(sub.glob("*.txt")) and sub != folder / "unsup"
        ]
        for split, parent in splits.items()
    }
    imdb = (folder / "aclImdb").is_dir() or any(folder.glob("t*/urls_*.txt"))
    imdb = imdb or (train / "unsup").is_dir()
    return found if all(len(classes) > 1 for classes in found.values()) and not imdb else {}


def _files(folder: Path) -> Iterator[Row]:
    places = [
        (sub, sub.name, split)
        for split, classes in _class_folders(folder).items()
        for sub in classes
    ]
    for sub, label, split in [*places, (folder / "unsup", "", "unsup")]:
        for file in sorted(sub.glob("*.txt")):
            text = file.read_text(encoding="utf-8", errors="surrogateescape")
            yield Row(file.relative_to(folder).as_posix(), text, label, split)
