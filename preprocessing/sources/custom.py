"""Labelled texts of your own: a table, one text a row, or a folder for each of two classes.

    reviews.csv, .tsv or .jsonl     columns text and label, and split if wanted
    FOLDER/good/*.txt, FOLDER/bad/*.txt
    FOLDER/train/good/*.txt, …, FOLDER/test/bad/*.txt

A row that cannot be used is left out, counted and named by its line. A folder's file counts as one.
"""

import csv
import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from preprocessing.errors import UserError
from preprocessing.sources.review import PARTS, UNLABELLED, Review
from preprocessing.splits import held_out_mask
from preprocessing.storage import sha256

SEPARATORS = {".csv": ",", ".tsv": "\t"}
JSON_LINES = (".jsonl", ".ndjson")
POSITIVE = frozenset(("1", "+1", "pos", "positive", "true", "yes", "good"))
"""Names by which a class is known to be the positive one; else it is the last in order."""

PART_OF = {"train": "train", "validation": "train", "test": "test", "unsup": "unsup"}
TEST_FRACTION = 0.2
TEST_SEED = 1
MOST_LEFT_OUT = 0.01
LEAST_OF_A_CLASS = 10
_NAMED_LINES = 5
_LONGEST_FIELD = 1 << 27
_CLASS_NAMES = {0: "neg", 1: "pos", UNLABELLED: "unsup"}


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
        """What results are filed under: ``own-`` and the file's name."""
        return "own-" + (re.sub(r"[^a-z0-9]+", "-", self.path.stem.lower()).strip("-") or "reviews")

    def fingerprint(self) -> str:
        """Return a hash that changes when the texts or the way to read them do."""
        settings = {k: v for k, v in asdict(self).items() if k != "path"}
        digest = hashlib.sha256(json.dumps(settings).encode())
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
        classes = self._classes(rows)
        usable = []
        for row in rows:
            if row.label and row.label not in classes:
                bad["of a third class"].append(row.where)
            else:
                usable.append(row)
        notes = self._left_out(bad, len(usable))
        notes.append(f"{classes[1]!r} counts as positive, {classes[0]!r} as negative")
        reviews: dict[str, list[Review]] = {part: [] for part in PARTS}
        for row in usable:
            part = PART_OF.get(row.split, "train")
            label = UNLABELLED if part == "unsup" else classes.index(row.label)
            identifier = f"{part}/{_CLASS_NAMES[label]}/{row.where}"
            reviews[part].append(Review(identifier, row.text, label, 0, identifier))
        for part in PARTS:
            reviews[part].sort(key=lambda review: review.label)
        if not reviews["test"]:
            notes.append(self._split(reviews))
        for part in ("train", "test"):
            for label in (0, 1):
                count = sum(review.label == label for review in reviews[part])
                if count < LEAST_OF_A_CLASS:
                    raise UserError(
                        f"{self.path}: {count} texts of {classes[label]!r} for {part} are too few; "
                        f"at least {LEAST_OF_A_CLASS}"
                    )
        return reviews, notes

    def _rows(self, bad: dict[str, list[str]]) -> Iterator[Row]:
        """Yield what can be read; the places of the rest go to `bad`, by reason."""
        if self.path.is_dir():
            return _files(self.path)
        return self._fields(records_of(self.path, bad), bad)

    def _fields(self, records: Iterator[tuple[int, dict]], bad: dict[str, list[str]]) -> Iterator:
        needed = (self.text_column, self.label_column)
        for number, (line, record) in enumerate(records):
            if missing := [name for name in needed if name not in record]:
                if number == 0:
                    raise UserError(
                        f"{self.path} has no column {missing[0]!r}; it has {', '.join(record)}; "
                        "--text-column and --label-column name them"
                    )
                bad["without " + missing[0]].append(str(line))
                continue
            text, label, split = (
                "" if record.get(name) is None else str(record[name])
                for name in (*needed, self.split_column)
            )
            split = split.strip().lower()
            yield Row(str(line), text, "" if split == "unsup" else label.strip(), split)

    def _classes(self, rows: list[Row]) -> tuple[str, str]:
        """Return the names of the two most frequent classes, the positive one last."""
        counts = Counter(row.label for row in rows if row.label)
        two = sorted((name for name, _ in counts.most_common(2)), key=class_order)
        if len(two) < 2:
            raise UserError(f"{self.path}: two classes are needed, but there is {two or 'none'}")
        return two[0], two[1]

    def _left_out(self, bad: dict[str, list[str]], usable: int) -> list[str]:
        """Say what was left out, if anything was.

        Raises:
            UserError: it is too much.
        """
        count = sum(map(len, bad.values()))
        if not count:
            return []
        said = []
        for reason, places in bad.items():
            named = ", ".join(places[:_NAMED_LINES]) + ", …" * (len(places) > _NAMED_LINES)
            lines = "files" if self.path.is_dir() else "lines" if len(places) > 1 else "line"
            said.append(f"{len(places):,} {reason} ({lines} {named})")
        left_out = f"{count:,} of {count + usable:,} texts cannot be used: {'; '.join(said)}"
        if count > MOST_LEFT_OUT * (count + usable) and not self.allow_bad_rows:
            raise UserError(
                f"{self.path}: {left_out}; fix them, or skip them with --allow-bad-rows"
            )
        return [left_out]

    def _split(self, reviews: dict[str, list[Review]]) -> str:
        """Take test texts from those for training, as many of each class, no text in both.

        Returns:
            A sentence that says so.
        """
        given = reviews["train"]
        chosen = held_out_mask(given, TEST_FRACTION, TEST_SEED)
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
    if path.is_dir():
        return bool(_class_folders(path))
    return path.suffix.lower() in (*SEPARATORS, *JSON_LINES)


def _why_not(row: Row) -> str:
    """Say why a row cannot be used; empty if it can."""
    if any("\ud800" <= char <= "\udfff" for value in row for char in value):  # half a character
        return "not UTF-8"
    if not row.text.strip():
        return "without a text"
    if row.split and row.split not in PART_OF:
        return f"with a split other than {', '.join(PART_OF)}"
    if not row.label and row.split != "unsup":
        return "without a label"
    return ""


def class_order(name: str) -> tuple:
    """Sort the positive class last: by its name, else by number, else by alphabet."""
    try:
        number = float(name)
    except ValueError:
        number = 0.0
    return name.lower() in POSITIVE, number, name


def records_of(path: Path, bad: dict[str, list[str]]) -> Iterator[tuple[int, dict]]:
    """Yield the rows of a table or of a file of JSON lines, each with the line it starts in.

    Args:
        path: the file; its ending says what it is.
        bad: where the lines of what cannot be read are added, by reason.

    Raises:
        UserError: the file is not such a table.
    """
    is_json = path.suffix.lower() in JSON_LINES
    return _json_records(path, bad) if is_json else _table_records(path, bad)


def _table_records(path: Path, bad: dict[str, list[str]]) -> Iterator[tuple[int, dict]]:
    """Yield each row of a CSV or TSV table and the line it starts in."""
    csv.field_size_limit(_LONGEST_FIELD)
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        reader = csv.DictReader(lines, delimiter=SEPARATORS[path.suffix.lower()], strict=True)
        try:
            check_columns(path, reader.fieldnames or [])
            for record in reader:
                line = reader.reader.line_num - _line_breaks(record.values())
                if None in record or None in record.values():
                    bad["with more or fewer fields than the header"].append(str(line))
                else:
                    yield line, record
        except csv.Error as error:
            raise UserError(f"{path}, line {reader.line_num}: {error}") from None


def check_columns(path: Path, names: Sequence[str]) -> None:
    """Refuse a table in which a name would mean two columns.

    Raises:
        UserError: there is such a name.
    """
    if twice := [name for name in names if names.count(name) > 1]:
        raise UserError(f"{path} has the column {twice[0]!r} twice; rename one")


def _line_breaks(fields: Iterable[str | list[str] | None]) -> int:
    """Count the line breaks within the fields of a row, of which a long one has a list."""
    text = "".join("".join(field or ()) for field in fields)
    return len(re.findall(r"\r\n|\r|\n", text))


def _json_records(path: Path, bad: dict[str, list[str]]) -> Iterator[tuple[int, dict]]:
    """Yield each object of a file of JSON lines and its line."""
    with path.open(encoding="utf-8-sig", errors="surrogateescape") as lines:
        for line, text in enumerate(lines, start=1):
            if not text.strip():
                continue
            try:
                record = json.loads(text)
            except ValueError:
                record = None
            if isinstance(record, dict):
                yield line, record
            else:
                bad["no JSON object"].append(str(line))


def _class_folders(folder: Path) -> dict[str, list[Path]]:
    """Return the class folders of each split, "" where there is no split; empty for IMDB's own."""
    train, test = folder / "train", folder / "test"
    splits = {"train": train, "test": test} if train.is_dir() and test.is_dir() else {"": folder}
    found = {
        split: [sub for sub in sorted(parent.iterdir()) if sub.is_dir() and any(sub.glob("*.txt"))]
        for split, parent in splits.items()
    }
    imdb = (folder / "aclImdb").is_dir() or any(folder.glob("t*/urls_*.txt"))
    imdb = imdb or (train / "unsup").is_dir()
    return found if all(len(classes) > 1 for classes in found.values()) and not imdb else {}


def _files(folder: Path) -> Iterator[Row]:
    for split, classes in _class_folders(folder).items():
        for sub in classes:
            for file in sorted(sub.glob("*.txt")):
                text = file.read_text(encoding="utf-8", errors="surrogateescape")
                yield Row(file.relative_to(folder).as_posix(), text, sub.name, split)
