"""Options that several commands share."""

import argparse
from pathlib import Path

from preprocessing.program import ROOT


def add_results_option(parser: argparse.ArgumentParser) -> None:
    """Add --results."""
    parser.add_argument(
        "--results", type=Path, metavar="FOLDER", default=ROOT / "results",
        help="where records and leaderboards are kept (default: results/)",
    )  # fmt: skip


def add_tensorboard_option(parser: argparse.ArgumentParser) -> None:
    """Add --tensorboard."""
    parser.add_argument(
        "--tensorboard", type=Path, metavar="FOLDER",
        help="write the networks' learning curves there as they come, for TensorBoard",
    )  # fmt: skip


def seed_number(text: str) -> int:
    """Read a seed, for argparse."""
    number = int(text)
    if not 0 <= number < 2**32:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 4294967295")
    return number
