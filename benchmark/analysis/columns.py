"""The leaderboard's columns: what each is called, how it is shown and how it is computed.

This is the one list of them. The CSV has them in this order; the tables for people, the page,
`select` and `compare` take titles, formats and which end is best from here. A new score is one
entry at the end. Evaluation sets that only some results have, such as tables of the user's own,
bring columns of the same kind as the published sets', behind all others (see `of_set`).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from benchmark.analysis.evaluations import Asked
from benchmark.records import PROTOCOL_SEEDS, metrics
from benchmark.records.predictions import Predictions
from benchmark.records.record import Finished
from preprocessing.wording import counted

import numpy as np
import pandas as pd

SEVERAL = "; "
"""Between values in one cell, where a line's runs differ."""


@dataclass(frozen=True)
class Column:
    """A column of the leaderboard.

    Attributes:
        name: in the CSV.
        title: for people.
        of: computes its value from the finished runs of a line; None for what the leaderboard
            knows of the line otherwise, or finds by comparing lines.
        unit: of what people are shown.
        form: format specification of what people are shown.
        factor: what the value is multiplied by for people, such as 100 for percentages.
        best: which end is best; empty where neither is.
        kind: what it says of a line.
        of_machine: the value depends on the machine, so that those of two are not compared.
        is_integer: its values are integers, or missing.
        show: returns what people are shown of a line, where that takes several columns.
        set: the evaluation set that it tells of; empty for all others.
        of_asked: computes its value from what a line's runs answered to that set.
    """

    name: str
    title: str
    of: Callable[[Predictions], Any] | None = None
    unit: str = ""
    form: str = ""
    factor: float = 1
    best: Literal["high", "low", ""] = ""
    kind: Literal["line", "score", "cost", "circumstance", "set"] = "line"
    of_machine: bool = False
    is_integer: bool = False
    show: Callable[[pd.Series], str] | None = None
    set: str = ""
    of_asked: Callable[[Asked], float | None] | None = None

    @property
    def heading(self) -> str:
        """Title and unit."""
        return f"{self.title}, {self.unit}" if self.unit else self.title

    def number(self, value: float) -> str:
        """Return a value for people, without the unit."""
        return format(self.factor * value, self.form)

    def cell(self, line: pd.Series) -> str:
        """Return what people are shown of a line of the leaderboard; empty if it is missing."""
        value = line[self.name]
        if pd.isna(value):
            return ""
        if self.show is not None:
            return self.show(line)
        return self.number(value) if self.form else str(value)


def with_seeds(name: str, seeds: int) -> str:
    """Return a line's name, with the number of seeds if there are fewer than the protocol asks."""
    if seeds >= PROTOCOL_SEEDS:
        return name
    return f"{name} ({counted(seeds, 'seed')})"


def _name(line: pd.Series) -> str:
    return with_seeds(line["model"], line["seeds"]) if line["status"] == "ok" else line["model"]


def _accuracy(line: pd.Series) -> str:
    std = "" if pd.isna(line["accuracy_std"]) else f" ± {100 * line['accuracy_std']:.2f}"
    return f"{100 * line['accuracy_mean']:.2f}{std}"


def _interval(line: pd.Series) -> str:
    return f"{100 * line['accuracy_ci_low']:.2f}–{100 * line['accuracy_ci_high']:.2f}"


def _score(metric: Callable[[np.ndarray, np.ndarray], float]) -> Callable[[Predictions], float]:
    """Return the mean over seeds of a metric of log-odds and labels."""
    return lambda line: round(line.mean(metric), 7)


def _accuracy_std(line: Predictions) -> float | None:
    by_seed = line.correct.mean(axis=1)
    return round(float(by_seed.std(ddof=1)), 7) if len(by_seed) > 1 else None


def _accuracy_deduplicated(line: Predictions) -> float:
    return round(float(line.correct[:, ~line.also_in_train].mean(axis=1).mean()), 7)


def _mean(
    of: Callable[[Finished], float | None], digits: int
) -> Callable[[Predictions], float | None]:
    """Return the mean over the runs that have a value; None if none has."""

    def mean(line: Predictions) -> float | None:
        values = [value for record in line.records if (value := of(record)) is not None]
        return round(float(np.mean(values)), digits) if values else None

    return mean


def _first(of: Callable[[Finished], Any]) -> Callable[[Predictions], Any]:
    return lambda line: of(line.records[0])


def _all(of: Callable[[Finished], str]) -> Callable[[Predictions], str]:
    """Return the different values of the runs."""
    return lambda line: joined(of(record) for record in line.records)


def joined(values: Iterable[str]) -> str:
    """Return different values as the CSV has several in one cell."""
    return SEVERAL.join(sorted(set(values)))


def _backend(record: Finished) -> str:
    return " ".join(next(iter(record.backend.items())))


def _compilation(record: Finished) -> float | None:
    """Return what the record says, unless it is of two epochs, as older ones may be."""
    return record.seconds.compilation if len(record.history) > 2 else None


def _float32(record: Finished) -> float | None:
    return record.matrix_products.float32 if record.matrix_products else None


def _bfloat16(record: Finished) -> float | None:
    return record.matrix_products.bfloat16 if record.matrix_products else None


def _highest_load(line: Predictions) -> float | None:
    loads = [record.environment.load_average for record in line.records]
    return max((load for load in loads if load is not None), default=None)


def _paired(of: Callable[[Asked], float]) -> Callable[[Asked], float | None]:
    """Return what is computed for sets of pairs alone."""
    return lambda asked: of(asked) if asked.is_paired else None


_OF_ASKED: dict[str, Callable[[Asked], float | None]] = {
    "accuracy": lambda asked: round(float(asked.scored.mean()), 7),
    "accuracy_ci_low": lambda asked: round(asked.accuracy_interval[0], 7),
    "accuracy_ci_high": lambda asked: round(asked.accuracy_interval[1], 7),
    "both": _paired(lambda asked: round(float(asked.both_right.mean()), 7)),
    "both_ci_low": _paired(lambda asked: round(asked.both_interval[0], 7)),
    "both_ci_high": _paired(lambda asked: round(asked.both_interval[1], 7)),
}
_INTERVAL = {"": "", "_ci_low": ", 95 % interval, lower end", "_ci_high": ", upper end"}


def of_set(name: str, is_paired: bool, accuracy: str = "", both: str = "") -> tuple[Column, ...]:
    """Return the columns of an evaluation set.

    Args:
        name: of the set; the columns' names begin with it.
        is_paired: whether it consists of pairs; then there is the share with both texts right, and
            accuracy is that on the edits.
        accuracy: the title of its accuracy.
        both: the title of the share of pairs with both right.
    """
    titles = {"accuracy": accuracy or f"{name}, accuracy"}
    if is_paired:
        titles["both"] = both or f"{name}, both right"
    return tuple(
        Column(
            f"{name}_{score}{end}", f"{title}{said}", unit="%", form=".2f", factor=100,
            best="high", kind="set", set=name, of_asked=_OF_ASKED[score + end],
        )
        for score, title in titles.items()
        for end, said in _INTERVAL.items()
    )  # fmt: skip


ALL = (
    Column("rank", "#", form=".0f", best="low", is_integer=True),
    Column("model", "model", show=_name),
    Column("family", "family"),
    Column("status", "status"),
    Column("seeds", "seeds", lambda line: len(line.records), form=".0f", best="high",
           is_integer=True),
    Column("accuracy_mean", "accuracy", _score(metrics.accuracy), "%", ".2f", 100, "high", "score",
           show=_accuracy),
    Column("accuracy_std", "accuracy's standard deviation over seeds", _accuracy_std, "%", ".2f",
           100, "low"),
    Column("accuracy_ci_low", "95 % interval",
           lambda line: round(line.interval[0], 7), "", ".2f", 100,
           "high", show=_interval),
    Column("accuracy_ci_high", "95 % interval, upper end",
           lambda line: round(line.interval[1], 7), "%", ".2f", 100,
           "high"),
    Column("f1", "F1", _score(metrics.f1), "%", ".2f", 100, "high", "score"),
    Column("roc_auc", "AUC", _score(metrics.roc_auc), "", ".4f", 1, "high", "score"),
    Column("log_loss", "log loss", _score(metrics.log_loss), "nats", ".4f", 1, "low", "score"),
    Column("calibration_error", "calibration error", _score(metrics.calibration_error), "", ".4f",
           1, "low", "score"),
    Column("accuracy_deduplicated", "accuracy without duplicates", _accuracy_deduplicated, "%",
           ".2f", 100, "high", "score"),
    Column("parameters", "parameters",
           lambda line: int(np.mean([record.parameters for record in line.records])), "", ",.0f",
           1, "low", "cost", is_integer=True),
    Column("train_seconds", "training", _mean(lambda record: record.seconds.training, 2), "s",
           ",.1f", 1, "low", "cost", of_machine=True),
    Column("train_reviews_per_second", "training rate",
           _mean(lambda record: record.reviews_per_second.training, 1), "reviews/s", ",.0f", 1,
           "high", of_machine=True),
    Column("predict_reviews_per_second", "prediction rate",
           _mean(lambda record: record.reviews_per_second.prediction, 1), "reviews/s", ",.0f", 1,
           "high", "cost", of_machine=True),
    Column("peak_memory_mb", "peak memory",
           lambda line: round(max(record.peak_memory_mb for record in line.records)), "MB", ",.0f",
           1, "low", "cost", of_machine=True, is_integer=True),
    Column("outside_data", "outside data", _first(lambda record: record.outside_data),
           kind="circumstance"),
    Column("weights", "outside weights", _first(lambda record: record.weights),
           kind="circumstance"),
    Column("device", "device", _all(lambda record: record.device), kind="circumstance"),
    Column("backend", "backend", _all(_backend), kind="circumstance"),
    Column("precision", "precision", _all(lambda record: record.precision), kind="circumstance"),
    Column("protocol", "protocol", _first(lambda record: record.protocol), form=".0f",
           kind="circumstance", is_integer=True),
    Column("corpus", "corpus", _first(lambda record: record.corpus.hash), kind="circumstance"),
    Column("code", "code", _all(lambda record: record.environment.code), kind="circumstance"),
    Column("utc", "newest run", lambda line: max(record.utc for record in line.records)),
    Column("info", "notes"),
    Column("validation_accuracy", "validation accuracy",
           _mean(lambda record: record.validation.accuracy, 7), "%", ".2f", 100, "high"),
    Column("preprocessing_seconds", "setup",
           _mean(lambda record: sum(record.seconds.preprocessing.values()), 1), "s", ",.0f", 1,
           "low", "cost", of_machine=True),
    Column("compilation_seconds", "compilation",
           _mean(_compilation, 2), "s", ",.1f", 1, "low",
           of_machine=True),
    Column("tied_with", "no significant difference from"),
    Column("train_cpu_seconds", "training on all cores",
           _mean(lambda record: record.seconds.training_cpu, 2), "CPU s", ",.1f", 1, "low",
           of_machine=True),
    Column("machine", "machine", _all(lambda record: record.environment.machine),
           kind="circumstance"),
    Column("load_average", "highest load", _highest_load, "", ".2f", 1, "low",
           of_machine=True),
    Column("float32_gflops", "float32 matrix products", _mean(_float32, 1), "GFLOP/s",
           ",.1f", 1, "high", of_machine=True),
    Column("bfloat16_gflops", "bfloat16 matrix products", _mean(_bfloat16, 1),
           "GFLOP/s", ",.1f", 1, "high", of_machine=True),
    *of_set("contrast", True, "edited reviews", "edited pairs, both right"),
    *of_set("counterfactual", True, "other edited reviews", "other edited pairs, both right"),
    *of_set("sentences", False, "sentences of reviews"),
    *of_set("products", True, "edited sentences on products",
            "sentences on products, both of a pair right"),
)  # fmt: skip

BY_NAME = {column.name: column for column in ALL}
NAMES = tuple(BY_NAME)
SETS = tuple(dict.fromkeys(column.set for column in ALL if column.set))
"""The evaluation sets that always have their columns."""
EDITED_PAIRS = {"contrast_both": BY_NAME["contrast_both"]} | {
    column.name: column
    for column in of_set("edits", True, both="edited pairs, both right")
    if column.name == "edits_both"
}
"""The column that the short tables show of pairs: that of the real reviews and of the sample."""


def of_kind(kind: str) -> list[Column]:
    """Return the columns of a kind, in their order."""
    return [column for column in ALL if column.kind == kind]


def named(name: str) -> Column:
    """Return a column by its name, also of an evaluation set that only some results have.

    Raises:
        KeyError: there is none.
    """
    if name in BY_NAME or name in EDITED_PAIRS:
        return (BY_NAME | EDITED_PAIRS)[name]
    of = re.sub(r"_(accuracy|both)(_ci_(low|high))?$", "", name)
    return {column.name: column for column in of_set(of, is_paired=True)}[name]


def of_further_sets(sets: Mapping[str, bool]) -> list[Column]:
    """Return the columns of the sets that have none in `ALL`, the sets in alphabetical order.

    Args:
        sets: whether each set consists of pairs, by name.
    """
    further = sorted(set(sets).difference(SETS))
    return [column for name in further for column in of_set(name, sets[name])]


def edited_pairs(table: pd.DataFrame) -> Column | None:
    """Return the column of edited pairs that a table has values of; None if it has none."""
    for name, column in EDITED_PAIRS.items():
        if name in table and table[name].notna().any():
            return column
    return None


def values(line: Predictions, asked: Mapping[str, Asked]) -> dict[str, Any]:
    """Return what is computed from a line's finished runs, by column.

    Args:
        line: what the runs predicted for the test reviews.
        asked: what they answered to evaluation sets, by name.
    """
    further = of_further_sets({name: one.is_paired for name, one in asked.items()})
    return {column.name: column.of(line) for column in ALL if column.of is not None} | {
        column.name: column.of_asked(asked[column.set])
        for column in (*ALL, *further)
        if column.of_asked is not None and column.set in asked
    }
