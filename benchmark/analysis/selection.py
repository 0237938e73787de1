"""The leaderboard sorted, filtered, and in other formats; the files stay as they are."""

import difflib
import sys
from collections.abc import Sequence

from benchmark.analysis import columns, tables
from preprocessing.errors import UserError

import pandas as pd
from rich.console import Console


def show(table: pd.DataFrame, dataset: str, style: str = "table") -> None:
    """Print a table.

    Args:
        table: a leaderboard, or lines of one.
        dataset: the corpus's name.
        style: "csv", "markdown" or "json" for programs, "table" for people.
    """
    match style:
        case "csv":
            table.to_csv(sys.stdout, index=False, lineterminator="\n")
        case "markdown":
            sys.stdout.write(tables.as_markdown(table, dataset))
        case "json":
            print(table.to_json(orient="records", indent=1, force_ascii=False))
        case _:
            Console().print(tables.as_terminal(table, dataset))


def select(
    table: pd.DataFrame,
    families: Sequence[str] = (),
    budgets: Sequence[tuple[str, float]] = (),
    sort: str | None = None,
) -> pd.DataFrame:
    """Return the lines that are asked for; ranks stay those of the whole table.

    Args:
        table: a leaderboard.
        families: keep these; all if empty.
        budgets: columns and what a line must stay below in each; lines without a number go.
        sort: the column whose best comes first; without it, the table's order.

    Raises:
        UserError: there is no such family or column, or no such line.
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
    if table.empty:
        raise UserError("no line of the leaderboard is of that family and below those limits")
    if sort:
        ascending = columns.named(sort).best != "high"
        table = table.sort_values(sort, ascending=ascending, kind="stable", na_position="last")
    return table


def _check(what: str, name: str, known: list[str]) -> None:
    if name not in known:
        begins = [one for one in known if one.startswith(f"{name}_")]  # accuracy: accuracy_mean
        near = begins[:1] or difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
        raise UserError(f"no {what} is called {name!r}; {hint}")
