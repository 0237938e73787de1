"""Tables of texts, as programs read them from their users: one reader for all.

CSV, TSV and JSON lines, each also compressed by gzip, and Parquet. A file's name says what it is;
what it holds must agree, and what does not is reported in one line: what the file seems to be,
which encoding or separator it seems to have, and what to do.
"""

import csv
import gzip
import io
import json
import os
import re
import stat
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain, count, islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from preprocessing.errors import UserError
from preprocessing.wording import one_line

CSV, TSV, JSON_LINES, PARQUET = ".csv", ".tsv", ".jsonl", ".parquet"
FORMS = {CSV: CSV, TSV: TSV, JSON_LINES: JSON_LINES, ".ndjson": JSON_LINES, PARQUET: PARQUET}
"""What a file is, by the ending of its name."""

READ = ".csv, .tsv and .jsonl tables (also as .gz), .parquet"
"""What is read, for messages."""

COMPRESSED = ".gz"
_SEPARATORS = {CSV: ",", TSV: "\t"}
_NAMES = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "vertical bars"}
LONGEST_FIELD = 1 << 27
_HEAD = 1 << 13
_NAMED_LINES = 5
_TELLING_LINES = 200
_LONGEST_SHOWN = 60
_ENCODINGS = ("cp1252", "cp1251", "cp932", "gb18030")
"""Which of several encodings that a text may have is named: those that Excel writes."""

_SIGNATURES = (
    (b"PK\x03\x04", "a ZIP archive", "unpack it"),
    (b"\x1f\x8b", "compressed by gzip", "unpack it, or let its name end in .gz"),
    (b"PAR1", "a Parquet file", "let its name end in .parquet"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file", "export it as CSV in UTF-8"),
    (b"%PDF", "a PDF", "make a table of it"),
    (b"SQLite format 3", "an SQLite database", "export it as CSV in UTF-8"),
    (b"\x89PNG", "a picture", "make a table of it"),
    (b"\x7fELF", "a program", "name a table"),
    (b"BZh", "compressed by bzip2", "unpack it"),
    (b"\xfd7zXZ", "compressed by xz", "unpack it"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", "unpack it"),
)
"""How files begin, what they are, and what to do with them."""

_PLAIN, _JSON, _JSON_ARRAY, _MARKUP = "plain text", "JSON", "a JSON array", "HTML or XML"
_FORM_NAMES = {
    "": "one text per line", CSV: "CSV", TSV: "TSV", JSON_LINES: "JSON lines", PARQUET: "Parquet",
}  # fmt: skip
_FITTING = {
    "": (_PLAIN, _JSON, _JSON_ARRAY, _MARKUP),
    CSV: (_PLAIN,),
    TSV: (_PLAIN,),
    JSON_LINES: (_PLAIN, _JSON),  # a line that is none is told by its number
    PARQUET: ("a Parquet file",),
}
"""What a file of each form may seem to be."""

_OFFICE = {
    ".xlsx": "an Excel workbook", ".xlsm": "an Excel workbook", ".ods": "a spreadsheet",
    ".docx": "a Word document", ".odt": "a text document", ".npz": "arrays of NumPy",
}  # fmt: skip
"""What a ZIP archive of such a name is."""


class Row(NamedTuple):
    """A row of a table.

    Attributes:
        line: the line that it starts in, from 1; of a Parquet file the number of the row.
        fields: its values by column; empty where there is a problem.
        problem: why it cannot be read, as in "2 rows …"; empty if it can.
    """

    line: int
    fields: dict[str, Any]
    problem: str = ""


class Table(NamedTuple):
    """A table that is being read.

    Attributes:
        path: the file.
        columns: the columns' names; of JSON lines those of the first object.
        rows: the rows, read as they are asked for.
    """

    path: Path
    columns: Sequence[str]
    rows: Iterator[Row]

    def require(self, *names: str, options: str) -> None:
        """Check that there are columns of these names.

        Args:
            names: of the columns.
            options: the sentence that says how to name others.

        Raises:
            UserError: one is not there.
        """
        for name in names:
            if name not in self.columns:
                raise UserError(
                    f"{self.path} has no column {name!r}; it has {listed(self.columns)}"
                    f"{self._separator()}; {options}"
                )

    def _separator(self) -> str:
        """Say which separator the table seems to have, if that is another one."""
        used = _SEPARATORS.get(form_of(self.path))
        if used is None or len(self.columns) != 1:
            return ""
        try:
            found = csv.Sniffer().sniff(self.columns[0], ";,\t|").delimiter
        except csv.Error:
            return ""
        advice = "let its name end in .tsv" if found == "\t" else f"separate by {_NAMES[used]}"
        return f", separated by {_NAMES[found]}, as it seems ({advice})" if found != used else ""


def form_of(path: Path) -> str:
    """Return what a table is by its name: a value of `FORMS`; empty for what is none."""
    endings = [ending.lower() for ending in path.suffixes]
    compressed = endings[-1:] == [COMPRESSED]
    form = FORMS.get("".join(endings[-2:-1] if compressed else endings[-1:]), "")
    return "" if compressed and form == PARQUET else form


def stem(path: Path) -> str:
    """Return a file's name without its ending, that of compression included."""
    return Path(path.stem).stem if path.suffix.lower() == COMPRESSED else path.stem


def text_of(fields: dict[str, Any], name: str) -> str:
    """Return a value of a row as text; empty where there is none."""
    value = fields.get(name)
    return "" if value is None else str(value)


def check_file(path: Path) -> None:
    """Check that there is a file, and not a folder, a pipe or a device.

    Raises:
        UserError: there is none.
    """
    if path.is_dir():
        raise UserError(f"{path} is a folder, not a file")
    check_regular(path)


def check_regular(path: Path) -> None:
    """Check that something is there, and that it is a file or a folder.

    Raises:
        UserError: it is not.
    """
    if not os.path.lexists(path):
        raise UserError(f"{path}: no such file or folder")
    if not path.exists():
        raise UserError(f"{path} is a link to {os.readlink(path)}, which is not there")  # noqa: PTH115
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        what = "pipe" if stat.S_ISFIFO(mode) else "socket" if stat.S_ISSOCK(mode) else "device"
        raise UserError(f"{path} is a {what}; name a file or a folder")


@contextmanager
def opened(path: Path, file: BinaryIO | None = None, form: str = "") -> Iterator[Table]:
    """Open a table and yield it.

    Args:
        path: the file.
        file: the file if it is open already, such as a pipe.
        form: what it is, a value of `FORMS`, where the name does not say so.

    Raises:
        UserError: it is not such a table; or, later, a row breaks off the reading.
    """
    form = form or form_of(path)
    if file is None:
        check_file(path)
    with binary(path, file) as content:
        check_head(path, content.peek(_HEAD)[:_HEAD], form)
        columns, rows = _READERS[form](path, content)
        yield Table(path, columns, rows)


@contextmanager
def binary(path: Path, file: BinaryIO | None = None) -> Iterator[io.BufferedReader]:
    """Open a file, or take an open one, and yield its content, unpacked where it is compressed.

    Raises:
        UserError: it is compressed, and damaged where it was read.
    """
    with file or path.open("rb") as raw:
        if path.suffix.lower() != COMPRESSED:
            yield io.BufferedReader(raw)  # type: ignore[arg-type]
            return
        with gzip.open(raw, "rb") as content:
            try:
                yield content  # type: ignore[misc]
            except (gzip.BadGzipFile, EOFError, zlib.error) as error:
                raise UserError(f"{path} is not a whole .gz file: {error}") from None


def lines(path: Path, content: io.BufferedReader) -> Iterator[Row]:
    """Return each line of a file of texts as a row with the column ``text``.

    Raises:
        UserError: it is empty, or no text.
    """
    check_head(path, content.peek(_HEAD)[:_HEAD], "")
    text = _decoded(content, newline=None)
    return (Row(number, {"text": line.rstrip("\n")}) for number, line in enumerate(text, start=1))


def guessed_form(content: io.BufferedReader) -> str:
    """Return what a table without a name is, by its first line."""
    first = content.peek(_HEAD)[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")[0]
    return JSON_LINES if first.startswith(b"{") else TSV if b"\t" in first else CSV


def check_head(path: Path, head: bytes, form: str) -> None:
    """Check that a file is what its name says.

    Args:
        path: the file.
        head: how it begins.
        form: what it should be; empty for plain text.

    Raises:
        UserError: it is empty, or of another kind.
    """
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        raise UserError(f"{path} is empty")
    what, advice = _looks_like(path, head)
    if what not in _FITTING[form]:
        raise UserError(f"{path} is {what}, not {_FORM_NAMES[form]}; {advice}")


def unreadable(path: Path, read: str) -> UserError:
    """Return the error that says what a file seems to be, what to do, and what is read instead."""
    with path.open("rb") as file:
        what, advice = _looks_like(path, file.read(1 << 12))
    return UserError(f"{path} is {what}: {advice}; {read}")


def _looks_like(path: Path, head: bytes) -> tuple[str, str]:
    """Return what a file seems to be, and what to do with it.

    Args:
        path: the file.
        head: how it begins.
    """
    for signature, what, advice in _SIGNATURES:
        if head.startswith(signature):
            if what == "a ZIP archive" and path.suffix.lower() in _OFFICE:
                return _OFFICE[path.suffix.lower()], "export it as CSV in UTF-8"
            if what == "a ZIP archive" and b"xl/" in head:
                return "an Excel workbook", "export it as CSV in UTF-8"
            return what, advice
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "text in UTF-16", "save it as UTF-8"
    if b"\0" in head:
        encoding = seems_encoded(head)
        if encoding.startswith(("utf_16", "utf_32")):
            return f"text in {_shown(encoding)}, as it seems", "save it as UTF-8"
        return "a binary file", "name a table"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:100].lower()
    if re.match(rb"\[\s*[{\[\]\"]", start):
        return _JSON_ARRAY, "write one object a line, as .jsonl"
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        return _MARKUP, "make a table of it"
    if re.match(rb"\{\s*[\"}]", start):
        return _JSON, "one object a line is read from .jsonl"
    return _PLAIN, "make a table of it"


def encoding_advice(path: Path) -> str:
    """Say which encoding a file has, as it seems, of which some lines are not UTF-8."""
    with binary(path) as content:
        wrong = list(islice((line for line in content if not _decodes(line)), _TELLING_LINES))
    if not wrong:
        return "a character is cut in half there, such as \\ud83d; write it whole"
    encoding = seems_encoded(b"".join(wrong))
    return (
        f"it seems to be {_shown(encoding)}; save it as UTF-8" if encoding else "save it as UTF-8"
    )


def _decodes(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _shown(encoding: str) -> str:
    """Return what people call an encoding that Python calls by this name."""
    if encoding == "cp1252":
        return "Windows-1252 (close to Latin-1; Excel's usual export)"
    return encoding.upper().replace("_", "-").replace("CP", "Windows-")


def seems_encoded(content: bytes) -> str:
    """Return the encoding that text seems to have, by its name in Python; empty if none fits."""
    from charset_normalizer import from_bytes  # slow to import, and seldom needed

    found = [name for match in from_bytes(content) for name in match.could_be_from_charset]
    return next((name for name in _ENCODINGS if name in found), "".join(found[:1]))


def is_utf8(*values: Any) -> bool:
    """Tell whether texts can be written as UTF-8: half a character, or a wrong byte, cannot."""
    return not any(
        "\ud800" <= char <= "\udfff" for value in values if isinstance(value, str) for char in value
    )


def listed(names: Iterable[str], most: int = 10) -> str:
    """Return names with commas between, at most `most` of them, on one line."""
    names = list(names)
    shown = [name if name.isprintable() else repr(name) for name in names[:most]]
    shown = [name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}…" for name in shown]
    more = f", and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(shown) + more


def places(found: Sequence[Any], noun: str) -> str:
    """Return where something was found, such as ``lines 2, 7, 9, …``."""
    named = ", ".join(map(str, found[:_NAMED_LINES])) + ", …" * (len(found) > _NAMED_LINES)
    return f"{noun}{'s' * (len(found) > 1)} {named}"


def _decoded(content: io.BufferedReader, newline: str | None) -> io.TextIOWrapper:
    """Return a file's text; a byte that is not UTF-8 becomes half a character, see `is_utf8`."""
    return io.TextIOWrapper(content, "utf-8-sig", errors="surrogateescape", newline=newline)


def _check_columns(path: Path, names: Sequence[str]) -> None:
    """Refuse a table in which a name would mean two columns."""
    if twice := [name for name in names if names.count(name) > 1]:
        raise UserError(f"{path} has the column {twice[0]!r} twice; rename one")


def _separated(
    path: Path, content: io.BufferedReader, separator: str
) -> tuple[Sequence[str], Iterator[Row]]:
    """Read a CSV or TSV table."""
    csv.field_size_limit(LONGEST_FIELD)
    text = _decoded(content, newline="")
    reader = csv.DictReader(text, delimiter=separator, strict=True)

    def rows() -> Iterator[Row]:
        try:
            for record in reader:
                line = reader.reader.line_num - _line_breaks(record.values())
                if None in record or None in record.values():
                    yield Row(line, {}, "with more or fewer fields than the header")
                else:
                    yield Row(line, record)
        except csv.Error as error:
            raise UserError(f"{path}, line {reader.reader.line_num}: {error}") from None

    try:
        names = list(reader.fieldnames or ())
    except csv.Error as error:
        raise UserError(f"{path}, line {reader.reader.line_num}: {error}") from None
    if not names and reader.reader.line_num:
        raise UserError(f"{path}, line 1, is empty, where the names of the columns belong")
    _check_columns(path, names)
    return names, rows()


def _line_breaks(fields: Iterable[str | list[str] | None]) -> int:
    """Count the line breaks within the fields of a row, of which a long one has a list."""
    text = "".join("".join(field or ()) for field in fields)
    return len(re.findall(r"\r\n|\r|\n", text))


def _json_lines(path: Path, content: io.BufferedReader) -> tuple[Sequence[str], Iterator[Row]]:
    """Read an object a line; empty lines are passed over."""

    def rows() -> Iterator[Row]:
        for line, text in enumerate(_decoded(content, newline=None), start=1):
            if not text.strip():
                continue
            try:
                record = json.loads(text)
            except (ValueError, RecursionError):
                record = None
            if isinstance(record, dict):
                yield Row(line, record)
            else:
                yield Row(line, {}, "not a JSON object")

    before, found = [], rows()
    for row in found:
        before.append(row)
        if row.fields:
            return list(row.fields), chain(before, found)
    raise UserError(f"{path} is {_PLAIN}, not JSON lines: no line is a JSON object")


def _parquet(path: Path, content: io.BufferedReader) -> tuple[Sequence[str], Iterator[Row]]:
    """Read a Parquet file, a batch of rows at a time."""
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise UserError(f"{path}: Parquet is read by pyarrow: pip install pyarrow") from None

    def rows(file: ParquetFile) -> Iterator[Row]:
        numbers = count(1)
        try:
            for batch in file.iter_batches():
                for record in batch.to_pylist():
                    yield Row(next(numbers), record)
        except (ArrowException, OSError) as error:
            raise _damaged(path, error) from None

    try:
        file = ParquetFile(content)
    except (ArrowException, OSError) as error:
        raise _damaged(path, error) from None
    names = list(file.schema_arrow.names)
    _check_columns(path, names)
    return names, rows(file)


def _damaged(path: Path, error: Exception) -> UserError:
    return UserError(f"{path} is damaged: {one_line(error)[:100]}")


_READERS: dict[str, Callable[[Path, io.BufferedReader], tuple[Sequence[str], Iterator[Row]]]] = {
    CSV: partial(_separated, separator=_SEPARATORS[CSV]),
    TSV: partial(_separated, separator=_SEPARATORS[TSV]),
    JSON_LINES: _json_lines,
    PARQUET: _parquet,
}
