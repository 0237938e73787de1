"""Write one page with the table and all figures."""

import argparse
from pathlib import Path

from benchmark.commands.options import add_dataset_option, add_results_option
from preprocessing.program import ROOT


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add whose results, and where the reviews are."""
    add_dataset_option(parser)
    add_results_option(parser)
    parser.add_argument(
        "--cache", type=Path, metavar="FOLDER", default=ROOT / "data",
        help="where prepared corpora are kept; without the records' corpus there, the report "
        "leaves out what needs it (default: data/)",
    )  # fmt: skip
    parser.add_argument(
        "--with-texts", action="store_true",
        help="show the texts of the listed reviews; do not pass such a page on",
    )  # fmt: skip


def main(options: argparse.Namespace) -> None:
    """Write page and figures.

    Raises:
        UserError: there is no finished run, or texts are wanted and not on this machine.
    """
    from benchmark.report import build

    build.main(options)
