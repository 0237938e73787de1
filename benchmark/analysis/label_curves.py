"""Accuracy against the number of labelled training reviews: what a model needs labels for."""

import io
from collections.abc import Mapping
from pathlib import Path

from benchmark.records import metrics, predictions, store
from benchmark.records.record import Finished
from benchmark.rows import catalogue
from preprocessing.storage import write_atomically

import pandas as pd

COLUMNS = ("model", "labels", "seeds", "accuracy_mean", "accuracy_ci_low", "accuracy_ci_high")


def build(results: Path, dataset: str, current: tuple[int, str], all_labels: int) -> pd.DataFrame:
    """Return a line for each model and number of labels, the models in alphabetical order.

    Accuracies are fractions, means over seeds, with 95 % bootstrap intervals over the test reviews.

    Args:
        results: the results folder.
        dataset: the corpus's name.
        current: protocol and corpus hash; runs of others do not count.
        all_labels: how many labelled training reviews a run has that is not limited.
    """
    runs: dict[tuple[str, int], dict[Path, Finished]] = {}
    known = catalogue.lines()
    for path, record in store.read_with_labels(results, dataset).items():
        if not isinstance(record, Finished) or record.predictions is None:
            continue
        if (record.protocol, record.corpus.hash) == current and record.line in known:
            labels = all_labels if record.labels is None else record.labels
            runs.setdefault((record.line, labels), {})[path] = record
    limited = {line for line, labels in runs if labels < all_labels}
    lines = [
        {"model": line, "labels": labels} | _summary(own)
        for (line, labels), own in sorted(runs.items())
        if line in limited
    ]
    return pd.DataFrame(lines, columns=COLUMNS)


def write(table: pd.DataFrame, folder: Path) -> None:
    """Write ``label_curves.csv`` into a folder."""
    content = io.StringIO()
    table.to_csv(content, index=False, lineterminator="\n")
    write_atomically(folder / "label_curves.csv", content.getvalue())


def _summary(runs: Mapping[Path, Finished]) -> dict[str, float]:
    correct = predictions.read(runs).correct
    low, high = metrics.bootstrap_interval(correct)
    return {
        "seeds": len(runs),
        "accuracy_mean": round(float(correct.mean()), 5),
        "accuracy_ci_low": round(low, 5),
        "accuracy_ci_high": round(high, 5),
    }
