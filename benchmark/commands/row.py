"""The command line of a single row."""

import argparse
import shlex
import sys
from pathlib import Path
from typing import Any

from benchmark.commands.hyperparameters import _flag, add_hyperparameters, hyperparameters_from
from benchmark.commands.options import add_results_option, add_tensorboard_option, seed_number
from benchmark.rows import catalogue
from benchmark.rows.hyperparameters import changed
from benchmark.rows.saved import check_target
from benchmark.runs import events
from preprocessing.corpus import Corpus
from preprocessing.options import add_data_options, corpus_from, data_words
from preprocessing.program import run_program
from preprocessing.sources.custom import is_own
from preprocessing.storage import write_atomically

from rich.console import Console


def run_row(file: str) -> None:
    """Run the row that is defined in `file`, as its command line says, and exit."""
    run_program(lambda: _main(Path(file).stem))


def _main(name: str) -> int:
    row = catalogue.load(name)
    module = catalogue.modules()[name]
    parser = argparse.ArgumentParser(
        prog=f"python -m {module}",
        description=sys.modules[module].__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    if row.variants:
        parser.add_argument(
            "--variant", choices=row.variants, metavar="NAME",
            help=f"named settings: {', '.join(row.variants)}; see the file for what they are",
        )  # fmt: skip
    add_hyperparameters(parser, row.hyperparameters)
    row.add_actions(parser)
    add_data_options(parser)
    run_options = parser.add_argument_group("run")
    run_options.add_argument("--seed", type=seed_number, default=0, help="(default: 0)")
    run_options.add_argument(
        "--validation-only", action="store_true",
        help="leave the test reviews alone; the record goes to results/tuning/",
    )  # fmt: skip
    run_options.add_argument(
        "--save", type=Path, metavar="FOLDER",
        help="keep the trained model there, for python -m benchmark predict --model FOLDER",
    )  # fmt: skip
    add_results_option(run_options)
    add_tensorboard_option(run_options)
    if getattr(row, "attention", ""):
        run_options.add_argument(
            "--explain", metavar="TEXT",
            help="shade the words of a review by attention; the network is trained once and kept",
        )  # fmt: skip
        run_options.add_argument(
            "--html", type=Path, metavar="FILE", default=Path(f"{name}.html"),
            help="where --explain writes its page (default: %(default)s)",
        )  # fmt: skip
    run_options.add_argument(
        "--progress", choices=events.STYLES, default="lines",
        help="lines for people, or JSON lines for programs (default: %(default)s)",
    )  # fmt: skip
    given = parser.parse_args()
    named = getattr(given, "variant", None) or ""
    options = hyperparameters_from(given, row.hyperparameters, row.options_of(named))
    variant = named or row.variant_of(options)
    if given.save is not None:
        check_target(given.save)
    corpus = corpus_from(given)
    if getattr(given, "explain", None) is not None:
        return _explain(name, row, options, corpus, given)

    from benchmark.runs.run import run  # after the options are checked: it imports slow packages

    on_event = events.reporter(given.progress)
    if given.tensorboard is not None:
        from benchmark.runs.tensorboard import Curves

        on_event = Curves(on_event, given.tensorboard, given.results)
    record = run(
        name, row, options, given.seed, corpus, given.results,
        on_event=on_event,
        variant=variant,
        command=_command(module, given, variant, changed(options, row.options_of(variant))),
        validation_only=given.validation_only,
        save_to=given.save,
    )  # fmt: skip
    if record["status"] == "failed":
        raise SystemExit(f"failed: {record['reason']}")
    if given.progress == "lines":
        print(_summary(record))
    return 0


def _explain(name: str, row: Any, options: Any, corpus: Corpus, given: argparse.Namespace) -> int:
    from benchmark.report import attention
    from benchmark.runs import explain

    explanation = explain.explain(
        name, row, options, given.seed, corpus, given.explain, events.reporter(given.progress)
    )
    title = str(explanation).capitalize()
    page = attention.as_html(title, explanation.words, explanation.weights)
    write_atomically(given.html, page)
    console = Console(soft_wrap=True)
    console.print(attention.for_terminal(explanation.words, explanation.weights))
    console.print(f"{explanation}; also in {given.html}", highlight=False)
    return 0


def _command(module: str, given: argparse.Namespace, variant: str, changes: dict) -> str:
    """Return the command that makes this run again; paths of this machine are left out."""
    words = ["python", "-m", module, "--seed", str(given.seed)]
    words += ["--variant", variant] if variant else []
    words += data_words(given)
    words += ["--data", given.data.name] if given.data and is_own(given.data) else []
    for name, value in changes.items():
        words += [_flag(name), *map(str, value if isinstance(value, list) else [value])]
    words += ["--validation-only"] if given.validation_only else []
    return shlex.join(words)


def _summary(record: dict) -> str:
    seconds = record["seconds"]
    lines = [f"  validation accuracy {record['validation']['accuracy']:.4f}"]
    if "scores" in record:
        scores = record["scores"]
        lines.append(
            f"  test accuracy {scores['accuracy']:.4f}, F1 {scores['f1']:.4f}, "
            f"AUC {scores['roc_auc']:.4f}, log loss {scores['log_loss']:.4f}, "
            f"calibration error {scores['calibration_error']:.4f}"
        )
    lines.append(
        f"  {record['parameters']:,} parameters, trained in {seconds['training']:.1f} s "
        f"on {record['device']}"
    )
    return "\n".join(lines)
