"""Options that several commands share, and checks of them."""

import argparse
import errno
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.rows.catalogue import hint
from preprocessing.errors import UserError
from preprocessing.options import positive, whole
from preprocessing.program import ROOT

if TYPE_CHECKING:
    from benchmark.runs.cluster.driver import Cluster
    from preprocessing.corpus import Corpus
    from preprocessing.evaluation_sets import EvaluationSet

LEAST_LABELS = 10


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


def add_kept_models_option(parser: argparse._ActionsContainer) -> None:
    """Add --cache, of which only kept models are read."""
    parser.add_argument(
        "--cache", type=Path, metavar="FOLDER", default=ROOT / "data",
        help="where finished runs keep their models (default: data/)",
    )  # fmt: skip


def check_dataset(results: Path, dataset: str) -> None:
    """Check that there are records.

    Raises:
        UserError: there are none of this data set.
    """
    runs = results / "runs"
    if results.is_file():
        raise UserError(f"--results {results} is a file; name the folder of the results")
    there = sorted(folder.name for folder in runs.glob("*") if folder.is_dir())
    if dataset not in there:
        if not there:
            raise UserError(f"{runs} has no results; run_all.py makes some")
        raise UserError(f"{runs} has no results for {dataset!r}; {hint(dataset, there)}")


def add_tensorboard_option(parser: argparse._ActionsContainer) -> None:
    """Add --tensorboard."""
    parser.add_argument(
        "--tensorboard", type=Path, metavar="FOLDER",
        help="write the networks' learning curves there during training, for TensorBoard",
    )  # fmt: skip


def add_evaluation_options(parser: argparse._ActionsContainer) -> None:
    """Add --evaluation-data and --evaluate-on, which say what trained models are asked."""
    add_evaluation_data_option(parser)
    parser.add_argument(
        "--evaluate-on", action="append", type=Path, default=[], metavar="FILE",
        help="also predict a table of your own (.csv, .tsv, .jsonl, also as .gz, or .parquet) with "
        "the columns text and label, and pair for edited pairs; may be repeated",
    )  # fmt: skip


def add_evaluation_data_option(parser: argparse._ActionsContainer) -> None:
    """Add --evaluation-data."""
    parser.add_argument(
        "--evaluation-data", type=Path, metavar="FOLDER",
        help="a folder with the published evaluation sets (default: $IMDB_EVALUATION_DATA, else "
        "what is in --cache, else a download)",
    )  # fmt: skip


def add_cluster_options(parser: argparse._ActionsContainer) -> None:
    """Add --cluster and --cpus-per-run."""
    parser.add_argument(
        "--cluster", nargs="?", const="local", metavar="HOST:PORT",
        help="make the runs on the nodes of a Ray cluster; without an address, on a Ray of this "
        "machine alone; see docs/cluster.md",
    )  # fmt: skip
    parser.add_argument(
        "--cpus-per-run", type=positive, metavar="N",
        help="CPUs of a node for each run on a cluster; fewer than all make more runs at once, "
        "whose times are marked as not comparable (default: all)",
    )  # fmt: skip


def cluster_from(options: argparse.Namespace) -> "Cluster | None":
    """Return the cluster that `add_cluster_options` names; None if none is asked for.

    Raises:
        UserError: Ray is not installed, or there is no cluster to use CPUs of.
    """
    if options.cluster is None:
        if options.cpus_per_run is not None:
            raise UserError("--cpus-per-run is for runs on a cluster; add --cluster")
        return None
    if find_spec("ray") is None:
        raise UserError(
            "--cluster needs Ray; pip install -r requirements/cluster.txt -c constraints.txt"
        )
    from benchmark.runs.cluster.driver import Cluster

    return Cluster(options.cluster, options.cpus_per_run)


def add_no_keep_models_option(parser: argparse._ActionsContainer) -> None:
    """Add --no-keep-models."""
    parser.add_argument(
        "--no-keep-models", action="store_true",
        help="do not keep trained models in the cache, for predict and evaluate",
    )  # fmt: skip


def check_folder(option: str, folder: Path, inside: str = "", advice: str = "") -> None:
    """Check, before hours of training, that files can be written into a folder.

    The folder need not be there; nothing is left behind.

    Args:
        option: what named the folder, for the message.
        folder: the folder.
        inside: the folder in it that files go to.
        advice: what to do, for the end of the message.

    Raises:
        UserError: they cannot.
    """
    there = folder / inside
    while not os.path.lexists(there):
        there = there.parent
    try:
        tempfile.TemporaryDirectory(prefix=".writable-", dir=there).cleanup()
    except OSError as error:
        why = "it is a file" if there.is_file() else error.strerror
        if error.errno == errno.ENOENT:  # as /proc answers
            why = "no folder can be made there"
        named = "" if there == folder else f" ({there})"
        raise UserError(f"{option} {folder} cannot be written{named}: {why}{advice}") from None


def check_file_target(option: str, file: Path) -> None:
    """Check that a file can be written, in place of an old one if there is one.

    Args:
        option: what named the file, for the message.
        file: the file.

    Raises:
        UserError: it cannot.
    """
    if os.path.lexists(file) and not file.is_file():
        raise UserError(f"{option} {file} is not a file")
    check_folder(option, file.absolute().parent)


def check_targets(given: argparse.Namespace) -> None:
    """Check that all folders that runs write to can be written.

    Raises:
        UserError: one cannot.
    """
    check_folder("--results", given.results, "runs")
    if given.tensorboard is not None:
        check_folder("--tensorboard", given.tensorboard)
    if not given.cache.is_dir():
        check_folder("--cache", given.cache)
    if not (given.no_keep_models or getattr(given, "validation_only", False)):
        from benchmark.runs.kept_models import room

        room()
        if given.cache.is_dir():
            rest = "; --no-keep-models writes nothing there"
            check_folder("--cache", given.cache, "models", rest)


def seed_number(text: str) -> int:
    """Read a seed, for argparse."""
    number = whole(text)
    if not 0 <= number < 2**32:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 4294967295")
    return number


def labels_number(text: str) -> int:
    """Read a number of labelled reviews, for argparse."""
    number = whole(text)
    if number < LEAST_LABELS:
        raise argparse.ArgumentTypeError(f"{text} is too few; give at least {LEAST_LABELS} labels")
    return number


def weights_place(text: str) -> str:
    """Read NAME=FOLDER, for argparse."""
    name, _, folder = text.partition("=")
    if not name or not folder:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=FOLDER")
    if not Path(folder).is_dir():
        raise argparse.ArgumentTypeError(f"{folder}: no such folder")
    place = str(Path(folder).resolve())
    if os.pathsep in place:  # it stands between places where several are passed on
        raise argparse.ArgumentTypeError(f"{folder}: a path with {os.pathsep!r} cannot be used")
    return f"{name}={place}"


def own_sets(tables: "Sequence[Path]", quiet: bool) -> "list[EvaluationSet]":
    """Return the evaluation sets that --evaluate-on names; say which of their classes is positive.

    Args:
        tables: the files.
        quiet: say nothing.

    Raises:
        UserError: a table cannot be used, or has the name of another set or of validation, whose
            accuracy is a column of the leaderboard already.
    """
    if not tables:
        return []

    from preprocessing.evaluation_sets import EMBEDDED, PUBLISHED, from_table

    found: dict[str, EvaluationSet] = {}
    for path in tables:
        one = from_table(path)
        if one.name in {*PUBLISHED, *EMBEDDED, *found, "validation"}:
            raise UserError(f"{path}: there is another evaluation set {one.name}; rename the file")
        found[one.name] = one
        if not quiet:
            negative, positive = one.classes
            print(f"{one.name}: {positive!r} counts as positive, {negative!r} as negative")
    return list(found.values())


def check_labels(corpus: "Corpus", counts: "Sequence[int]", seed: int) -> None:
    """Check that enough training reviews have a label.

    Raises:
        UserError: a class has fewer.
    """
    from benchmark.rows.training_data import labelled_rows

    for count in counts:
        labelled_rows(corpus.column("labels", "train"), count, seed)


def evaluation_folder(given: Path | None) -> Path | None:
    """Return where the published evaluation sets are; None for the cache.

    Args:
        given: what --evaluation-data names; None for what the environment says.

    Raises:
        UserError: there is no such folder.
    """
    named = str(given or os.environ.get("IMDB_EVALUATION_DATA", ""))
    if not named:
        return None
    if not Path(named).is_dir():
        source = "--evaluation-data " if given else "IMDB_EVALUATION_DATA="
        raise UserError(f"{source}{named}: no such folder")
    return Path(named).resolve()


def built_in_sets(
    dataset: str, cache: Path, folder: Path | None, quiet: bool
) -> "list[EvaluationSet]":
    """Return the evaluation sets that come with a data set; say which are not at hand.

    Args:
        dataset: the corpus's name.
        cache: where downloads are kept.
        folder: where the published sets are, as `evaluation_folder` returns it.
        quiet: say nothing.
    """
    from preprocessing.evaluation_sets import built_in

    base = re.fullmatch(r"(imdb|sample)(-limit-\d+)?(-with-originals)?", dataset)
    found, missing = built_in(base[1] if base else "own", folder, cache)
    for said in () if quiet else missing:
        print(said, file=sys.stderr)
    return found
