"""What each step buys: every row beside the simpler one that it changes, in accuracy and in time.

A row's file names that simpler row and the change (`experiment.Step`). Variants step from the
variant of the simpler row that started from the same weights; those that were prepared further
step from the one that was not.
"""

import argparse
import io
from pathlib import Path

from benchmark import catalogue, leaderboard, statistics
from benchmark.leaderboard import Evaluation
from preprocessing.errors import UserError
from preprocessing.folders import write_atomically
from preprocessing.options import ROOT

import numpy as np
import pandas as pd
from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

COLUMNS = (
    "before", "after", "change", "accuracy_before", "accuracy_after", "difference",
    "difference_ci_low", "difference_ci_high", "p_adjusted", "verdict", "seconds_before",
    "seconds_after",
)  # fmt: skip
MARKS = ("<!-- steps: made by `python -m benchmark steps` -->", leaderboard.MARKS[1])


def main(options: argparse.Namespace) -> None:
    """Write ``steps.csv`` and the README's table, and print it.

    Raises:
        UserError: no two finished rows make a step.
    """
    table = build(leaderboard.evaluate(options.results, options.dataset))
    if table.empty:
        raise UserError(
            f"{options.results / 'runs' / options.dataset} holds no row beside the one it changes; "
            f"python run_all.py makes all of them"
        )
    readme = ROOT / "README.md" if options.results == ROOT / "results" else None
    write(table, options.results, options.dataset, readme)
    Console().print(as_rich(table, options.dataset))


def build(evaluation: Evaluation) -> pd.DataFrame:
    """Return a line for each step between ranked rows, with the columns of `COLUMNS`.

    Accuracies are fractions, means over seeds. The interval is the 95 % one of the step for itself;
    the verdict ("better", "worse" or "tied") follows Holm's correction over all steps. Seconds are
    those of training and of all that is made once for it (word vectors, subwords, pretraining);
    they are missing where the two rows were trained on different machines.

    Args:
        evaluation: the leaderboard and what it was computed from.
    """
    ranked = {
        name: (row.records[0]["model"], row.records[0].get("variant", ""))
        for name, row in evaluation.answers.items()
    }
    found = {name: step for name in ranked if (step := before(name, ranked))}
    names, table = list(ranked), evaluation.table.set_index("model")
    seconds = table["train_seconds"] + table["preprocessing_seconds"]
    lines = []
    for name in _in_order(ranked, found):
        simpler, change = found[name]
        i, j = names.index(name), names.index(simpler)
        low, high = evaluation.pairs.interval(i, j)
        comparable = table.loc[name, "device"] == table.loc[simpler, "device"]
        lines.append(
            {
                "before": simpler,
                "after": name,
                "change": change,
                "accuracy_before": table.loc[simpler, "accuracy_mean"],
                "accuracy_after": table.loc[name, "accuracy_mean"],
                "difference": evaluation.pairs.difference[i, j],
                "difference_ci_low": low,
                "difference_ci_high": high,
                "p_adjusted": evaluation.pairs.p[i, j],
                "seconds_before": seconds[simpler] if comparable else None,
                "seconds_after": seconds[name] if comparable else None,
            }
        )
    result = pd.DataFrame(lines, columns=COLUMNS)
    if lines:
        result["p_adjusted"] = statistics.holm(result["p_adjusted"].to_numpy())
        real, up = result["p_adjusted"] < statistics.LEVEL, result["difference"] > 0
        result["verdict"] = np.where(real, np.where(up, "better", "worse"), "tied")
    return result.round(5)


def before(name: str, ranked: dict[str, tuple[str, str]]) -> tuple[str, str] | None:
    """Return the line that a line steps from, and the change; None if there is none.

    Args:
        name: the line.
        ranked: row and variant of each line, by its name.
    """
    model, variant = ranked[name]

    def nearest(row: str) -> tuple[str, str]:
        """Return the row's line whose variant begins this one, and that variant."""
        fitting = [
            (own, line)
            for line, (other, own) in ranked.items()
            if other == row
            and line != name
            and (own in ("", variant) or variant.startswith(f"{own}-"))
        ]
        own, line = max(fitting, key=lambda pair: len(pair[0]), default=("", ""))
        return line, own

    line, own = nearest(model)
    if own:
        return line, variant.removeprefix(f"{own}-")
    try:
        step = catalogue.load(model).step
    except Exception:  # a row that cannot be imported has its reason in the leaderboard
        return None
    line = nearest(step.before)[0] if step else ""
    return (line, step.change) if line else None


def _in_order(ranked: dict[str, tuple], found: dict[str, tuple[str, str]]) -> list[str]:
    """Return the lines with a step, each after the one that it steps from, down each branch."""
    order: list[str] = []

    def follow(simpler: str) -> None:
        for name in ranked:
            if name in found and found[name][0] == simpler:
                order.append(name)
                follow(name)

    for name in ranked:
        if name not in found:
            follow(name)
    return order


def write(table: pd.DataFrame, results: Path, dataset: str, readme: Path | None = None) -> None:
    """Write ``steps.csv``, and the table in the README.

    Args:
        table: as `build` returns it.
        results: the results folder.
        dataset: the corpus's name.
        readme: a file with the two `MARKS`, between which the table goes; only for imdb.
    """
    content = io.StringIO()
    table.to_csv(content, index=False, lineterminator="\n")
    folder = leaderboard.folder_of(results, dataset)
    write_atomically(folder / "steps.csv", content.getvalue())
    if readme is not None and dataset == "imdb":
        text = readme.read_text(encoding="utf-8")
        write_atomically(readme, leaderboard.with_table(text, as_markdown(table), MARKS))


def as_markdown(table: pd.DataFrame) -> str:
    """Return the table for people."""
    lines = [
        "| from | to | what changes | accuracy, % | points | | seconds |",
        "| --- | --- | --- | --: | --: | --- | --: |",
    ]
    for _, line in table.iterrows():
        accuracy = f"{100 * line['accuracy_before']:.2f} → {100 * line['accuracy_after']:.2f}"
        cells = [line["before"], line["after"], line["change"], accuracy, *bought(line)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def as_rich(table: pd.DataFrame, dataset: str) -> Table:
    """Return the table for a terminal: each row below the one that it steps from, and deeper."""
    synthetic = " (synthetic)" if dataset.startswith("sample") else ""
    shown = Table(
        title=f"{dataset}{synthetic}: what each step buys",
        caption="points of accuracy ± the step's own 95 % interval; better, worse or tied: after "
        "Holm's correction over all steps; seconds: training and what it needs",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    shown.add_column("row")
    for title in ("points", "", "seconds"):
        shown.add_column(title, justify="right" if title else "left", no_wrap=True)
    depth, lines = depths(table), table.set_index("after")
    for name, deep in depth.items():
        if not deep:
            shown.add_row(name)
            continue
        said = Text.assemble(name, (f"\n{lines.loc[name, 'change']}", "dim"))
        shown.add_row(Padding(said, (0, 0, 0, 2 * deep)), *bought(lines.loc[name]))
    return shown


def depths(table: pd.DataFrame) -> dict[str, int]:
    """Return how many steps lead to each row of the table, in its order; 0 where it begins."""
    depth: dict[str, int] = {}
    for _, line in table.iterrows():
        depth[line["after"]] = depth.setdefault(line["before"], 0) + 1
    return depth


def bought(line: pd.Series) -> list[str]:
    """Return gain, verdict and seconds of a step, for people."""
    reach = (line["difference_ci_high"] - line["difference_ci_low"]) / 2
    seconds = "other device"
    if pd.notna(line["seconds_before"]):
        seconds = f"{line['seconds_before']:,.0f} → {line['seconds_after']:,.0f}"
    return [f"{100 * line['difference']:+.2f} ± {100 * reach:.2f}", line["verdict"], seconds]
