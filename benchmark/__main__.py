"""Work with the results, without training anything again.

python -m benchmark leaderboard              rebuild the leaderboard from the records
python -m benchmark rows                     which rows there are
python -m benchmark speed --dataset sample   how fast everything is
"""

import argparse

from benchmark import catalogue, leaderboard
from benchmark.cli import add_results_option
from preprocessing.errors import UserError
from preprocessing.options import ROOT, add_data_options, run_program

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
    commands.add_parser("rows", help="which rows there are")
    add_data_options(commands.add_parser("speed", help="measure how fast everything is"))
    options = parser.parse_args()
    console = Console()
    if options.command == "speed":
        from benchmark.speed import measure  # imports every row

        measure(options)
        return
    if options.command == "rows":
        for name, module in catalogue.modules().items():
            console.print(f"{name:24} python -m {module}", highlight=False)
        return
    runs = options.results / "runs"
    if not (runs / options.dataset).is_dir():
        there = ", ".join(sorted(folder.name for folder in runs.glob("*"))) or "nothing"
        raise UserError(f"{runs} has no {options.dataset!r}; there is {there}")
    readme = ROOT / "README.md" if options.results == ROOT / "results" else None
    result = leaderboard.write(options.results, options.dataset, readme)
    console.print(leaderboard.as_rich(result, options.dataset))


if __name__ == "__main__":
    run_program(main)
