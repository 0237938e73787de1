"""The report's figures, drawn by matplotlib.

Each function returns a figure that is legible at the width of a phone. Colours (Okabe & Ito's,
2008, the lighter ones darkened until they stand out from white by 3:1) can be told apart by the
colour-blind, and markers or dashes say the same once more.
"""

import html
import io
import itertools
import math
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from benchmark.analysis import tables
from benchmark.records.metrics import reliability
from benchmark.records.predictions import Predictions
from benchmark.report.slices import Slices

import matplotlib as mpl
import numpy as np
import pandas as pd
from adjustText import adjust_text
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter
from matplotlib.transforms import Bbox

INK, FAINT, GRID = "#1b1f24", "#5f6872", "#d4d9df"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#c4699e", "#b57f00", "#1697b3", "#6b6b6b", "#5b2a86")
MARKERS = "osD^vPX*<>ph"
DASHES = ("-", "--", "-.", ":")
WIDTH = 5.2
"""Inches; at 72 points an inch about the width of a phone, so type keeps its size there."""

TITLE = 52
"""Letters of a title in a line of that width."""

FRAME = 0.20
"""Rows whose accuracy is this far below the best are not drawn; the caption names them."""

_STYLE = {
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.labelsize": 10,
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "legend.fontsize": 9.5,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "figure.constrained_layout.use": True,
    "text.parse_math": False,  # names may hold dollars
    "svg.fonttype": "none",
    "svg.hashsalt": "benchmark",
}


@contextmanager
def style() -> Iterator[None]:
    """Draw in the report's style within the block."""
    with mpl.rc_context(_STYLE):
        yield


def accuracy_by_cost(table: pd.DataFrame, column: str, label: str, heading: str = "") -> Figure:
    """Draw accuracy against a cost, with the rows that no other beats in both.

    Rows `below_frame` are left out. Where the cost depends on the machine, rows whose times are too
    long, since other programs were running, are hollow. These, and rows that shared a machine or
    ran on several, count for no front.

    Args:
        table: the leaderboard's ranked lines.
        column: the cost; where it depends on the machine, each machine has a panel of its own, that
            of most rows first.
        label: the cost's name and unit.
        heading: see `set_heading`; names are placed below it.
    """
    colour, marker = looks(table["family"])
    table = table.drop(below_frame(table).index)
    is_time = column.endswith("seconds")
    if is_time:  # rounded to hundredths, and the axis has no zero
        table = table.assign(**{column: table[column].clip(lower=0.01)})
    machines = table.apply(tables.machine_of, axis=1) if is_time else pd.Series("", table.index)
    panels = sorted((shown for _, shown in table.groupby(machines)), key=len, reverse=True)
    heights = [1.9 + 0.2 * len(shown) for shown in panels]
    figure = Figure(figsize=(WIDTH, 0.9 + sum(heights)))
    all_axes = figure.subplots(
        len(panels), sharex=True, sharey=True, squeeze=False, height_ratios=heights
    )[:, 0]
    fronts, any_hollow = [], False
    for axes, shown in zip(all_axes, panels, strict=True):
        no_time = pd.Series(False, shown.index)
        hollow = shown.apply(tables.is_disturbed, axis=1) if is_time else no_time
        any_hollow |= hollow.any()
        comparable = shown.apply(tables.has_comparable_times, axis=1) if is_time else ~no_time
        compared = shown[~hollow & comparable]
        front = pareto_front(compared[column].to_numpy(), compared["accuracy_mean"].to_numpy())
        chosen = compared[front].sort_values(column)
        fronts.append(
            axes.step(
                chosen[column], 100 * chosen["accuracy_mean"], where="post", color=FAINT,
                linewidth=1, linestyle="--", zorder=1,
            )[0]
        )  # fmt: skip
        for place, line in shown.iterrows():
            mean, low, high = (
                100 * line[name]
                for name in ("accuracy_mean", "accuracy_ci_low", "accuracy_ci_high")
            )
            own = colour[line["family"]]
            face, edge, edge_width = ("white", own, 1.2) if hollow[place] else (own, "white", 0.7)
            container = axes.errorbar(
                line[column], mean, [[mean - low], [high - mean]],
                color=own, marker=marker[line["family"]],
                markersize=10 if marker[line["family"]] == "*" else 7, markerfacecolor=face,
                markeredgecolor=edge, markeredgewidth=edge_width, elinewidth=1.2,
            )  # fmt: skip
            container.lines[0].set_gid(
                f"tip:{line['model']}: {mean:.2f} %, interval {low:.2f} to {high:.2f}, "
                f"{line[column]:,.0f} {label.rpartition(', ')[2]}"
            )
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(short_number))
        axes.margins(x=0.2, y=0.1)  # room for names
        axes.set_ylabel("test accuracy, %")
        if is_time:
            axes.set_title(textwrap.fill(f"on {tables.machine_of(shown.iloc[0])}", TITLE))
    least, most = all_axes[-1].get_xlim()
    in_a_decade = FuncFormatter(short_number) if most < 10 * least else NullFormatter()
    all_axes[-1].xaxis.set_minor_formatter(in_a_decade)
    all_axes[-1].set_xlabel(label)
    handles = family_handles(table["family"], colour, marker)
    if any(len(front.get_xdata()) > 1 for front in fronts):
        handles.append(Line2D([], [], color=FAINT, linestyle="--", label="Pareto front"))
    if any_hollow:
        handles.append(
            Line2D([], [], color=FAINT, marker="o", linestyle="", markerfacecolor="white",
                   label=f"too long: {tables.DISTURBED}")
        )  # fmt: skip
    legend_below(figure, handles)
    settle(figure, heading)
    for axes, shown, front in zip(all_axes, panels, fronts, strict=True):
        low, y, high = (
            100 * shown[name].to_numpy()
            for name in ("accuracy_ci_low", "accuracy_mean", "accuracy_ci_high")
        )
        x = shown[column].to_numpy(float)
        spans = np.column_stack([x, low, x, high])
        corners = axes.transData.transform(np.column_stack(front.get_data()))
        name_points(axes, list(shown["model"]), x, y, spans, _along(corners))
    return figure


def set_heading(figure: Figure, heading: str) -> None:
    """Write a line above a figure; an empty one takes no room."""
    if heading:
        figure.suptitle(heading, color=FAINT, fontsize=9)


def settle(figure: Figure, heading: str) -> None:
    """Write the heading and fix the layout, so that nothing moves away from names placed later."""
    set_heading(figure, heading)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")


def below_frame(table: pd.DataFrame) -> pd.DataFrame:
    """Return the lines whose accuracy is too far below the best to be drawn beside it."""
    return table[table["accuracy_mean"] <= table["accuracy_mean"].max() - FRAME]


def pareto_front(cost: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Tell which points no other point beats: none is as cheap and as good, and better in one.

    Args:
        cost: lower is better, shape (n,).
        gain: higher is better, shape (n,).

    Returns:
        Shape (n,), bool.
    """
    as_good = (cost[:, None] <= cost) & (gain[:, None] >= gain)
    better = as_good & ((cost[:, None] < cost) | (gain[:, None] > gain))
    return np.asarray(~better.any(axis=0))


def name_points(
    axes: Axes,
    models: list[str],
    x: np.ndarray,
    y: np.ndarray,
    spans: np.ndarray,
    further: list[Bbox],
) -> None:
    """Write each row's name beside its point, or at the end of a line where there is no room.

    adjustText moves overlapping names apart, but only as far as where they start allows: of several
    starts, the one with the fewest collisions stays; names that cover names count most. Names that
    still cover something then go to the nearest free place. The figure's layout must be at rest.

    Args:
        axes: where the points are.
        models: their names.
        x: where they are, shape (n,).
        y: the same.
        spans: the first and the last place of each interval, shape (intervals, 4): x, y, x, y.
        further: what names should not cover besides points and intervals, in pixels.
    """
    to_pixels, to_data = axes.transData, axes.transData.inverted()
    points = to_pixels.transform(np.column_stack([x, y]))
    ends = to_pixels.transform(spans.reshape(-1, 2)).reshape(-1, 4)
    obstacles = [Bbox.from_bounds(px - 5, py - 6, 10, 12) for px, py in points]
    for x0, y0, x1, y1 in ends:  # two pixels across
        wide, high = (1, 0) if x0 == x1 else (0, 1)
        obstacles.append(Bbox.from_extents(x0 - wide, y0 - high, x1 + wide, y1 + high))
    obstacles += further
    in_data = [box.transformed(to_data) for box in obstacles]
    names = [in_lines(model) for model in models]
    place = np.empty(len(y), int)
    place[np.argsort(-y, kind="stable")] = np.arange(len(y))
    left_half = points[:, 0] < (points[:, 0].min() + points[:, 0].max()) / 2
    best: tuple[list[Text], list[FancyArrowPatch]] = [], []
    fewest: float = math.inf
    starts = (place % 2 == 0, place % 2 == 1, left_half, ~left_half, place % 3 == 0, place % 3 != 0)
    for to_the_right in starts:
        texts = [
            axes.text(*point, name, fontsize=8.5, ha="center", va="center", linespacing=1.0)
            for *point, name in zip(x, y, names, strict=True)
        ]
        for text, (px, py), right in zip(texts, points, to_the_right, strict=True):
            away = text.get_window_extent().width / 2 + 9
            text.set_position(to_data.transform((px + away if right else px - away, py)))
        adjust = partial(
            adjust_text, texts, target_x=x, target_y=y, objects=in_data, ax=axes,
            avoid_self=False, prevent_crossings=False, expand=(1.08, 1.25),
            force_static=(0.2, 0.4), force_pull=(0.03, 0.03),
        )  # fmt: skip
        # no limit of time, which would differ from machine to machine
        adjust(force_explode=(0.1, 0.2), explode_radius=60, iter_lim=100)
        _uncross(texts, points)
        adjust(force_explode=(0, 0), iter_lim=100)
        _part(axes, texts, obstacles)
        _, lines = adjust(only_move="", iter_lim=1, min_arrow_len=8, arrowprops=_WAY)
        counted = collisions(axes, texts, points, obstacles)
        found = sum(counted.values()) + 10 * counted["names"]  # a covered name cannot be read
        kept, dropped = ((texts, lines), best) if found < fewest else (best, (texts, lines))
        for artist in itertools.chain(*dropped):
            artist.remove()
        best, fewest = kept, min(found, fewest)
        if not fewest:
            break


_WAY = {"arrowstyle": "-", "color": FAINT, "lw": 0.6, "shrinkB": 3}


def _uncross(texts: list[Text], points: np.ndarray) -> None:
    """Let two names change places where the ways to their points cross."""
    for one, other in itertools.combinations(range(len(texts)), 2):
        ways = [Path([_middle(texts[i]), points[i]]) for i in (one, other)]
        if ways[0].intersects_path(ways[1], filled=False):
            places = [texts[i].get_position() for i in (one, other)]
            texts[one].set_position(places[1])
            texts[other].set_position(places[0])


def _part(axes: Axes, texts: list[Text], obstacles: list[Bbox]) -> None:
    """Move each name that covers another or an obstacle to the nearest place where it does not.

    Where there is none within `_REACH`, obstacles may be covered; else the name stays where it is.

    Args:
        axes: where they stand.
        texts: the names.
        obstacles: what names should not cover, in pixels.
    """
    frame, to_data = axes.get_window_extent(), axes.transData.inverted()
    boxes = [text.get_window_extent() for text in texts]
    steps = np.arange(-_REACH, _REACH + 1, 4)
    moves = sorted(itertools.product(steps, steps), key=lambda move: (np.hypot(*move), move))
    for i, text in enumerate(texts):
        others = [*boxes[:i], *boxes[i + 1 :]]
        moved = [boxes[i].translated(*move) for move in moves]
        inside = [box for box in moved if frame.contains(*box.min) and frame.contains(*box.max)]
        for taken in ([*obstacles, *others], others):
            free = (box for box in inside if not box.padded(1).count_overlaps(taken))
            if place := next(free, None):
                text.set_position(to_data.transform(place.get_points().mean(axis=0)))
                boxes[i] = place
                break


_REACH = 100
"""Pixels that `_part` moves a name at most, to each side."""


def _middle(text: Text) -> np.ndarray:
    return text.get_window_extent().get_points().mean(axis=0)


def collisions(
    axes: Axes, texts: list[Text], points: np.ndarray, obstacles: list[Bbox]
) -> dict[str, int]:
    """Count what is wrong with the names of points.

    Args:
        axes: where they stand.
        texts: the names, in the order of the points.
        points: in pixels, shape (n, 2).
        obstacles: what names should not cover, in pixels.

    Returns:
        How often a name covers another, covers an obstacle or leaves the frame, and how often the
        way from a name to its point crosses another name or another such way.
    """
    boxes = [text.get_window_extent() for text in texts]
    frame = axes.get_window_extent().padded(1)
    ways = [Path([_middle(text), point]) for text, point in zip(texts, points, strict=True)]
    pairs = list(itertools.combinations(range(len(boxes)), 2))
    return {
        "names": sum(boxes[i].overlaps(boxes[j]) for i, j in pairs),
        "obstacles": sum(box.padded(-1).count_overlaps(obstacles) for box in boxes),
        "frame": sum(not (frame.contains(*box.min) and frame.contains(*box.max)) for box in boxes),
        "ways and names": sum(
            ways[i].intersects_bbox(boxes[j], filled=False)
            for i, j in itertools.permutations(range(len(boxes)), 2)
        ),
        "ways": sum(ways[i].intersects_path(ways[j], filled=False) for i, j in pairs),
    }


def _along(corners: np.ndarray) -> list[Bbox]:
    """Return small boxes along a line that goes first right and then up at each corner."""
    boxes = []
    for (x0, y0), (x1, y1) in itertools.pairwise(corners):
        for start, end in (((x0, y0), (x1, y0)), ((x1, y0), (x1, y1))):
            steps = max(2, round(math.dist(start, end) / 10))
            boxes += [Bbox.from_extents(p - 1, p + 1) for p in np.linspace(start, end, steps)]
    return boxes


def in_lines(model: str) -> str:
    """Return a row's name with its variant below it, in short lines."""
    return "\n".join(textwrap.fill(part, 22) for part in model.replace(" (", "\n(").splitlines())


def learning_curves(histories: dict[str, list[pd.DataFrame]]) -> Figure:
    """Draw loss by epoch.

    Args:
        histories: for each row, one table a seed with the columns ``loss`` and ``validation_loss``,
            one line per epoch.
    """
    looks: dict[str, dict[str, Any]] = {
        "loss": {"color": COLOURS[4], "linestyle": "--", "marker": "s", "label": "training"},
        "validation_loss": {"color": COLOURS[0], "marker": "o", "label": "validation"},
    }
    figure, panels = _grid(len(histories), height=1.9)
    for axes, (name, seeds) in zip(panels, histories.items(), strict=True):
        for history in seeds:
            epochs = np.arange(1, len(history) + 1)
            for key, look in looks.items():
                axes.plot(epochs, history[key], linewidth=1.3, markersize=3, **look)
        axes.set_title(_wrapped(name))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6, min_n_ticks=1))
        axes.set_xlabel("epoch")
        axes.set_ylabel("loss")
    handles = [Line2D([], [], markersize=3, **look) for look in looks.values()]
    legend_below(figure, handles)
    return figure


def reliability_curves(predictions: dict[str, Predictions], family_of: dict[str, str]) -> Figure:
    """Draw what was claimed against what was so, one panel a family, all seeds together."""
    families: dict[str, list[str]] = {}
    for name in predictions:
        families.setdefault(family_of[name], []).append(name)
    figure, panels = _grid(len(families), height=3.0, sharex=True, sharey=True)
    for axes, (family, names) in zip(panels, families.items(), strict=True):
        axes.plot([0, 100], [0, 100], color=FAINT, linewidth=0.8)
        for number, name in enumerate(names):
            row = predictions[name]
            labels = np.tile(row.labels, len(row.logits))
            curve = reliability(row.probabilities.ravel(), labels)
            axes.plot(
                100 * curve.claimed, 100 * curve.observed, DASHES[number // len(COLOURS) % 4],
                color=COLOURS[number % len(COLOURS)], marker=MARKERS[number % len(MARKERS)],
                markersize=3.5, linewidth=1.1, label=name,
            )  # fmt: skip
        axes.set_title(family)
        axes.tick_params(labelbottom=True, labelleft=True)
        axes.set_xlabel("claimed, %")
        axes.set_ylabel("observed positive, %")
        axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.24), fontsize=9)
    return figure


def agreement(predictions: dict[str, Predictions]) -> Figure:
    """Draw how often two rows give the same answer; on the diagonal, two seeds of one row."""
    names = list(predictions)
    shares = agreement_shares([row.positive for row in predictions.values()])
    side = max(4.0, 1.9 + 0.26 * len(names))
    figure = Figure(figsize=(max(WIDTH, side + 0.6), side))
    axes = figure.subplots()
    axes.grid(False)
    lowest = np.nanmin(shares)
    mesh = axes.pcolormesh(
        100 * np.ma.masked_invalid(shares), cmap="cividis", vmin=100 * lowest, vmax=100,
        edgecolors="white", linewidth=0.5,
    )  # fmt: skip
    if len(names) <= 14:
        for i, j in np.ndindex(shares.shape):
            if np.isfinite(shares[i, j]):
                dark = shares[i, j] < (lowest + 1) / 2
                axes.text(
                    j + 0.5, i + 0.5, f"{100 * shares[i, j]:.0f}", ha="center", va="center",
                    fontsize=8, color="#ffffff" if dark else "#000000",
                )  # fmt: skip
    places = np.arange(len(names)) + 0.5
    axes.set_yticks(places, names)
    axes.set_xticks(places, names, rotation=90)
    axes.tick_params(length=0)
    axes.invert_yaxis()
    axes.spines[:].set_visible(False)
    figure.colorbar(mesh, ax=axes, label="same answer, % of test reviews", shrink=0.8, aspect=25)
    return figure


def agreement_shares(positive: list[np.ndarray]) -> np.ndarray:
    """Return the share of reviews that two rows answer alike, on average over pairs of seeds.

    Args:
        positive: for each row, shape (seeds, reviews), bool.

    Returns:
        Shape (rows, rows). The diagonal is between different seeds of a row; NaN if it has one.
    """
    means = np.stack([row.mean(axis=0) for row in positive])
    shares = (means @ means.T + (1 - means) @ (1 - means).T) / means.shape[1]
    seeds = np.array([len(row) for row in positive])
    with np.errstate(invalid="ignore", divide="ignore"):
        between = (np.diag(shares) * seeds**2 - seeds) / (seeds * (seeds - 1))
    np.fill_diagonal(shares, between)
    return shares


def error_by_length(
    predictions: dict[str, Predictions], slices: Slices, family_of: dict[str, str]
) -> tuple[Figure, str]:
    """Draw the error in each tenth of the reviews by length; also say it in words."""
    tenth = np.digitize(slices.words, np.quantile(slices.words, np.arange(1, 10) / 10))
    groups = [tenth == number for number in range(10)]
    middle = np.array([np.median(slices.words[group]) for group in groups if group.any()])
    figure, axes, said = _errors(
        predictions, family_of,
        {f"{words:.0f} words": group
         for words, group in zip(middle, filter(np.any, groups), strict=True)},
        middle,
    )  # fmt: skip
    axes.set_xscale("log")
    ticks = [
        x for x in (10, 20, 50, 100, 200, 500, 1000, 2000) if middle[0] / 2 < x < middle[-1] * 2
    ]
    axes.set_xticks(ticks, ticks, minor=False)
    axes.set_xticks([], minor=True)
    axes.set_xlabel("length of the review, words (median of each tenth of the reviews)")
    return figure, said


def error_by_stars(
    predictions: dict[str, Predictions], slices: Slices, family_of: dict[str, str]
) -> tuple[Figure, str]:
    """Draw the error for each number of stars that occurs; also say it in words."""
    stars = np.unique(slices.stars)
    groups = {f"{number} stars": slices.stars == number for number in stars}
    figure, axes, said = _errors(predictions, family_of, groups, stars)
    axes.set_xticks(stars)
    axes.set_xlabel("stars that the reviewer gave, of 10")
    return figure, said


def error_by_negation(
    predictions: dict[str, Predictions], slices: Slices, family_of: dict[str, str]
) -> tuple[Figure, str]:
    """Draw the error with and without negation and contrast; also say it in words."""
    groups = {
        "neither": ~slices.negation & ~slices.contrast,
        "negation": slices.negation & ~slices.contrast,
        "contrast": ~slices.negation & slices.contrast,
        "both": slices.negation & slices.contrast,
    }
    groups = {name: group for name, group in groups.items() if group.any()}
    places = np.arange(len(groups))
    figure, axes, said = _errors(predictions, family_of, groups, places, joined=False)
    names = [f"{name}\n{group.sum():,}" for name, group in groups.items()]
    axes.set_xticks(places, names)
    axes.set_xlabel("what is in the review, and how many reviews")
    return figure, said


def _errors(
    predictions: dict[str, Predictions],
    family_of: dict[str, str],
    groups: dict[str, np.ndarray],
    places: np.ndarray,
    joined: bool = True,
) -> tuple[Figure, Axes, str]:
    """Draw the error of the best row of each family in groups of reviews, with 95 % intervals.

    Args:
        predictions: of all rows, the most accurate first.
        family_of: the families of all rows of the page, so that a family looks the same in each
            figure.
        groups: whether each review is in a group, shape (reviews,), bool, by the group's name.
        places: where each group stands, shape (groups,).
        joined: join the groups by a line.

    Returns:
        The figure, its frame, and what it shows in words.
    """
    best: dict[str, str] = {}
    for name in predictions:
        best.setdefault(family_of[name], name)
    colour, marker = looks(family_of.values())
    figure = Figure(figsize=(WIDTH, 3.9))
    axes = figure.subplots()
    said = []
    for number, (family, name) in enumerate(best.items()):
        wrong = 1 - predictions[name].correct.mean(axis=0)
        means = np.array([100 * wrong[group].mean() for group in groups.values()])
        reach = np.array(
            [196 * wrong[group].std() / math.sqrt(group.sum()) for group in groups.values()]
        )
        of_each = ", ".join(
            f"{mean:.1f} % {where}" for where, mean in zip(groups, means, strict=True)
        )
        said.append(f"{name}: {of_each}")
        shift = 0 if joined else 0.6 * (number / max(1, len(best) - 1) - 0.5)
        axes.errorbar(
            places + shift, means, reach, color=colour[family],
            marker=marker[family], markersize=5, linewidth=1.2 if joined else 0, elinewidth=1,
            label=name,
        )  # fmt: skip
    axes.set_ylabel("test error, %")
    axes.set_ylim(bottom=0)
    legend_below(figure, axes.get_legend_handles_labels()[0])
    return figure, axes, f"Test error by group of reviews: {'; '.join(said)}."


def looks(families: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return a colour and a marker for each family, the same for the same families in any order."""
    ordered = sorted(set(families))
    colour = {family: COLOURS[i % len(COLOURS)] for i, family in enumerate(ordered)}
    marker = {family: MARKERS[i % len(MARKERS)] for i, family in enumerate(ordered)}
    return colour, marker


def family_handles(
    families: Iterable[str], colour: Mapping[str, str], marker: Mapping[str, str]
) -> list[Line2D]:
    """Return a legend's entry for each family, in the looks of `looks`."""
    return [
        Line2D([], [], color=colour[family], marker=marker[family], linestyle="", label=family)
        for family in sorted(set(families))
    ]


def family_legend(
    figure: Figure, families: Iterable[str], colour: Mapping[str, str], marker: Mapping[str, str]
) -> None:
    """Add a legend of the families below a figure's panels."""
    legend_below(figure, family_handles(families, colour, marker))


def _grid(panels: int, height: float, **shared: Any) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels in two columns."""
    columns = min(2, panels)
    lines = math.ceil(panels / columns)
    figure = Figure(figsize=(WIDTH, 0.3 + height * lines))
    axes = figure.subplots(lines, columns, squeeze=False, **shared).ravel().tolist()
    for unused in axes[panels:]:
        unused.remove()
    return figure, axes[:panels]


def legend_below(figure: Figure, handles: list) -> None:
    """Put a legend of two columns below a figure's panels."""
    figure.legend(handles=handles, loc="outside lower left", ncols=2)


def _wrapped(name: str) -> str:
    return textwrap.fill(name, 26)


def short_number(value: float, _: int | None = None) -> str:
    """Write a number in four characters or so."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


def as_svg(figure: Figure) -> bytes:
    """Return a figure as SVG; the same figure gives the same bytes."""
    return _save(figure, "svg", facecolor="white")


def as_png(figure: Figure) -> bytes:
    """Return a figure as PNG."""
    return _save(figure, "png", dpi=160)


def _save(figure: Figure, kind: str, **how: Any) -> bytes:
    content = io.BytesIO()
    with style():
        if isinstance(figure.get_layout_engine(), ConstrainedLayoutEngine):  # it moves each time
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
        unsaid = {"svg": "Date", "png": "Software"}[kind]
        figure.savefig(content, format=kind, metadata={unsaid: None}, **how)
    return content.getvalue()


def as_inline_svg(figure: Figure, label: str) -> str:
    """Return a figure as an SVG element whose colours a page sets by its CSS variables.

    Args:
        figure: the figure.
        label: what it shows, for those who do not see it.
    """
    text = _save(figure, "svg", transparent=True).decode()
    text = text[text.index("<svg") :]
    text = re.sub(r'<g id="tip:([^"]*)">', lambda tip: f"<g><title>{tip[1]}</title>", text)
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    names = {INK: "ink", FAINT: "faint", GRID: "grid"}
    names |= {colour: f"series-{number}" for number, colour in enumerate(COLOURS)}
    for colour, name in names.items():
        text = text.replace(colour, f"var(--{name})")
    ((width, height),) = re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    look = f"aspect-ratio:{width}/{height}"
    if float(width) > 1.1 * 72 * WIDTH:
        look += f";min-width:{float(width):.0f}px"  # a phone scrolls rather than shrink the type
    shape = f' role="img" aria-label="{html.escape(label)}" style="{look}"'
    return text.replace("<svg", f"<svg{shape}", 1)
