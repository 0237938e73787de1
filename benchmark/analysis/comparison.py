"""Two tables, two rows or two folders of records side by side: what differs, and is it real.

Nothing is ranked across protocols or corpora: then the two are shown, and no difference is taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmark.analysis import columns, leaderboard, statistics, terminal
from benchmark.analysis.evaluations import Asked
from benchmark.analysis.terminal import TerminalTable, share
from benchmark.records import store
from benchmark.records.predictions import Predictions, check_same_reviews
from benchmark.records.record import Finished, Record
from benchmark.rows import catalogue
from preprocessing.corpus import is_synthetic
from preprocessing.errors import UserError
from preprocessing.wording import counted

import numpy as np
import pandas as pd
from rich.console import Console

_CIRCUMSTANCES = [column.name for column in columns.of_kind("circumstance")] + ["seeds"]
_TYPES = {
    **{column.name: "Int64" for column in columns.ALL if column.is_integer},
    **dict.fromkeys(("corpus", "code", "device", "machine"), str),
}
_ADDED = frozenset(columns.NAMES[columns.NAMES.index("tied_with") :])
"""Columns that older tables lack."""

_LONGEST_TITLE = 18
_SEEDS = "seed-*.json"


@dataclass(frozen=True)
class Side:
    """One of the two.

    Attributes:
        name: as the user wrote it.
        lines: the finished rows with the leaderboard's columns, by the row's name.
        predictions: the predictions of those rows, where they are at hand.
        is_row: whether it is a single row.
        asked: what those rows answered to evaluation sets, by row and set.
        in_table: whether it is the model of this name in the data set's leaderboard.
    """

    name: str
    lines: pd.DataFrame
    predictions: dict[str, Predictions]
    is_row: bool
    asked: dict[str, dict[str, Asked]] = field(default_factory=dict)
    in_table: bool = False


@dataclass(frozen=True)
class Comparison:
    """Two sides, ready to be shown.

    Attributes:
        table: one line per score, or per row.
        remarks: what is to be said below it.
        differ: which of protocol and corpus the two differ in; then neither is ranked.
        sets: the same for evaluation sets, if these are two models that were asked the same ones.
    """

    table: TerminalTable
    remarks: list[str]
    differ: list[str]
    sets: TerminalTable | None = None


def show(one: str, other: str, results: Path, dataset: str) -> None:
    """Print the comparison of two sides. The arguments are those of `compare`.

    Raises:
        UserError: a side is not there, or they are of two protocols or corpora.
    """
    found = compare(one, other, results, dataset)
    console = Console(highlight=False)
    console.print(found.table)
    if found.sets is not None:
        console.print(found.sets)
    for line in found.remarks:
        console.print(line, markup=False)
    if found.differ:
        raise UserError(
            f"the two differ in {' and '.join(found.differ)}, so neither is ranked above the "
            f"other; run both under one {' and one '.join(found.differ)}"
        )


def compare(one: str, other: str, results: Path, dataset: str) -> Comparison:
    """Compare two rows, tables or folders of records.

    Args:
        one: as `find` takes it.
        other: the same.
        results: the results folder.
        dataset: the corpus's name.

    Raises:
        UserError: a side is not there, both are the same, or one is a row and the other a table.
    """
    if one == other:
        raise UserError(f"both sides are {one}; name two")
    first, second = (find(text, results, dataset) for text in (one, other))
    if first.is_row != second.is_row:
        raise UserError("one is a model and the other a table; compare two of the same kind")
    differ = [
        name
        for name in ("protocol", "corpus")
        if len(set(pd.concat([side.lines[name].astype(str) for side in (first, second)]))) > 1
    ]
    among_all: list[str] = []
    if first.in_table and second.in_table and not differ:
        evaluation = leaderboard.evaluate(results, dataset)
        if first.name in evaluation.predictions and second.name in evaluation.predictions:
            first, second = (_as_ranked(side, evaluation) for side in (first, second))
            among_all = _among_all(first.name, second.name, evaluation)
    side_by_side = _rows if first.is_row else _tables
    table, remarks = side_by_side(first, second, comparable=not differ)
    remarks[1:1] = among_all
    if _is_synthetic(first) or _is_synthetic(second):
        remarks.append("These are results on synthetic reviews.")
    sets = None
    if first.is_row:
        sets, notes = _sets(first, second, comparable=not differ)
        remarks += notes
    return Comparison(table, [*remarks, "", *_changes(first, second)], differ, sets)


def find(text: str, results: Path, dataset: str) -> Side:
    """Return the side that the user means.

    Args:
        text: a table, a folder of records, or a row in `results` of `dataset`, a variant by its
            name in the table; or a folder of its runs there, such as ``cnn/filters=64``.
        results: the results folder.
        dataset: the corpus's name.

    Raises:
        UserError: there is no such thing, or no finished run in it.
    """
    path = Path(text)
    if path.is_file():
        return _from_table(text, path)
    for folder in (path, path / "runs" / dataset):
        if any(folder.glob(_SEEDS)):
            return _from_runs(text, {folder.name: store.read_below(folder, _SEEDS)}, is_row=True)
        if runs := _by_line(folder):
            return _from_runs(text, runs, is_row=False)
    lines = _by_line(results / "runs" / dataset)
    if text in lines:
        return replace(_from_runs(text, {text: lines[text]}, is_row=True), in_table=True)
    below = results / "runs" / dataset / text
    if any(below.glob(_SEEDS)):
        return _from_runs(text, {below.name: store.read_below(below, _SEEDS)}, is_row=True)
    raise UserError(
        f"{text} is not a table, a folder of records or a model with runs on {dataset}; "
        f"{_meant(text, sorted(lines))}"
    )


def _as_ranked(side: Side, evaluation: leaderboard.Evaluation) -> Side:
    """Return a model with its line of the leaderboard, which says if its times can be compared."""
    return replace(side, lines=evaluation.table.set_index("model").loc[[side.name]])


def _meant(text: str, known: Sequence[str]) -> str:
    """Return what somebody who typed a model's name may have meant, or else what there is."""
    variants = [name for name in known if name.lower().startswith(f"{text.lower()} (")]
    if variants:
        return f"did you mean {' or '.join(repr(name) for name in variants)}?"
    return catalogue.hint(text, known) if known else "there are no models with runs"


def _by_line(folder: Path) -> dict[str, dict[Path, Record]]:
    """Return the records of the folders in a folder, by row or variant, or else by folder."""
    runs: dict[str, dict[Path, Record]] = {}
    for path, record in store.read_below(folder).items():
        name = record.line if "@" in path.parent.name else path.parent.name
        runs.setdefault(name, {})[path] = record
    return dict(sorted(runs.items()))


def _from_table(text: str, path: Path) -> Side:
    """Read a table, and the predictions that it was made from if they stand beside it."""
    try:
        table = pd.read_csv(path, dtype=_TYPES, keep_default_na=False, na_values=[""])
        missing = [name for name in columns.NAMES if name not in table and name not in _ADDED]
    except ValueError:
        raise UserError(f"{path} is not a leaderboard: it cannot be read as CSV") from None
    if missing:
        raise UserError(f"{path} is not a leaderboard: it has no column {missing[0]}")
    table = table.reindex(columns=[*table, *sorted(_ADDED.difference(table))])
    lines = table[table["status"] == "ok"].set_index("model")
    runs = path.parent / "runs" / "imdb"
    if not runs.is_dir():
        runs = path.parent.parent / "runs" / path.parent.name
    kept = _by_line(runs) if path.name == "leaderboard.csv" else {}
    predictions = {}
    for name in lines.index.intersection(kept):
        summary = leaderboard.line_of(kept[name], _key(lines.loc[name]), {})
        same = summary.cells.get("accuracy_mean") == lines.loc[name, "accuracy_mean"]
        if summary.predictions is not None and same:
            predictions[name] = summary.predictions
    return _side(text, lines, predictions, is_row=False)


def _from_runs(text: str, runs: Mapping[str, Mapping[Path, Record]], is_row: bool) -> Side:
    everything = {p: r for own in runs.values() for p, r in own.items()}
    current = leaderboard.newest(everything)
    versions = leaderboard.versions_of(everything, current)
    lines, predictions, asked = {}, {}, {}
    for name, own in runs.items():
        summary = leaderboard.line_of(own, current, versions)
        if summary.predictions is not None:
            lines[name] = summary.cells
            predictions[name], asked[name] = summary.predictions, summary.asked
    table = pd.DataFrame.from_dict(lines, orient="index")
    return _side(text, table, predictions, is_row, asked)


def _side(
    text: str,
    lines: pd.DataFrame,
    predictions: dict[str, Predictions],
    is_row: bool,
    asked: dict[str, dict[str, Asked]] | None = None,
) -> Side:
    if lines.empty:
        raise UserError(f"{text} has no finished run")
    return Side(text, lines, predictions, is_row, asked or {})


def _key(line: pd.Series) -> tuple[int, str]:
    return int(line["protocol"]), line["corpus"]


def _rows(one: Side, other: Side, comparable: bool) -> tuple[TerminalTable, list[str]]:
    """Set two rows side by side, one line per score."""
    lines = [side.lines.iloc[0] for side in (one, other)]
    further = [terminal.Column("difference", gives_way=1)] if comparable else []
    shown, notes = _table("", one, other, further)
    predictions = [row for side in (one, other) for row in side.predictions.values()]
    same_machine = leaderboard.of_one_machine(*lines)
    if len(predictions) == 2 and not (one.in_table and other.in_table):
        same_machine &= leaderboard.of_one_speed(*predictions)
    for column in (*columns.of_kind("score"), *columns.of_kind("cost")):
        values = [line[column.name] for line in lines]
        cells = [column.heading, *(column.number(value) for value in values)]
        if comparable and (same_machine or not column.of_machine):
            cells.append(_signed(column.factor * (values[1] - values[0]), column.form))
        elif comparable:
            cells.append("not compared")
        shown.add_row(*cells)
    if comparable and len(predictions) == 2:
        check_same_reviews(predictions[0].labels, predictions[1].labels, other.name)
        pairs = statistics.compare([row.correct for row in predictions])
        verdict = _verdict(one.name, other.name, pairs, predictions)
        notes = [verdict, _alone(one.name, other.name, predictions), *notes]
    return shown, notes


def _verdict(
    one: str, other: str, pairs: statistics.Pairs, predictions: Sequence[Predictions]
) -> str:
    single_runs = all(len(row.records) == 1 for row in predictions)
    test = " by McNemar's test" if single_runs else ""
    return (
        f"Accuracy differs by {100 * pairs.difference[1, 0]:+.2f} points. For this pair alone: "
        f"95 % interval {_interval(pairs.interval(1, 0))}, {_p(pairs.p[0, 1])}{test}: "
        f"{_said(one, other, pairs.p[0, 1], pairs.difference[1, 0])}."
    )


def _among_all(one: str, other: str, evaluation: leaderboard.Evaluation) -> list[str]:
    """Say what the difference of two models is worth among all comparisons of the leaderboard."""
    names, pairs = list(evaluation.predictions), evaluation.pairs
    if pairs is None or len(names) < 3:
        return []
    i, j = names.index(one), names.index(other)
    count = len(names) * (len(names) - 1) // 2
    p = pairs.adjusted[i, j]
    return [
        f"Within the table's {count:,} comparisons, which its ranks follow: interval "
        f"{_interval(pairs.interval_among_all(j, i))}, {_p(p)} by Holm's correction: "
        f"{_said(one, other, p, pairs.difference[j, i])}."
    ]


def _said(one: str, other: str, p: float, gain: float) -> str:
    """Return the verdict on two models, of which the second is better by `gain`."""
    if p >= statistics.LEVEL:
        return "there is no measurable difference"
    return f"{other if gain > 0 else one} is more accurate"


def _p(p: float) -> str:
    return "p < 0.0001" if p < 1e-4 else f"p = {p:.4f}"


def _interval(interval: tuple[float, float]) -> str:
    """Return an interval in points, with decimals that show on which side of zero it ends."""
    bounds = [100 * bound for bound in interval]
    digits = 3 if any(0 < abs(bound) < 0.005 for bound in bounds) else 2
    return " to ".join(f"{bound:+.{digits}f}" for bound in bounds)


def _sets(one: Side, other: Side, comparable: bool) -> tuple[TerminalTable | None, list[str]]:
    """Set the answers of two rows to evaluation sets side by side, one line per score."""
    (first,), (second,) = (side.asked.values() for side in (one, other))
    shared = [name for name in [*columns.SETS, *sorted(first)] if name in first and name in second]
    shared = list(dict.fromkeys(shared))
    same = [name for name in shared if first[name].hash == second[name].hash]
    notes = [f"{name}: the two answered different versions" for name in shared if name not in same]
    if not same:
        return None, notes
    further = [terminal.Column("difference", gives_way=1), terminal.Column("", is_name=True)]
    shown, _ = _table("evaluation set, %", one, other, further if comparable else [])
    for name in same:
        for cells in _of_set(name, first[name], second[name], comparable):
            shown.add_row(*cells)
    notes.append(
        f"Evaluation sets: below each figure its 95 % interval; better and worse refer to "
        f"{other.name}, each line tested for this pair alone; the drop is from accuracy on "
        f"originals to that on edits, in points."
    )
    return shown, notes


def _of_set(name: str, one: Asked, other: Asked, comparable: bool) -> list[list[str]]:
    """Return the lines of one set: accuracy, and of pairs those with both right and the drop."""
    both = (one, other)
    what = "edits" if one.is_paired else "accuracy"
    lines = [
        [f"{name}: {what}", *(share(own.scored, own.accuracy_interval) for own in both)]
        + (_difference(one.scored, other.scored) if comparable else [])
    ]
    if one.is_paired:
        lines.append(
            [f"{name}: both right", *(share(own.both_right, own.both_interval) for own in both)]
            + (_difference(one.both_right, other.both_right) if comparable else [])
        )
        drops = [f"{100 * own.drop:.2f}" for own in both]
        further = [_signed(100 * (other.drop - one.drop), ".2f"), ""] if comparable else []
        lines.append([f"{name}: drop", *drops, *further])
    return lines


def _difference(one: np.ndarray, other: np.ndarray) -> list[str]:
    """Return the difference in points, its interval, and the verdict on the second."""
    if one.shape[1] < statistics.FEWEST:
        return [_signed(100 * (other.mean() - one.mean()), ".2f"), "too few to tell"]
    pairs = statistics.compare([one, other])
    verdict = str(statistics.verdicts(pairs.p[0, 1], pairs.difference[1, 0]))
    difference = _signed(100 * pairs.difference[1, 0], ".2f")
    return [f"{difference}\n{_interval(pairs.interval(1, 0))}", verdict]


def _alone(one: str, other: str, predictions: Sequence[Predictions]) -> str:
    """Say how often the two answer alike and who is right where they do not, on average."""
    first, second = (row.correct.astype(np.float64).mean(axis=0) for row in predictions)
    only_first, only_second = (first * (1 - second)).mean(), (second * (1 - first)).mean()
    return (
        f"They give the same answer to {1 - only_first - only_second:.1%} of the reviews; only "
        f"{one} is right on {only_first:.1%}, only {other} on {only_second:.1%}."
    )


def _tables(one: Side, other: Side, comparable: bool) -> tuple[TerminalTable, list[str]]:
    """Set two tables side by side, one line per row."""
    shared = [name for name in one.lines.index if name in other.lines.index]
    if not shared:
        raise UserError(f"{one.name} and {other.name} have no model in common")
    accuracy = columns.BY_NAME["accuracy_mean"]
    further = [
        terminal.Column("difference", gives_way=2),
        terminal.Column("interval", gives_way=1),
        terminal.Column("", is_name=True),
    ]
    shown, notes = _table(accuracy.heading, one, other, further if comparable else [])
    tested = _tested(shared, one, other) if comparable else {}
    for name in shared:
        values = [side.lines.loc[name, "accuracy_mean"] for side in (one, other)]
        cells = [name, *(accuracy.number(value) for value in values)]
        if comparable:
            difference = _signed(accuracy.factor * (values[1] - values[0]), accuracy.form)
            cells += [difference, *tested.get(name, ("", ""))]
        shown.add_row(*cells)
    for side in (one, other):
        if alone := [name for name in side.lines.index if name not in shared]:
            notes.append(f"only in {side.name}: {', '.join(alone)}")
    if tested:
        notes.append(
            "The difference is the second minus the first; better and worse refer to the second. "
            f"Intervals and verdicts are those among {counted(len(tested), 'model')}, by Holm's "
            f"correction."
        )
    elif comparable:
        notes.append("No intervals: they need the predictions of both tables.")
    return shown, notes


def _tested(shared: list[str], one: Side, other: Side) -> dict[str, tuple[str, str]]:
    """Test each row that both sides have predictions of; return interval and verdict."""
    names = [name for name in shared if name in one.predictions and name in other.predictions]
    if not names:
        return {}
    rows = [side.predictions[name] for side in (one, other) for name in names]
    for row in rows:
        check_same_reviews(rows[0].labels, row.labels, other.name)
    pairs = statistics.compare([row.correct for row in rows])
    tested = statistics.corrected([(pairs, len(names) + i, i) for i in range(len(names))])
    return {
        name: (_interval((found.ci_low, found.ci_high)), found.verdict)
        for name, found in zip(names, tested.itertuples(), strict=True)
    }


def _is_synthetic(side: Side) -> bool:
    runs = [record for row in side.predictions.values() for record in row.records]
    return any(is_synthetic(record.corpus.name) for record in runs)


def _changes(one: Side, other: Side) -> list[str]:
    """Say in which circumstances the two differ; of tables, over the rows that both have."""
    pairs = [(one.lines.index[0], other.lines.index[0])]
    if not one.is_row:
        pairs = [(name, name) for name in one.lines.index if name in other.lines.index]
    facts: list[dict[str, set[str]]] = [{}, {}]
    for names in pairs:
        runs = [side.predictions.get(name) for side, name in zip((one, other), names, strict=True)]
        for side, name, found in zip((one, other), names, facts, strict=True):
            for column in _CIRCUMSTANCES:
                value = side.lines.loc[name, column]
                found.setdefault(column, set()).update([] if pd.isna(value) else [str(value)])
        known = [row for row in runs if row is not None]
        if len(known) == 2:
            models = {row.records[0].model for row in known}
            for row, found in zip(known, facts, strict=True):
                _add_recorded(found, row.records, with_hyperparameters=len(models) == 1)
    said = [
        {name: ", ".join(sorted(values)) or "–" for name, values in found.items()}
        for found in facts
    ]
    return [
        f"{name}: {said[0].get(name, '–')} → {said[1].get(name, '–')}"
        for name in dict.fromkeys([*said[0], *said[1]])
        if said[0].get(name, "–") != said[1].get(name, "–")
    ] or ["Both were made under the same conditions."]


def _add_recorded(
    facts: dict[str, set[str]], runs: Sequence[Finished], with_hyperparameters: bool
) -> None:
    """Add what only the records know."""
    for record in runs:
        known: dict[str, Any] = {
            "labels": "all" if record.labels is None else record.labels,
            "python": record.environment.python,
            **record.environment.packages,
        }
        if with_hyperparameters and record.hyperparameters:
            known |= {f"{record.model} {k}": v for k, v in record.hyperparameters.items()}
        for name, value in known.items():
            facts.setdefault(name, set()).add(str(value))


def _table(
    first: str, one: Side, other: Side, further: Sequence[terminal.Column]
) -> tuple[TerminalTable, list[str]]:
    """Return an empty table with a column for each side, and what long names are short for."""
    headings, notes = [], []
    for letter, side in zip("AB", (one, other), strict=True):
        is_short = len(side.name) <= _LONGEST_TITLE
        headings.append(side.name if is_short else letter)
        notes += [] if is_short else [f"{letter}: {side.name}"]
    sides = [terminal.Column(heading) for heading in headings]
    return TerminalTable("", [terminal.Column(first, is_name=True), *sides, *further]), notes


def _signed(value: float, form: str) -> str:
    return format(value, f"+{form}")
