"""One page to look at: ``results/report.html``, and its figures in ``results/figures/``.

Everything comes from the records and their predictions. Figures by length, stars and negation, and
the reviews' identifiers, are added if the prepared corpus is on the machine.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmark.analysis import budget, leaderboard, steps, tables
from benchmark.records import predictions as predictions_of
from benchmark.records.predictions import Predictions
from benchmark.report import figures, page, sections
from benchmark.report import slices as slices_of
from benchmark.report.sections import Shown
from benchmark.report.slices import Slices
from preprocessing.corpus import is_synthetic
from preprocessing.errors import UserError
from preprocessing.storage import write_atomically

import pandas as pd


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        page: the page's file.
        figures: the folder of the figures.
        drawn: how many figures there are.
        corpus_hash: of the corpus that the models were tested on.
        with_slices: whether that corpus was at hand, for errors by length, stars and negation.
    """

    page: Path
    figures: Path
    drawn: int
    corpus_hash: str
    with_slices: bool


def write(
    results: Path,
    dataset: str,
    cache: Path,
    with_texts: bool = False,
    evaluation_data: Path | None = None,
    tell: Callable[[str], None] = lambda what: None,
) -> Written:
    """Write page and figures.

    Args:
        results: the results folder.
        dataset: the corpus's name.
        cache: where prepared corpora are kept.
        with_texts: show the listed reviews' texts; those of evaluation sets that are at hand.
        evaluation_data: a folder with the published evaluation sets; None for the cache.
        tell: takes what is being done, before each part of the work that takes a while.

    Raises:
        UserError: there is no finished run, or texts are wanted and not on this machine.
    """
    tell("reading the records")
    evaluation = leaderboard.evaluate(results, dataset)
    predictions = evaluation.predictions
    ranked = evaluation.table[evaluation.table["status"] == "ok"]
    if ranked.empty:
        raise UserError(
            f"{results / 'runs' / dataset} holds no finished run; python run_all.py makes them"
        )
    corpus_hash = ranked["corpus"].iloc[0]
    tell("looking for the reviews")
    slices = slices_of.at_hand(cache, corpus_hash)
    if with_texts and slices is None:
        raise UserError(
            f"the texts of corpus {corpus_hash} are not in {cache}; "
            f"python -m preprocessing prepares them, --cache says where"
        )
    folder = leaderboard.folder_of(results, dataset)
    asked, labels = evaluation.asked, leaderboard.by_labels(results, dataset)
    texts = sections.texts_at_hand(asked, evaluation_data, cache) if with_texts else {}
    with figures.style():
        heading = "synthetic reviews" if is_synthetic(dataset) else ""
        shown = draw(ranked, predictions, _histories(predictions), slices, heading, tell)
        tell("drawing what was answered to evaluation sets")
        searches, bought = budget.read(results, dataset), steps.build(evaluation)
        parts = sections.build(asked, predictions, ranked, bought, labels, searches, heading, texts)
        drawings = [*shown, *(drawing for part in parts for drawing in part.shown)]
        for drawing in drawings:
            if not drawing.figure.get_suptitle():
                figures.set_heading(drawing.figure, heading)
    for number, drawing in enumerate(drawings, 1):
        tell(f"writing figure {number} of {len(drawings)}: {drawing.title}")
        path = folder / "figures" / drawing.name
        write_atomically(path.with_suffix(".svg"), figures.as_svg(drawing.figure))
        write_atomically(path.with_suffix(".png"), figures.as_png(drawing.figure))
    file = folder / "report.html"
    tell("writing the page")
    write_atomically(
        file,
        page.build(
            evaluation.table, bought, predictions, dataset, shown, parts, slices,
            with_texts, () if is_synthetic(dataset) else evaluation.unreached, folder,
        ),
    )  # fmt: skip
    return Written(file, folder / "figures", len(drawings), corpus_hash, slices is not None)


def draw(
    ranked: pd.DataFrame,
    predictions: dict[str, Predictions],
    histories: dict[str, list[pd.DataFrame]],
    slices: Slices | None,
    heading: str = "",
    tell: Callable[[str], None] = lambda what: None,
) -> list[Shown]:
    """Draw all figures that can be drawn.

    Args:
        ranked: the leaderboard's lines of status ``ok``.
        predictions: of each of these lines.
        histories: of those of them that learn in epochs; see `figures.learning_curves`.
        slices: of the test reviews; None if the corpus is not at hand.
        heading: what stands above each figure.
        tell: see `write`.
    """
    informed = predictions_of.informed(predictions)
    family_of = dict(zip(ranked["model"], ranked["family"], strict=True))
    below = "".join(
        f" Below the frame: {line['model']} with {100 * line['accuracy_mean']:.1f} %."
        for _, line in figures.below_frame(ranked).iterrows()
    )
    note = "Models that do no better than always giving one answer are left out."
    tell("drawing accuracy against time and size")
    ranked = ranked.assign(whole_seconds=tables.whole_seconds(ranked))
    shown = [
        Shown(
            "accuracy_by_time",
            "Accuracy against time",
            "Mean over seeds with its 95 % interval over reviews. The time is that of training and "
            "of what is made once for it: word vectors, subwords, pretraining, a teacher. A dashed "
            "line, where there is one, joins the models that no other beats in both: the Pareto "
            "front. Times are compared only within one kind of machine, and not where other "
            f"programs were running.{below}",
            figures.accuracy_by_cost(
                ranked, "whole_seconds", "training and what is made for it, seconds", heading
            ),
            _said("Test accuracy and seconds", ranked, "whole_seconds", "{:,.0f} s"),
        ),
        Shown(
            "accuracy_by_parameters",
            "Accuracy against size",
            f"Number of values that the model stores, its word vectors included.{below}",
            figures.accuracy_by_cost(ranked, "parameters", "size, parameters", heading),
            _said("Test accuracy and size", ranked, "parameters", "{:,.0f} parameters"),
        ),
        Shown(
            "reliability",
            "Reliability",
            "Of the reviews that a model calls positive with a probability of 70 %, 70 % should "
            "be: the grey line. All seeds, 15 bins.",
            figures.reliability_curves(predictions, family_of),
            _said("Calibration error", ranked, "calibration_error", "{:.3f}", accuracy=False),
        ),
    ]
    tell("drawing how models learn, agree and err")
    if histories:
        shown.append(
            Shown(
                "learning_curves",
                "Learning curves",
                "One line per seed. The weights of the epoch with the lowest validation loss are "
                "kept; ulmfit has stages, one after the other, for each of its two directions, "
                "and each stage keeps its own. Where a model also learns from a teacher, to "
                "predict the next token, or on perturbed vectors, its training loss holds that, "
                "too. capsule (paper) has a margin loss, and with a teacher a part of the training "
                "loss is a distance between states; all else is in nats.",
                figures.learning_curves(histories),
                _said_of_learning(histories),
            )
        )
    if len(informed) > 1:
        shown.append(
            Shown(
                "agreement",
                "Agreement between models",
                "Share of the test reviews that two models answer alike, right or wrong; on the "
                f"diagonal, two seeds of one model, and nothing for a single seed. {note}",
                figures.agreement(informed),
                _said_of_agreement(informed),
            )
        )
    if informed and slices is not None:
        best = f"The best model of each family, with 95 % intervals. {note}"
        negation, contrast = (
            ", ".join(sorted(words)) for words in (slices_of.NEGATION, slices_of.CONTRAST)
        )
        shown.append(
            Shown(
                "error_by_length", "Error by length", best,
                *figures.error_by_length(informed, slices, family_of),
            )
        )  # fmt: skip
        if slices.stars.any():
            shown.append(
                Shown(
                    "error_by_stars", "Error by stars",
                    f"Up to 4 stars are negative, from 7 on positive. {best}",
                    *figures.error_by_stars(informed, slices, family_of),
                )
            )  # fmt: skip
        shown.append(
            Shown(
                "error_by_negation", "Error by negation and contrast",
                f"Whether a negation ({negation}) or a contrast ({contrast}) is in the review. "
                f"{best}",
                *figures.error_by_negation(informed, slices, family_of),
            )
        )  # fmt: skip
    return shown


def _said(what: str, ranked: pd.DataFrame, name: str, form: str, accuracy: bool = True) -> str:
    """Say in words what a figure shows of each model, for those who do not see it."""
    of_each = (
        f"{line['model']} "
        + (f"{100 * line['accuracy_mean']:.2f} %, " if accuracy else "")
        + form.format(line[name])
        for _, line in ranked.iterrows()
    )
    return f"{what} of each model: {'; '.join(of_each)}."


def _said_of_learning(histories: dict[str, list[pd.DataFrame]]) -> str:
    """Say where each model's validation loss is lowest, by seed."""
    said = []
    for name, seeds in histories.items():
        loss = [history["validation_loss"] for history in seeds]
        best = ", ".join(
            f"{one.min():.3f} in epoch {one.argmin() + 1} of {len(one)}" for one in loss
        )
        said.append(f"{name} {best}")
    return f"Lowest validation loss, by seed: {'; '.join(said)}."


def _said_of_agreement(informed: dict[str, Predictions]) -> str:
    """Say which model each one is most and least like."""
    names = list(informed)
    shares = figures.agreement_shares([row.positive for row in informed.values()])
    said = []
    for i, name in enumerate(names):
        others = sorted((j for j in range(len(names)) if j != i), key=lambda j: shares[i, j])
        least, most = (f"{names[j]} {100 * shares[i, j]:.0f} %" for j in (others[0], others[-1]))
        said.append(f"{name} most with {most}" + (f", least with {least}" if others[1:] else ""))
    return f"Share of test reviews that two models answer alike: {'; '.join(said)}."


def _histories(predictions: dict[str, Predictions]) -> dict[str, list[pd.DataFrame]]:
    """Return a table for each seed with epochs, of the models that have any."""
    found = {
        name: [
            pd.DataFrame([epoch.as_json() for epoch in record.history])
            for record in row.records
            if record.history
        ]
        for name, row in predictions.items()
    }
    return {name: seeds for name, seeds in found.items() if seeds}
