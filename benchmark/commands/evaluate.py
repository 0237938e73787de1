"""Ask kept models about evaluation sets that their runs were not asked; nothing is trained."""

import argparse
from pathlib import Path

from benchmark.commands.options import (
    add_dataset_option,
    add_evaluation_data_option,
    add_kept_models_option,
    add_results_option,
    built_in_sets,
    check_dataset,
    check_folder,
    evaluation_folder,
    own_sets,
)
from preprocessing.errors import UserError
from preprocessing.wording import counted


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what to ask, whose models, and where they are kept."""
    parser.add_argument(
        "--on", action="append", type=Path, default=[], metavar="FILE",
        help="a table of your own, as --evaluate-on takes it, with the columns text and label, and "
        "pair for edited pairs; may be repeated (default: the evaluation sets that come with the "
        "data set)",
    )  # fmt: skip
    add_evaluation_data_option(parser)
    add_dataset_option(parser)
    add_results_option(parser)
    add_kept_models_option(parser)


def main(options: argparse.Namespace) -> int:
    """Ask the models, rewrite the leaderboard and show the sets' scores.

    Returns:
        1 if a kept model could not be asked, else 0.

    Raises:
        UserError: there are no records, a table cannot be used, or there is no set to ask.
    """
    check_dataset(options.results, options.dataset)
    check_folder("--results", options.results, "runs")
    if options.on and options.evaluation_data:
        raise UserError(
            "--evaluation-data is where the sets that come with the data set are, and --on names "
            "others; leave one out"
        )
    sets = own_sets(options.on, quiet=False)
    if not options.on:
        folder = evaluation_folder(options.evaluation_data)
        sets = built_in_sets(options.dataset, options.cache, folder, quiet=False)
    if not sets:
        raise UserError(
            f"no evaluation set of {options.dataset} is at hand; name a table with --on FILE"
        )

    from benchmark.analysis import leaderboard, tables
    from benchmark.runs import sweep
    from benchmark.runs.evaluation import ask_kept

    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    with (
        sweep.only_one(options.results, options.dataset),
        console.status("reading") as status,
        leaderboard.written_if_stopped(options.results, options.dataset),
    ):
        outcome = ask_kept(
            options.results, options.dataset, options.cache, sets,
            lambda event: status.update(event["text"]),
        )  # fmt: skip
    evaluation = leaderboard.write(options.results, options.dataset)
    names = [one.name for one in sets]
    if any(name in own for own in evaluation.asked.values() for name in names):
        Console().print(tables.sets_as_terminal(evaluation.asked, names, options.dataset))
    asked = counted(len(outcome.answered), "run")
    console.print(f"asked {asked} about {', '.join(names)}; {len(outcome.had)} had answered before")
    if outcome.not_kept:
        console.print(f"no model is kept of: {'; '.join(outcome.not_kept)}", markup=False)
    for name, why in outcome.refused.items():
        console.print(f"{name} could not be asked: {why}", markup=False)
    return 1 if outcome.refused else 0
