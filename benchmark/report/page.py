"""The report's page: one HTML document that asks for nothing outside of itself."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmark.analysis import columns, steps, tables
from benchmark.records import predictions as predictions_of
from benchmark.records.predictions import Predictions
from benchmark.report import about, figures, mistakes
from benchmark.report.rendering import render
from benchmark.report.sections import Section, Shown
from benchmark.report.slices import Slices
from preprocessing.corpus import titled
from preprocessing.program import ROOT

import numpy as np
import pandas as pd
from markupsafe import Markup

COLUMNS = tuple(
    columns.BY_NAME[name]
    for name in (
        "rank", "model", "accuracy_mean", "accuracy_ci_low", "family", "parameters",
        "train_seconds", "preprocessing_seconds", "predict_reviews_per_second", "f1", "roc_auc",
        "log_loss", "calibration_error", "accuracy_deduplicated", "peak_memory_mb", "seeds",
        "tied_with", "device",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Bar:
    """An interval and its middle, in per cent of the width that a bar has."""

    start: float
    middle: float
    width: float

    @classmethod
    def between(cls, low: float, middle: float, high: float) -> "Bar":
        """Return the bar of shares of the width; what lies outside of 0 to 1 is cut off."""
        start, middle, stop = (100 * float(np.clip(x, 0, 1)) for x in (low, middle, high))
        return cls(start, middle, max(stop - start, 1))


def build(
    table: pd.DataFrame,
    bought: pd.DataFrame,
    predictions: dict[str, Predictions],
    dataset: str,
    shown: list[Shown],
    sections: Sequence[Section],
    slices: Slices | None,
    with_texts: bool,
    unreached: Sequence[str] = (),
    folder: Path = ROOT / "results",
) -> str:
    """Return the page.

    Args:
        table: the leaderboard.
        bought: what each step buys.
        predictions: of each ranked model, the most accurate first.
        dataset: the corpus's name.
        shown: the figures of the test reviews.
        sections: what there is of evaluation sets and of fewer labels.
        slices: of the test reviews; None if the corpus is not at hand.
        with_texts: show the listed reviews' texts.
        unreached: lines that need public weights and have no record.
        folder: where the page will stand, for links to files of the checkout.
    """
    abouts = about.all_lines(folder)
    remarks = _remarks(table, unreached)
    named = [name for name in (*table["model"], *unreached) if name in abouts]
    opened = {name: f"about-{number}" for number, name in enumerate(named)}
    models_of: dict[str, list[str]] = {}
    for model, why in remarks.items():
        models_of.setdefault(why, []).append(model)
    ranked = table[table["status"] == "ok"]
    family_of = dict(zip(ranked["model"], ranked["family"], strict=True))
    return render(
        "report.html",
        title=f"Sentiment benchmark: {titled(dataset)}",
        facts=[
            f"{len(next(iter(predictions.values())).labels):,} test reviews",
            f"protocol {ranked['protocol'].iloc[0]}",
            f"corpus {ranked['corpus'].iloc[0]}",
            f"on {'; '.join(sorted(set(ranked['device'])))}",
            f"records up to {ranked['utc'].max()[:10]}",
        ],
        families=sorted(set(family_of.values())),
        columns=_columns(ranked),
        ranks=tables.RANKS,
        tests=tables.TESTS,
        times=tables.about_times(ranked),
        rows=[row | {"about": opened.get(row["model"], "")} for row in _rows(ranked)],
        remarks=models_of,
        opened={model: opened.get(model, "") for model in remarks},
        abouts=[
            {"id": number, "model": model, "of": abouts[model], "notes": remarks.get(model, "")}
            for model, number in opened.items()
        ],
        dataset=dataset,
        csv=f"data:text/csv;charset=utf-8,{quote(tables.as_csv(table))}",
        steps=_steps(bought),
        step_sets=list(steps.shown_sets(bought).values()) if len(bought) else [],
        sections=[
            {
                "name": section.name,
                "title": section.title,
                "about": section.about,
                "figures": _figures(section.shown),
                "lists": section.lists,
            }
            for section in sections
        ],
        figures=_figures(shown),
        lists=mistakes.of_reviews(
            predictions_of.informed(predictions), family_of, slices, with_texts
        ),
    )


def _remarks(table: pd.DataFrame, unreached: Sequence[str]) -> dict[str, str]:
    """Return what is to be said of lines: why they are not ranked, or what went wrong."""
    said = {}
    for _, line in table.iterrows():
        own = tables.notes(line)
        if line["status"] != "ok":
            own = f"{line['status']}: {own}".rstrip(": ")
        if own:
            said[line["model"]] = own
    return said | dict.fromkeys(unreached, "missing: needs public weights and was not run")


def _figures(shown: list[Shown]) -> list[dict[str, Any]]:
    """Return what the page says of figures, and the drawings."""
    return [
        {
            "name": drawing.name,
            "title": drawing.title,
            "caption": drawing.caption,
            "svg": Markup(figures.as_inline_svg(drawing.figure, drawing.alternative)),
        }
        for drawing in shown
    ]


def _shown_columns(ranked: pd.DataFrame) -> list[columns.Column]:
    """Return `COLUMNS` and those of the evaluation sets that some row was asked."""
    scores = [name for name in ranked.columns if name.endswith(("_accuracy", "_both"))]
    of_sets = [columns.named(name) for name in scores if ranked[name].notna().any()]
    return [*COLUMNS, *(column for column in of_sets if column.kind == "set")]


def _columns(ranked: pd.DataFrame) -> list[dict[str, str]]:
    """Return name and title of each column, and the direction in which the best comes first."""
    return [
        {
            "name": column.name,
            "title": column.heading,
            "best": "descending" if column.best == "high" else "ascending",
        }
        for column in _shown_columns(ranked)
    ]


def _rows(ranked: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the lines of the leaderboard, each with its cells."""
    drawn = ranked.drop(figures.below_frame(ranked).index)
    low, high = drawn["accuracy_ci_low"].min(), ranked["accuracy_ci_high"].max()
    rows, shown = [], _shown_columns(ranked)
    for _, line in ranked.iterrows():
        cells = []
        for column in shown:
            cell: dict[str, Any] = {"column": column.name, "small": "", "bar": None}
            cell |= {
                "value": "" if pd.isna(line[column.name]) else line[column.name],
                "text": column.cell(line),
            }
            if column.name == "accuracy_ci_low":
                cell["bar"] = _interval(line, low, high)
            if column.name == "accuracy_mean":
                cell["text"], _, std = cell["text"].partition(" ")
                cell["small"] = std
            cells.append(cell)
        ties = [name for name in line["tied_with"].split("; ") if name]
        rows.append({"model": line["model"], "ties": json.dumps(ties), "cells": cells})
    return rows


def _interval(line: pd.Series, low: float, high: float) -> Bar | None:
    """Return the interval as a bar between `low` and `high`, if any of it is there."""
    start, middle, stop = (line[f"accuracy_{name}"] for name in ("ci_low", "mean", "ci_high"))
    places = ((value - low) / max(high - low, 1e-9) for value in (start, middle, stop))
    return Bar.between(*places) if stop > low else None


def _steps(bought: pd.DataFrame) -> list[dict[str, Any]]:
    """Return each row below the one that it changes, and what that buys."""
    if bought.empty:
        return []
    near = bought["accuracy_before"] > bought["accuracy_after"].max() - figures.FRAME
    bounds = bought[near][["difference_ci_low", "difference_ci_high"]]
    reach = bounds.abs().to_numpy().max(initial=1e-9)
    lines, by_name, sets = [], bought.set_index("after"), steps.shown_sets(bought)
    for name, depth in steps.depths(bought).items():
        if not depth:
            lines.append({"name": name, "depth": 0, "change": ""})
            continue
        line = by_name.loc[name]
        points, verdict, seconds = steps.bought(line)
        places = (
            0.5 + 0.5 * line[f"difference{end}"] / reach for end in ("_ci_low", "", "_ci_high")
        )
        lines.append(
            {
                "name": columns.with_seeds(name, line["seeds_after"]),
                "depth": depth,
                "change": line["change"],
                "points": points,
                "verdict": verdict,
                "seconds": seconds,
                "sets": [steps.bought_on(line, prefix) for prefix in sets],
                "bar": Bar.between(*places) if abs(line["difference"]) <= reach else None,
            }
        )
    return lines
