"""What saved models say about texts: on the command line, in a file, or in a table's column."""

import argparse
import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from benchmark.commands.options import add_dataset_option, add_kept_models_option
from benchmark.rows import saved
from benchmark.rows.catalogue import hint
from benchmark.rows.saved import SavedModel
from benchmark.runs import kept_models
from preprocessing.errors import UserError
from preprocessing.sources import tables
from preprocessing.sources.tables import Row
from preprocessing.text import words

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

BATCH = 256
STANDARD_INPUT = Path("-")
_TEXTS = ".txt"
_DEVICES = (Path("/dev"), Path("/dev/fd"))  # /dev/shm holds ordinary files


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the models and the texts."""
    add_model_options(parser)
    parser.add_argument("texts", nargs="*", metavar="TEXT", help="texts to classify")
    parser.add_argument(
        "--file", type=Path, metavar="FILE",
        help=f"one text per line (.txt), or {tables.READ}; - or a pipe: one text per line, or a "
        "table if --column is given; predictions go to standard output as CSV",
    )  # fmt: skip
    parser.add_argument(
        "--column", metavar="NAME", help="the column of the table that holds the texts"
    )


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add which models are asked; see `find`."""
    parser.add_argument(
        "--model", action="append", required=True, metavar="MODEL",
        help="a line of the leaderboard with a kept model, such as cnn, or a folder written by "
        "--save; repeat the option to compare several models",
    )  # fmt: skip
    add_dataset_option(parser)
    add_kept_models_option(parser)


def main(options: argparse.Namespace) -> None:
    """Print the predictions; see `predict`."""
    folders = find(options.model, options.cache, options.dataset)
    predict(folders, options.texts, options.file, options.column)


def find(models: list[str], cache: Path, dataset: str) -> dict[str, Path]:
    """Return the folder of each model that the user named, by what its column is called.

    Args:
        models: folders, or lines of the leaderboard of which a run kept its model.
        cache: where finished runs keep their models.
        dataset: the data set that those were trained on.

    Raises:
        UserError: no model of that name is kept.
    """
    folders = [Path(model) for model in models if _is_folder(model)]
    lines = {model for model in models if not _is_folder(model)}
    names = {folder: name for name, folder in _names(folders, lines).items()}
    found = {}
    for model in models:
        if _is_folder(model):
            found[names[Path(model)]] = Path(model)
        else:
            there = sorted(folder.name for folder in (cache / "models").glob("*"))
            if there and dataset not in there:
                raise UserError(f"no models of {dataset!r} are kept; {hint(dataset, there)}")
            found[model] = kept_models.by_name(cache, dataset, model)
    return found


def _is_folder(model: str) -> bool:
    return Path(model).is_dir() or "/" in model


def predict(
    models: dict[str, Path], texts: list[str], file: Path | None, column: str | None
) -> None:
    """Print what saved models say about texts, or about each text of a file.

    A text in which a model finds nothing that it knows gets its answer, and a note.

    Args:
        models: folders of the saved models, by what to call them.
        texts: the texts; none if there is a file.
        file: one text per line, or a table; `STANDARD_INPUT` or a pipe for either.
        column: the table's column that holds the texts.

    Raises:
        UserError: a model or the file cannot be used.
    """
    if bool(texts) == bool(file):
        raise UserError('give either texts ("An unforgettable film.") or --file')
    if file is None:
        if column:
            raise UserError("--column names the column of a table that --file names")
        loaded = {name: saved.load(folder) for name, folder in models.items()}
        _show(loaded, texts)
        return
    with _opened(file, column) as (columns, rows, progress):
        loaded = {name: saved.load(folder) for name, folder in models.items()}
        with progress:
            notes = _stream(loaded, columns, column or "text", rows)
    sys.stdout.flush()
    notes.show("line")


def _names(folders: list[Path], taken: set[str]) -> dict[str, Path]:
    """Name each model by its folder, by the last part where that is enough and not yet taken."""
    short = [folder.resolve().name for folder in folders]
    enough = len(set(short)) == len(short) and taken.isdisjoint(short)
    names = short if enough else [str(folder) for folder in folders]
    return dict(zip(names, folders, strict=True))


class _Notes:
    """Where models were asked about texts in which they find nothing that they know."""

    def __init__(self, models: dict[str, SavedModel]):
        self._words = {
            name: set(model.vocabulary)
            for name, model in models.items()
            if not hasattr(model.fitted, "tokenizer")  # it cuts any word into parts that it knows
        }
        self._found: dict[str, list[int]] = {}

    def look_at(self, text: str, place: int) -> None:
        """Note a text.

        Args:
            text: the text.
            place: its line, or its number.
        """
        found = words(text)
        if not text.strip():
            self._add("no text", place)
        elif not any(char.isalnum() for word in found for char in word):
            self._add("no word", place)
        else:
            for name, known in self._words.items():
                if known.isdisjoint(found):
                    self._add(f"no word that {name} knows", place)

    def _add(self, what: str, place: int) -> None:
        self._found.setdefault(what, []).append(place)

    def show(self, noun: str) -> None:
        """Print the notes.

        Args:
            noun: what a text's place is called, "text" or "line".
        """
        for what, found in self._found.items():
            verb = "hold" if len(found) > 1 else "holds"
            print(
                f"note: {tables.places(found, noun)} {verb} {what}: the answer there is only "
                "a guess",
                file=sys.stderr,
            )


def _show(models: dict[str, SavedModel], texts: list[str]) -> None:
    """Print a line a text, with each model's probability of "positive"."""
    table = Table("text", title="probability of “positive”", expand=False)
    for name in models:
        table.add_column(Text(name), justify="right", overflow="fold")
    answers = [model.predict(texts) for model in models.values()]
    notes = _Notes(models)
    for number, text in enumerate(texts):
        cells = []
        for answer in answers:
            colour = "green" if answer[number] >= 0.5 else "red"
            cells.append(f"[{colour}]{answer[number]:.1%}[/]")
        table.add_row(Text(text.encode(errors="replace").decode()), *cells)
        notes.look_at(text, number + 1)
    Console().print(table)
    notes.show("text")


@contextmanager
def _opened(
    file: Path, column: str | None
) -> Iterator[tuple[Sequence[str], Iterator[Row], Progress]]:
    """Open a file; yield its columns, its rows as they are read, and their progress bar.

    Raises:
        UserError: it cannot be read, or has no such column.
    """
    console = Console(stderr=True)
    progress = Progress(console=console, transient=True, disable=not console.is_terminal)
    is_pipe = file == STANDARD_INPUT or file.is_fifo() or file.parent in _DEVICES
    name = Path("standard input") if file == STANDARD_INPUT else file
    raw: Any  # buffered, or rich's wrapper that counts
    with ExitStack() as stack:
        if is_pipe:
            raw = sys.stdin.buffer if file == STANDARD_INPUT else file.open("rb")
            form = tables.guessed_form(raw) if column else ""
        else:
            form = _form(file, column)
            raw = progress.wrap_file(file.open("rb"), file.stat().st_size, description="")
        if form:
            table = stack.enter_context(tables.opened(name, raw, form))
            table.require(str(column), options="--column names another")
            _check_encoding(name, 1, table.columns)
            yield table.columns, _usable(name, table.rows), progress
        else:
            content = stack.enter_context(tables.binary(name, raw))
            yield ["text"], _usable(name, tables.lines(name, content)), progress


def _form(file: Path, column: str | None) -> str:
    """Return what a file is, as `tables.form_of` does.

    Raises:
        UserError: it cannot be read, or needs a column, or has none.
    """
    tables.check_file(file)
    form = tables.form_of(file)
    is_text = file.name.lower().removesuffix(tables.COMPRESSED).endswith(_TEXTS)
    if not form and not is_text:
        raise tables.unreadable(file, f"--file reads one text per line (.txt) and {tables.READ}")
    if form and not column:
        with tables.opened(file) as table:
            names = tables.listed(table.columns)
        raise UserError(f"{file} is a table: --column names the column of the texts, of {names}")
    if column and not form:
        raise UserError(f"--column names the column of a table, and {file} has one text per line")
    return form


def _usable(file: Path, rows: Iterator[Row]) -> Iterator[Row]:
    """Pass rows on.

    Raises:
        UserError: one cannot be read.
    """
    for row in rows:
        if row.problem:
            raise UserError(f"{file}, line {row.line}: {row.problem}")
        _check_encoding(file, row.line, row.fields.values())
        yield row


def _check_encoding(file: Path, line: int, fields: Iterable[str]) -> None:
    if not tables.is_utf8(*fields):
        advice = tables.encoding_advice(file) if file.is_file() else "save it as UTF-8"
        raise UserError(f"{file}, line {line}, is not UTF-8: {advice}")


def _stream(
    models: dict[str, SavedModel], columns: Sequence[str], column: str, rows: Iterator[Row]
) -> _Notes:
    """Write the rows with a column more for each model, a batch at a time."""
    notes = _Notes(models)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([*columns, *(f"positive, {name}" for name in models)])
    while batch := list(islice(rows, BATCH)):
        texts = [tables.text_of(row.fields, column) for row in batch]
        answers = [model.predict(texts) for model in models.values()]
        for number, (row, text) in enumerate(zip(batch, texts, strict=True)):
            said = (f"{answer[number]:.4f}" for answer in answers)
            writer.writerow([*(tables.text_of(row.fields, name) for name in columns), *said])
            notes.look_at(text, row.line)
    return notes
