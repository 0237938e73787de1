"""One page to look at: ``results/report.html``, and its figures in ``results/figures/``.

Everything comes from the records and their predictions. Figures by length, stars and negation, and
the reviews' identifiers, are added if the prepared corpus is on the machine.
"""

import argparse

from benchmark.analysis import leaderboard, steps
from benchmark.records import predictions as answers_of
from benchmark.records.predictions import Predictions
from benchmark.report import figures, page
from benchmark.report import slices as features_of
from benchmark.report.slices import Slices
from preprocessing.errors import UserError
from preprocessing.storage import write_atomically

import pandas as pd
from rich.console import Console


def main(options: argparse.Namespace) -> None:
    """Write page and figures.

    Raises:
        UserError: there is no finished run, or texts are wanted and not on this machine.
    """
    evaluation = leaderboard.evaluate(options.results, options.dataset)
    ranked = evaluation.table[evaluation.table["status"] == "ok"]
    if ranked.empty:
        raise UserError(
            f"{options.results / 'runs' / options.dataset} holds no finished run; "
            f"python run_all.py makes them"
        )
    corpus_hash = ranked["corpus"].iloc[0]
    features = features_of.at_hand(options.cache, options.dataset, corpus_hash)
    if options.with_texts and features is None:
        raise UserError(
            f"the texts of corpus {corpus_hash} are not in {options.cache}; "
            f"python -m preprocessing prepares them, --cache says where"
        )
    folder = leaderboard.folder_of(options.results, options.dataset)
    with figures.style():
        shown = draw(ranked, evaluation.answers, features)
        if options.dataset.startswith("sample"):
            for drawing in shown:
                drawing.figure.suptitle("synthetic reviews", color=figures.FAINT, fontsize=9)
    for drawing in shown:
        path = folder / "figures" / drawing.name
        write_atomically(path.with_suffix(".svg"), figures.as_svg(drawing.figure))
        write_atomically(path.with_suffix(".png"), figures.as_png(drawing.figure))
    file = folder / "report.html"
    content = page.build(
        evaluation, steps.build(evaluation), options.dataset, shown, features, options.with_texts
    )
    write_atomically(file, content)
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"written to {file} ({len(content.encode()) / 1e6:.1f} MB)")
    console.print(f"{len(shown)} figures, as SVG and PNG, in {folder / 'figures'}")
    if features is None:
        console.print(
            f"errors by length, stars and negation were left out: "
            f"corpus {corpus_hash} is not in {options.cache}"
        )


def draw(
    ranked: pd.DataFrame, answers: dict[str, Predictions], features: Slices | None
) -> list[page.Shown]:
    """Draw all figures that can be drawn.

    Args:
        ranked: the leaderboard's lines of status ``ok``.
        answers: their predictions.
        features: of the test reviews; None if the corpus is not at hand.
    """
    informed = answers_of.informed(answers)
    note = "Rows that do no better than always giving one answer are left out."
    shown = [
        page.Shown(
            "accuracy_by_time",
            "Accuracy against time",
            "Mean over seeds with its 95 % interval over reviews. The time is that of training and "
            "of what is made once for it: word vectors, subwords, pretraining, a teacher. Nothing "
            "beats the rows on the Pareto front in both. Times are compared only within one "
            "machine.",
            figures.accuracy_by_cost(
                ranked.assign(whole_seconds=leaderboard.whole_seconds(ranked)),
                "whole_seconds",
                "training and what is made for it, seconds",
            ),
        ),
        page.Shown(
            "accuracy_by_parameters",
            "Accuracy against size",
            "Numbers that the model holds, given word vectors included.",
            figures.accuracy_by_cost(ranked, "parameters", "size, parameters"),
        ),
        page.Shown(
            "reliability",
            "Reliability",
            "Of the reviews that a row calls positive with a probability of 70 %, 70 % should be: "
            "the grey line. All seeds, 15 bins.",
            figures.reliability_curves(answers),
        ),
    ]
    with_epochs = {n: row for n, row in answers.items() if any(r.history for r in row.records)}
    if with_epochs:
        shown.append(
            page.Shown(
                "learning_curves",
                "Learning curves",
                "A line a seed. The weights of the epoch with the lowest validation loss are kept. "
                "With a teacher, the training loss also holds what is learned from it.",
                figures.learning_curves(with_epochs),
            )
        )
    if len(informed) > 1:
        shown.append(
            page.Shown(
                "agreement",
                "Who answers alike",
                "Share of the test reviews that two rows answer alike, right or wrong; on the "
                f"diagonal, two seeds of one row, and nothing for a single seed. {note}",
                figures.agreement(informed),
            )
        )
    if informed and features is not None:
        families = sorted(ranked["family"].unique())
        best = f"The best row of each family, with 95 % intervals. {note}"
        negation, contrast = (
            ", ".join(sorted(words)) for words in (features_of.NEGATION, features_of.CONTRAST)
        )
        shown.append(
            page.Shown(
                "error_by_length", "Error by length", best,
                figures.error_by_length(informed, features, families),
            )
        )  # fmt: skip
        if features.stars.any():
            shown.append(
                page.Shown(
                    "error_by_stars", "Error by stars",
                    f"Up to 4 stars are negative, from 7 on positive. {best}",
                    figures.error_by_stars(informed, features, families),
                )
            )  # fmt: skip
        shown.append(
            page.Shown(
                "error_by_negation", "Error by negation and contrast",
                f"Whether a negation ({negation}) or a contrast ({contrast}) is in the review. "
                f"{best}",
                figures.error_by_negation(informed, features, families),
            )
        )  # fmt: skip
    return shown
