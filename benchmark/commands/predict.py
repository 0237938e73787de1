"""What saved models say about texts: on the command line, in a file, or in a table's column."""

import argparse
import csv
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from benchmark.commands.options import add_dataset_option, add_kept_models_option
from benchmark.rows import saved
from benchmark.rows.saved import SavedModel
from benchmark.runs import kept_models
from preprocessing.errors import UserError
from preprocessing.sources.custom import SEPARATORS, check_columns

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

BATCH = 256
_LONGEST_FIELD = 1 << 27


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the models and the texts."""
    add_model_options(parser)
    parser.add_argument("texts", nargs="*", metavar="TEXT", help="texts to classify")
    parser.add_argument(
        "--file", type=Path, metavar="FILE",
        help="one text per line, or a .csv or .tsv table; predictions go to standard output as "
        "CSV",
    )  # fmt: skip
    parser.add_argument(
        "--column", metavar="NAME", help="the column of the table that holds the texts"
    )


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add which models are asked; see `find`."""
    parser.add_argument(
        "--model", action="append", required=True, metavar="MODEL",
        help="a line of the leaderboard of which a run kept its model, such as cnn, or a folder as "
        "written by --save; repeat it to compare several",
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
    names = {folder: name for name, folder in _names(folders).items()}
    found = {}
    for model in models:
        if _is_folder(model):
            found[names[Path(model)]] = Path(model)
        else:
            found[model] = kept_models.by_name(cache, dataset, model)
    return found


def _is_folder(model: str) -> bool:
    return Path(model).is_dir() or "/" in model


def predict(
    models: dict[str, Path], texts: list[str], file: Path | None, column: str | None
) -> None:
    """Print what saved models say about texts, or about each text of a file.

    Args:
        models: folders of the saved models, by what to call them.
        texts: the texts; none if there is a file.
        file: a text a line, or a table.
        column: the table's column that holds the texts.

    Raises:
        UserError: a model or the file cannot be used.
    """
    if bool(texts) == bool(file):
        raise UserError('give either texts ("An unforgettable film.") or --file')
    is_table = file is not None and file.suffix.lower() in SEPARATORS
    if is_table != bool(column):
        raise UserError("--column names the column of a .csv or .tsv --file that holds the texts")
    if file is not None and not file.is_file():
        raise UserError(f"{file}: no such file")
    loaded = {name: saved.load(folder) for name, folder in models.items()}
    if file is None:
        _show(loaded, texts)
        return
    try:
        with _rows(file, column) as (columns, rows):
            _stream(loaded, columns, column or "text", rows)
        sys.stdout.flush()
    except UnicodeDecodeError as error:
        raise UserError(f"{file} is not UTF-8 ({error.reason}); convert it") from None
    except csv.Error as error:
        raise UserError(f"{file} is not a table that can be read: {error}") from None
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _names(folders: list[Path]) -> dict[str, Path]:
    """Name each model by its folder, by the last part where that is enough."""
    short = [folder.resolve().name for folder in folders]
    names = short if len(set(short)) == len(short) else [str(folder) for folder in folders]
    return dict(zip(names, folders, strict=True))


def _show(models: dict[str, SavedModel], texts: list[str]) -> None:
    """Print a line a text, with each model's probability of "positive"."""
    table = Table("text", title="probability of “positive”", expand=False)
    for name in models:
        table.add_column(Text(name), justify="right", overflow="fold")
    answers = [model.predict(texts) for model in models.values()]
    for number, text in enumerate(texts):
        cells = []
        for answer in answers:
            colour = "green" if answer[number] >= 0.5 else "red"
            cells.append(f"[{colour}]{answer[number]:.1%}[/]")
        table.add_row(Text(text.encode(errors="replace").decode()), *cells)
    Console().print(table)


@contextmanager
def _rows(file: Path, column: str | None) -> Iterator[tuple[list[str], Iterator[dict]]]:
    """Open a file; yield its columns and its rows as they are read, with a progress bar.

    Raises:
        UserError: the table has no such column, or a row is too short to have it.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    with (
        Progress(console=Console(stderr=True), transient=True) as progress,
        progress.open(file, "r", encoding="utf-8-sig", newline="", description="") as lines,
    ):
        if column is None:
            yield ["text"], ({"text": line.rstrip("\r\n")} for line in lines)
            return
        reader = csv.DictReader(lines, delimiter=SEPARATORS[file.suffix.lower()], strict=True)
        columns = list(reader.fieldnames or ())
        if column not in columns:
            raise UserError(f"{file} has no column {column!r}; it has {', '.join(columns)}")
        check_columns(file, columns)
        yield columns, _whole(file, reader, column)


def _whole(file: Path, reader: csv.DictReader, column: str) -> Iterator[dict]:
    for row in reader:
        if row[column] is None or None in row:
            raise UserError(
                f"{file}, line {reader.line_num}: more or fewer fields than in the header"
            )
        yield row


def _stream(
    models: dict[str, SavedModel], columns: list[str], column: str, rows: Iterator[dict]
) -> None:
    """Write the rows with a column more for each model, a batch at a time."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([*columns, *(f"positive, {name}" for name in models)])
    while batch := list(islice(rows, BATCH)):
        answers = [model.predict([row[column] for row in batch]) for model in models.values()]
        for number, row in enumerate(batch):
            said = (f"{answer[number]:.4f}" for answer in answers)
            writer.writerow([*(row[name] for name in columns), *said])
