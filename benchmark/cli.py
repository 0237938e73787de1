"""The command line of a single row."""

import argparse
import shlex
import sys
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from benchmark import catalogue, progress
from benchmark.saved import check_target
from preprocessing.corpus import Corpus
from preprocessing.errors import UserError
from preprocessing.folders import write_atomically
from preprocessing.options import ROOT, add_data_options, corpus_from, data_words, run_program
from preprocessing.own_reviews import is_own

from pydantic import ValidationError
from rich.console import Console


def run_row(file: str) -> None:
    """Run the row that is defined in `file`, as its command line says, and exit."""
    run_program(lambda: _main(Path(file).stem))


def add_results_option(parser: argparse.ArgumentParser) -> None:
    """Add --results."""
    parser.add_argument(
        "--results", type=Path, metavar="FOLDER", default=ROOT / "results",
        help="where records and leaderboards are kept (default: results/)",
    )  # fmt: skip


def add_tensorboard_option(parser: argparse.ArgumentParser) -> None:
    """Add --tensorboard."""
    parser.add_argument(
        "--tensorboard", type=Path, metavar="FOLDER",
        help="write the networks' learning curves there as they come, for TensorBoard",
    )  # fmt: skip


def seed_number(text: str) -> int:
    """Read a seed, for argparse."""
    number = int(text)
    if not 0 <= number < 2**32:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 4294967295")
    return number


def _main(name: str) -> int:
    row = catalogue.load(name)
    module = catalogue.modules()[name]
    parser = argparse.ArgumentParser(
        prog=f"python -m {module}",
        description=sys.modules[module].__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
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
        "--progress", choices=progress.STYLES, default="lines",
        help="lines for people, or JSON lines for programs (default: %(default)s)",
    )  # fmt: skip
    given = parser.parse_args()
    options = hyperparameters_from(given, row.hyperparameters)
    if given.save is not None:
        check_target(given.save)
    corpus = corpus_from(given)
    if getattr(given, "explain", None) is not None:
        return _explain(name, row, options, corpus, given)

    from benchmark.run import run  # after the options are checked: it imports slow packages

    report = progress.reporter(given.progress)
    if given.tensorboard is not None:
        from benchmark.tensorboard import Curves

        report = Curves(report, given.tensorboard, given.results)
    record = run(
        name, row, options, given.seed, corpus, given.results,
        report=report,
        command=_command(module, given, options),
        validation_only=given.validation_only,
        save_to=given.save,
    )  # fmt: skip
    if record["status"] == "failed":
        raise SystemExit(f"failed: {record['reason']}")
    if given.progress == "lines":
        print(_summary(record))
    return 0


def _explain(name: str, row: Any, options: Any, corpus: Corpus, given: argparse.Namespace) -> int:
    from benchmark import explain

    explanation = explain.explain(
        name, row, options, given.seed, corpus, given.explain, progress.reporter(given.progress)
    )
    write_atomically(given.html, explain.as_html(explanation))
    console = Console(soft_wrap=True)
    console.print(explain.for_terminal(explanation))
    console.print(f"{explanation}; also in {given.html}", highlight=False)
    return 0


def add_hyperparameters(parser: argparse.ArgumentParser, cls: type) -> None:
    """Make each field of a dataclass of hyperparameters an option."""
    group = parser.add_argument_group("hyperparameters")
    for name, field in cls.__pydantic_fields__.items():
        kind = field.annotation
        several = get_origin(kind) is tuple
        default = " ".join(map(str, field.default)) if several else field.default
        group.add_argument(
            _flag(name),
            dest=name,
            default=argparse.SUPPRESS,
            nargs="+" if several else None,
            metavar=_metavar(kind),
            help=f"{field.description} (default: {default})".replace("%", "%%"),
        )


def _metavar(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return "|".join(map(str, get_args(kind)))
    return "NAME" if kind is str else "N"


def hyperparameters_from(given: argparse.Namespace, cls: type) -> Any:
    """Return the hyperparameters with what was given on the command line.

    Raises:
        UserError: a value is of the wrong type or out of range.
    """
    values = {name: getattr(given, name) for name in cls.__pydantic_fields__ if name in given}
    try:
        return cls(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        raise UserError(f"{_flag(name)} {first['input']}: {first['msg']}") from None


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _command(module: str, given: argparse.Namespace, options: Any) -> str:
    """Return the command that makes this run again; paths of this machine are left out."""
    from benchmark.run import changed

    words = ["python", "-m", module, "--seed", str(given.seed)]
    words += data_words(given)
    words += ["--data", given.data.name] if given.data and is_own(given.data) else []
    for name, value in changed(options).items():
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
