"""Measure how fast everything is, or some models."""

import argparse

from benchmark.rows import catalogue
from preprocessing.options import DataOptions, add_data_options
from preprocessing.sources.custom import check_source


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what to measure, and on which reviews."""
    parser.add_argument(
        "models",
        nargs="*",
        metavar="MODEL",
        help="a model to measure (default: all, and the preparation of the reviews)",
    )
    add_data_options(parser)


def main(options: argparse.Namespace) -> None:
    """Measure and print.

    Raises:
        UserError: there is no such row, or the reviews cannot be used.
    """
    catalogue.choose(options.models)  # before every row is imported

    data = DataOptions.of(options)
    if data.data is not None:
        check_source(data.data)

    from benchmark.runs import speed

    speed.measure(options.models, data)
