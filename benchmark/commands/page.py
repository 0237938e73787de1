"""Serve a page that asks kept models about a text."""

import argparse
import logging
from pathlib import Path

from benchmark.commands.options import (
    add_kept_models_option,
    add_results_option,
    evaluation_folder,
)
from benchmark.runs import kept_models
from preprocessing.options import gigabytes, whole


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add which models, and where the page is served."""
    parser.add_argument(
        "--dataset", metavar="NAME",
        help="the data set that the models were trained on (default: imdb, or else any of which "
        "models are kept)",
    )  # fmt: skip
    add_kept_models_option(parser)
    add_results_option(parser)
    parser.add_argument(
        "--evaluation-data", type=Path, metavar="FOLDER",
        help="a folder with the published evaluation sets, for examples (default: "
        "$IMDB_EVALUATION_DATA, else what is in --cache); nothing is downloaded",
    )  # fmt: skip
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS",
        help="the address to serve at; 0.0.0.0 lets other machines in (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--port", type=whole, default=7860, help="(default: %(default)s)")
    parser.add_argument(
        "--memory", type=gigabytes, metavar="GB",
        help="most memory that loaded models may take, estimated from the size of their files; the "
        "least recently used are unloaded to make room (default: 4)",
    )  # fmt: skip


def main(options: argparse.Namespace) -> None:
    """Serve the page until Ctrl-C."""
    from benchmark.app import server

    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    server.serve(
        options.cache,
        options.results,
        options.dataset or kept_models.any_dataset(options.cache),
        evaluation_folder(options.evaluation_data),
        options.host,
        options.port,
        options.memory,
    )
