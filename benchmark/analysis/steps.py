"""What each step buys: every row beside the simpler one that it changes, in accuracy and in time.

Accuracy is that on the official test reviews; further columns say what a step buys on pairs of
edited reviews and on other texts.

A row's file names the simpler line and the change, for itself and for each of its variants.
"""

from pathlib import Path

from benchmark.analysis import columns, leaderboard, statistics, tables, terminal
from benchmark.analysis.leaderboard import Evaluation
from benchmark.analysis.tables import escaped
from benchmark.analysis.terminal import TerminalTable
from benchmark.rows import catalogue
from preprocessing.corpus import titled
from preprocessing.storage import write_atomically

import pandas as pd
from rich.text import Text

COLUMNS = (
    "before", "after", "change", "seeds_before", "seeds_after", "accuracy_before",
    "accuracy_after", "difference", "difference_ci_low", "difference_ci_high", "p_adjusted",
    "verdict", "seconds_before", "seconds_after",
    "contrast_both_difference", "contrast_both_ci_low", "contrast_both_ci_high",
    "contrast_both_verdict",
    "sentences_accuracy_difference", "sentences_accuracy_ci_low", "sentences_accuracy_ci_high",
    "sentences_accuracy_verdict",
)  # fmt: skip
_SETS = {"contrast": "both", "sentences": "accuracy"}
"""The published sets that a step is asked about, and the score; further sets come behind them."""
MARKS = ("<!-- steps: made by `python -m benchmark steps` -->", tables.MARKS[1])
DOCUMENT = "docs/steps.md"
"""Where the table of the committed records stands, between the two `MARKS`."""


def build(evaluation: Evaluation) -> pd.DataFrame:
    """Return a line for each step between ranked rows, with the columns of `COLUMNS`.

    Behind them stand the same four columns for each evaluation set that is not a published one.

    Accuracies are fractions, means over seeds. Interval and verdict ("better", "worse" or "tied")
    follow Holm's correction over all steps (see `statistics.corrected`). Seconds are those of
    training and of all that is made once for it (word vectors, subwords, pretraining, a teacher);
    they are missing where the two rows were trained on different machines. Of sets of pairs the
    difference is that in the share of pairs with both right, of others that in accuracy; Holm's
    correction is over all steps within each set; empty where one of the two was not asked.

    Args:
        evaluation: the leaderboard and what it was computed from.
    """
    names, table = list(evaluation.predictions), evaluation.table.set_index("model")
    if evaluation.pairs is None:
        return pd.DataFrame(columns=COLUMNS)
    lines = catalogue.lines()
    found = {
        name: (step.before, step.change)
        for name in names
        if (step := lines[name].step) is not None and step.before in names
    }
    seconds = tables.whole_seconds(table)
    order = _in_order(names, found)
    differences = statistics.corrected(
        [(evaluation.pairs, names.index(name), names.index(found[name][0])) for name in order]
    )
    bought_lines = []
    for name, tested in zip(order, differences.to_dict("records"), strict=True):
        simpler, change = found[name]
        comparable = leaderboard.of_one_machine(table.loc[name], table.loc[simpler])
        bought_lines.append(
            {
                "before": simpler,
                "after": name,
                "change": change,
                "seeds_before": table.loc[simpler, "seeds"],
                "seeds_after": table.loc[name, "seeds"],
                "accuracy_before": table.loc[simpler, "accuracy_mean"],
                "accuracy_after": table.loc[name, "accuracy_mean"],
                "difference": tested["difference"],
                "difference_ci_low": tested["ci_low"],
                "difference_ci_high": tested["ci_high"],
                "p_adjusted": tested["p_adjusted"],
                "verdict": tested["verdict"],
                "seconds_before": seconds[simpler] if comparable else None,
                "seconds_after": seconds[name] if comparable else None,
            }
        )
    result = pd.DataFrame(bought_lines, columns=COLUMNS)
    if bought_lines:
        for name, score in _scores(evaluation).items():
            _add_set(result, evaluation, name, score)
    return result.round(7)


def _scores(evaluation: Evaluation) -> dict[str, str]:
    """Return the score that is reported for each set that was asked."""
    further = {
        name: "both" if is_paired else "accuracy"
        for name, is_paired in evaluation.sets.items()
        if name not in columns.SETS
    }
    return {name: score for name, score in _SETS.items() if name in evaluation.sets} | further


def _add_set(result: pd.DataFrame, evaluation: Evaluation, name: str, score: str) -> None:
    """Add what each step buys on an evaluation set."""
    compared = {}
    for number, line in result.iterrows():
        both = [evaluation.asked[line[which]].get(name) for which in ("after", "before")]
        right = [asked.both_right if score == "both" else asked.scored
                 for asked in both if asked is not None]  # fmt: skip
        if len(right) == 2 and right[0].shape[1] >= statistics.FEWEST:
            compared[number] = statistics.compare(right), 0, 1
    tested = statistics.corrected(list(compared.values())).set_index(pd.Index(compared))
    for column in ("difference", "ci_low", "ci_high", "verdict"):
        result[f"{name}_{score}_{column}"] = tested[column].reindex(result.index)


def shown_sets(table: pd.DataFrame) -> dict[str, str]:
    """Return the prefix of the columns of each set that the table has values of, and a title."""
    shown = {}
    for column in table.columns[table.columns.str.endswith(("_both_difference",
                                                            "_accuracy_difference"))]:  # fmt: skip
        if table[column].notna().any():
            prefix = column.removesuffix("_difference")
            shown[prefix] = columns.named(prefix).title
    return shown


def _in_order(names: list[str], found: dict[str, tuple[str, str]]) -> list[str]:
    """Return the lines with a step, each after the one that it steps from, down each branch."""
    order: list[str] = []

    def follow(simpler: str) -> None:
        for name in names:
            if name in found and found[name][0] == simpler:
                order.append(name)
                follow(name)

    for name in names:
        if name not in found:
            follow(name)
    return order


def write(table: pd.DataFrame, results: Path, dataset: str, readme: Path | None = None) -> None:
    """Write ``steps.csv``, and the table in a document.

    Args:
        table: as `build` returns it.
        results: the results folder.
        dataset: the corpus's name.
        readme: a file with the two `MARKS`, between which the table goes; only for imdb.
    """
    folder = leaderboard.folder_of(results, dataset)
    write_atomically(folder / "steps.csv", tables.as_csv(table))
    if readme is not None and dataset == "imdb":
        text = readme.read_text(encoding="utf-8")
        write_atomically(readme, tables.inserted(text, as_markdown(table), MARKS))


def as_markdown(table: pd.DataFrame) -> str:
    """Return the table for people."""
    sets = shown_sets(table)
    titles = "".join(f" {escaped(title)}, points |" for title in sets.values())
    lines = [
        f"| from | to | what changes | accuracy, % | points | | seconds |{titles}",
        f"| --- | --- | --- | --: | --: | --- | --: |{' --: |' * len(sets)}",
    ]
    for _, line in table.iterrows():
        accuracy = f"{100 * line['accuracy_before']:.2f} → {100 * line['accuracy_after']:.2f}"
        names = [columns.with_seeds(line[k], line[f"seeds_{k}"]) for k in ("before", "after")]
        cells = [*names, line["change"], accuracy, *bought(line)]
        cells += [bought_on(line, prefix) for prefix in sets]
        lines.append(f"| {' | '.join(map(escaped, cells))} |")
    return "\n".join(lines) + "\n"


def as_terminal(table: pd.DataFrame, dataset: str) -> TerminalTable:
    """Return the table for a terminal: each row below the one that it steps from, and deeper."""
    shown = TerminalTable(
        f"{titled(dataset)}: what each step buys",
        [
            terminal.Column("model, and what it changes", is_name=True),
            terminal.Column("points"),
            terminal.Column("", is_name=True),
            terminal.Column("seconds", gives_way=1),
        ],
        caption=[
            f"points of accuracy ± the interval that the verdict follows: better, worse or tied "
            f"among {len(table)} steps, by Holm's correction; seconds: training and what it needs"
        ],
    )
    sets = shown_sets(table)
    depth, lines = depths(table), table.set_index("after")
    for name, deep in depth.items():
        if not deep:
            shown.add_row(name)
            continue
        line = lines.loc[name]
        said = Text.assemble(
            columns.with_seeds(name, line["seeds_after"]), (f"\n{line['change']}", "dim")
        )
        for prefix, title in sets.items():
            if gain := bought_on(line, prefix):
                said.append(f"\n{title}: {gain}", "dim")
        shown.add_row((said, deep), *bought(line))
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
    ends = 100 * line[["difference_ci_low", "difference_ci_high"]]
    digits = 3 if (ends.abs() < 0.01).any() else 2  # so that one sees where zero is
    seconds = "not compared"
    if pd.notna(line["seconds_before"]):
        seconds = " → ".join(
            f"{value:,.0f}" if value >= 10 else f"{value:.1f}"
            for value in (line["seconds_before"], line["seconds_after"])
        )
    gain = f"{100 * line['difference']:+.{digits}f} ± {100 * reach:.{digits}f}"
    return [gain, line["verdict"], seconds]


def bought_on(line: pd.Series, prefix: str) -> str:
    """Return gain and verdict of a step on an evaluation set, for people; empty if not asked.

    Args:
        line: of the table.
        prefix: what the names of the set's columns begin with, such as ``contrast_both``.
    """
    if pd.isna(line[f"{prefix}_difference"]):
        return ""
    return f"{100 * line[f'{prefix}_difference']:+.1f} {line[f'{prefix}_verdict']}"
