"""The command-line options that say which reviews to use."""

import argparse
import sys
from pathlib import Path

from preprocessing.corpus import Corpus
from preprocessing.prepare import DATASETS, data_from_environment, open_corpus
from preprocessing.program import ROOT

LEAST_LIMIT = 40
_COLUMNS = {
    "text": "the column of the texts",
    "label": "the column of the classes' names",
    "split": "the column that says train, test or unsup, if there is one",
}


def positive(text: str) -> int:
    """Read a whole number of at least 1, for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


def _limit(text: str) -> int:
    """Read a number of reviews that leaves some of each class for validation, for argparse."""
    number = int(text)
    if number < LEAST_LIMIT:
        raise argparse.ArgumentTypeError(f"{text} reviews are too few; at least {LEAST_LIMIT}")
    return number


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Add --dataset, --data and how to read it, --cache and --limit."""
    group = parser.add_argument_group("data")
    group.add_argument(
        "--dataset", choices=DATASETS, default="imdb",
        help="the real reviews, or the embedded synthetic sample (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--data", type=Path, metavar="PATH",
        help="the IMDB archive or its unpacked folder (default: $IMDB_DATA, else what is in "
        "--cache, else a download); or labelled texts of your own: a .csv, .tsv or .jsonl table, "
        "or a folder with a folder of .txt files for each of two classes",
    )  # fmt: skip
    for name, what in _COLUMNS.items():
        group.add_argument(
            f"--{name}-column", metavar="NAME", default=name,
            help=f"of a table of your own: {what} (default: %(default)s)",
        )  # fmt: skip
    group.add_argument(
        "--allow-bad-rows", action="store_true",
        help="leave out however many of your own texts cannot be used, not only 1 %%",
    )  # fmt: skip
    group.add_argument(
        "--cache", type=Path, metavar="FOLDER", default=ROOT / "data",
        help="where downloads and prepared corpora are kept (default: data/)",
    )  # fmt: skip
    group.add_argument(
        "--limit", type=_limit, metavar="N",
        help="for a quick look: only N reviews of each part; results are kept apart",
    )  # fmt: skip


def data_path(options: argparse.Namespace) -> Path | None:
    """Return what --data names, else, where the data set is IMDB, what ``IMDB_DATA`` names."""
    return options.data or data_from_environment(options.dataset)


def corpus_from(options: argparse.Namespace) -> Corpus:
    """Open, and prepare where needed, the corpus that the options name; print its notes."""
    corpus = open_corpus(
        dataset=options.dataset,
        data=data_path(options),
        cache=options.cache,
        **{f"{name}_column": getattr(options, f"{name}_column") for name in _COLUMNS},
        allow_bad_rows=options.allow_bad_rows,
        limit=options.limit,
    )
    for note in corpus.notes:
        print(f"{corpus.name}: {note}", file=sys.stderr)
    return corpus


def data_words(options: argparse.Namespace) -> list[str]:
    """Return the words of a command line that name the same reviews, paths excepted."""
    words = ["--dataset", options.dataset] if options.dataset != "imdb" else []
    words += ["--limit", str(options.limit)] if options.limit else []
    for name in _COLUMNS:
        column = getattr(options, f"{name}_column")
        words += [f"--{name}-column", column] if column != name else []
    return words + ["--allow-bad-rows"] * options.allow_bad_rows
