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

from benchmark.analysis import comparison, leaderboard, selection
from benchmark.commands import predict, report
from benchmark.commands.options import add_results_option
from benchmark.rows import catalogue
from preprocessing.errors import UserError
from preprocessing.options import add_data_options
from preprocessing.program import run_program

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
    selection.add_options(table)
    bought = commands.add_parser("steps", help="what each step from a simpler row buys")
    bought.add_argument("--dataset", default="imdb", help="(default: %(default)s)")
    add_results_option(bought)
    comparison.add_options(commands.add_parser("compare", help="two tables or rows side by side"))
    report.add_options(
        commands.add_parser("report", help="write one page with the table and all figures")
    )
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
            from benchmark.analysis import steps  # imports the rows, and with them Keras

            _check_dataset(options)
            steps.main(options)
        case "compare":
            comparison.main(options)
        case "predict":
            predict.main(options)
        case "report":
            report.main(options)
        case "rows":
            for name, module in catalogue.modules().items():
                print(f"{name:24} python -m {module}")
        case "speed":
            from benchmark.runs.speed import measure  # imports every row

            measure(options)


def _leaderboard(options: argparse.Namespace) -> None:
    """Write the leaderboard's files, or only look at a part of it."""
    _check_dataset(options)
    if selection.wanted(options):
        table = leaderboard.build(options.results, options.dataset)
        selection.show(table, options.dataset, options)
        return
    readme = leaderboard.readme_of(options.results)
    result = leaderboard.write(options.results, options.dataset, readme)
    Console().print(leaderboard.as_rich(result, options.dataset))


def _check_dataset(options: argparse.Namespace) -> None:
    runs = options.results / "runs"
    if not (runs / options.dataset).is_dir():
        there = ", ".join(sorted(folder.name for folder in runs.glob("*"))) or "nothing"
        raise UserError(f"{runs} has no {options.dataset!r}; there is {there}")


if __name__ == "__main__":
    run_program(main)
