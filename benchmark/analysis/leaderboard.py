"""The leaderboard, derived from the records: the same records give the same bytes."""

import io
import json
from dataclasses import dataclass
from pathlib import Path

from benchmark.analysis import statistics
from benchmark.records import PROTOCOL_SEEDS, metrics, predictions, store
from benchmark.records.predictions import Predictions
from benchmark.rows import catalogue
from preprocessing.program import ROOT
from preprocessing.storage import write_atomically

import numpy as np
import pandas as pd
from rich import box
from rich.table import Table
from rich.text import Text

COLUMNS = (
    "rank", "model", "family", "status", "seeds", "accuracy_mean", "accuracy_std",
    "accuracy_ci_low", "accuracy_ci_high", "f1", "roc_auc", "log_loss", "calibration_error",
    "accuracy_deduplicated", "parameters", "train_seconds", "train_reviews_per_second",
    "predict_reviews_per_second", "peak_memory_mb", "outside_data", "weights", "device", "backend",
    "precision", "protocol", "corpus", "code", "utc", "info",
    "validation_accuracy", "preprocessing_seconds", "compilation_seconds", "tied_with",
)  # fmt: skip
BEST_IS_HIGHEST = frozenset({
    "seeds", "accuracy_mean", "accuracy_ci_low", "accuracy_ci_high", "f1", "roc_auc",
    "accuracy_deduplicated", "train_reviews_per_second", "predict_reviews_per_second",
    "validation_accuracy",
})  # fmt: skip
"""Of the numeric columns; of the others the lowest is best."""

MARKS = ("<!-- leaderboard: made by `python -m benchmark leaderboard` -->", "<!-- end -->")
CHANCE = 0.55
"""Validation accuracy below which a network has learned nothing; guessing has 0.5 ± 0.01."""


@dataclass(frozen=True)
class Evaluation:
    """The leaderboard and what it was computed from.

    Attributes:
        table: one line for each row and variant that the catalogue finds and that needs no public
            weights or has a record, with the columns of `COLUMNS`.
        answers: the predictions of each ranked row, the most accurate first.
        pairs: the ranked rows compared with each other, in the same order; None if there are none.
        unreached: lines that need public weights and have no record.
    """

    table: pd.DataFrame
    answers: dict[str, Predictions]
    pairs: statistics.Pairs | None
    unreached: tuple[str, ...] = ()


def line_name(record: dict) -> str:
    """Return the name of the line that a record belongs to: its row, and its variant if any."""
    return catalogue.line_name(record["model"], record.get("variant", ""))


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
    runs_of: dict[str, dict[Path, dict]] = {name: {} for name in known}
    for path, record in runs.items():
        if line_name(record) in known:
            runs_of[line_name(record)][path] = record
    unreached = tuple(name for name, own in runs_of.items() if not own and known[name].weights)
    runs_of = {name: own for name, own in runs_of.items() if name not in unreached}
    lines, found = [], {}
    for name, own in runs_of.items():
        line, answered = line_of(own, current)
        lines.append({"model": name} | line)
        if answered is not None:
            found[name] = answered
            first = next(iter(found.values()))
            predictions.check_same_reviews(first.labels, answered.labels, f"{name} in {results}")
    table = pd.DataFrame(lines, columns=COLUMNS)
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
    for column in ("rank", "seeds", "parameters", "protocol"):
        table[column] = table[column].astype("Int64")
    return Evaluation(table, found, pairs, unreached)


def newest(runs: dict[Path, dict]) -> tuple[int, str] | None:
    """Return protocol and corpus hash of the newest finished run."""
    finished = [record for record in runs.values() if record["status"] == "ok"]
    last = max(finished, key=lambda record: record["utc"], default=None)
    return last and (last["protocol"], last["corpus"]["hash"])


def line_of(runs: dict[Path, dict], current: tuple | None) -> tuple[dict, Predictions | None]:
    """Sum up the runs of one row; return its line, and its answers if it can be ranked.

    Args:
        runs: the records of the row, by path.
        current: protocol and corpus hash; runs of others do not count.
    """
    good = {
        path: record
        for path, record in runs.items()
        if record["status"] == "ok" and (record["protocol"], record["corpus"]["hash"]) == current
    }
    failed = [record for record in runs.values() if record["status"] == "failed"]
    if good and len({_sorted(record["hyperparameters"]) for record in good.values()}) > 1:
        info = "its seeds differ in hyperparameters"
        return {"status": "failed", "seeds": 0, "info": info}, None
    if not good:
        info = failed[0]["reason"] if failed else ("other protocol or corpus" if runs else "")
        family = next((record["family"] for record in runs.values()), None)
        status = "failed" if failed else "missing"
        return {"status": status, "seeds": 0, "family": family, "info": info}, None

    answered = predictions.read(good)
    notes = []
    if len(good) < PROTOCOL_SEEDS:
        notes.append(f"{len(good)} of {PROTOCOL_SEEDS} seeds")
    notes += [f"seed {record['seed']} failed: {record['reason']}" for record in failed]
    notes += [f"seed {record['seed']} stayed at chance" for record in good.values()
              if _stayed_at_chance(record)]  # fmt: skip
    return _summary(answered) | {"info": "; ".join(notes)}, answered


def _summary(answered: Predictions) -> dict:
    good = answered.records
    runs_of = pd.json_normalize(good)
    low, high = metrics.bootstrap_interval(answered.correct)
    first = good[0]
    accuracy = runs_of["scores.accuracy"]
    preprocessing = [sum(record["seconds"]["preprocessing"].values()) for record in good]
    return {
        "family": first["family"],
        "status": "ok",
        "seeds": len(good),
        "accuracy_mean": round(accuracy.mean(), 5),
        "accuracy_std": round(accuracy.std(ddof=1), 5) if len(good) > 1 else None,
        "accuracy_ci_low": round(low, 5),
        "accuracy_ci_high": round(high, 5),
        "f1": round(runs_of["scores.f1"].mean(), 5),
        "roc_auc": round(runs_of["scores.roc_auc"].mean(), 5),
        "log_loss": round(runs_of["scores.log_loss"].mean(), 5),
        "calibration_error": round(runs_of["scores.calibration_error"].mean(), 5),
        "accuracy_deduplicated": round(runs_of["scores.accuracy_deduplicated"].mean(), 5),
        "parameters": int(runs_of["parameters"].mean()),
        "train_seconds": round(runs_of["seconds.training"].mean(), 2),
        "train_reviews_per_second": round(runs_of["reviews_per_second.training"].mean(), 1),
        "predict_reviews_per_second": round(runs_of["reviews_per_second.prediction"].mean(), 1),
        "peak_memory_mb": round(runs_of["peak_memory_mb"].max()),
        "outside_data": first["outside_data"],
        "weights": first["weights"],
        "device": _joined(runs_of["device"]),
        "backend": _joined(
            pd.Series(" ".join(next(iter(record["backend"].items()))) for record in good)
        ),
        "precision": _joined(runs_of["precision"]),
        "protocol": first["protocol"],
        "corpus": first["corpus"]["hash"],
        "code": _joined(runs_of["environment.code"]),
        "utc": runs_of["utc"].max(),
        "validation_accuracy": round(runs_of["validation.accuracy"].mean(), 5),
        "preprocessing_seconds": round(float(np.mean(preprocessing)), 1),
        "compilation_seconds": round(runs_of["seconds.compilation"].astype(float).mean(), 2),
    }


def _stayed_at_chance(record: dict) -> bool:
    """Tell whether no epoch brought a network further than guessing, on balanced validation."""
    reached = [epoch["validation_accuracy"] for epoch in record.get("history", ())]
    return bool(reached) and max(reached) < CHANCE


def _sorted(options: dict) -> str:
    return json.dumps(options, sort_keys=True)


def _joined(values: pd.Series) -> str:
    return "; ".join(sorted(set(values)))


def folder_of(results: Path, dataset: str) -> Path:
    """Return where a data set's leaderboard stands: the real one's at the top."""
    return results if dataset == "imdb" else results / dataset


def readme_of(results: Path) -> Path | None:
    """Return the README that shows what is in a results folder; None for a folder of one's own."""
    return ROOT / "README.md" if results.resolve() == ROOT / "results" else None


def as_markdown(table: pd.DataFrame, dataset: str, unreached: tuple[str, ...] = ()) -> str:
    """Return the table for people: percentages, plus or minus, and what it cost.

    Args:
        table: a leaderboard.
        dataset: the corpus's name.
        unreached: lines that are not in the table because they need public weights.
    """
    lines = [
        "| # | row | family | outside weights | test accuracy, % | 95 % interval | F1 | AUC "
        "| log loss | parameters | training, s | made once, s | reviews/s predicted |",
        "| --: | --- | --- | --- | --: | --- | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for _, line in table.iterrows():
        if line["status"] != "ok":
            family = "" if pd.isna(line["family"]) else line["family"]
            reason = f"{line['status']}: {line['info']}".rstrip(": ").replace("|", "\\|")
            lines.append(f"| – | {line['model']} | {family} | | {reason} | | | | | | | | |")
            continue
        std = "" if pd.isna(line["accuracy_std"]) else f" ± {100 * line['accuracy_std']:.2f}"
        lines.append(
            f"| {line['rank']} | {with_seeds(line['model'], line['seeds'])} "
            f"| {line['family']} | {line['weights']} "
            f"| {100 * line['accuracy_mean']:.2f}{std} "
            f"| {100 * line['accuracy_ci_low']:.2f}–{100 * line['accuracy_ci_high']:.2f} "
            f"| {100 * line['f1']:.2f} | {line['roc_auc']:.4f} | {line['log_loss']:.3f} "
            f"| {line['parameters']:,} | {line['train_seconds']:,.1f} "
            f"| {line['preprocessing_seconds']:,.0f} "
            f"| {line['predict_reviews_per_second']:,.0f} |"
        )
    good = table[table["status"] == "ok"]
    if len(good):
        what = "official test reviews" if dataset == "imdb" else f"test reviews of {dataset}"
        what += " (synthetic)" if dataset.startswith("sample") else ""
        lines += [
            "",
            f"Mean ± standard deviation over seeds on the {what}; the interval is a 95 % bootstrap "
            f"over reviews. #: 1 + the rows that are significantly better (paired t-tests over "
            f"reviews and seeds, Holm's correction, 95 %). Protocol {good['protocol'].iloc[0]}, "
            f"corpus `{good['corpus'].iloc[0]}`, on {'; '.join(sorted(set(good['device'])))}.",
        ]
    if unreached and not dataset.startswith("sample"):
        lines += ["", f"Needs public weights and was not run: {', '.join(unreached)}."]
    return "\n".join(lines) + "\n"


def whole_seconds(table: pd.DataFrame) -> pd.Series:
    """Return the seconds of training and of all that is made once for it, by line.

    Made once are word vectors, subwords, pretraining and a teacher.
    """
    return table["train_seconds"] + table["preprocessing_seconds"]


def with_seeds(name: str, seeds: int) -> str:
    """Return a line's name, with the number of seeds if there are fewer than the protocol asks."""
    if seeds >= PROTOCOL_SEEDS:
        return name
    return f"{name} ({seeds} seed{'s' if seeds > 1 else ''})"


def as_rich(table: pd.DataFrame, dataset: str) -> Table:
    """Return the table for a terminal."""
    synthetic = " (synthetic)" if dataset.startswith("sample") else ""
    reasons = [f"{line['model']}: {line['info']}" for _, line in table.iterrows() if line["info"]]
    shown = Table(
        title=f"{dataset}{synthetic}, test reviews",
        caption=Text("\n".join(reasons)),
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    shown.add_column("#", justify="right", no_wrap=True)
    shown.add_column("row")  # alone gives way where the terminal is narrow
    for name in ("accuracy, %", "95 % interval", "parameters", "training, s"):
        shown.add_column(name, justify="right", no_wrap=True)
    for _, line in table.iterrows():
        if line["status"] != "ok":
            shown.add_row("–", line["model"], line["status"])
            continue
        std = "" if pd.isna(line["accuracy_std"]) else f" ± {100 * line['accuracy_std']:.2f}"
        shown.add_row(
            str(line["rank"]),
            line["model"],
            f"{100 * line['accuracy_mean']:.2f}{std}",
            f"{100 * line['accuracy_ci_low']:.2f}–{100 * line['accuracy_ci_high']:.2f}",
            f"{line['parameters']:,}",
            f"{line['train_seconds']:,.1f}",
        )
    return shown


def write(results: Path, dataset: str, readme: Path | None = None) -> pd.DataFrame:
    """Write ``leaderboard.csv`` and ``leaderboard.md``, and the table in the README.

    Args:
        results: the results folder.
        dataset: the corpus's name.
        readme: a file with the two `MARKS`, between which the table goes; only for imdb.
    """
    evaluation = evaluate(results, dataset)
    table = evaluation.table
    folder = folder_of(results, dataset)
    content = io.StringIO()
    table.to_csv(content, index=False, lineterminator="\n")
    write_atomically(folder / "leaderboard.csv", content.getvalue())
    markdown = as_markdown(table, dataset, evaluation.unreached)
    write_atomically(folder / "leaderboard.md", f"# Leaderboard: {dataset}\n\n{markdown}")
    if readme is not None and dataset == "imdb":
        write_atomically(readme, with_table(readme.read_text(encoding="utf-8"), markdown))
    return table


def with_table(text: str, markdown: str, marks: tuple[str, str] = MARKS) -> str:
    """Return the text with the table between the two marks."""
    before, _, rest = text.partition(marks[0])
    _, mark, after = rest.partition(marks[1])
    if not mark:
        raise ValueError(f"the text lacks the marks {marks}")
    return f"{before}{marks[0]}\n{markdown}{marks[1]}{after}"
