"""List the models: the rows of the leaderboard."""

import argparse

from benchmark.rows import catalogue


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add nothing."""


def main(options: argparse.Namespace) -> None:
    """Print each row and how to run it."""
    for name, module in catalogue.modules().items():
        print(f"{name:24} python -m {module}")
