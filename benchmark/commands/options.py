"""Options that several commands share, and checks of them."""

import argparse
from pathlib import Path

from preprocessing.errors import UserError
from preprocessing.program import ROOT


def add_results_option(parser: argparse._ActionsContainer) -> None:
    """Add --results."""
    parser.add_argument(
        "--results", type=Path, metavar="FOLDER", default=ROOT / "results",
        help="where records and leaderboards are stored (default: results/)",
    )  # fmt: skip


def add_dataset_option(parser: argparse._ActionsContainer) -> None:
    """Add --dataset, which names results and not reviews."""
    parser.add_argument(
        "--dataset", default="imdb", metavar="NAME",
        help="the data set: imdb, sample, or a folder in results/runs/ "
        "(default: %(default)s)",
    )  # fmt: skip


def check_dataset(results: Path, dataset: str) -> None:
    """Check that there are records.

    Raises:
        UserError: there are none of this data set.
    """
    runs = results / "runs"
    if not (runs / dataset).is_dir():
        there = ", ".join(sorted(folder.name for folder in runs.glob("*"))) or "nothing"
        raise UserError(f"{runs} has no results for {dataset!r}, only for {there}")


def add_tensorboard_option(parser: argparse._ActionsContainer) -> None:
    """Add --tensorboard."""
    parser.add_argument(
        "--tensorboard", type=Path, metavar="FOLDER",
        help="write the networks' learning curves there during training, for TensorBoard",
    )  # fmt: skip


def seed_number(text: str) -> int:
    """Read a seed, for argparse."""
    number = int(text)
    if not 0 <= number < 2**32:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 4294967295")
    return number
