"""The report's sections of evaluation sets, labels, reading first and searches."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.analysis import budget, reading_first
from benchmark.analysis.budget import Curve
from benchmark.analysis.evaluations import Asked
from benchmark.records import predictions as predictions_of
from benchmark.records.predictions import Predictions
from benchmark.report import evaluation_figures, mistakes
from preprocessing import evaluation_sets

import pandas as pd
from matplotlib.figure import Figure

EDITED_REVIEWS = ("contrast", "counterfactual", "edits")
"""Sets of edited reviews of the kind that models were trained on, the one to look at first."""

Sets = Mapping[str, Mapping[str, Asked]]
"""What rows answered, by set and row; the rows in the leaderboard's order."""


@dataclass(frozen=True)
class Shown:
    """A figure of the page.

    Attributes:
        name: its file's stem.
        title: what it shows.
        caption: how to read it.
        figure: the drawing.
        alternative: what the drawing says, for those who do not see it.
    """

    name: str
    title: str
    caption: str
    figure: Figure
    alternative: str


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        name: its identifier in the page.
        title: what it is about.
        about: what was done.
        shown: its figures.
        lists: each with "title", "about" and "reviews", as the page's template takes them.
    """

    name: str
    title: str
    about: str
    shown: list[Shown]
    lists: list[dict[str, Any]] = field(default_factory=list)


def build(
    asked: Mapping[str, Mapping[str, Asked]],
    predictions: Mapping[str, Predictions],
    ranked: pd.DataFrame,
    steps: pd.DataFrame,
    labels: pd.DataFrame,
    searches: Mapping[str, Curve],
    heading: str,
    texts: Mapping[str, str],
) -> list[Section]:
    """Return the sections for which there are data.

    Args:
        asked: what rows answered to evaluation sets, by row and set.
        predictions: of each ranked row for the test reviews, the most accurate first.
        ranked: the leaderboard's lines of status ``ok``.
        steps: what each step buys.
        labels: the table of label curves.
        searches: what searches for hyperparameters find, by row.
        heading: what stands above each figure.
        texts: those that the page may show, by identifier.
    """
    family_of = dict(zip(ranked["model"], ranked["family"], strict=True))
    informed = predictions_of.informed(dict(predictions))
    names = sorted({name for row in asked.values() for name in row}, key=_order)
    sets: dict[str, dict[str, Asked]] = {}
    for name in names:
        rows = {model: asked[model][name] for model in informed if name in asked.get(model, {})}
        if rows:
            sets[name] = rows
    outside = set(ranked["model"][ranked["weights"] != "none"])
    found = [
        _reads_or_counts(sets, informed, family_of, outside, heading, texts),
        _other_texts(sets, informed),
        _fewer_labels(labels, family_of),
        _reading_first(predictions, ranked, steps, labels, family_of, heading),
        _search(searches, family_of),
    ]
    return [section for section in found if section is not None]


def _order(name: str) -> tuple[int, str]:
    """Return what sets are sorted by: edited reviews first."""
    known = (*EDITED_REVIEWS, *evaluation_sets.PUBLISHED, *evaluation_sets.EMBEDDED)
    return (known.index(name) if name in known else len(known), name)


def _reads_or_counts(
    sets: Sets,
    predictions: Mapping[str, Predictions],
    family_of: Mapping[str, str],
    outside: set[str],
    heading: str,
    texts: Mapping[str, str],
) -> Section | None:
    """Show what edits that turn the verdict around do to each row."""
    paired = {
        name: rows for name, rows in sets.items() if all(row.is_paired for row in rows.values())
    }
    if not paired:
        return None
    shown = []
    for name, rows in paired.items():
        pairs = next(iter(rows.values())).edited_right.shape[1]
        said = "; ".join(
            f"{model} {100 * row.original_right.mean():.1f} % to "
            f"{100 * row.edited_right.mean():.1f} %"
            for model, row in rows.items()
        )
        shown.append(
            Shown(
                f"edits_{name}",
                f"From originals to edits: {name}",
                f"Accuracy on {pairs:,} originals and on their edits, which have the opposite "
                f"verdict; the number is that on edits, in %. {_reach(rows)}",
                evaluation_figures.slopes(rows, family_of),
                f"Accuracy on originals and on edits of {name}, for each model: {said}.",
            )
        )
    first = next(iter(paired))
    rows = paired[first]
    said = "; ".join(
        f"{model} {100 * predictions[model].correct.mean():.1f} % and "
        f"{100 * row.both_right.mean():.1f} %"
        for model, row in rows.items()
    )
    shown.append(
        Shown(
            "both_right",
            f"Both of a pair right, against test accuracy: {first}",
            "A pair counts if original and edit are both classified correctly. 95 % intervals over "
            "test reviews and over pairs.",
            evaluation_figures.both_by_accuracy(rows, predictions, family_of, heading),
            f"Test accuracy, and share of the pairs of {first} with both right: {said}.",
        )
    )
    lists = []
    for name in EDITED_REVIEWS:
        if name in paired:
            lists += mistakes.of_edits(name, paired[name], outside, texts)
    return Section(
        "reads_or_counts",
        "Reads or counts?",
        "A few words of a text were changed until its verdict was the opposite one. A model that "
        "gives the edit its original's answer gets no pair right. Why one model gets more pairs "
        "right than another was not measured. Models that do no better than always giving one "
        "answer are left out.",
        shown,
        lists,
    )


def _reach(rows: Mapping[str, Asked]) -> str:
    """Return how far intervals reach, in a sentence."""
    bounds = [row.accuracy_interval for row in rows.values()]
    reach = max((high - low) / 2 for low, high in bounds)
    return f"95 % intervals on edits reach up to ± {100 * reach:.1f} points."


def _other_texts(sets: Sets, predictions: Mapping[str, Predictions]) -> Section | None:
    """Show how well rows do on texts of other kinds."""
    others = {name: rows for name, rows in sets.items() if name not in EDITED_REVIEWS}
    if not others:
        return None
    counts = []
    for name, rows in others.items():
        one = next(iter(rows.values()))
        counts.append(f"{name}: {one.scored.shape[1]:,} {'edits' if one.is_paired else 'texts'}")
    said = "; ".join(
        f"{model} "
        + ", ".join(
            f"{100 * rows[model].scored.mean():.1f} % on {name}"
            for name, rows in others.items()
            if model in rows
        )
        for model in predictions
        if any(model in rows for rows in others.values())
    )
    return Section(
        "other_texts",
        "Other texts",
        "The same models, trained on reviews of films, asked about texts of another kind or about "
        f"other things; {'; '.join(counts)}. Nothing was trained or chosen on them.",
        [
            Shown(
                "other_texts",
                "Accuracy on other texts",
                "Models are ordered by test accuracy. 95 % intervals over texts.",
                evaluation_figures.other_texts(others, predictions),
                f"Accuracy on other texts: {said}.",
            )
        ],
    )


def _fewer_labels(table: pd.DataFrame, family_of: Mapping[str, str]) -> Section | None:
    """Show accuracy against the number of labels."""
    table = table[table["model"].isin(list(family_of))]
    if table.empty:
        return None
    said = "; ".join(
        f"{model} "
        + ", ".join(
            f"{100 * line.accuracy_mean:.1f} % with {line.labels:,}"
            for line in rows.sort_values("labels").itertuples()
        )
        for model, rows in table.groupby("model")
    )
    return Section(
        "fewer_labels",
        "Fewer labels",
        "The same models with the labels of only some training reviews, as many of each class; the "
        "other training reviews count as unlabelled, so that word vectors and pretraining still "
        "read them.",
        [
            Shown(
                "label_curves",
                "Accuracy against labels",
                "Mean over seeds on the test reviews with its 95 % interval over reviews. Points "
                "are moved sideways a little, so that intervals can be told apart.",
                evaluation_figures.label_curves(table, family_of),
                f"Test accuracy by number of labelled training reviews: {said}.",
            )
        ],
    )


def _reading_first(
    predictions: Mapping[str, Predictions],
    ranked: pd.DataFrame,
    steps: pd.DataFrame,
    labels: pd.DataFrame,
    family_of: Mapping[str, str],
    heading: str,
) -> Section | None:
    """Show what language models reach, and what starting from one buys."""
    shown = []
    reached = ranked.merge(reading_first.perplexities(predictions), on="model")
    if not reached.empty:
        said = "; ".join(
            f"{line.model} {100 * line.accuracy_mean:.2f} % with {line.perplexity:,.1f} of "
            f"{line.of}"
            for line in reached.itertuples()
        )
        shown.append(
            Shown(
                "accuracy_by_perplexity",
                "Accuracy against perplexity",
                "Mean over seeds with its 95 % interval over reviews. The perplexity is that of "
                "the pass that was kept, or the geometric mean of two language models'. "
                "Perplexities of words and of subwords cannot be compared.",
                evaluation_figures.by_perplexity(reached, family_of, heading),
                f"Test accuracy and perplexity: {said}.",
            )
        )
    gained = reading_first.gains(predictions, steps, labels)
    if not gained.empty:
        said = "; ".join(
            f"{model} over {without} "
            + ", ".join(f"{100 * line.gain:+.2f} with {line.asked}" for line in rows.itertuples())
            for (model, without), rows in gained.groupby(["model", "without"], sort=False)
        )
        shown.append(
            Shown(
                "gained_by_reading",
                "What reading first buys",
                "Points of test accuracy by number of labels; of edited pairs, points in the share "
                "with both right. The intervals are those of the table of steps; there are none "
                "for fewer labels, and no points where one of the two is no better than guessing.",
                evaluation_figures.gains(gained, family_of),
                f"Points gained: {said}.",
            )
        )
    if not shown:
        return None
    return Section(
        "reading_first",
        "Reading first",
        "Models that learned to predict the next or a masked word in the training and the "
        "unlabelled reviews before they saw a label, compared with the models that they build on.",
        shown,
    )


def _search(curves: Mapping[str, Curve], family_of: Mapping[str, str]) -> Section | None:
    """Show what a search can be expected to find, by number of trials."""
    curves = {name: curve for name, curve in curves.items() if name in family_of}
    if not curves:
        return None
    said = "; ".join(
        f"{name} {100 * curve.expected[0]:.2f} % with one trial, {100 * curve.expected[-1]:.2f} % "
        f"with {len(curve.expected)}"
        for name, curve in curves.items()
    )
    crossings = " ".join(
        f"Which of {early} and {late} is better depends on the budget: the first with fewer than "
        f"{number} trials, the second from there on."
        for early, late, number in budget.crossings(curves)
    )
    caption = "The mean over all subsets of that many drawn trials."
    return Section(
        "search",
        "What a search finds",
        "Hyperparameters were drawn at random and scored on validation, with one budget for all "
        f"models of a kind; a trial that failed counts as 0. {crossings}",
        [
            Shown(
                "budget_by_trials", "By trials", caption,
                evaluation_figures.budgets(curves, family_of),
                f"Expected best validation accuracy by number of trials: {said}.",
            ),
            Shown(
                "budget_by_seconds", "By seconds",
                f"{caption} Each trial costs the mean seconds of a trial; what is made once for "
                f"all of them, such as word vectors, is added once. "
                f"{budget.about_times(curves)}",
                evaluation_figures.budgets(curves, family_of, by_seconds=True),
                "The same, by seconds.",
            ),
        ],
    )  # fmt: skip


def texts_at_hand(
    asked: Mapping[str, Mapping[str, Asked]], folder: Path | None, cache: Path
) -> dict[str, str]:
    """Return the texts of edited reviews that are on this machine, by identifier.

    Nothing is fetched. A set counts only in the version that models were asked.

    Args:
        asked: what rows answered, by row and set.
        folder: a folder with the published sets' files; None for what was fetched into the cache.
        cache: the folder that downloads are kept in.

    Raises:
        UserError: a file in the folder is not the published one.
    """
    hashes = {(name, one.hash) for row in asked.values() for name, one in row.items()}
    embedded, _ = evaluation_sets.built_in("sample", None, cache)
    published = evaluation_sets.at_hand(EDITED_REVIEWS, folder, cache)
    return {
        identifier: text
        for one in (*embedded, *published)
        if (one.name, one.hash) in hashes
        for identifier, text in zip(one.ids, one.texts, strict=True)
    }
