"""What searches can be expected to find, by number of trials, from the trials of ``tune``."""

import argparse

from benchmark.commands.options import add_dataset_option, add_results_option
from preprocessing.errors import UserError

SHOWN = (1, 2, 5, 10, 20, 50)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add whose trials."""
    add_dataset_option(parser)
    add_results_option(parser)


def main(options: argparse.Namespace) -> None:
    """Print the expected best validation accuracy, and where the order of two models changes.

    Raises:
        UserError: there are no trials.
    """
    from benchmark.analysis import budget

    from rich.console import Console

    curves = budget.read(options.results, options.dataset)
    if not curves:
        raise UserError(
            f"{options.results / 'tuning' / options.dataset} has no random trials; "
            f"python -m benchmark tune MODEL --trials 20 makes them"
        )
    console = Console(highlight=False)
    longest = max(len(curve.expected) for curve in curves.values())
    shown = tuple(sorted({number for number in SHOWN if number <= longest} | {longest}))
    console.print(budget.as_terminal(curves, options.dataset, shown))
    if about := budget.about_times(curves):
        console.print(about, markup=False)
    for early, late, number in budget.crossings(curves):
        console.print(
            f"which is better depends on the budget: {early} below {number} trials, {late} from "
            f"there on", markup=False,
        )  # fmt: skip
