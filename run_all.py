"""Run the benchmark: every row, every seed, then the leaderboard.

    python run_all.py                              all rows on IMDB, three seeds each
    python run_all.py --dataset sample             the same on the embedded synthetic reviews
    python run_all.py cnn tfidf_logreg --seeds 5   two rows, five seeds

Finished runs are kept and only what is missing is run, so it can be stopped at any time.
"""

from benchmark.runs.sweep import main
from preprocessing.program import run_program

if __name__ == "__main__":
    run_program(lambda: main(__doc__))
