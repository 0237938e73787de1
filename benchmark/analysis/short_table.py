"""The README's table: the most accurate model of each family, with outside weights and without."""

from benchmark.analysis import columns
from benchmark.analysis.columns import BY_NAME, with_seeds
from benchmark.analysis.tables import disturbed, escaped, on_other_machines, whole_seconds

import pandas as pd

FEW_LABELS = 1_000


def select(table: pd.DataFrame) -> pd.DataFrame:
    """Return the finished lines that the README shows.

    Args:
        table: a leaderboard, the most accurate line first.

    Returns:
        Of each family the first line that starts from outside weights and the first that does not,
        in the table's order.
    """
    finished = table[table["status"] == "ok"]
    outside = finished["weights"] != "none"
    repeated = finished.assign(outside=outside).duplicated(["family", "outside"])
    return finished[~repeated]


def as_markdown(table: pd.DataFrame, curves: pd.DataFrame | None = None) -> str:
    """Return the README's table in Markdown.

    Seconds are those of training and of all that it needs: word vectors, subwords, pretraining.
    Edited pairs, and accuracy with `FEW_LABELS` labels, have their columns where there are such
    results. Lines whose times are too long are named below.

    Args:
        table: a leaderboard, the most accurate line first.
        curves: accuracy by number of labels, as `label_curves.build` returns it; None without.
    """
    shown = select(table)
    further = _further(shown, curves)
    titles = ["#", "model", "family", "outside weights", "seeds", "test accuracy, %", *further]
    titles += ["parameters", "seconds to train", "reviews/s predicted"]
    left = ("model", "family", "outside weights")
    lines = [
        f"| {' | '.join(map(escaped, titles))} |",
        f"| {' | '.join('---' if title in left else '--:' for title in titles)} |",
    ]
    for seconds, (_, line) in zip(whole_seconds(shown), shown.iterrows(), strict=True):
        cells = [
            line["rank"],
            line["model"],
            line["family"],
            line["weights"].partition(" (")[0],
            line["seeds"],
            BY_NAME["accuracy_mean"].cell(line),
            *(values.get(line["model"], "") for values in further.values()),
            BY_NAME["parameters"].cell(line),
            f"{seconds:,.0f}",
            BY_NAME["predict_reviews_per_second"].cell(line),
        ]
        lines.append(f"| {' | '.join(escaped(str(cell)) for cell in cells)} |")
    said = [*on_other_machines(shown), *disturbed(shown)]
    lines += [f"\n{escaped(sentence)}" for sentence in said]
    return "\n".join(lines) + "\n"


def _further(shown: pd.DataFrame, curves: pd.DataFrame | None) -> dict[str, dict[str, str]]:
    """Return the titles of the columns that are there, and what each model has in them."""
    further = {}
    pairs = columns.edited_pairs(shown)
    if pairs is not None:
        further[pairs.heading] = {line["model"]: pairs.cell(line) for _, line in shown.iterrows()}
    if curves is not None:
        few = curves[(curves["labels"] == FEW_LABELS) & curves["model"].isin(shown["model"])]
        if len(few):
            further[f"with {FEW_LABELS:,} labels, %"] = {
                line["model"]: with_seeds(f"{100 * line['accuracy_mean']:.2f}", line["seeds"])
                for _, line in few.iterrows()
            }
    return further
