"""Accuracy against the number of labelled training reviews: what a model needs labels for."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from benchmark.analysis import tables, terminal
from benchmark.analysis.columns import with_seeds
from benchmark.analysis.terminal import TerminalTable
from benchmark.records import metrics, predictions, store
from benchmark.records.record import Finished
from benchmark.rows import catalogue
from preprocessing.corpus import titled
from preprocessing.storage import write_atomically

import pandas as pd

COLUMNS = ("model", "labels", "seeds", "accuracy_mean", "accuracy_ci_low", "accuracy_ci_high")


def build(results: Path, dataset: str, current: tuple[int, str]) -> pd.DataFrame:
    """Return a line for each model and number of labels, the models in alphabetical order.

    Accuracies are fractions, means over seeds, with 95 % bootstrap intervals over the test reviews.
    Seeds that differ from the newest run of their model and number in hyperparameters do not count.

    Args:
        results: the results folder.
        dataset: the corpus's name.
        current: protocol and corpus hash; runs of others do not count.
    """
    found = {
        path: record
        for path, record in store.read_with_labels(results, dataset).items()
        if isinstance(record, Finished)
        and record.predictions is not None
        and (record.protocol, record.corpus.hash) == current
    }
    counts = Counter(_learned(r) for r in found.values() if r.labels is None)
    all_labels = max(counts, key=lambda count: counts[count], default=0)
    runs: dict[tuple[str, int], dict[Path, Finished]] = {}
    known = catalogue.lines()
    for path, record in found.items():
        if record.line in known and record.labels != all_labels:
            labels = all_labels if record.labels is None else record.labels
            runs.setdefault((record.line, labels), {})[path] = record
    limited = {record.line for record in found.values() if record.labels not in (None, all_labels)}
    lines = [
        {"model": line, "labels": labels} | _summary(_alike(own))
        for (line, labels), own in sorted(runs.items())
        if line in limited
    ]
    return pd.DataFrame(lines, columns=COLUMNS)


def write(table: pd.DataFrame, folder: Path) -> None:
    """Write ``label_curves.csv`` into a folder."""
    write_atomically(folder / "label_curves.csv", tables.as_csv(table))


def _learned(record: Finished) -> int:
    """Return how many labelled reviews a run learned from."""
    passes = max(1, len(record.history))
    return round(record.reviews_per_second.training * record.seconds.training / passes)


def as_terminal(table: pd.DataFrame, dataset: str) -> TerminalTable:
    """Return the table for a terminal: a line a model, a column for each number of labels.

    Args:
        table: as `build` returns it.
        dataset: the corpus's name.
    """
    numbers = sorted(table["labels"].unique())
    shown = TerminalTable(
        f"{titled(dataset)}: accuracy on the test reviews by number of labels",
        [
            terminal.Column("model", is_name=True),
            *(terminal.Column(f"{number:,}\nlabels") for number in numbers),
        ],
        caption=["% and, below it, half of the 95 % bootstrap interval over reviews"],
    )
    last = table.sort_values("labels").groupby("model")["accuracy_mean"].last()
    for model in last.sort_values(ascending=False, kind="stable").index:
        own = table[table["model"] == model].set_index("labels")
        cells = [_cell(own.loc[number]) if number in own.index else "" for number in numbers]
        shown.add_row(with_seeds(model, own["seeds"].min()), *cells)
    return shown


def _cell(line: pd.Series) -> str:
    reach = (line["accuracy_ci_high"] - line["accuracy_ci_low"]) / 2
    return f"{100 * line['accuracy_mean']:.2f}\n± {100 * reach:.2f}"


def _alike(runs: Mapping[Path, Finished]) -> dict[Path, Finished]:
    """Return the runs that have the hyperparameters of the newest."""
    newest = max(runs.values(), key=lambda record: record.utc)
    return {p: r for p, r in runs.items() if r.hyperparameters == newest.hyperparameters}


def _summary(runs: Mapping[Path, Finished]) -> dict[str, float]:
    correct = predictions.read(runs).correct
    low, high = metrics.bootstrap_interval(correct)
    return {
        "seeds": len(runs),
        "accuracy_mean": round(float(correct.mean()), 7),
        "accuracy_ci_low": round(low, 7),
        "accuracy_ci_high": round(high, 7),
    }
