"""Work with the results, without training anything again.

python -m benchmark leaderboard                          rebuild it from the records
python -m benchmark leaderboard --under parameters=2M    look at a part of it
python -m benchmark steps                                what each step buys, row by row
python -m benchmark compare cnn naive_bayes_svm          two rows, or tables, side by side
python -m benchmark report                               one page with table and figures
python -m benchmark predict --model FOLDER "Superb!"     what saved models say to a text
python -m benchmark rows                                 which rows there are
python -m benchmark speed --dataset sample               how fast everything is
"""

import argparse
from pathlib import Path

from benchmark.analysis import comparison, leaderboard, selection, steps, tables
from benchmark.commands import predict
from benchmark.commands.options import add_results_option
from benchmark.rows import catalogue
from preprocessing.errors import UserError
from preprocessing.options import add_data_options
from preprocessing.program import ROOT, run_program

from rich.console import Console


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmark",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    table = commands.add_parser("leaderboard", help="rebuild the leaderboard from the records")
    table.add_argument("--dataset", default="imdb", help="(default: %(default)s)")
    add_results_option(table)
    _add_selection(table)
    bought = commands.add_parser("steps", help="what each step from a simpler row buys")
    bought.add_argument("--dataset", default="imdb", help="(default: %(default)s)")
    add_results_option(bought)
    sides = commands.add_parser("compare", help="two tables or rows side by side")
    what = "a leaderboard.csv, a folder of records, or the name of a row as the table has it"
    sides.add_argument("one", help=what)
    sides.add_argument("other", help="the same")
    sides.add_argument("--dataset", default="imdb", help="whose rows (default: %(default)s)")
    add_results_option(sides)
    page = commands.add_parser("report", help="write one page with the table and all figures")
    page.add_argument("--dataset", default="imdb", help="(default: %(default)s)")
    add_results_option(page)
    page.add_argument(
        "--cache", type=Path, metavar="FOLDER", default=ROOT / "data",
        help="where prepared corpora are kept; without the records' corpus there, the report "
        "leaves out what needs it (default: data/)",
    )  # fmt: skip
    page.add_argument(
        "--with-texts", action="store_true",
        help="show the listed reviews' texts; such a page is not to be passed on",
    )  # fmt: skip
    predict.add_options(commands.add_parser("predict", help="ask saved models about texts"))
    commands.add_parser("rows", help="which rows there are")
    speed = commands.add_parser("speed", help="measure how fast everything is, or some rows")
    speed.add_argument("rows", nargs="*", help="rows to measure (default: all, and the rest)")
    add_data_options(speed)
    options = parser.parse_args()
    match options.command:
        case "leaderboard":
            _leaderboard(options)
        case "steps":
            _check_dataset(options)
            _steps(options)
        case "compare":
            comparison.show(options.one, options.other, options.results, options.dataset)
        case "predict":
            predict.main(options)
        case "report":
            from benchmark.report import build  # imports matplotlib, which takes a second

            build.main(options)
        case "rows":
            for name, module in catalogue.modules().items():
                print(f"{name:24} python -m {module}")
        case "speed":
            from benchmark.runs.speed import measure  # imports every row

            measure(options)


def _leaderboard(options: argparse.Namespace) -> None:
    """Write the leaderboard's files, or only look at a part of it."""
    _check_dataset(options)
    if any((options.family, options.under, options.sort, options.format)):
        table = leaderboard.build(options.results, options.dataset)
        table = selection.select(table, options.family, options.under, options.sort)
        selection.show(table, options.dataset, options.format or "table")
        return
    readme = leaderboard.readme_of(options.results)
    result = leaderboard.write(options.results, options.dataset, readme)
    Console().print(tables.as_rich(result, options.dataset))


def _steps(options: argparse.Namespace) -> None:
    """Write steps.csv and the README's table, and print it."""
    table = steps.build(leaderboard.evaluate(options.results, options.dataset))
    if table.empty:
        raise UserError(
            f"{options.results / 'runs' / options.dataset} holds no row beside the one it changes; "
            f"python run_all.py makes all of them"
        )
    readme = leaderboard.readme_of(options.results)
    steps.write(table, options.results, options.dataset, readme)
    Console().print(steps.as_rich(table, options.dataset))


def _add_selection(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("look, and write no file")
    group.add_argument(
        "--family", action="append", default=[], metavar="FAMILY",
        help="rows of this family; may be repeated",
    )  # fmt: skip
    group.add_argument(
        "--under", action="append", type=_budget, default=[], metavar="COLUMN=N",
        help="rows that stay below, such as train_seconds=60 or parameters=1M; may be repeated",
    )  # fmt: skip
    group.add_argument("--sort", metavar="COLUMN", help="the best in this column first")
    group.add_argument("--format", choices=selection.FORMATS, help="(default: table)")


def _budget(text: str) -> tuple[str, float]:
    """Read COLUMN=N, for argparse; N may end in k, M or G."""
    column, equals, number = text.partition("=")
    factor = {"k": 1e3, "M": 1e6, "G": 1e9}.get(number[-1:], 1)
    try:
        if not equals:
            raise ValueError
        return column, float(number[:-1] if factor != 1 else number) * factor
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not like parameters=1M") from None


def _check_dataset(options: argparse.Namespace) -> None:
    runs = options.results / "runs"
    if not (runs / options.dataset).is_dir():
        there = ", ".join(sorted(folder.name for folder in runs.glob("*"))) or "nothing"
        raise UserError(f"{runs} has no {options.dataset!r}; there is {there}")


if __name__ == "__main__":
    run_program(main)
