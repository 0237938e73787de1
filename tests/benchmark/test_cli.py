"""What command lines refuse, and that they import nothing for it."""

import json
import shlex
import sys
from dataclasses import replace

from benchmark.__main__ import COMMANDS as OF_BENCHMARK
from benchmark.commands import row as row_command
from benchmark.commands.hyperparameters import hyperparameters_from
from benchmark.commands.row import run_row
from benchmark.rows import catalogue
from benchmark.rows.hyperparameters import changed, search_space
from benchmark.runs import tuning
from preprocessing.options import DataOptions
from preprocessing.program import Parser
from tests.conftest import ROOT, run_python

import pytest

SLOW = {"gensim", "keras", "matplotlib", "pandas", "scipy", "skops", "sklearn", "tensorflow"}
COMMANDS = {f"benchmark {name} --help": 0 for name in OF_BENCHMARK} | {
    "run_all.py --help": 0,
    "run_all.py --seeds 0": 2,
    "run_all.py nonsense": 2,
    "benchmark --help": 0,
    "benchmark leaderboard --results /no/such/folder": 2,
    "benchmark rows": 0,
    "benchmark speed nonsense": 2,
    "preprocessing --help": 0,
    "models/majority.py --help": 0,
    "models/bag_of_words.py --help": 0,
    "models/tfidf_logreg.py --c 0": 2,
    "models/naive_bayes_svm.py --help": 0,
    "models/averaged_word2vec.py --help": 0,
    "models/bag_of_centroids.py --help": 0,
    "models/ngram_lm.py --help": 0,
    "models/paragraph_vector.py --help": 0,
    "benchmark evaluate --dataset nothing": 2,
    "run_all.py --labels 9": 2,
    "run_all.py majority --data nothing.csv": 2,
    "run_all.py majority --dataset sample --results /proc/x": 2,
    "models/tfidf_logreg.py --data nothing.csv": 2,
    "models/tfidf_logreg.py --dataset sample --save /proc/x": 2,
    "benchmark predict --model x/ --file nothing.csv": 2,
    "benchmark neighbours": 2,
    "benchmark speed majority --data nothing.csv": 2,
}
"""Each with its exit code."""
IN_TURN = """
import contextlib, io, json, runpy, sys
ended = {}
for command in sys.argv[1:]:
    before, (program, *_), code = set(sys.modules), command.split(), None
    sys.argv = command.split()
    start = runpy.run_path if program.endswith(".py") else runpy.run_module
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            start(program, run_name="__main__")
        except SystemExit as end:
            code = end.code
    ended[command] = code, sorted({name.partition(".")[0] for name in set(sys.modules) - before})
print(json.dumps(ended))
"""
"""Runs commands one after the other: the exit code of each, and the packages that it imported."""


def run_in_turn(*commands: str, first: str = ""):
    process = run_python("-c", first + IN_TURN, *commands, PYTHONPATH=str(ROOT))
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def test_bad_options_of_a_network(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["cnn.py", "--widths", "2", "0"])
    with pytest.raises(SystemExit):
        run_row("models/cnn.py")
    assert "--widths 0: must be greater than 0" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["cnn.py", "--precision", "float8"])
    with pytest.raises(SystemExit):
        run_row("models/cnn.py")
    assert "--precision float8: must be one of 'auto', 'float32'" in capsys.readouterr().err


@pytest.fixture(scope="module")
def ended():
    return run_in_turn(*COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_slow_is_imported_for_help_and_for_what_is_refused(command, ended):
    code, imported = ended[command]
    assert code == COMMANDS[command]
    assert not SLOW & set(imported)


def test_a_network_imports_keras_and_little_else():
    """Not even what Keras itself does without."""
    help_of_cnn = "models/cnn.py --help"
    code, imported = run_in_turn(help_of_cnn, first="import benchmark, keras")[help_of_cnn]
    assert code == 0
    assert not SLOW & set(imported)


def test_a_command_that_is_not_there(run_here):
    process = run_here("benchmark", "nonsense")
    assert process.returncode == 2
    assert "invalid choice: 'nonsense'" in process.stderr


@pytest.mark.parametrize("name", catalogue.modules())
def test_the_command_of_a_record_gives_its_hyperparameters_again(name):
    row = catalogue.load(name)
    for variant in ("", *row.variants):
        base = row.options_of(variant)
        several = {"widths": (3, 4)} if hasattr(base, "widths") else {}
        drawn = tuning.drawn(search_space(row.hyperparameters), 0, 1)
        options = replace(base, **drawn, **several)
        run = DataOptions(), changed(options, base), False, None
        _, _, _, *words = shlex.split(row_command._command(name, 0, variant, *run))
        parser = Parser(allow_abbrev=False)
        row_command.add_options(parser, row)
        given = parser.parse_args(words)
        assert hyperparameters_from(given, row.hyperparameters, base) == options
