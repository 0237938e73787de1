"""Figures of evaluation sets, fewer labels and reading first; see `benchmark.report.figures`."""

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from benchmark.analysis.budget import Curve
from benchmark.analysis.evaluations import Asked
from benchmark.analysis.reading_first import ALL, EDITED
from benchmark.records import metrics
from benchmark.records.predictions import Predictions
from benchmark.report.figures import (
    COLOURS,
    DASHES,
    FAINT,
    MARKERS,
    WIDTH,
    family_legend,
    in_lines,
    legend_below,
    looks,
    name_points,
    settle,
    short_number,
)

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from scipy.optimize import isotonic_regression

_LINE = 0.15
"""Inches from one line of names to the next."""

_ENDS = ("mean", "ci_low", "ci_high")


def slopes(asked: Mapping[str, Asked], family_of: Mapping[str, str]) -> Figure:
    """Draw each row's accuracy on originals joined to that on their edits.

    Args:
        asked: what rows answered to one set of pairs.
        family_of: each row's family; more rows may be in it, so that a family looks the same in
            each figure.
    """
    colour, marker = looks(family_of.values())
    figure = Figure(figsize=(WIDTH, max(3.4, 1.3 + _LINE * _lines(asked))))
    axes = figure.subplots()
    ends: dict[str, End] = {}
    dash = _dashes(asked, family_of)
    for name, row in asked.items():
        family = family_of[name]
        original, edited = (100 * right.mean() for right in (row.original_right, row.edited_right))
        (line,) = axes.plot(
            [0, 1], [original, edited], color=colour[family], marker=marker[family],
            linestyle=dash[name], linewidth=1.2, markersize=5, markeredgecolor="white",
            markeredgewidth=0.5,
        )  # fmt: skip
        line.set_gid(f"tip:{name}: {original:.1f} % on originals, {edited:.1f} % on edits")
        ends[f"{in_lines(name)}  {edited:.0f}"] = End(1, edited, colour[family])
    axes.set_xticks([0, 1], ["originals", "edits"])
    axes.set_xlim(-0.12, 1.05)
    axes.grid(visible=False, axis="x")
    axes.set_ylabel("accuracy, %")
    family_legend(figure, {family_of[name] for name in asked}, colour, marker)
    _name_ends(figure, axes, ends)
    return figure


def both_by_accuracy(
    asked: Mapping[str, Asked],
    predictions: Mapping[str, Predictions],
    family_of: Mapping[str, str],
    heading: str,
) -> Figure:
    """Draw the share of pairs with both right against test accuracy, with 95 % intervals.

    Args:
        asked: what rows answered to one set of pairs.
        predictions: of these rows for the test reviews, and perhaps of others.
        family_of: see `slopes`.
        heading: what stands above; names are placed below it.
    """
    colour, marker = looks(family_of.values())
    figure = Figure(figsize=(WIDTH, max(4.0, 2.8 + 0.16 * len(asked))))
    axes = figure.subplots()
    points, spans = [], []
    for name, row in asked.items():
        x, y = 100 * predictions[name].correct.mean(), 100 * row.both_right.mean()
        x_low, x_high = (100 * end for end in predictions[name].interval)
        y_low, y_high = (100 * end for end in row.both_interval)
        container = axes.errorbar(
            x, y, [[y - y_low], [y_high - y]], [[x - x_low], [x_high - x]],
            color=colour[family_of[name]], marker=marker[family_of[name]], markersize=7,
            markeredgecolor="white", markeredgewidth=0.7, elinewidth=1,
        )  # fmt: skip
        container.lines[0].set_gid(
            f"tip:{name}: {x:.2f} % of the test reviews; both right in {y:.1f} % of the pairs, "
            f"interval {y_low:.1f} to {y_high:.1f}"
        )
        points.append((x, y))
        spans += [(x_low, y, x_high, y), (x, y_low, x, y_high)]
    axes.margins(x=0.25, y=0.12)  # room for names
    axes.set_xlabel("test accuracy, %")
    axes.set_ylabel("pairs with both right, %")
    family_legend(figure, {family_of[name] for name in asked}, colour, marker)
    settle(figure, heading)
    at = np.array(points)
    name_points(axes, list(asked), at[:, 0], at[:, 1], np.array(spans), [])
    return figure


def other_texts(
    sets: Mapping[str, Mapping[str, Asked]], predictions: Mapping[str, Predictions]
) -> Figure:
    """Draw each row's accuracy on texts of other kinds beside that on the test reviews.

    Args:
        sets: what rows answered, by set and row.
        predictions: for the test reviews, by row; the rows stand in this order.
    """
    names = [name for name in predictions if any(name in rows for rows in sets.values())]
    place = dict(zip(names, range(len(names)), strict=True))
    figure = Figure(figsize=(WIDTH, 1.3 + 1.25 * _LINE * len(names) + 0.12 * len(sets)))
    axes = figure.subplots()
    series: dict[str, dict[str, np.ndarray]] = {
        "test reviews": {name: predictions[name].correct for name in names}
    }
    series |= {title: {n: row.scored for n, row in rows.items()} for title, rows in sets.items()}
    handles = []
    for number, (title, correct) in enumerate(series.items()):
        look: dict[str, Any] = {
            "color": FAINT if not number else COLOURS[(number - 1) % len(COLOURS)],
            "marker": MARKERS[number % len(MARKERS)],
        }
        for name, right in correct.items():
            mean = 100 * right.mean()
            low, high = (100 * end for end in metrics.bootstrap_interval(right))
            container = axes.errorbar(
                mean, place[name], xerr=[[mean - low], [high - mean]], markersize=5,
                markeredgecolor="white", markeredgewidth=0.5, elinewidth=1, **look,
            )  # fmt: skip
            container.lines[0].set_gid(
                f"tip:{name}: {mean:.1f} % on {title}, interval {low:.1f} to {high:.1f}"
            )
        handles.append(Line2D([], [], linestyle="", label=title, **look))
    axes.set_yticks(range(len(names)), [textwrap.fill(name, 28) for name in names], fontsize=8.5)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlabel("accuracy, %")
    legend_below(figure, handles)
    return figure


def label_curves(table: pd.DataFrame, family_of: Mapping[str, str]) -> Figure:
    """Draw accuracy against the number of labels, one line per row with its 95 % interval.

    Args:
        table: as `benchmark.analysis.label_curves.build` returns it.
        family_of: see `slopes`.
    """
    colour, marker = looks(family_of.values())
    curves = {str(name): rows.sort_values("labels") for name, rows in table.groupby("model")}
    figure = Figure(figsize=(WIDTH, max(3.6, 1.5 + _LINE * _lines(curves))))
    axes = figure.subplots()
    most = table["labels"].max()
    ends: dict[str, End] = {}
    dash = _dashes(curves, family_of)
    for number, (name, rows) in enumerate(curves.items()):
        family = family_of[name]
        mean, low, high = (100 * rows[f"accuracy_{end}"].to_numpy(float) for end in _ENDS)
        x = rows["labels"].to_numpy(float) * 1.02 ** (number - len(curves) / 2)
        container = axes.errorbar(
            x, mean, [mean - low, high - mean],
            color=colour[family], marker=marker[family], linestyle=dash[name], linewidth=1.2,
            elinewidth=1, markersize=5, markeredgecolor="white", markeredgewidth=0.5,
        )  # fmt: skip
        said = ", ".join(
            f"{value:.1f} % with {labels:,}"
            for labels, value in zip(rows["labels"], mean, strict=True)
        )
        container.lines[0].set_gid(f"tip:{name}: {said}")
        ends[in_lines(name)] = End(x[-1], mean[-1], colour[family])
    axes.set_xscale("log")
    counts = sorted(table["labels"].unique())
    axes.set_xticks(counts, [f"{count:,}" for count in counts])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(counts[0] / 1.5, most * 1.3)
    axes.set_xlabel("labelled training reviews")
    axes.set_ylabel("test accuracy, %")
    family_legend(figure, {family_of[name] for name in curves}, colour, marker)
    _name_ends(figure, axes, ends)
    return figure


def by_perplexity(table: pd.DataFrame, family_of: Mapping[str, str], heading: str) -> Figure:
    """Draw test accuracy against the perplexity that a row's language model reaches.

    Args:
        table: ranked lines of the leaderboard, with "perplexity" and "of" as
            `benchmark.analysis.reading_first.perplexities` returns them.
        family_of: see `slopes`.
        heading: what stands above; names are placed below it.
    """
    colour, marker = looks(family_of.values())
    kinds = sorted(table["of"].unique(), key=("words", "subwords").index)
    figure = Figure(figsize=(WIDTH, 0.9 + 2.6 * len(kinds)))
    all_axes = figure.subplots(len(kinds), squeeze=False)[:, 0]
    for kind, axes in zip(kinds, all_axes, strict=True):
        for _, line in table[table["of"] == kind].iterrows():
            mean, low, high = (100 * line[f"accuracy_{name}"] for name in _ENDS)
            container = axes.errorbar(
                line["perplexity"], mean, [[mean - low], [high - mean]],
                color=colour[line["family"]], marker=marker[line["family"]], markersize=7,
                markeredgecolor="white", markeredgewidth=0.7, elinewidth=1.2,
            )  # fmt: skip
            container.lines[0].set_gid(
                f"tip:{line['model']}: {mean:.2f} %, interval {low:.2f} to {high:.2f}, "
                f"perplexity {line['perplexity']:,.0f}"
            )
        axes.margins(x=0.3, y=0.15)  # room for names
        axes.set_xlabel(f"perplexity of {kind}, validation reviews")
        axes.set_ylabel("test accuracy, %")
    family_legend(figure, table["family"], colour, marker)
    settle(figure, heading)
    for kind, axes in zip(kinds, all_axes, strict=True):
        rows = table[table["of"] == kind]
        mean, low, high = (100 * rows[f"accuracy_{name}"].to_numpy(float) for name in _ENDS)
        x = rows["perplexity"].to_numpy(float)
        name_points(axes, list(rows["model"]), x, mean, np.column_stack([x, low, x, high]), [])
    return figure


def gains(table: pd.DataFrame, family_of: Mapping[str, str]) -> Figure:
    """Draw what reading first buys, one line per pair of rows, with it and without, by measure.

    Args:
        table: as `benchmark.analysis.reading_first.gains` returns it.
        family_of: see `slopes`.
    """
    colour, marker = looks(family_of.values())
    pairs = {
        f"{model} over {without}": rows
        for (model, without), rows in table.groupby(["model", "without"], sort=False)
    }
    family = {name: family_of[rows["model"].iloc[0]] for name, rows in pairs.items()}
    fewer = [one for one in table["asked"].unique() if one not in (ALL, EDITED)]
    places = sorted(fewer, key=lambda one: int(one.split()[0].replace(",", "")))
    places += [one for one in (ALL, EDITED) if one in set(table["asked"])]
    figure = Figure(figsize=(WIDTH, max(3.6, 1.5 + _LINE * _lines(pairs))))
    axes = figure.subplots()
    axes.axhline(0, color=FAINT, linewidth=0.8)
    ends: dict[str, End] = {}
    dash = _dashes(pairs, family)
    for number, (name, rows) in enumerate(pairs.items()):
        aside = 0.05 * (number - (len(pairs) - 1) / 2)
        x = np.array([places.index(one) for one in rows["asked"]]) + aside
        gain, low, high = (100 * rows[one].to_numpy(float) for one in ("gain", "low", "high"))
        reach = np.nan_to_num([gain - low, high - gain])
        container = axes.errorbar(
            x, gain, reach, color=colour[family[name]],
            marker=marker[family[name]], linestyle=dash[name], linewidth=1.2, elinewidth=1,
            markersize=5, markeredgecolor="white", markeredgewidth=0.5,
        )  # fmt: skip
        said = ", ".join(
            f"{value:+.1f} points, {asked}"
            for asked, value in zip(rows["asked"], gain, strict=True)
        )
        container.lines[0].set_gid(f"tip:{name}: {said}")
        ends[textwrap.fill(name, 18)] = End(x[-1], gain[-1], colour[family[name]])
    axes.set_xticks(range(len(places)), [one.replace(" ", "\n") for one in places])
    axes.set_xlim(-0.4, len(places) - 0.8)
    axes.set_ylabel("gained by reading first, points")
    family_legend(figure, family.values(), colour, marker)
    _name_ends(figure, axes, ends)
    return figure


def budgets(
    curves: Mapping[str, Curve], family_of: Mapping[str, str], by_seconds: bool = False
) -> Figure:
    """Draw the expected best validation accuracy against the trials of a search, one line per row.

    Args:
        curves: what searches find, by row.
        family_of: see `slopes`.
        by_seconds: against the seconds of training instead, what is made once for all included.
    """
    colour, marker = looks(family_of.values())
    figure = Figure(figsize=(WIDTH, max(3.6, 1.5 + _LINE * _lines(curves))))
    axes = figure.subplots()
    ends: dict[str, End] = {}
    dash = _dashes(curves, family_of)
    for name, curve in curves.items():
        family = family_of[name]
        best = 100 * curve.expected
        number = np.arange(1, len(best) + 1)
        seconds = curve.seconds or 0.1  # none if all trials failed, and the axis has no zero
        at = curve.once + number * seconds if by_seconds else number
        (line,) = axes.plot(
            at, best, color=colour[family], linestyle=dash[name], linewidth=1.2,
            marker=marker[family], markersize=3, markeredgecolor="white", markeredgewidth=0.3,
        )  # fmt: skip
        line.set_gid(f"tip:{name}: {best[0]:.2f} % with one trial, {best[-1]:.2f} % with {len(at)}")
        ends[in_lines(name)] = End(float(at[-1]), float(best[-1]), colour[family])
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(short_number))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("seconds" if by_seconds else "trials")
    axes.set_ylabel("expected best\nvalidation accuracy, %")
    family_legend(figure, {family_of[name] for name in curves}, colour, marker)
    _name_ends(figure, axes, ends)
    return figure


def _lines(models: Iterable[str]) -> int:
    """Return how many lines names take."""
    return sum(in_lines(model).count("\n") + 1 for model in models)


def _dashes(models: Iterable[str], family_of: Mapping[str, str]) -> dict[str, str]:
    """Return a dash for each row that differs from those of the first others of its family."""
    of_family: dict[str, int] = {}
    found = {}
    for model in models:
        number = of_family.setdefault(family_of[model], 0)
        of_family[family_of[model]] += 1
        found[model] = DASHES[number % len(DASHES)]
    return found


class End(NamedTuple):
    """Where a line ends, and its colour."""

    x: float
    y: float
    colour: str


def _name_ends(figure: Figure, axes: Axes, ends: Mapping[str, End]) -> None:
    """Write names at the right of the frame, joined to the ends of their lines.

    Args:
        figure: the drawing, whose layout still moves.
        axes: its frame.
        ends: of the lines, by what is written.
    """
    figure.draw_without_rendering()
    low, high = axes.get_ylim()
    line = (high - low) * _LINE * figure.dpi / axes.get_window_extent().height
    names = sorted(ends, key=lambda name: ends[name].y)
    sizes = np.array([line * (name.count("\n") + 1) for name in names])
    heights = apart(np.array([ends[name].y for name in names]), sizes, low, high)
    for name, height in zip(names, heights, strict=True):
        end = ends[name]
        axes.annotate(
            name, (end.x, end.y), (1.06, height), textcoords=axes.get_yaxis_transform(),
            fontsize=8.5, va="center", linespacing=1.0, annotation_clip=False,
            arrowprops={
                "arrowstyle": "-", "color": end.colour, "lw": 0.6, "shrinkA": 0, "shrinkB": 4,
                "relpos": (0, 0.5),
            },
        )  # fmt: skip


def apart(wanted: np.ndarray, sizes: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return places as near to the wanted ones as can be at which things do not overlap.

    Least squares under order is isotonic regression, of what is left without the things between.

    Args:
        wanted: the middle of each thing, ascending, shape (n,).
        sizes: how high each thing is, shape (n,).
        low: the least place.
        high: the greatest place; where there is no room for all, some are above it.

    Returns:
        Ascending, shape (n,).
    """
    between = np.concatenate([[0], np.cumsum((sizes[1:] + sizes[:-1]) / 2)])
    room = max(low, high - between[-1])
    return np.clip(isotonic_regression(wanted - between).x, low, room) + between
