"""Write one page with the table and all figures."""

import argparse
from pathlib import Path

from benchmark.commands.options import (
    add_dataset_option,
    add_results_option,
    evaluation_folder,
)
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
        "--evaluation-data", type=Path, metavar="FOLDER",
        help="a folder with the published evaluation sets, for --with-texts (default: "
        "$IMDB_EVALUATION_DATA, else what is in --cache)",
    )  # fmt: skip
    parser.add_argument(
        "--with-texts", action="store_true",
        help="show the texts of the listed reviews; do not pass such a page on",
    )  # fmt: skip


def main(options: argparse.Namespace) -> None:
    """Write the report and say where it is."""
    from benchmark.report import build  # imports matplotlib, which takes a second

    from rich.console import Console
    from rich.text import Text

    progress = Console(stderr=True, highlight=False, soft_wrap=True)
    with progress.status("") as status:

        def tell(what: str) -> None:
            if progress.is_terminal:
                status.update(Text(what))
            else:
                progress.print(what, markup=False)

        written = build.write(
            options.results, options.dataset, options.cache, options.with_texts,
            evaluation_folder(options.evaluation_data), tell,
        )  # fmt: skip
    console = Console(highlight=False, soft_wrap=True, markup=False)
    console.print(f"written to {written.page} ({written.page.stat().st_size / 1e6:.1f} MB)")
    console.print(f"{written.drawn} figures, as SVG and PNG, in {written.figures}")
    if not written.with_slices:
        console.print(
            f"errors by length, stars and negation were left out: "
            f"corpus {written.corpus_hash} is not in {options.cache}"
        )
