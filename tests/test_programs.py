"""The programs, run as a user runs them."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import ROOT, run_python

import pandas as pd
import pytest

ROW = '''
"""A row for tests.

    python models/{name}.py
"""
{extra}
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline

from benchmark.cli import run_row
from benchmark.experiment import hyperparameters
from benchmark.pipelines import PipelineRow


@hyperparameters
class Hyperparameters:
    pass


def build(options, data):
    {body}


row = PipelineRow("test", Hyperparameters, build=build)

if __name__ == "__main__":
    run_row(__file__)
'''
GOOD = 'return make_pipeline(DummyClassifier(strategy="prior"))'


def add_row(checkout: Path, name: str, body: str = GOOD, extra: str = "") -> None:
    (checkout / "models" / f"{name}.py").write_text(ROW.format(name=name, body=body, extra=extra))


@pytest.fixture
def checkout(tmp_path):
    """A copy of the code, with the floor as its only row."""
    copy = tmp_path / "checkout"
    for folder in ("preprocessing", "benchmark"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "models").mkdir()
    for file in ("run_all.py", "models/majority.py"):
        shutil.copy(ROOT / file, copy / file)
    return copy


def run_all(checkout: Path, *arguments: str):
    return run_python(
        "run_all.py", "--dataset", "sample", "--limit", "40", *arguments,
        cwd=checkout, PYTHONPATH=str(checkout),
    )  # fmt: skip


def start_run_all(checkout: Path, *more: str) -> subprocess.Popen:
    command = [sys.executable, "run_all.py", "--dataset", "sample", "--limit", "40"]
    command += ["--seeds", "1", *more]
    return subprocess.Popen(
        command, cwd=checkout, env=os.environ | {"PYTHONPATH": str(checkout)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        # What runs under nohup ignores Ctrl-C, and so would all that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


def wait_for(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def leaderboard(checkout: Path) -> pd.DataFrame:
    file = checkout / "results" / "sample-limit-40" / "leaderboard.csv"
    return pd.read_csv(file, keep_default_na=False).set_index("model")


def test_the_whole_benchmark_and_again(checkout):
    add_row(checkout, "another")
    first = run_all(checkout, "--seeds", "2")
    assert first.returncode == 0, first.stderr
    assert "4 runs to make, 0 kept" in first.stdout
    assert "[4/4] majority, seed 1" in first.stdout
    assert "(synthetic)" in first.stdout
    table = leaderboard(checkout)
    assert table.loc["majority", ["status", "seeds", "rank"]].tolist() == ["ok", 2, 1]
    folder = checkout / "results"
    before = {file: file.read_bytes() for file in folder.rglob("*.*") if file.is_file()}

    again = run_all(checkout, "--seeds", "2")
    assert "0 runs to make, 4 kept" in again.stdout
    after = {file: file.read_bytes() for file in folder.rglob("*.*") if file.is_file()}
    assert after == before

    more = run_all(checkout, "majority", "--seeds", "3")
    assert "1 run to make, 2 kept" in more.stdout
    forced = run_all(checkout, "majority", "--seeds", "1", "--force")
    assert "1 run to make, 0 kept" in forced.stdout


def test_a_row_that_fails_says_why_and_stops_no_other(checkout):
    add_row(checkout, "raises", 'raise ValueError("no such\\nthing")')
    add_row(checkout, "is_killed", "import os; os.kill(os.getpid(), 9)")
    add_row(checkout, "crashes", "import os; os.abort()")
    add_row(checkout, "cannot_start", extra="import a_module_that_is_not_there")
    add_row(checkout, "is_broken", body="this is no Python")
    add_row(checkout, "runs_out", body="return bytearray(1 << 60)")
    process = run_all(checkout, "--seeds", "1")
    assert process.returncode == 1
    info = leaderboard(checkout)["info"]
    assert info["raises"] == "ValueError: no such thing"
    assert "killed (signal 9)" in info["is_killed"]
    assert "memory" in info["is_killed"]
    assert info["crashes"].startswith("crashed with SIGABRT")
    assert "a_module_that_is_not_there" in info["cannot_start"]
    assert "SyntaxError" in info["is_broken"]
    assert info["runs_out"].startswith("MemoryError")
    status = leaderboard(checkout)["status"]
    assert status.pop("majority") == "ok"
    assert set(status) == {"failed"}

    add_row(checkout, "raises")
    again = run_all(checkout, "raises", "majority", "--seeds", "1")
    assert "1 run to make, 1 kept" in again.stdout
    assert leaderboard(checkout).loc["raises", "status"] == "ok"


def test_ctrl_c_ends_cleanly_and_the_next_start_goes_on(checkout):
    add_row(checkout, "a_quick")
    add_row(checkout, "b_slow", body="import time; time.sleep(600)")
    process = start_run_all(checkout)
    records = checkout / "results" / "runs" / "sample-limit-40"
    wait_for((records / "a_quick" / "seed-0.json").exists)
    wait_for(lambda: "[2/3]" in process.stdout.readline())
    time.sleep(1.5)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors.strip().splitlines()[-1] == "error: interrupted; what was finished is kept"
    assert "Traceback" not in errors
    assert not (records / "b_slow" / "seed-0.json").exists()
    assert leaderboard(checkout)["status"].to_dict() == {
        "a_quick": "ok",
        "b_slow": "missing",
        "majority": "missing",
    }
    add_row(checkout, "b_slow")
    assert "2 runs to make, 1 kept" in run_all(checkout, "--seeds", "1").stdout


def test_killed_at_once_nothing_finished_is_lost_and_nothing_half_is_read(checkout):
    add_row(checkout, "a_quick")
    add_row(checkout, "b_slow", body="import time; time.sleep(600)")
    process = start_run_all(checkout)
    record = checkout / "results" / "runs" / "sample-limit-40" / "a_quick" / "seed-0.json"
    wait_for(record.exists)
    wait_for(lambda: "[2/3]" in process.stdout.readline())
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    kept = record.read_bytes()
    add_row(checkout, "b_slow")
    again = run_all(checkout, "--seeds", "1")
    assert again.returncode == 0, again.stderr
    assert "2 runs to make, 1 kept" in again.stdout
    assert record.read_bytes() == kept


def test_jobs_run_at_once_and_end_together(checkout):
    for name in ("a_slow", "b_slow"):
        add_row(checkout, name, body="import time; time.sleep(600)")
    process = start_run_all(checkout, "--jobs", "2")
    wait_for(lambda: "[2/3] b_slow" in process.stdout.readline())
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)  # to run_all.py alone, which has to tell the others
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors.strip().splitlines()[-1] == "error: interrupted; what was finished is kept"
    assert set(leaderboard(checkout)["status"]) == {"missing"}
    for name in ("a_slow", "b_slow"):
        add_row(checkout, name)
    again = run_all(checkout, "--seeds", "1", "--jobs", "2")
    assert again.returncode == 0, again.stderr
    assert "  b_slow: test accuracy" in again.stdout
    assert set(leaderboard(checkout)["status"]) == {"ok"}


def test_two_at_once(checkout):
    add_row(checkout, "a_slow", body="import time; time.sleep(600)")
    first = start_run_all(checkout)
    wait_for(lambda: "[1/2]" in first.stdout.readline())
    second = run_all(checkout)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    assert second.returncode == 2
    assert "another run_all.py is at work" in second.stderr
    assert second.stderr.count("\n") == 1


def test_a_damaged_record_is_said_before_anything_runs(checkout):
    run_all(checkout, "--seeds", "1")
    record = checkout / "results" / "runs" / "sample-limit-40" / "majority" / "seed-0.json"
    record.write_text(record.read_text()[:-20])
    process = run_all(checkout, "--seeds", "2")
    assert process.returncode == 2
    assert process.stderr.startswith("error:")
    assert "seed-0.json is damaged" in process.stderr
    record.unlink()
    assert run_all(checkout, "--seeds", "2").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("majorty",), "no row is called 'majorty'; did you mean majority?"),
        (("xyz",), "no row is called 'xyz'; there are"),
        (("--seeds", "0"), "0 is less than 1"),
        (("--dataset", "imdb", "--data", "/no/such/path"), "/no/such/path: no such file or folder"),
        (("--results", "/dev/null/x"), "cannot use /dev/null/x"),
    ],
)
def test_bad_options_of_run_all(run_here, arguments, said):
    process = run_here("run_all.py", "--dataset", "sample", "--limit", "40", *arguments)
    assert process.returncode == 2
    assert said in process.stderr
    assert "Traceback" not in process.stderr


def test_a_single_row_as_script_and_as_module(tmp_path):
    options = ("--dataset", "sample", "--limit", "40", "--cache", tmp_path, "--results", tmp_path)
    script = run_python(ROOT / "models" / "tfidf_logreg.py", *options, cwd=tmp_path)
    module = run_python("-m", "models.tfidf_logreg", *options, "--c", "3", "--seed", "1")
    assert script.returncode == module.returncode == 0, script.stderr + module.stderr
    assert re.search(r"test accuracy 0\.\d{4}, F1", script.stdout)
    folder = tmp_path / "runs" / "sample-limit-40" / "tfidf_logreg"
    default = json.loads((folder / "seed-0.json").read_text())
    changed = json.loads((folder / "c=3.0" / "seed-1.json").read_text())
    assert default["changed"] == {}
    assert changed["hyperparameters"]["c"] == 3.0
    assert changed["command"] == (
        "python -m models.tfidf_logreg --seed 1 --dataset sample --limit 40 --c 3.0"
    )
    assert str(tmp_path) not in json.dumps(default), "a record holds no path of the machine"


def test_validation_only_leaves_the_test_reviews_alone(tmp_path):
    process = run_python(
        "-m", "models.tfidf_logreg", "--validation-only", "--dataset", "sample",
        "--limit", "40", "--cache", tmp_path, "--results", tmp_path,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert "test accuracy" not in process.stdout
    path = tmp_path / "tuning" / "sample-limit-40" / "tfidf_logreg" / "seed-0.json"
    record = json.loads(path.read_text())
    assert "validation" in record
    assert "scores" not in record
    assert not (tmp_path / "runs").exists()


def test_help_explains_every_hyperparameter(run_here):
    process = run_here("models/tfidf_logreg.py", "--help")
    assert process.returncode == 0
    text = " ".join(process.stdout.split())
    assert "--longest-phrase N words in the longest phrase (default: 3)" in text
    assert "Salton" in text


def test_rows_are_listed_without_importing_them(checkout):
    add_row(checkout, "cannot_start", extra="import a_module_that_is_not_there")
    process = run_python("-m", "benchmark", "rows", cwd=checkout, PYTHONPATH=str(checkout))
    assert process.returncode == 0
    assert "cannot_start" in process.stdout


def test_the_speed_of_some_rows_with_the_ratio_to_the_textbook_form(run_here, cache):
    process = run_python(
        "-m", "benchmark", "speed", "majority", "fasttext", "--dataset", "sample",
        "--limit", "100", "--cache", cache,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    lines = [line.split() for line in process.stdout.splitlines()]
    figures = {words[0]: words[1:] for words in lines if len(words) == 4}
    assert set(figures) == {"majority", "fasttext"}
    assert figures["majority"][-1] == "–", "it has no batches"
    assert float(figures["fasttext"][-1]) > 0
    refused = run_here("benchmark", "speed", "nonsense", "--dataset", "sample")
    assert refused.returncode == 2
    assert "no row is called 'nonsense'" in refused.stderr
