"""Random search for hyperparameters, on the validation reviews alone."""

import argparse
from typing import TYPE_CHECKING

from benchmark.commands.options import (
    add_cluster_options,
    add_results_option,
    cluster_from,
    seed_number,
)
from preprocessing.options import DataOptions, add_data_options, corpus_from, positive

if TYPE_CHECKING:
    from benchmark.records.trials import Trial


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add which models, how many trials, and on which reviews."""
    parser.add_argument(
        "models", nargs="*", metavar="MODEL",
        help="models, or lines of the leaderboard (default: all that need no public weights)",
    )  # fmt: skip
    parser.add_argument(
        "--trials", type=positive, default=20, metavar="N",
        help="trials of each, the first with its present settings (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=seed_number, default=0,
        help="fixes what is drawn, and all chance in the trials (default: %(default)s)",
    )  # fmt: skip
    add_cluster_options(parser)
    add_data_options(parser)
    add_results_option(parser)


def main(options: argparse.Namespace) -> None:
    """Make the trials that are missing, and say of each what came of it.

    Raises:
        UserError: an option or the reviews cannot be used.
    """
    from benchmark.rows import catalogue

    chosen = catalogue.choose(options.models)
    once = catalogue.each_once(chosen)
    lines = {
        name: line
        for name, line in chosen.items()
        if name in once or (line.variant and name in options.models)
    }
    cluster = cluster_from(options)

    from benchmark.rows.hyperparameters import search_space
    from benchmark.runs.child import Settings
    from benchmark.runs.tuning import tune

    from rich.console import Console

    console = Console(highlight=False, markup=False, soft_wrap=True)
    data = DataOptions.of(options)
    corpus = corpus_from(data)
    for name, line in lines.items():
        row = catalogue.load(line.row)
        if not options.models and not search_space(row.hyperparameters):
            continue
        console.print(f"{name}: {options.trials} trials")
        found = tune(
            line, options.trials, options.seed, corpus, Settings(data, options.results),
            lambda trial: console.print("  " + _described(trial)), cluster,
        )  # fmt: skip
        if not found:
            console.print("  other processes are running its trials")
            continue
        best = max(found, key=lambda trial: trial.accuracy)
        console.print(f"  the best of {len(found)}: {_described(best)}")


def _described(trial: "Trial") -> str:
    """Return a trial's number, settings, validation accuracy and seconds."""
    record = trial.record
    settings = ", ".join(f"{name} {value}" for name, value in record.changed.items())
    outcome = (
        f"failed: {record.reason}"
        if record.status == "failed"
        else f"validation accuracy {trial.accuracy:.4f}, {record.seconds.training:.0f} s"
    )
    return f"{trial.number}: {settings or 'current settings'}: {outcome}"
