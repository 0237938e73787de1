"""The leaderboard sorted, filtered, and in other formats; the files stay as they are."""

import argparse
import difflib
import sys

from benchmark.analysis import leaderboard
from preprocessing.errors import UserError

import pandas as pd
from rich.console import Console

FORMATS = ("table", "csv", "markdown", "json")
_UNITS = {"k": 1e3, "M": 1e6, "G": 1e9}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add --family, --under, --sort and --format."""
    group = parser.add_argument_group("look, and write no file")
    group.add_argument(
        "--family", action="append", metavar="FAMILY", help="rows of this family; may be repeated"
    )
    group.add_argument(
        "--under", action="append", type=_budget, metavar="COLUMN=N",
        help="rows that stay below, such as train_seconds=60 or parameters=1M; may be repeated",
    )  # fmt: skip
    group.add_argument("--sort", metavar="COLUMN", help="the best in this column first")
    group.add_argument("--format", choices=FORMATS, help="(default: table)")


def wanted(options: argparse.Namespace) -> bool:
    """Tell whether one of the options was given."""
    return any((options.family, options.under, options.sort, options.format))


def show(table: pd.DataFrame, dataset: str, options: argparse.Namespace) -> None:
    """Print what the options select; ranks stay those of the whole table."""
    table = select(table, options.family or [], options.under or [], options.sort)
    match options.format:
        case "csv":
            table.to_csv(sys.stdout, index=False, lineterminator="\n")
        case "markdown":
            sys.stdout.write(leaderboard.as_markdown(table, dataset))
        case "json":
            print(table.to_json(orient="records", indent=1, force_ascii=False))
        case _:
            Console().print(leaderboard.as_rich(table, dataset))


def select(
    table: pd.DataFrame, families: list[str], budgets: list[tuple[str, float]], sort: str | None
) -> pd.DataFrame:
    """Return the lines that are asked for.

    Args:
        table: a leaderboard.
        families: keep these; all if empty.
        budgets: columns and what a line must stay below in each; lines without a number go.
        sort: the column whose best comes first; without it, the table's order.

    Raises:
        UserError: there is no such family or column.
    """
    for family in families:
        _check("family", family, sorted(table["family"].dropna().unique()))
    numeric = [name for name in table if pd.api.types.is_numeric_dtype(table[name])]
    for column, _ in budgets:
        _check("numeric column", column, numeric)
    if sort:
        _check("column", sort, list(table))
    if families:
        table = table[table["family"].isin(families)]
    for column, most in budgets:
        table = table[(table[column] < most).fillna(False).astype(bool)]
    if sort:
        ascending = sort not in leaderboard.BEST_IS_HIGHEST
        table = table.sort_values(sort, ascending=ascending, kind="stable", na_position="last")
    return table


def _budget(text: str) -> tuple[str, float]:
    """Read COLUMN=N, for argparse; N may end in k, M or G."""
    column, equals, number = text.partition("=")
    factor = _UNITS.get(number[-1:], 1)
    try:
        if not equals:
            raise ValueError
        return column, float(number[:-1] if factor != 1 else number) * factor
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not like parameters=1M") from None


def _check(what: str, name: str, known: list[str]) -> None:
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
        raise UserError(f"no {what} is called {name!r}; {hint}")
