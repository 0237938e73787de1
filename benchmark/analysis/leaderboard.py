"""The leaderboard, derived from the records: the same records give the same bytes."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.analysis import columns, short_table, statistics, tables
from benchmark.records import PROTOCOL_SEEDS, predictions, store
from benchmark.records.predictions import Predictions
from benchmark.records.record import Failed, Finished, Record
from benchmark.rows import catalogue
from preprocessing.program import ROOT
from preprocessing.storage import write_atomically

import numpy as np
import pandas as pd

CHANCE = 0.55
"""Validation accuracy below which a network has learned nothing; guessing has 0.5 ± 0.01."""


@dataclass(frozen=True)
class Evaluation:
    """The leaderboard and what it was computed from.

    Attributes:
        table: one line for each row and variant that the catalogue finds and that needs no public
            weights or has a record, with the columns of `columns.ALL`.
        predictions: those of each ranked row, the most accurate first.
        pairs: the ranked rows compared with each other, in the same order; None if there are none.
        unreached: lines that need public weights and have no record.
    """

    table: pd.DataFrame
    predictions: dict[str, Predictions]
    pairs: statistics.Pairs | None
    unreached: tuple[str, ...] = ()


def build(results: Path, dataset: str) -> pd.DataFrame:
    """Return the leaderboard's table; see `evaluate`."""
    return evaluate(results, dataset).table


def evaluate(results: Path, dataset: str) -> Evaluation:
    """Compute the leaderboard from the records.

    Only rows of status ``ok`` that share protocol and corpus with the newest record are ranked, as
    `statistics.Pairs.ranks` says: one plus the number of rows that are significantly better. Rows
    of one rank stand by their accuracy.

    Args:
        results: the results folder.
        dataset: the corpus's name.
    """
    runs = store.read_runs(results, dataset)
    current = newest(runs)
    known = catalogue.lines()
    runs_of: dict[str, dict[Path, Record]] = {name: {} for name in known}
    for path, record in runs.items():
        if record.line in known:
            runs_of[record.line][path] = record
    unreached = tuple(name for name, own in runs_of.items() if not own and known[name].weights)
    runs_of = {name: own for name, own in runs_of.items() if name not in unreached}
    lines = []
    found: dict[str, Predictions] = {}
    for name, own in runs_of.items():
        line, summed = line_of(own, current)
        lines.append({"model": name} | line)
        if summed is not None:
            found[name] = summed
            first = next(iter(found.values()))
            predictions.check_same_reviews(first.labels, summed.labels, f"{name} in {results}")
    table = pd.DataFrame(lines, columns=columns.NAMES)
    found = dict(sorted(found.items(), key=lambda item: -item[1].correct.mean()))
    pairs = statistics.compare([row.correct for row in found.values()]) if found else None
    if pairs:
        names = np.array(list(found))
        ties = ["; ".join(names[tied]) for tied in pairs.tied]
        table["rank"] = table["model"].map(dict(zip(names, pairs.ranks, strict=True)))
        table["tied_with"] = table["model"].map(dict(zip(names, ties, strict=True)))
    order = {"ok": 0, "failed": 1, "missing": 2}
    table = table.sort_values(
        ["status", "rank", "accuracy_mean", "model"],
        ascending=[True, True, False, True],
        key=lambda column: column.map(order) if column.name == "status" else column,
        ignore_index=True,
    )
    for column in columns.ALL:
        if column.is_integer:
            table[column.name] = table[column.name].astype("Int64")
    return Evaluation(table, found, pairs, unreached)


def newest(runs: Mapping[Path, Record]) -> tuple[int, str] | None:
    """Return protocol and corpus hash of the newest finished run."""
    finished = [record for record in runs.values() if isinstance(record, Finished)]
    if not finished:
        return None
    last = max(finished, key=lambda record: record.utc)
    return last.protocol, last.corpus.hash


def line_of(
    runs: Mapping[Path, Record], current: tuple[int, str] | None
) -> tuple[dict[str, Any], Predictions | None]:
    """Sum up the runs of one row; return its line, and its predictions if it can be ranked.

    Args:
        runs: the records of the row, by path.
        current: protocol and corpus hash; runs of others do not count.
    """
    good = {
        path: record
        for path, record in runs.items()
        if isinstance(record, Finished) and (record.protocol, record.corpus.hash) == current
    }
    failed = [record for record in runs.values() if isinstance(record, Failed)]
    if len({_sorted(record.hyperparameters) for record in good.values()}) > 1:
        info = "its seeds differ in hyperparameters"
        return {"status": "failed", "seeds": 0, "info": info}, None
    if not good:
        info = failed[0].reason if failed else ("other protocol or corpus" if runs else "")
        family = next((record.family for record in runs.values()), None)
        status = "failed" if failed else "missing"
        return {"status": status, "seeds": 0, "family": family, "info": info}, None

    found = predictions.read(good)
    notes = []
    if len(good) < PROTOCOL_SEEDS:
        notes.append(f"{len(good)} of {PROTOCOL_SEEDS} seeds")
    notes += [f"seed {record.seed} failed: {record.reason}" for record in failed]
    notes += [f"seed {record.seed} stayed at chance" for record in good.values()
              if _stayed_at_chance(record)]  # fmt: skip
    known = {"family": found.records[0].family, "status": "ok", "info": "; ".join(notes)}
    return columns.values(found) | known, found


def _stayed_at_chance(record: Finished) -> bool:
    """Tell whether no epoch brought a network further than guessing, on balanced validation."""
    reached = [epoch.validation_accuracy for epoch in record.history]
    return bool(reached) and max(reached) < CHANCE


def _sorted(options: dict[str, Any] | None) -> str:
    return json.dumps(options, sort_keys=True)


def folder_of(results: Path, dataset: str) -> Path:
    """Return where a data set's leaderboard stands: the real one's at the top."""
    return results if dataset == "imdb" else results / dataset


def readme_of(results: Path, document: str = "README.md") -> Path | None:
    """Return the document that shows what is in a results folder; None for any other folder."""
    return ROOT / document if results.resolve() == ROOT / "results" else None


def of_one_machine(one: pd.Series, other: pd.Series) -> bool:
    """Tell whether two lines were trained on one kind of machine, so that times compare."""
    return all(one[name] == other[name] or (pd.isna(one[name]) and pd.isna(other[name]))
               for name in ("device", "machine"))  # fmt: skip


def whole_seconds(table: pd.DataFrame) -> pd.Series:
    """Return the seconds of training and of all that is made once for it, by line.

    Made once are word vectors, subwords, pretraining and a teacher.
    """
    return table["train_seconds"] + table["preprocessing_seconds"]


def write(results: Path, dataset: str, readme: Path | None = None) -> pd.DataFrame:
    """Write ``leaderboard.csv`` and ``leaderboard.md``, and the README's short table.

    Args:
        results: the results folder.
        dataset: the corpus's name.
        readme: a file with the two `tables.MARKS`, between which the short table goes; for imdb.
    """
    evaluation = evaluate(results, dataset)
    table = evaluation.table
    folder = folder_of(results, dataset)
    content = io.StringIO()
    table.to_csv(content, index=False, lineterminator="\n")
    write_atomically(folder / "leaderboard.csv", content.getvalue())
    markdown = tables.as_markdown(table, dataset, evaluation.unreached)
    write_atomically(folder / "leaderboard.md", f"# Leaderboard: {dataset}\n\n{markdown}")
    if readme is not None and dataset == "imdb":
        text = readme.read_text(encoding="utf-8")
        write_atomically(readme, tables.inserted(text, short_table.as_markdown(table)))
    return table
