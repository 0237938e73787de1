"""Rebuild the leaderboard from the records, or look at a part of it."""

import argparse

from benchmark.commands.options import add_dataset_option, add_results_option, check_dataset
from preprocessing.errors import UserError

FORMATS = ("table", "csv", "markdown", "json")
_UNITS = {"k": 1e3, "M": 1e6, "G": 1e9}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add whose leaderboard it is, and what of it to show."""
    add_dataset_option(parser)
    add_results_option(parser)
    group = parser.add_argument_group("show part of it, without writing files")
    group.add_argument(
        "--family", action="append", default=[], metavar="FAMILY",
        help="models of this family; may be repeated",
    )  # fmt: skip
    group.add_argument(
        "--under", action="append", type=_budget, default=[], metavar="COLUMN=N",
        help="models below this limit, such as train_seconds=60 or parameters=1M; may be repeated",
    )  # fmt: skip
    group.add_argument("--sort", metavar="COLUMN", help="sort by this column, best first")
    group.add_argument("--format", choices=FORMATS, help="(default: table)")


def main(options: argparse.Namespace) -> None:
    """Write the leaderboard's files and print it, or only print what is asked for.

    Raises:
        UserError: there are no records, the table has no such family or column, or it cannot be
            written.
    """
    check_dataset(options.results, options.dataset)

    from benchmark.analysis import leaderboard, selection, tables

    if any((options.family, options.under, options.sort, options.format)):
        table = leaderboard.build(options.results, options.dataset)
        table = selection.select(table, options.family, options.under, options.sort)
        selection.show(table, options.dataset, options.format or "table")
        return

    from rich.console import Console

    try:
        table = leaderboard.write(options.results, options.dataset).table
    except PermissionError:
        raise UserError(
            f"--results {options.results} cannot be written; --format table shows the leaderboard "
            f"without writing files"
        ) from None
    Console().print(tables.as_terminal(table, options.dataset))


def _budget(text: str) -> tuple[str, float]:
    """Read COLUMN=N, for argparse; N may end in k, M or G."""
    column, equals, number = text.partition("=")
    factor = _UNITS.get(number[-1:], 1)
    try:
        if not equals:
            raise ValueError
        return column, float(number[:-1] if factor != 1 else number) * factor
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form parameters=1M") from None
