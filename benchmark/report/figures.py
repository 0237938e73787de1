"""The report's figures, drawn by matplotlib from predictions, records and review features.

Each function returns a figure that is legible at the width of a phone. Colours (most of them
Okabe & Ito's, 2008) can be told apart by the colour-blind, and markers or dashes say the same once
more.
"""

import html
import io
import math
import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

from benchmark.records.metrics import reliability
from benchmark.records.predictions import Predictions
from benchmark.report.slices import Slices

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, MaxNLocator

INK, FAINT, GRID = "#1b1f24", "#5f6872", "#d4d9df"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6b6b6b", "#5b2a86")
MARKERS = "osD^vPX*<>ph"
DASHES = ("-", "--", "-.", ":")
WIDTH = 5.2
"""Inches; at 72 points an inch about the width of a phone, so type keeps its size there."""

FRAME = 0.20
"""Rows whose accuracy is this far below the best stand outside of the frame, and are named."""

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
    "svg.fonttype": "none",
    "svg.hashsalt": "benchmark",
}


@contextmanager
def style() -> Iterator[None]:
    """Draw in the report's style within the block."""
    with mpl.rc_context(_STYLE):
        yield


def accuracy_by_cost(table: pd.DataFrame, column: str, label: str) -> Figure:
    """Draw accuracy against a cost, with the rows that no other beats in both.

    Args:
        table: the leaderboard's ranked lines.
        column: the cost; where it depends on the machine, each machine has a panel of its own.
        label: the cost's name and unit.
    """
    depends = column.endswith("seconds")
    devices = sorted(set(table["device"])) if depends else [None]
    figure = Figure(figsize=(WIDTH, 3.9 * len(devices)))
    panels = figure.subplots(len(devices), sharex=True, sharey=True, squeeze=False)[:, 0]
    colour, marker = _looks(sorted(table["family"].unique()))
    named = []
    inside = table["accuracy_mean"] > table["accuracy_mean"].max() - FRAME
    for device, axes in zip(devices, panels, strict=True):
        here = table if device is None else table[table["device"] == device]
        near = inside[here.index]
        shown, beyond = here[near], here[~near]
        front = pareto_front(shown[column].to_numpy(), shown["accuracy_mean"].to_numpy())
        chosen = shown[front].sort_values(column)
        axes.step(
            chosen[column], 100 * chosen["accuracy_mean"], where="post", color=FAINT,
            linewidth=1, linestyle="--", zorder=1,
        )  # fmt: skip
        for _, line in shown.iterrows():
            mean, low, high = (
                100 * line[name]
                for name in ("accuracy_mean", "accuracy_ci_low", "accuracy_ci_high")
            )
            container = axes.errorbar(
                line[column], mean, [[mean - low], [high - mean]],
                color=colour[line["family"]], marker=marker[line["family"]],
                markersize=10 if marker[line["family"]] == "*" else 7,
                markeredgecolor="white", markeredgewidth=0.7, elinewidth=1.2,
            )  # fmt: skip
            container.lines[0].set_gid(
                f"tip:{line['model']}: {mean:.2f} %, interval {low:.2f} to {high:.2f}, "
                f"{line[column]:,.0f} {label.rpartition(', ')[2]}"
            )
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(_short))
        axes.margins(x=0.12, y=0.12)
        axes.set_ylabel("test accuracy, %")
        if device:
            axes.set_title(f"on {device}")
        named.append((axes, shown, column, front))
        if len(beyond):
            names = ", ".join(
                f"{line['model']} {100 * line['accuracy_mean']:.1f} %"
                for _, line in beyond.iterrows()
            )
            axes.text(0.01, 0.03, f"below the frame: {names}", transform=axes.transAxes,
                      fontsize=9, color=FAINT)  # fmt: skip
    panels[-1].set_xlabel(label)
    handles = [
        mpl.lines.Line2D([], [], color=colour[f], marker=marker[f], linestyle="", label=f)
        for f in sorted(table[inside]["family"].unique())
    ]
    handles.append(mpl.lines.Line2D([], [], color=FAINT, linestyle="--", label="Pareto front"))
    _legend_below(figure, handles)
    for panel in named:  # last, because it asks where everything stands
        _name_points(*panel)
    return figure


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
    return ~better.any(axis=0)


def _name_points(axes: Axes, shown: pd.DataFrame, column: str, front: np.ndarray) -> None:
    """Write each row's name where nothing else is: beside its point, or else at the end of a line.

    Those on the front come first; a name for which there is no place is left out.
    """
    figure = axes.figure
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    points = axes.transData.transform(
        np.column_stack([shown[column], 100 * shown["accuracy_mean"]])
    )
    frame = axes.get_window_extent(renderer)
    taken = [mpl.transforms.Bbox.from_extents(x - 4, y - 6, x + 4, y + 6) for x, y in points]
    taken += [text.get_window_extent(renderer) for text in (*axes.texts, axes.title)]

    def name(index: int, dx: float, dy: float, side: str, line: dict | None) -> bool:
        text = axes.annotate(
            _wrapped(shown["model"].iloc[index]),
            (shown[column].iloc[index], 100 * shown["accuracy_mean"].iloc[index]),
            (dx, dy), textcoords="offset points", ha=side, fontsize=9, arrowprops=line,
        )  # fmt: skip
        text.set_in_layout(False)  # or the drawing would make way for it, and all would move
        text.update_positions(renderer)
        box = mpl.text.Text.get_window_extent(text, renderer)  # without its line
        inside = frame.containsx(box.x0) and frame.containsx(box.x1) and frame.y0 <= box.y0
        clear = line is not None or _nearest(box, points) == index
        fits = inside and clear and not box.count_overlaps(taken)
        if fits:
            taken.append(box)
        else:
            text.remove()
        return fits

    left = [*np.flatnonzero(front), *np.flatnonzero(~front)]
    for places, line in ((_BESIDE, None), (_AWAY, _LINE)):
        left = [i for i in left if not any(name(i, *place, line) for place in places)]


_BESIDE = (
    (8, 4, "left"), (-8, 4, "right"), (8, -9, "left"), (-8, -9, "right"), (0, 10, "center"),
    (0, -17, "center"), (8, 14, "left"), (-8, 14, "right"), (8, -20, "left"), (-8, -20, "right"),
)  # fmt: skip
"""Where a name may stand beside its point: points to the right, points up, alignment."""

_AWAY = tuple(
    (sign * dx, dy, "left" if sign > 0 else "right")
    for dx in (16, 32)
    for dy in (20, -26, 34, -40, 48, -54)
    for sign in (1, -1)
)
"""Where it may stand at the end of a line."""

_LINE = {"arrowstyle": "-", "color": FAINT, "lw": 0.6, "shrinkB": 4}


def _nearest(box: mpl.transforms.Bbox, points: np.ndarray) -> int:
    """Return which point is nearest to a box."""
    low, high = box.get_points()
    outside = np.maximum(np.maximum(low - points, points - high), 0)
    return int((outside**2).sum(axis=1).argmin())


def learning_curves(answers: dict[str, Predictions]) -> Figure:
    """Draw loss by epoch, for rows that have epochs."""
    looks = {
        "loss": {"color": COLOURS[4], "linestyle": "--", "marker": "s", "label": "training"},
        "validation_loss": {"color": COLOURS[0], "marker": "o", "label": "validation"},
    }
    figure, panels = _grid(len(answers), height=1.9)
    for axes, (name, row) in zip(panels, answers.items(), strict=True):
        for record in row.records:
            epochs = np.arange(1, len(record.history) + 1)
            for key, look in looks.items():
                losses = [getattr(epoch, key) for epoch in record.history]
                axes.plot(epochs, losses, linewidth=1.3, markersize=3, **look)
        axes.set_title(_wrapped(name))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6, min_n_ticks=1))
        axes.set_xlabel("epoch")
        axes.set_ylabel("loss, nats")
    handles = [mpl.lines.Line2D([], [], markersize=3, **look) for look in looks.values()]
    _legend_below(figure, handles)
    return figure


def reliability_curves(answers: dict[str, Predictions]) -> Figure:
    """Draw what was claimed against what was so, one panel a family, all seeds together."""
    families: dict[str, list[str]] = {}
    for name, row in answers.items():
        families.setdefault(row.records[0].family, []).append(name)
    figure, panels = _grid(len(families), height=3.0, sharex=True, sharey=True)
    for axes, (family, names) in zip(panels, families.items(), strict=True):
        axes.plot([0, 100], [0, 100], color=FAINT, linewidth=0.8)
        for number, name in enumerate(names):
            row = answers[name]
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


def agreement(answers: dict[str, Predictions]) -> Figure:
    """Draw how often two rows give the same answer; on the diagonal, two seeds of one row."""
    names = list(answers)
    shares = agreement_shares([row.positive for row in answers.values()])
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
    """Return the share of reviews that two rows answer alike, in the mean over pairs of seeds.

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
    answers: dict[str, Predictions], features: Slices, families: list[str]
) -> Figure:
    """Draw the error in each tenth of the reviews by length."""
    tenth = np.digitize(features.words, np.quantile(features.words, np.arange(1, 10) / 10))
    groups = [tenth == number for number in range(10)]
    middle = np.array([np.median(features.words[group]) for group in groups if group.any()])
    figure, axes = _errors(answers, families, [group for group in groups if group.any()], middle)
    axes.set_xscale("log")
    ticks = [
        x for x in (10, 20, 50, 100, 200, 500, 1000, 2000) if middle[0] / 2 < x < middle[-1] * 2
    ]
    axes.set_xticks(ticks, ticks, minor=False)
    axes.set_xticks([], minor=True)
    axes.set_xlabel("length of the review, words (median of each tenth of the reviews)")
    return figure


def error_by_stars(
    answers: dict[str, Predictions], features: Slices, families: list[str]
) -> Figure:
    """Draw the error for each number of stars that occurs."""
    stars = np.unique(features.stars)
    figure, axes = _errors(answers, families, [features.stars == number for number in stars], stars)
    axes.set_xticks(stars)
    axes.set_xlabel("stars that the reviewer gave, of 10")
    return figure


def error_by_negation(
    answers: dict[str, Predictions], features: Slices, families: list[str]
) -> Figure:
    """Draw the error with and without negation and contrast."""
    groups = {
        "neither": ~features.negation & ~features.contrast,
        "negation": features.negation & ~features.contrast,
        "contrast": ~features.negation & features.contrast,
        "both": features.negation & features.contrast,
    }
    groups = {name: group for name, group in groups.items() if group.any()}
    places = np.arange(len(groups))
    figure, axes = _errors(answers, families, list(groups.values()), places, joined=False)
    names = [f"{name}\n{group.sum():,}" for name, group in groups.items()]
    axes.set_xticks(places, names)
    axes.set_xlabel("what is in the review, and how many reviews")
    return figure


def _errors(
    answers: dict[str, Predictions],
    families: list[str],
    groups: list[np.ndarray],
    places: np.ndarray,
    joined: bool = True,
) -> tuple[Figure, Axes]:
    """Draw the error of the best row of each family in groups of reviews, with 95 % intervals.

    `families` are all those of the page, so that a family looks the same in each figure.
    """
    best: dict[str, str] = {}
    for name, row in answers.items():
        best.setdefault(row.records[0].family, name)
    colour, marker = _looks(families)
    figure = Figure(figsize=(WIDTH, 3.9))
    axes = figure.subplots()
    for number, (family, name) in enumerate(best.items()):
        wrong = 1 - answers[name].correct.mean(axis=0)
        means = np.array([100 * wrong[group].mean() for group in groups])
        reach = np.array([196 * wrong[group].std() / math.sqrt(group.sum()) for group in groups])
        shift = 0 if joined else 0.6 * (number / max(1, len(best) - 1) - 0.5)
        axes.errorbar(
            places + shift, means, reach, color=colour[family],
            marker=marker[family], markersize=5, linewidth=1.2 if joined else 0, elinewidth=1,
            label=name,
        )  # fmt: skip
    axes.set_ylabel("test error, %")
    axes.set_ylim(bottom=0)
    _legend_below(figure, axes.get_legend_handles_labels()[0])
    return figure, axes


def _looks(families: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return a colour and a marker for each family."""
    colour = {family: COLOURS[i % len(COLOURS)] for i, family in enumerate(families)}
    marker = {family: MARKERS[i % len(MARKERS)] for i, family in enumerate(families)}
    return colour, marker


def _grid(panels: int, height: float, **shared: bool) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels in two columns."""
    columns = min(2, panels)
    lines = math.ceil(panels / columns)
    figure = Figure(figsize=(WIDTH, 0.3 + height * lines))
    axes = figure.subplots(lines, columns, squeeze=False, **shared).ravel().tolist()
    for unused in axes[panels:]:
        unused.remove()
    return figure, axes[:panels]


def _legend_below(figure: Figure, handles: list) -> None:
    figure.legend(handles=handles, loc="outside lower left", ncols=2)


def _wrapped(name: str) -> str:
    return textwrap.fill(name, 26)


def _short(value: float, _: int | None = None) -> str:
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


def _save(figure: Figure, kind: str, **how) -> bytes:
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
    text = re.sub(
        r'<g id="tip:([^"]*)">', lambda tip: f"<g><title>{html.escape(tip[1])}</title>", text
    )
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    names = {INK: "ink", FAINT: "faint", GRID: "grid"}
    names |= {colour: f"series-{number}" for number, colour in enumerate(COLOURS)}
    for colour, name in names.items():
        text = text.replace(colour, f"var(--{name})")
    width, height = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text).groups()
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    look = f"aspect-ratio:{width}/{height}"
    if float(width) > 1.1 * 72 * WIDTH:
        look += f";min-width:{float(width):.0f}px"  # a phone scrolls rather than shrink the type
    shape = f' role="img" aria-label="{html.escape(label)}" style="{look}"'
    return text.replace("<svg", f"<svg{shape}", 1)
