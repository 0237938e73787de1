"""Run the benchmark: every model, every seed, then the leaderboard.

    python run_all.py                              all models on IMDB, three seeds each
    python run_all.py --dataset sample             the same on the embedded synthetic reviews
    python run_all.py cnn tfidf_logreg --seeds 5   two models, five seeds

Finished runs are kept and only missing ones are run, so you can stop it at any time.
"""

import argparse

from benchmark.commands import run_all
from preprocessing.program import Parser, run_program


def main() -> int:
    """Read the command line and run what it asks for; see `benchmark.commands.run_all.main`."""
    parser = Parser(
        prog="python run_all.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    run_all.add_options(parser)
    return run_all.main(parser.parse_args())


if __name__ == "__main__":
    run_program(main)
