"""The report's page: one HTML document that asks for nothing outside of itself."""

import html
import json
from dataclasses import dataclass
from pathlib import Path
from string import Template

from benchmark.analysis import columns, leaderboard, steps
from benchmark.records import predictions as answers_of
from benchmark.records.predictions import Predictions
from benchmark.report import figures
from benchmark.report.slices import Slices

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

FOLDER = Path(__file__).parent
MOST_LISTED = 25

COLUMNS = {
    "rank": ("#", "{:.0f}"),
    "model": ("row", "{}"),
    "accuracy_mean": ("accuracy, %", "{:.2%}"),
    "interval": ("95 % interval", "{}"),
    "family": ("family", "{}"),
    "parameters": ("parameters", "{:,.0f}"),
    "train_seconds": ("training, s", "{:,.1f}"),
    "preprocessing_seconds": ("made once, s", "{:,.0f}"),
    "predict_reviews_per_second": ("reviews/s predicted", "{:,.0f}"),
    "f1": ("F1, %", "{:.2%}"),
    "roc_auc": ("AUC", "{:.4f}"),
    "log_loss": ("log loss, nats", "{:.3f}"),
    "calibration_error": ("calibration error", "{:.4f}"),
    "accuracy_deduplicated": ("without duplicates, %", "{:.2%}"),
    "peak_memory_mb": ("memory, MB", "{:,.0f}"),
    "seeds": ("seeds", "{:.0f}"),
    "tied_with": ("cannot be told apart from", "{}"),
    "device": ("device", "{}"),
}


@dataclass(frozen=True)
class Shown:
    """A figure of the page.

    Attributes:
        name: its file's stem.
        title: what it shows.
        caption: how to read it.
        figure: the drawing.
    """

    name: str
    title: str
    caption: str
    figure: Figure


def build(
    evaluation: leaderboard.Evaluation,
    bought: pd.DataFrame,
    dataset: str,
    shown: list[Shown],
    features: Slices | None,
    with_texts: bool,
) -> str:
    """Return the page.

    Args:
        evaluation: the leaderboard and what it was computed from.
        bought: what each step buys.
        dataset: the corpus's name.
        shown: the figures.
        features: of the test reviews; None if the corpus is not at hand.
        with_texts: show the listed reviews' texts.
    """
    table = evaluation.table
    ranked = table[table["status"] == "ok"]
    first = next(iter(evaluation.answers.values()))
    synthetic = dataset.startswith("sample")
    facts = [
        f"{len(first.labels):,} test reviews",
        f"protocol {ranked['protocol'].iloc[0]}",
        f"corpus {ranked['corpus'].iloc[0]}",
        f"on {'; '.join(sorted(set(ranked['device'])))}",
        f"records up to {ranked['utc'].max()[:10]}",
    ]
    sections = "\n".join(
        f'<figure id="{drawing.name}"><h2>{html.escape(drawing.title)}</h2>'
        f'<div class="drawing">{figures.as_inline_svg(drawing.figure, drawing.title)}</div>'
        f"<figcaption>{html.escape(drawing.caption)}</figcaption></figure>"
        for drawing in shown
    )
    return Template((FOLDER / "report.html").read_text(encoding="utf-8")).substitute(
        title=f"Sentiment benchmark: {html.escape(dataset)}{' (synthetic)' if synthetic else ''}",
        facts=html.escape(" · ".join(facts)),
        style=(FOLDER / "report.css").read_text(encoding="utf-8"),
        script=(FOLDER / "report.js").read_text(encoding="utf-8"),
        families="".join(
            f'<label><input type="checkbox" value="{html.escape(family)}" checked> '
            f"{html.escape(family)}</label>"
            for family in sorted(ranked["family"].unique())
        ),
        head=_head(),
        body=_body(ranked),
        unranked=_unranked(table[table["status"] != "ok"]),
        steps=_steps(bought),
        figures=sections,
        reviews=_reviews(evaluation.answers, features, with_texts),
    )


def _head() -> str:
    cells = []
    for column, (title, _) in COLUMNS.items():
        key = "accuracy_ci_low" if column == "interval" else column
        direction = "descending" if columns.BY_NAME[key].best == "high" else "ascending"
        cells.append(
            f'<th scope="col" class="{column}" data-best="{direction}">'
            f'<button type="button">{html.escape(title)}</button></th>'
        )
    return "<tr>" + "".join(cells) + "</tr>"


def _body(ranked: pd.DataFrame) -> str:
    low, high = ranked["accuracy_ci_low"].min(), ranked["accuracy_ci_high"].max()
    near = ranked["accuracy_mean"] > ranked["accuracy_mean"].max() - figures.FRAME
    low = max(low, ranked[near]["accuracy_ci_low"].min())
    lines = []
    for _, line in ranked.iterrows():
        cells = []
        for column, (_, form) in COLUMNS.items():
            if column == "interval":
                value, text = line["accuracy_ci_low"], _interval(line, low, high)
            else:
                value = line[column]
                text = html.escape(form.format(value)).replace("%", "")
            if column == "model":
                text = html.escape(columns.with_seeds(value, line["seeds"]))
            if column == "accuracy_mean" and pd.notna(line["accuracy_std"]):
                text += f"<small> ± {100 * line['accuracy_std']:.2f}</small>"
            kind = "th" if column == "model" else "td"
            scope = ' scope="row"' if column == "model" else ""
            cells.append(
                f'<{kind}{scope} class="{column}" data-value="{html.escape(str(value))}">'
                f"{text}</{kind}>"
            )
        ties = html.escape(json.dumps([name for name in line["tied_with"].split("; ") if name]))
        lines.append(
            f'<tr data-model="{html.escape(line["model"])}" data-ties="{ties}" tabindex="0">'
            f"{''.join(cells)}</tr>"
        )
    return "\n".join(lines)


def _interval(line: pd.Series, low: float, high: float) -> str:
    """Return the interval as numbers and as a bar between `low` and `high`."""
    start, middle, stop = (
        100 * float(np.clip((line[name] - low) / max(high - low, 1e-9), 0, 1))
        for name in ("accuracy_ci_low", "accuracy_mean", "accuracy_ci_high")
    )
    bar = ""
    if line["accuracy_ci_high"] > low:
        bar = (
            f'<span class="bar"><i style="left:{start:.1f}%;width:{max(stop - start, 1):.1f}%"></i>'
            f'<b style="left:{middle:.1f}%"></b></span>'
        )
    return f"{100 * line['accuracy_ci_low']:.2f}–{100 * line['accuracy_ci_high']:.2f}{bar}"


def _unranked(table: pd.DataFrame) -> str:
    """List the rows without a rank, and why."""
    items = ""
    for _, line in table.iterrows():
        why = f"{line['status']}: {line['info']}".rstrip(": ")
        items += f"<li><b>{html.escape(line['model'])}</b> {html.escape(why)}</li>"
    return f'<ul class="unranked">{items}</ul>' if items else ""


def _steps(bought: pd.DataFrame) -> str:
    """Return a section with each row below the one that it changes, and what that buys."""
    if bought.empty:
        return ""
    near = bought["accuracy_before"] > bought["accuracy_after"].max() - figures.FRAME
    bounds = bought[near][["difference_ci_low", "difference_ci_high"]]
    reach = bounds.abs().to_numpy().max(initial=1e-9)
    lines, by_name = [], bought.set_index("after")
    for name, depth in steps.depths(bought).items():
        said, change, cells = name, "", "<td></td>" * 3
        if depth:
            line = by_name.loc[name]
            points, verdict, seconds = map(html.escape, steps.bought(line))
            said = columns.with_seeds(name, line["seeds_after"])
            change = f"<small>{html.escape(line['change'])}</small>"
            cells = (
                f"<td>{points}{_gain_bar(line, reach)}</td>"
                f'<td class="{verdict}">{verdict}</td><td>{seconds}</td>'
            )
        lines.append(
            f'<tr><th scope="row" style="padding-left:{0.6 + depth}rem">{html.escape(said)}'
            f"{change}</th>{cells}</tr>"
        )
    return Template((FOLDER / "steps.html").read_text(encoding="utf-8")).substitute(
        body="\n".join(lines)
    )


def _gain_bar(line: pd.Series, reach: float) -> str:
    """Return the interval of a gain as a bar around zero; empty if it is beyond `reach`."""
    if abs(line["difference"]) > reach:
        return ""
    start, middle, stop = (
        float(np.clip(50 + 50 * line[name] / reach, 0, 100))
        for name in ("difference_ci_low", "difference", "difference_ci_high")
    )
    return (
        f'<span class="bar"><s></s><i style="left:{start:.1f}%;width:{max(stop - start, 1):.1f}%">'
        f'</i><b style="left:{middle:.1f}%"></b></span>'
    )


def _reviews(answers: dict[str, Predictions], features: Slices | None, with_texts: bool) -> str:
    """List the reviews that every row gets wrong and those that split the families."""
    informed = answers_of.informed(answers)
    if not informed:
        return ""
    wrong = always_wrong(list(informed.values()))
    split, right_of = most_split(informed)
    total, reviews = len(wrong), len(next(iter(informed.values())).labels)
    first = f" The {min(total, MOST_LISTED)} that are missed most surely:" if total else ""
    parts = [
        f"<section><h2>Reviews that every row gets wrong</h2><p>All seeds of all {len(informed)} "
        f"rows are wrong on {total:,} of {reviews:,} test reviews.{first}</p>"
        f"{_list(wrong[:MOST_LISTED], features, with_texts)}</section>"
    ]
    if len(right_of) > 1:
        by_whom = [
            f"right: {', '.join(f for f, share in right_of.items() if share[i] >= 0.5) or 'none'}"
            for i in split[:MOST_LISTED]
        ]
        parts.append(
            f"<section><h2>Reviews that split the families</h2><p>Where families differ most in "
            f"the share of their rows and seeds that are right:</p>"
            f"{_list(split[:MOST_LISTED], features, with_texts, by_whom)}</section>"
        )
    return "".join(parts)


def always_wrong(rows: list[Predictions]) -> np.ndarray:
    """Return the reviews that all seeds of all rows get wrong, the surest mistakes first."""
    wrong = ~np.any([row.correct.any(axis=0) for row in rows], axis=0)
    claimed = np.mean([row.probabilities.mean(axis=0) for row in rows], axis=0)
    mistake = np.abs(claimed - rows[0].labels)
    found = np.flatnonzero(wrong)
    return found[np.argsort(-mistake[found], kind="stable")]


def most_split(answers: dict[str, Predictions]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the reviews by falling spread between families, and each family's share of right.

    The share is a mean over the family's rows and their seeds, shape (reviews,).
    """
    rows_of: dict[str, list[np.ndarray]] = {}
    for row in answers.values():
        rows_of.setdefault(row.records[0].family, []).append(row.correct.mean(axis=0))
    right_of = {family: np.mean(rows, axis=0) for family, rows in rows_of.items()}
    spread = np.var(list(right_of.values()), axis=0)
    return np.argsort(-spread, kind="stable"), right_of


def _list(
    numbers: np.ndarray,
    features: Slices | None,
    with_texts: bool,
    remarks: list[str] | None = None,
) -> str:
    items = []
    for place, number in enumerate(numbers):
        said = f"number {number} of the test reviews"
        if features is not None:
            name = html.escape(features.ids[number])
            said = f"<code>{name}</code>, {features.words[number]:,} words"
        if remarks:
            said += f"; {html.escape(remarks[place])}"
        if with_texts:
            text = bytes(features.texts[number]).decode()
            said = f"<details><summary>{said}</summary><p>{html.escape(text)}</p></details>"
        items.append(f"<li>{said}</li>")
    return f"<ol>{''.join(items)}</ol>"
