"""Measure how fast everything is, or some rows."""

import argparse

from benchmark.rows import catalogue
from preprocessing.options import DataOptions, add_data_options


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what to measure, and on which reviews."""
    parser.add_argument("rows", nargs="*", help="rows to measure (default: all, and preparation)")
    add_data_options(parser)


def main(options: argparse.Namespace) -> None:
    """Measure and print.

    Raises:
        UserError: there is no such row, or the reviews cannot be used.
    """
    catalogue.choose(options.rows)  # before every row is imported

    from benchmark.runs import speed

    speed.measure(options.rows, DataOptions.of(options))
