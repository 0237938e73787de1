"""Accuracy by number of labelled training reviews, from the runs with --labels."""

import argparse

from benchmark.commands.options import add_dataset_option, add_results_option, check_dataset
from preprocessing.errors import UserError


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add whose results."""
    add_dataset_option(parser)
    add_results_option(parser)


def main(options: argparse.Namespace) -> None:
    """Write ``label_curves.csv`` and print the table.

    Raises:
        UserError: there are no records, or none of a run with fewer labels.
    """
    check_dataset(options.results, options.dataset)

    from benchmark.analysis import label_curves, leaderboard

    from rich.console import Console

    table = leaderboard.by_labels(options.results, options.dataset)
    if table.empty:
        raise UserError(
            f"{options.results / 'runs' / options.dataset} has no runs with fewer labels; "
            f"run_all.py makes them with --labels 100 1000, on the same data and with the same "
            f"--results"
        )
    label_curves.write(table, leaderboard.folder_of(options.results, options.dataset))
    Console().print(label_curves.as_terminal(table, options.dataset))
