"""The README's table: the most accurate model of each family, with outside weights and without."""

import pandas as pd


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


def as_markdown(table: pd.DataFrame) -> str:
    """Return the README's table in Markdown.

    Seconds are those of training and of all that it needs: word vectors, subwords, pretraining.

    Args:
        table: a leaderboard, the most accurate line first.
    """
    lines = [
        "| # | model | family | outside weights | seeds | test accuracy, % | parameters "
        "| seconds to train | reviews/s predicted |",
        "| --: | --- | --- | --- | --: | --: | --: | --: | --: |",
    ]
    for _, line in select(table).iterrows():
        std = "" if pd.isna(line["accuracy_std"]) else f" ± {100 * line['accuracy_std']:.2f}"
        seconds = line["train_seconds"] + line["preprocessing_seconds"]
        outside = line["weights"].partition(" (")[0]
        lines.append(
            f"| {line['rank']} | {line['model']} | {line['family']} | {outside} "
            f"| {line['seeds']} | {100 * line['accuracy_mean']:.2f}{std} "
            f"| {line['parameters']:,} | {seconds:,.0f} "
            f"| {line['predict_reviews_per_second']:,.0f} |"
        )
    return "\n".join(lines) + "\n"
