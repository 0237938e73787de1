"""Run all rows, then write the leaderboard: ``python run_all.py``."""

import argparse

from benchmark.commands.options import add_results_option, add_tensorboard_option
from benchmark.records import PROTOCOL_SEEDS
from preprocessing.errors import UserError
from preprocessing.options import DataOptions, add_data_options, corpus_from, positive


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add which rows, how many seeds, on which reviews, and how."""
    parser.add_argument(
        "rows", nargs="*",
        help='rows to run with their variants, or lines as the leaderboard has them, such as "bert '
        '(scratch-tiny)" (default: all)',
    )  # fmt: skip
    parser.add_argument(
        "--weights", action="append", default=[], metavar="NAME=FOLDER",
        help="where a copy of public weights is, such as all-MiniLM-L6-v2=FOLDER; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--seeds", type=positive, default=PROTOCOL_SEEDS, metavar="N",
        help="seeds 0 to N - 1 (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--force", action="store_true", help="run finished runs again")
    parser.add_argument(
        "--jobs", type=positive, default=1, metavar="N",
        help="parallel runs; quicker, but they distort timings (default: %(default)s)",
    )  # fmt: skip
    add_data_options(parser)
    add_results_option(parser)
    add_tensorboard_option(parser)


def main(options: argparse.Namespace) -> int:
    """Run what is missing; return 0 if every run is good and 1 if one failed.

    Raises:
        UserError: an option, the reviews or a record cannot be used.
    """
    from benchmark.rows import catalogue

    lines = catalogue.choose(options.rows)  # before the slow imports

    from benchmark.analysis import leaderboard
    from benchmark.runs import sweep
    from preprocessing.storage import verify

    from rich.console import Console

    data = DataOptions.of(options)
    corpus = corpus_from(data)
    verify(corpus.folder)
    if options.jobs > 1 and corpus.name == "imdb":
        raise UserError(
            "parallel runs distort timings, which the leaderboard on IMDB shows; --jobs is for "
            "--limit, --dataset sample and your own texts"
        )
    console = Console()
    settings = sweep.Settings(data, options.results, options.jobs, options.tensorboard)
    with sweep.only_one(options.results, corpus.name):
        leaderboard.build(options.results, corpus.name)  # damage is told before hours pass
        readme = leaderboard.readme_of(options.results)
        try:
            failed, unreached = sweep.sweep(
                lines, options.seeds, corpus, settings, options.force, options.weights, console
            )
        finally:  # also after Ctrl-C, with what was finished
            table = leaderboard.write(options.results, corpus.name, readme)
    console.print(leaderboard.as_rich(table, corpus.name))
    if unreached:
        console.print(
            f"needs weights that this machine cannot reach: {', '.join(unreached)}; "
            f"--weights NAME=FOLDER says where a copy is"
        )
    where = leaderboard.folder_of(options.results, corpus.name) / "leaderboard.csv"
    console.print(f"written to {where}")
    return 1 if failed else 0
