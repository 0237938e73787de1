"""The leaderboard as a table for people: in Markdown and in a terminal."""

import re
from collections.abc import Iterable, Mapping, Sequence

from benchmark.analysis import terminal
from benchmark.analysis.columns import BY_NAME, EDITED_PAIRS, SEVERAL, Column, edited_pairs
from benchmark.analysis.evaluations import Asked
from benchmark.analysis.terminal import TerminalTable
from benchmark.records import PROTOCOL_SEEDS
from benchmark.records.record import NOT_COMPARABLE
from preprocessing.corpus import is_synthetic, titled
from preprocessing.errors import UserError

import pandas as pd

MARKS = ("<!-- leaderboard: made by `python -m benchmark leaderboard` -->", "<!-- end -->")

MARKDOWN = (
    "rank", "model", "family", "weights", "accuracy_mean", "accuracy_ci_low", "f1", "roc_auc",
    "log_loss", "parameters", "train_seconds", "preprocessing_seconds",
    "predict_reviews_per_second",
)  # fmt: skip
TERMINAL = ("rank", "model", "accuracy_mean", "accuracy_ci_low", "parameters", "train_seconds")
GIVE_WAY = ("parameters", "train_seconds", "accuracy_ci_low", *EDITED_PAIRS, "rank")
"""What a narrow terminal has no room for, first what goes first; model and accuracy never do."""

RANKS = (
    "one plus the number of models that are significantly better, or the rank of a more accurate "
    "one if that is higher, so ranks repeat and skip"
)
"""What a rank is, where ranks stand."""

TESTS = (
    "paired t-tests over reviews and seeds, McNemar's test of two single runs, Holm's correction"
)
"""What a rank follows."""

DISTURBED = "other programs were running"
"""A note of the leaderboard's lines, some of whose times are too long."""


def as_markdown(table: pd.DataFrame, dataset: str, unreached: Sequence[str] = ()) -> str:
    """Return the table in Markdown, and below it what the reader must know of it.

    Edited pairs go beside accuracy where there are results.

    Args:
        table: a leaderboard.
        dataset: the corpus's name.
        unreached: lines that are not in the table because they need public weights.
    """
    shown = _columns(table, MARKDOWN)
    lines = [
        f"| {' | '.join(escaped(column.heading) for column in shown)} |",
        f"| {' | '.join('--:' if _is_right(column) else '---' for column in shown)} |",
    ]
    for _, line in table.iterrows():
        lines.append(f"| {' | '.join(map(escaped, _cells(line, shown)))} |")
    good = table[table["status"] == "ok"]
    if len(good):
        what = "official test reviews"
        if dataset != "imdb":
            what = f"test reviews of {escaped(titled(dataset))}"
        lines += [
            "",
            f"Mean ± standard deviation over seeds on the {what}; the interval is a 95 % bootstrap "
            f"over reviews, of each model for itself. #: {RANKS} ({TESTS}, "
            f"95 %). Protocol {good['protocol'].iloc[0]}, corpus `{good['corpus'].iloc[0]}`. "
            f"{escaped(about_times(good))}",
        ]
    if noted := [(line["model"], notes(line)) for _, line in good.iterrows() if notes(line)]:
        lines += ["", *(f"- {escaped(f'{model}: {said}')}" for model, said in noted)]
    if unreached and not is_synthetic(dataset):
        names = ", ".join(map(escaped, unreached))
        lines += ["", f"Needs public weights and was not run: {names}."]
    return "\n".join(lines) + "\n"


def as_csv(table: pd.DataFrame) -> str:
    """Return a table as its file holds it, the same on every system."""
    return str(table.to_csv(index=False, lineterminator="\n"))


def escaped(text: str) -> str:
    """Return what Markdown shows as this text, in one line; also in a cell of a table.

    An underscore within a word, as names have it, means nothing to Markdown and stays.
    """
    text = re.sub(r"([\\`*|~$<>\[\]]|(?<!\w)_|_(?!\w))", r"\\\1", text)
    return " ".join(text.replace("&", "&amp;").split())


def notes(line: pd.Series) -> str:
    """Return what is to be said of a line alone, apart from its number of seeds and its times."""
    said = [note for note in _info(line) if note and note != DISTURBED]
    if line["status"] == "ok" and line["seeds"] < PROTOCOL_SEEDS:
        said = said[1:]
    return "; ".join(said)


def _info(line: pd.Series) -> list[str]:
    return [] if pd.isna(line["info"]) else line["info"].split("; ")


def about_times(good: pd.DataFrame) -> str:
    """Say on what machine the times were measured, and which cannot be compared.

    Of several kinds of machine, the lines that are not of the most frequent one are named.

    Args:
        good: the leaderboard's lines of status ``ok``.
    """
    (most, _), *others = _machines(good)
    if _is_one_kind(good):
        about = f"All times were measured on one kind of machine: {most}."
    else:
        about = "Times can be compared only within one kind of machine, and they were measured on "
        about += f"several: {most}"
        about += "".join(f"; {machine} ({', '.join(names)})" for machine, names in others) + "."
    return " ".join([about, *disturbed(good)])


def _is_one_kind(good: pd.DataFrame) -> bool:
    """Tell whether all times of the finished lines were measured on one kind of machine."""
    (most, _), *others = _machines(good)
    return not others and SEVERAL not in most


def _machines(good: pd.DataFrame) -> list[tuple[str, list[str]]]:
    """Return each kind of machine with the models that were trained on it, the usual one first."""
    lines = good["model"].groupby(good.apply(machine_of, axis=1)).agg(list)
    return sorted(lines.items(), key=lambda kind: (-len(kind[1]), kind[0]))


def whole_seconds(table: pd.DataFrame) -> pd.Series:
    """Return the seconds of training and of all that is made once for it, by line.

    Made once are word vectors, subwords, pretraining and a teacher.
    """
    return table["train_seconds"] + table["preprocessing_seconds"]


def machine_of(line: pd.Series) -> str:
    """Return what a line was trained on: the device, and the machine if that does not name it."""
    device, machine = line["device"], line["machine"]
    return machine if str(machine).startswith(device) else f"{device} ({machine})"


def has_comparable_times(line: pd.Series) -> bool:
    """Tell whether a line's runs each had a whole machine, all of one kind."""
    ran_on = f"{line['device']} {line['machine']}"
    return NOT_COMPARABLE not in ran_on and SEVERAL not in ran_on


def is_disturbed(line: pd.Series) -> bool:
    """Tell whether some of a line's times are too long, since other programs were running."""
    return DISTURBED in _info(line)


def disturbed(good: pd.DataFrame) -> list[str]:
    """Name the lines whose times are too long in one sentence; none if there are no such lines."""
    names = [line["model"] for _, line in good.iterrows() if is_disturbed(line)]
    if not names:
        return []
    return [f"Other programs seem to have run beside these, so their times may be too long: "
            f"{', '.join(names)}."]  # fmt: skip


def on_other_machines(good: pd.DataFrame) -> list[str]:
    """Name the lines that are not of the most frequent kind of machine; none if all are."""
    names = [name for _, of_one in _machines(good)[1:] for name in of_one]
    if not names:
        return []
    return [f"These ran on another kind of machine, so their times cannot be compared with the "
            f"others': {', '.join(names)}."]  # fmt: skip


def as_terminal(table: pd.DataFrame, dataset: str, seeds: int = PROTOCOL_SEEDS) -> TerminalTable:
    """Return the table for a terminal.

    Args:
        table: a leaderboard.
        dataset: the corpus's name.
        seeds: how many each line should have; those with fewer are named below the table.
    """
    chosen = _columns(table, TERMINAL)
    shown = TerminalTable(
        f"{titled(dataset)}, test reviews",
        [
            terminal.Column(
                "edited\npairs" if column.kind == "set" else column.heading,
                is_name=column.name == "model",
                gives_way=1 + GIVE_WAY.index(column.name) if column.name in GIVE_WAY else 0,
            )
            for column in chosen
        ],
        caption=_remarks(table, seeds),
    )
    for _, line in table.iterrows():
        if line["status"] == "ok":  # the caption has the number of seeds
            shown.add_row(
                *(line["model"] if column.name == "model" else column.cell(line)
                  for column in chosen)
            )  # fmt: skip
        else:
            shown.add_row("–", line["model"], line["status"])
    return shown


def sets_as_terminal(
    asked: Mapping[str, Mapping[str, Asked]], sets: Sequence[str], dataset: str
) -> TerminalTable:
    """Return a table for a terminal of what models answered to evaluation sets.

    Args:
        asked: the answers, by model and set.
        sets: the sets to show.
        dataset: the corpus's name.
    """
    shown = TerminalTable(
        f"{titled(dataset)}, evaluation sets",
        [
            terminal.Column("set", is_name=True),
            terminal.Column("model", is_name=True),
            terminal.Column("originals", gives_way=1),
            terminal.Column("accuracy"),
            terminal.Column("both right"),
        ],
        caption=[
            "%, below each figure its 95 % bootstrap interval; of pairs: accuracy on the originals "
            "and on the edits, and the share of pairs with both right"
        ],
    )
    for name in sets:
        for model, own in asked.items():
            if name in own:
                one = own[name]
                accuracy = terminal.share(one.scored, one.accuracy_interval)
                originals = both = ""
                if one.is_paired:
                    originals = f"{100 * one.original_right.mean():.2f}"
                    both = terminal.share(one.both_right, one.both_interval)
                shown.add_row(name, model, originals, accuracy, both)
    return shown


def _remarks(table: pd.DataFrame, seeds: int) -> list[str]:
    """Return what is to be said of single lines; of fewer seeds all in one sentence."""
    good = table[table["status"] == "ok"]
    remarks = [f"#: {RANKS}"] if len(good) > 1 else []
    few = good[good["seeds"] < seeds]
    for own, lines in few.groupby("seeds"):
        names = list(lines["model"])
        who = "all models" if len(names) == len(table) > 1 else ", ".join(names)
        remarks.append(f"{own} of {seeds} seeds: {who}")
    remarks += [f"{line['model']}: {said}" for _, line in table.iterrows() if (said := notes(line))]
    if edited_pairs(table) is not None:
        remarks.append("edited pairs: % of them with both texts answered correctly")
    comparable = all(has_comparable_times(line) for _, line in good.iterrows())
    if len(good) and not (_is_one_kind(good) and comparable):
        return [*remarks, about_times(good)]
    return [*remarks, *disturbed(good)]


def inserted(text: str, markdown: str, marks: tuple[str, str] = MARKS) -> str:
    """Return the text with the table between the two marks.

    Raises:
        UserError: the text lacks the marks.
    """
    before, _, rest = text.partition(marks[0])
    _, mark, after = rest.partition(marks[1])
    if not mark:
        raise UserError(f"the document has no place for the table: it lacks the marks {marks}")
    return f"{before}{marks[0]}\n{markdown}{marks[1]}{after}"


def _columns(table: pd.DataFrame, names: Iterable[str]) -> list[Column]:
    """Return the columns to show, with edited pairs after accuracy's interval if they are there."""
    shown = [BY_NAME[name] for name in names]
    pairs = edited_pairs(table)
    if pairs is not None:
        shown.insert(shown.index(BY_NAME["accuracy_ci_low"]) + 1, pairs)
    return shown


def _cells(line: pd.Series, shown: list[Column]) -> list[str]:
    """Return a line's cells; of one without a rank, its state and why in place of accuracy."""
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
