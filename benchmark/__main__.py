"""Work with the results; only tune, speed and neighbours learn anything.

python -m benchmark leaderboard                          rebuild it from the records
python -m benchmark leaderboard --under parameters=2M    look at a part of it
python -m benchmark steps                                what each step buys, model by model
python -m benchmark compare cnn naive_bayes_svm          two models, or tables, side by side
python -m benchmark labels                               what fewer labels cost each model
python -m benchmark evaluate --on FILE                   ask kept models about a table of yours
python -m benchmark report                               a page with the table and all figures
python -m benchmark predict --model cnn "Superb!"        what saved models say about a text
python -m benchmark explain --model cnn "Superb!"        and which words the answer depends on
python -m benchmark page                                 both, as a page to type into
python -m benchmark neighbours terrible awful            nearest words by their vectors
python -m benchmark tune cnn --trials 6                  search hyperparameters on validation
python -m benchmark budget                               what a search finds, by number of trials
python -m benchmark schedule --nodes 1 16                how long it takes, by number of machines
python -m benchmark rows                                 list the models
python -m benchmark speed --dataset sample               how fast everything is
"""

import argparse
import importlib
import sys

from preprocessing.program import Parser, run_program

COMMANDS = {
    "leaderboard": "rebuild the leaderboard from the records",
    "steps": "show what each step from a simpler model buys",
    "compare": "compare two tables or two models",
    "labels": "show accuracy by number of labelled training reviews",
    "evaluate": "ask kept models about evaluation sets",
    "report": "write a page with the table and all figures",
    "predict": "classify texts with saved models",
    "explain": "show which words a saved model's answer depends on",
    "neighbours": "show the words with the nearest vectors",
    "page": "serve a page that asks kept models about a text",
    "tune": "search hyperparameters on validation, with one budget for all models",
    "budget": "show what a search can be expected to find, by number of trials",
    "schedule": "estimate how long all runs take, by number of machines",
    "rows": "list the models",
    "speed": "measure how fast everything is, or some models",
}
"""Each is a module of its name in `benchmark.commands`."""


def main() -> int | None:
    parser = Parser(
        prog="python -m benchmark",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    asked_for = sys.argv[1:2]
    for name, what in COMMANDS.items():
        command = commands.add_parser(name, help=what, description=what.capitalize() + ".")
        if [name] == asked_for:  # the others are not imported
            module = importlib.import_module(f"benchmark.commands.{name}")
            module.add_options(command)
    options = parser.parse_args()
    return module.main(options)


if __name__ == "__main__":
    run_program(main)
