"""The command-line options that say which reviews to use."""

import argparse
import math
import sys
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from preprocessing.program import ROOT
from preprocessing.sources import DATASETS

if TYPE_CHECKING:  # a refused option needs none of it
    from preprocessing.corpus import Corpus

LEAST_LIMIT = 40
_COLUMNS = {
    "text": "the column with the texts",
    "label": "the column with the class names",
    "split": "the column with train, validation, test or unsup, if there is one",
}


def whole(text: str) -> int:
    """Read a whole number, for argparse."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def positive(text: str) -> int:
    """Read a whole number of at least 1, for argparse."""
    number = whole(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


def gigabytes(text: str) -> float:
    """Read a size of memory, 10^9 bytes each, for argparse."""
    try:
        size = float(text)
    except ValueError:
        size = math.nan
    if not 0 <= size < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a number of gigabytes")
    return size


def _limit(text: str) -> int:
    """Read a number of reviews that leaves some of each class for validation, for argparse."""
    number = whole(text)
    if number < LEAST_LIMIT:
        raise argparse.ArgumentTypeError(f"{text} reviews are too few; use {LEAST_LIMIT} or more")
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
        "--cache, else a download); or labelled texts of your own: a .csv, .tsv, .jsonl (also as "
        ".gz) or .parquet table, or a folder with a folder of .txt files for each of two classes",
    )  # fmt: skip
    for name, what in _COLUMNS.items():
        group.add_argument(
            f"--{name}-column", metavar="NAME", default=name,
            help=f"in a table of your own: {what} (default: %(default)s)",
        )  # fmt: skip
    group.add_argument(
        "--allow-bad-rows", action="store_true",
        help="skip any number of your own texts that cannot be used, not only up to 1 %%",
    )  # fmt: skip
    group.add_argument(
        "--cache", type=Path, metavar="FOLDER", default=ROOT / "data",
        help="where downloads and prepared corpora are stored (default: data/)",
    )  # fmt: skip
    group.add_argument(
        "--prepared", type=Path, metavar="FOLDER",
        help="the folder of a corpus that was prepared from these reviews, such as "
        "data/imdb-b7559307dd2c0163, so that the reviews themselves need not be there",
    )  # fmt: skip
    group.add_argument(
        "--with-originals", action="store_true",
        help="learn from the 733 reviews of which edited versions exist, too, as protocol 1 did; "
        "results are kept apart",
    )  # fmt: skip
    group.add_argument(
        "--limit", type=_limit, metavar="N",
        help="for a quick look: only N reviews of each part; results are stored separately",
    )  # fmt: skip


@dataclass(frozen=True)
class DataOptions:
    """Which reviews to use: what `add_data_options` added, as it was given.

    Attributes:
        dataset: one of `DATASETS`.
        data: the IMDB archive or folder, or labelled texts of the user's own; None for neither.
        text_column: of a table of the user's own, as the other columns.
        label_column: the column of the classes' names.
        split_column: the column that says train, validation, test or unsup.
        allow_bad_rows: leave out any number of texts that cannot be used.
        cache: where downloads and prepared corpora are stored.
        limit: reviews of each part; None for all.
        with_originals: learn from the originals of edited reviews, too.
        prepared: the folder of the corpus that was prepared from them; None to look for it.
    """

    dataset: str = "imdb"
    data: Path | None = None
    text_column: str = "text"
    label_column: str = "label"
    split_column: str = "split"
    allow_bad_rows: bool = False
    cache: Path = ROOT / "data"
    limit: int | None = None
    with_originals: bool = False
    prepared: Path | None = None

    @classmethod
    def of(cls, given: argparse.Namespace) -> "DataOptions":
        """Take them from a command line, and `data` from ``IMDB_DATA`` where none is named.

        Raises:
            UserError: ``IMDB_DATA`` is wanted, and names no IMDB reviews.
        """
        from preprocessing.prepare import data_from_environment

        options = cls(**{field.name: getattr(given, field.name) for field in fields(cls)})
        if options.data or options.prepared:
            return options
        return replace(options, data=data_from_environment(options.dataset))

    @property
    def for_own_texts(self) -> str:
        """The first option given that only labelled texts of the user's own need; else empty."""
        given = [f"--{name}-column" for name in _COLUMNS if getattr(self, f"{name}_column") != name]
        return next(iter(given + ["--allow-bad-rows"] * self.allow_bad_rows), "")


def corpus_from(options: DataOptions) -> "Corpus":
    """Open, and prepare where needed, the corpus that the options name; print its notes."""
    from preprocessing.prepare import open_corpus

    corpus = open_corpus(options)
    for note in corpus.notes:
        print(f"{corpus.name}: {note}", file=sys.stderr)
    return corpus


def data_words(options: DataOptions) -> list[str]:
    """Return the words of a command line that name the same reviews, paths excepted."""
    words = ["--dataset", options.dataset] if options.dataset != "imdb" else []
    words += ["--with-originals"] * options.with_originals
    words += ["--limit", str(options.limit)] if options.limit else []
    for name in _COLUMNS:
        column = getattr(options, f"{name}_column")
        words += [f"--{name}-column={column}"] if column != name else []  # it may begin with "-"
    return words + ["--allow-bad-rows"] * options.allow_bad_rows
