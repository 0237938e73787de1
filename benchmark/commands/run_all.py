"""Run all rows, then write the leaderboard: ``python run_all.py``."""

import argparse
import shlex
from typing import Any

from benchmark.commands.options import (
    add_cluster_options,
    add_evaluation_options,
    add_no_keep_models_option,
    add_results_option,
    add_tensorboard_option,
    built_in_sets,
    check_labels,
    check_targets,
    cluster_from,
    evaluation_folder,
    labels_number,
    own_sets,
    weights_place,
)
from benchmark.records import PROTOCOL_SEEDS
from preprocessing.errors import UserError
from preprocessing.options import DataOptions, add_data_options, corpus_from, positive


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add which rows, how many seeds, on which reviews, and how."""
    parser.add_argument(
        "models", nargs="*", metavar="MODEL",
        help='a model, which includes its variants, or a line of the leaderboard, such as "bert '
        '(scratch-tiny)" (default: all)',
    )  # fmt: skip
    parser.add_argument(
        "--weights", action="append", type=weights_place, default=[], metavar="NAME=FOLDER",
        help="a local copy of public weights, such as all-MiniLM-L6-v2=FOLDER; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--seeds", type=positive, default=PROTOCOL_SEEDS, metavar="N",
        help="seeds 0 to N - 1 (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--labels", type=labels_number, nargs="+", default=[], metavar="N",
        help="also run with the labels of only N training reviews, such as --labels 100 1000",
    )  # fmt: skip
    parser.add_argument("--force", action="store_true", help="repeat finished runs")
    parser.add_argument(
        "--jobs", type=positive, default=1, metavar="N",
        help="runs in parallel; faster, but distorts timings (default: %(default)s)",
    )  # fmt: skip
    add_cluster_options(parser)
    add_no_keep_models_option(parser)
    add_evaluation_options(parser)
    add_data_options(parser)
    add_results_option(parser)
    add_tensorboard_option(parser)


def main(options: argparse.Namespace) -> int:
    """Run what is missing; return 0 if every run is good and 1 if one failed.

    Raises:
        UserError: an option, the reviews or a record cannot be used.
    """
    from benchmark.rows import catalogue

    lines = catalogue.choose(options.models)  # before the slow imports
    if options.dataset == "sample" and not options.models:
        lines = catalogue.each_once(lines)

    _check_names(options.weights)
    cluster = cluster_from(options)
    if cluster is not None and (options.jobs > 1 or options.tensorboard is not None):
        raise UserError("--jobs and --tensorboard are for this machine alone; leave out --cluster")
    check_targets(options)
    data = DataOptions.of(options)
    own = own_sets(options.evaluate_on, quiet=False)
    corpus = corpus_from(data)
    for name in options.models if corpus.synthetic else ():
        if all(line.weights for line in lines.values() if name in (line.row, line.name)):
            raise UserError(
                f"{name}: public weights make no sense on synthetic reviews; leave it out, or name "
                "other reviews"
            )
    folder = evaluation_folder(options.evaluation_data)
    built_in = built_in_sets(corpus.name, data.cache, folder, quiet=False)
    for seed in range(options.seeds):  # of an odd number, a seed draws which class has one more
        check_labels(corpus, options.labels, seed)

    from benchmark.analysis import label_curves, leaderboard, tables
    from benchmark.runs import sweep
    from preprocessing.prepare import PUBLISHED
    from preprocessing.storage import verify

    from rich.console import Console

    verify(corpus.folder)
    if options.jobs > 1 and corpus.name in PUBLISHED:
        raise UserError(
            "parallel runs distort timings, and the leaderboard on IMDB shows timings; use --jobs "
            "with --limit, --dataset sample or your own texts"
        )
    console = Console()
    settings = sweep.Settings(
        data, options.results, options.jobs, options.tensorboard,
        labels=tuple(dict.fromkeys(options.labels)),
        evaluation_data=folder,
        evaluate_on=tuple(options.evaluate_on),
        keep_models=not options.no_keep_models,
        sets=(*built_in, *own),
    )  # fmt: skip
    with sweep.only_one(options.results, corpus.name):
        leaderboard.evaluate(options.results, corpus.name)  # damage is reported before hours pass
        with leaderboard.written_if_stopped(options.results, corpus.name):
            failed, unreached = sweep.sweep(
                lines, options.seeds, corpus, settings, options.force, options.weights, console,
                cluster,
            )  # fmt: skip
        table = leaderboard.write(options.results, corpus.name).table
    console.print()
    asked = table[(table["status"] != "missing") | table["model"].isin(list(lines))]
    enough = min(options.seeds, PROTOCOL_SEEDS)
    console.print(tables.as_terminal(asked, corpus.name, enough))
    if unreached:
        console.print(
            f"needs weights that this machine cannot reach: {', '.join(unreached)}; "
            f"name a local copy with --weights NAME=FOLDER", markup=False,
        )  # fmt: skip
    if options.labels and len(curves := leaderboard.by_labels(options.results, corpus.name)):
        console.print(label_curves.as_terminal(curves, corpus.name))
    if corpus.synthetic:
        console.print(_what_the_sample_shows(table), highlight=False, markup=False)
    console.print()
    for line in _what_comes_next(options, corpus.name, bool((table["status"] == "ok").any())):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return 1 if failed else 0


def _check_names(weights: list[str]) -> None:
    """Check that models start from the weights that are named.

    Args:
        weights: as NAME=FOLDER.

    Raises:
        UserError: none does.
    """
    from benchmark.rows import catalogue

    known = sorted({line.weights for line in catalogue.lines().values()} - {""})
    for name in (given.partition("=")[0] for given in weights):
        if name not in known:
            raise UserError(
                f"--weights {name}: no model starts from weights of that name; "
                f"{catalogue.hint(name, known)}"
            )


def _what_comes_next(options: argparse.Namespace, dataset: str, is_ranked: bool) -> list[str]:
    """Return where the results are, and what makes a page of them."""
    from benchmark.analysis import leaderboard
    from benchmark.runs import sweep

    folder = leaderboard.folder_of(options.results, dataset)
    lines = [f"written to {folder / 'leaderboard.csv'}"]
    if is_ranked:
        command = sweep.command("report", dataset, options.results, options.cache)
        lines += [f"next: {shlex.join(command)}", f"makes the page {folder / 'report.html'}"]
    return lines


def _what_the_sample_shows(table: Any) -> str:
    """Return one sentence for people who run the sample first."""
    ranked = table[table["status"] == "ok"].sort_values("accuracy_mean")
    if len(ranked) < 2:
        return "These reviews are synthetic: they show that a row runs, not how good it is."
    worst, best = ranked.iloc[0], ranked.iloc[-1]
    return (
        "On these synthetic reviews, where no model can be right on much more than 96 %, "
        f"{best['model']} is right on {best['accuracy_mean']:.1%} and {worst['model']} on "
        f"{worst['accuracy_mean']:.1%}. Which model is better on real reviews, only IMDB can show."
    )
