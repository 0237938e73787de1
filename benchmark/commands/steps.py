"""What each step from a simpler row buys."""

import argparse

from benchmark.commands.options import add_dataset_option, add_results_option, check_dataset
from preprocessing.errors import UserError


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add whose results."""
    add_dataset_option(parser)
    add_results_option(parser)


def main(options: argparse.Namespace) -> None:
    """Write ``steps.csv`` and the document's table, and print it.

    Raises:
        UserError: there are no records, or no two finished rows make a step.
    """
    check_dataset(options.results, options.dataset)

    from benchmark.analysis import leaderboard, steps

    from rich.console import Console

    table = steps.build(leaderboard.evaluate(options.results, options.dataset))
    if table.empty:
        raise UserError(
            f"{options.results / 'runs' / options.dataset} has no model together with the simpler "
            f"one that it changes; python run_all.py runs all of them"
        )
    document = leaderboard.readme_of(options.results, steps.DOCUMENT)
    steps.write(table, options.results, options.dataset, document)
    Console().print(steps.as_terminal(table, options.dataset))
