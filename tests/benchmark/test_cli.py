"""What command lines refuse, and that they import nothing for it."""

import json
import sys

from benchmark.commands.row import run_row
from tests.conftest import ROOT, run_python

import pytest

SLOW = {"gensim", "keras", "matplotlib", "pandas", "scipy", "skops", "sklearn", "tensorflow"}
STARTED = """
import json, runpy, sys
sys.argv = sys.argv[1:]
program = sys.argv[0]
start = runpy.run_path if program.endswith(".py") else runpy.run_module
try:
    start(program, run_name="__main__")
except SystemExit as end:
    print(json.dumps([end.code, sorted(sys.modules)]), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--c", "0"), "--c 0: must be greater than 0"),
        (("--c", "much"), "--c much: must be a number"),
        (("--c", "inf"), "--c inf: must be finite"),
        (("--c", "nan"), "--c nan: must be finite"),
        (("--max-ngram", "9"), "--max-ngram 9: must be at most 5"),
        (("--max-ngram", "0"), "--max-ngram 0: must be at least 1"),
        (("--max-ngram", "1.5"), "--max-ngram 1.5: must be a whole number"),
        (("--colour", "red"), "unrecognized arguments: --colour red"),
        (("--seed", "-1"), "-1 is not between"),
    ],
)
def test_bad_options_of_a_row(monkeypatch, capsys, arguments, said):
    monkeypatch.setattr(sys, "argv", ["tfidf_logreg.py", *arguments])
    with pytest.raises(SystemExit) as stopped:
        run_row("models/tfidf_logreg.py")
    assert stopped.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert said in last


def test_bad_options_of_a_network(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["cnn.py", "--widths", "2", "0"])
    with pytest.raises(SystemExit):
        run_row("models/cnn.py")
    assert "--widths 0: must be greater than 0" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["cnn.py", "--precision", "float8"])
    with pytest.raises(SystemExit):
        run_row("models/cnn.py")
    assert "--precision float8: must be one of 'auto', 'float32'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("code", "command"),
    [
        (0, "run_all.py --help"),
        (2, "run_all.py --seeds 0"),
        (2, "run_all.py nonsense"),
        (0, "benchmark --help"),
        (0, "benchmark leaderboard --help"),
        (2, "benchmark leaderboard --results /no/such/folder"),
        (0, "benchmark steps --help"),
        (0, "benchmark compare --help"),
        (0, "benchmark report --help"),
        (0, "benchmark predict --help"),
        (0, "benchmark labels --help"),
        (0, "benchmark evaluate --help"),
        (2, "benchmark evaluate --dataset nothing"),
        (2, "run_all.py --labels 9"),
        (0, "benchmark rows"),
        (0, "benchmark speed --help"),
        (2, "benchmark speed nonsense"),
        (0, "preprocessing --help"),
        (0, "models/majority.py --help"),
        (0, "models/bag_of_words.py --help"),
        (2, "models/tfidf_logreg.py --c 0"),
        (0, "models/naive_bayes_svm.py --help"),
        (0, "models/averaged_word2vec.py --help"),
        (0, "models/bag_of_centroids.py --help"),
    ],
)
def test_nothing_slow_is_imported_for_help_and_for_what_is_refused(code, command):
    process = run_python("-c", STARTED, *command.split(), cwd=ROOT, PYTHONPATH=str(ROOT))
    ended, modules = json.loads(process.stderr.splitlines()[-1])
    assert ended == code
    assert not SLOW & {name.partition(".")[0] for name in modules}


def test_a_network_imports_keras_and_little_else():
    process = run_python("-c", STARTED, "models/cnn.py", "--help", PYTHONPATH=str(ROOT))
    _, modules = json.loads(process.stderr.splitlines()[-1])
    own = run_python("-c", "import json, sys, keras; print(json.dumps(sorted(sys.modules)))")
    keras_needs = {name.partition(".")[0] for name in json.loads(own.stdout.splitlines()[-1])}
    assert not (SLOW - keras_needs) & {name.partition(".")[0] for name in modules}


def test_a_command_that_is_not_there(run_here):
    process = run_here("benchmark", "nonsense")
    assert process.returncode == 2
    assert "invalid choice: 'nonsense'" in process.stderr
