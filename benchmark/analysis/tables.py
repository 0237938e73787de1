"""The leaderboard as a table for people: in Markdown and in a terminal."""

from collections.abc import Iterable, Mapping, Sequence

from benchmark.analysis.columns import BY_NAME, Column, edited_pairs
from benchmark.analysis.evaluations import Asked
from benchmark.records import PROTOCOL_SEEDS

import pandas as pd
from rich import box
from rich.table import Table
from rich.text import Text

MARKS = ("<!-- leaderboard: made by `python -m benchmark leaderboard` -->", "<!-- end -->")

MARKDOWN = (
    "rank", "model", "family", "weights", "accuracy_mean", "accuracy_ci_low", "f1", "roc_auc",
    "log_loss", "parameters", "train_seconds", "preprocessing_seconds",
    "predict_reviews_per_second",
)  # fmt: skip
TERMINAL = ("rank", "model", "accuracy_mean", "accuracy_ci_low", "parameters", "train_seconds")


def as_markdown(
    table: pd.DataFrame,
    dataset: str,
    unreached: Iterable[str] = (),
    names: Iterable[str] = MARKDOWN,
) -> str:
    """Return the table in Markdown, and below it what the reader must know of it.

    Args:
        table: a leaderboard.
        dataset: the corpus's name.
        unreached: lines that are not in the table because they need public weights.
        names: the columns to show; edited pairs go beside accuracy where there are results.
    """
    shown = _columns(table, names)
    lines = [
        f"| {' | '.join(column.heading for column in shown)} |",
        f"| {' | '.join('--:' if _is_right(column) else '---' for column in shown)} |",
    ]
    for _, line in table.iterrows():
        cells = [cell.replace("|", "\\|") for cell in _cells(line, shown)]
        lines.append(f"| {' | '.join(cells)} |")
    good = table[table["status"] == "ok"]
    if len(good):
        what = "official test reviews" if dataset == "imdb" else f"test reviews of {dataset}"
        what += " (synthetic)" if dataset.startswith("sample") else ""
        lines += [
            "",
            f"Mean ± standard deviation over seeds on the {what}; the interval is a 95 % bootstrap "
            f"over reviews. #: 1 + the models that are significantly better (paired t-tests over "
            f"reviews and seeds, Holm's correction, 95 %). Protocol {good['protocol'].iloc[0]}, "
            f"corpus `{good['corpus'].iloc[0]}`. {about_times(good)}",
        ]
    unreached = list(unreached)
    if unreached and not dataset.startswith("sample"):
        lines += ["", f"Needs public weights and was not run: {', '.join(unreached)}."]
    return "\n".join(lines) + "\n"


def about_times(good: pd.DataFrame) -> str:
    """Say on what machine the times were taken, or that they are not to be compared.

    Args:
        good: the leaderboard's lines of status ``ok``.
    """
    machines = sorted({f"{line['device']} | {line['machine']}" for _, line in good.iterrows()})
    said = [
        machine if machine.startswith(device) else f"{device} ({machine})"
        for device, _, machine in (both.partition(" | ") for both in machines)
    ]
    if len(said) == 1 and ";" not in said[0]:
        return f"Times are of one kind of machine: {said[0]}."
    return f"Times are of several kinds of machine and not to be compared: {'; '.join(said)}."


_WIDEST_NAME = 20
"""Characters that a model's name keeps in a narrow terminal."""


def as_rich(table: pd.DataFrame, dataset: str) -> Table:
    """Return the table for a terminal."""
    synthetic = " (synthetic)" if dataset.startswith("sample") else ""
    shown = Table(
        title=f"{dataset}{synthetic}, test reviews",
        caption=Text("\n".join(_remarks(table))),
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    chosen = _columns(table, TERMINAL)
    if any(column.kind == "set" for column in chosen):  # 80 columns hold no more
        chosen = [column for column in chosen if column.name != "parameters"]
    longest = max((len(part) for name in table["model"] for part in name.split()), default=0)
    for column in chosen:
        if column.name == "model":  # breaks between words where the terminal is narrow
            shown.add_column(column.heading, min_width=min(longest, _WIDEST_NAME), overflow="fold")
        elif column.kind == "set":
            shown.add_column("edited\npairs", justify="right", no_wrap=True)
        else:
            shown.add_column(column.heading, justify="right", no_wrap=True)
    for _, line in table.iterrows():
        if line["status"] == "ok":  # the caption has the number of seeds
            line = line.copy()
            line["seeds"] = PROTOCOL_SEEDS
            shown.add_row(*(column.cell(line) for column in chosen))
        else:
            shown.add_row("–", line["model"], line["status"])
    return shown


def sets_as_rich(
    asked: Mapping[str, Mapping[str, Asked]], sets: Sequence[str], dataset: str
) -> Table:
    """Return a table for a terminal of what models answered to evaluation sets.

    Args:
        asked: the answers, by model and set.
        sets: the sets to show.
        dataset: the corpus's name.
    """
    synthetic = " (synthetic)" if dataset.startswith("sample") else ""
    shown = Table(
        title=f"{dataset}{synthetic}, evaluation sets",
        caption="%, in brackets 95 % bootstrap intervals; of pairs: accuracy on the originals and "
        "on the edits, and the share of pairs with both right",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for title in ("set", "model", "originals", "accuracy", "both right"):
        is_name = title in ("set", "model")
        shown.add_column(title, justify="left" if is_name else "right", no_wrap=not is_name)
    for name in sets:
        for model, own in asked.items():
            if name in own:
                one = own[name]
                low, high = one.accuracy_interval
                accuracy = f"{100 * one.scored.mean():.2f} ({100 * low:.1f}–{100 * high:.1f})"
                originals = both = ""
                if one.is_paired:
                    low, high = one.both_interval
                    originals = f"{100 * one.original_right.mean():.2f}"
                    both = f"{100 * one.both_right.mean():.2f} ({100 * low:.1f}–{100 * high:.1f})"
                shown.add_row(name, model, originals, accuracy, both)
    return shown


def _remarks(table: pd.DataFrame) -> list[str]:
    """Return what is to be said of single lines; of fewer seeds all in one sentence."""
    remarks, few = [], []
    for _, line in table.iterrows():
        notes = [note for note in str(line["info"] or "").split("; ") if note]
        if line["status"] == "ok" and line["seeds"] < PROTOCOL_SEEDS:
            few.append((int(line["seeds"]), line["model"]))
            notes = notes[1:]
        if notes:
            remarks.append(f"{line['model']}: {'; '.join(notes)}")
    for seeds in sorted({seeds for seeds, _ in few}):
        names = [name for own, name in few if own == seeds]
        who = "all models" if len(names) == len(table) > 1 else ", ".join(names)
        remarks.insert(0, f"{seeds} of {PROTOCOL_SEEDS} seeds: {who}")
    good = table[table["status"] == "ok"]
    if edited_pairs(table) is not None:
        remarks.append("edited pairs: % of them with both texts answered correctly")
    if len(good) and not (about := about_times(good)).startswith("Times are of one kind"):
        remarks.append(about)
    return remarks


def inserted(text: str, markdown: str, marks: tuple[str, str] = MARKS) -> str:
    """Return the text with the table between the two marks.

    Raises:
        ValueError: the text lacks the marks.
    """
    before, _, rest = text.partition(marks[0])
    _, mark, after = rest.partition(marks[1])
    if not mark:
        raise ValueError(f"the text lacks the marks {marks}")
    return f"{before}{marks[0]}\n{markdown}{marks[1]}{after}"


def _columns(table: pd.DataFrame, names: Iterable[str]) -> list[Column]:
    """Return the columns to show, with edited pairs after accuracy's interval if they are there."""
    shown = [BY_NAME[name] for name in names]
    pairs = edited_pairs(table)
    if pairs is not None:
        shown.insert(shown.index(BY_NAME["accuracy_ci_low"]) + 1, pairs)
    return shown


def _cells(line: pd.Series, shown: list[Column]) -> list[str]:
    """Return a line's cells; of one without a rank, its state and why in the place of accuracy."""
    if line["status"] == "ok":
        return [column.cell(line) for column in shown]
    said = {
        "rank": "–",
        "model": line["model"],
        "family": "" if pd.isna(line["family"]) else line["family"],
        "accuracy_mean": f"{line['status']}: {line['info']}".rstrip(": "),
    }
    return [said.get(column.name, "") for column in shown]


def _is_right(column: Column) -> bool:
    return bool(column.form) and column.name != "accuracy_ci_low"
