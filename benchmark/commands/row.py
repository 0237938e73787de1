"""The command line of a single row."""

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.commands.hyperparameters import add_hyperparameters, hyperparameters_from
from benchmark.commands.options import (
    add_evaluation_options,
    add_no_keep_models_option,
    add_results_option,
    add_tensorboard_option,
    built_in_sets,
    check_folder,
    check_labels,
    check_targets,
    evaluation_folder,
    labels_number,
    own_sets,
    seed_number,
)
from benchmark.rows import catalogue
from benchmark.rows.contract import Row
from benchmark.rows.hyperparameters import changed, run_words
from benchmark.rows.saved import check_target
from benchmark.rows.training_data import ONCE
from benchmark.runs import events
from preprocessing.errors import UserError
from preprocessing.options import DataOptions, add_data_options, corpus_from, data_words
from preprocessing.program import Parser, run_program
from preprocessing.sources.custom import OWN, is_custom

if TYPE_CHECKING:
    from benchmark.records.record import Finished
    from benchmark.records.store import TestPredictions


def run_row(file: str) -> None:
    """Run the row that is defined in `file`, as its command line says, and exit."""
    run_program(lambda: _main(Path(file).stem))


def _main(name: str) -> int:
    row = catalogue.load(name)
    module = catalogue.modules()[name]
    parser = Parser(
        prog=f"python -m {module}",
        description=sys.modules[module].__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_options(parser, row)
    return main(parser.parse_args(), name, row)


def add_options(parser: argparse.ArgumentParser, row: Row) -> None:
    """Add the row's hyperparameters, which reviews to use, and what to do."""
    if row.variants:
        parser.add_argument(
            "--variant", choices=row.variants, metavar="NAME",
            help=f"a named variant: {', '.join(row.variants)}; its settings are in the file",
        )  # fmt: skip
    add_hyperparameters(parser, row.hyperparameters)
    row.add_actions(parser)
    add_data_options(parser)
    run_options = parser.add_argument_group("run")
    run_options.add_argument("--seed", type=seed_number, default=0, help="(default: 0)")
    run_options.add_argument(
        "--validation-only", action="store_true",
        help="do not touch the test reviews; the record goes to results/tuning/",
    )  # fmt: skip
    run_options.add_argument(
        "--save", type=Path, metavar="FOLDER",
        help="save the trained model there, for python -m benchmark predict --model FOLDER",
    )  # fmt: skip
    run_options.add_argument(
        "--labels", type=labels_number, metavar="N",
        help="use the labels of only N training reviews, as many of each class; the record goes to "
        "a folder of its own",
    )  # fmt: skip
    run_options.add_argument(
        "--make-only", choices=ONCE, metavar="WHAT",
        help=f"train nothing, make only what is made once and kept: {', '.join(ONCE)}",
    )  # fmt: skip
    add_no_keep_models_option(run_options)
    add_evaluation_options(run_options)
    add_results_option(run_options)
    add_tensorboard_option(run_options)
    run_options.add_argument(
        "--progress", choices=events.STYLES, default="lines",
        help="lines for people or JSON lines for programs (default: %(default)s)",
    )  # fmt: skip


def main(given: argparse.Namespace, name: str, row: Row) -> int:
    """Make one run; return the exit code.

    Raises:
        UserError: an option or the reviews cannot be used.
        SystemExit: the run failed.
    """
    named = getattr(given, "variant", None) or ""
    options = hyperparameters_from(given, row.hyperparameters, row.options_of(named))
    variant = named or row.variant_of(options)
    _check_targets(given)
    if given.validation_only and given.evaluate_on:
        raise UserError("--validation-only asks no evaluation set; leave out --evaluate-on")
    if given.tensorboard is not None and not hasattr(options, "epochs"):
        print(f"{name} has no epochs: --tensorboard writes no curves", file=sys.stderr)
    row.check_weights(options)
    data = DataOptions.of(given)
    quiet = given.progress == "json"
    own = own_sets(given.evaluate_on, quiet)
    corpus = corpus_from(data)
    check_labels(corpus, [] if given.labels is None else [given.labels], given.seed)
    on_event = events.reporter(given.progress)
    if given.make_only is not None:
        from benchmark.runs.run import make_only  # after the checks: it imports slow packages

        make_only(given.make_only, row, options, given.seed, corpus, on_event, given.labels)
        return 0

    sets = own
    if not given.validation_only:
        folder = evaluation_folder(given.evaluation_data)
        sets = built_in_sets(corpus.name, data.cache, folder, quiet) + own
    from benchmark.runs.run import run

    if given.tensorboard is not None:
        from benchmark.runs.tensorboard import Curves

        on_event = Curves(on_event, given.tensorboard, given.results)
    command = _command(
        name, given.seed, variant, data, changed(options, row.options_of(variant)),
        given.validation_only, given.labels,
    )  # fmt: skip
    record, predictions = run(
        name, row, options, given.seed, corpus, given.results,
        on_event=on_event,
        variant=variant,
        command=command,
        validation_only=given.validation_only,
        save_to=given.save,
        evaluation_sets=sets,
        labels=given.labels,
        keep_in=None if given.no_keep_models or given.validation_only else data.cache,
    )  # fmt: skip
    if record.status == "failed":
        raise SystemExit(f"failed: {record.reason}")
    if given.progress == "lines":
        print(_summary(record, predictions))
        for one in own:
            print(_summary_of_set(given.results, record, one.name))
    return 0


def _check_targets(given: argparse.Namespace) -> None:
    """Check all that the run writes to.

    Raises:
        UserError: something cannot be written.
    """
    check_targets(given)
    if given.save is not None:
        check_folder("--save", given.save)
        check_target(given.save)


def _command(
    name: str,
    seed: int,
    variant: str,
    data: DataOptions,
    changes: dict[str, Any],
    validation_only: bool,
    labels: int | None,
) -> str:
    """Return the command that makes this run again; paths of this machine are left out."""
    command = ["python", "-m", catalogue.modules()[name]]
    command += run_words(seed, variant, changes, labels, validation_only)
    command += data_words(data)
    if data.data and is_custom(data.data):
        command += ["--data", data.data.name]
    elif data.prepared and data.prepared.name.startswith(OWN):
        command += ["--prepared", data.prepared.name]
    return shlex.join(command)


def _summary_of_set(results: Path, record: "Finished", name: str) -> str:
    """Return what a run has answered to an evaluation set."""
    from benchmark.analysis import evaluations
    from benchmark.records import store

    path = store.place_of(results, record.corpus.name, record)
    asked = evaluations.read({path: record}, name, record.evaluations[name].hash)
    assert asked is not None, "the run has just been asked"
    said = f"  {name}: accuracy {asked.scored.mean():.4f}"
    if not asked.is_paired:
        return said
    return (
        f"{said} on edits, {asked.original_right.mean():.4f} on originals, "
        f"both right {asked.both_right.mean():.4f}"
    )


def _summary(record: "Finished", predictions: "TestPredictions | None") -> str:
    """Return what a person wants to know of a run first.

    Args:
        record: the run's record.
        predictions: those of the test reviews; None if they were left alone.
    """
    from benchmark.records import metrics

    lines = [f"  validation accuracy {record.validation.accuracy:.4f}"]
    if predictions is not None:
        scores = metrics.scores(predictions.logits, predictions.labels)
        lines.append(
            f"  test accuracy {scores['accuracy']:.4f}, F1 {scores['f1']:.4f}, "
            f"AUC {scores['roc_auc']:.4f}, log loss {scores['log_loss']:.4f}, "
            f"calibration error {scores['calibration_error']:.4f}"
        )
    lines.append(
        f"  {record.parameters:,} parameters, trained in {record.seconds.training:.1f} s "
        f"on {record.device}"
    )
    return "\n".join(lines)
