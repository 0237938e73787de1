"""Two tables, two models or two folders of records side by side."""

import argparse

from benchmark.commands.options import add_dataset_option, add_results_option


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the two sides and where to find them."""
    what = "a leaderboard.csv, a folder of records, or the name of a model in the table"
    parser.add_argument("one", help=what)
    parser.add_argument("other", help="the same")
    add_dataset_option(parser)
    add_results_option(parser)


def main(options: argparse.Namespace) -> None:
    """Print the comparison.

    Raises:
        UserError: a side is not there, or they are of two protocols or corpora.
    """
    from benchmark.analysis import comparison

    comparison.show(options.one, options.other, options.results, options.dataset)
