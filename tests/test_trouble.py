"""What the machine does wrong is told in one line, and is no row's failure."""

import os
import subprocess
import sys
from pathlib import Path

from tests.checkouts import GOOD, add_row, leaderboard, run_all
from tests.conftest import run_python

import pytest

FULL = "raise OSError(28, 'No space left on device', '/a/file')"
LOUD = f"[print('line', n, flush=True) or time.sleep(0.02) for n in range(200)]; {GOOD}"


def run_one(checkout, name, *arguments):
    return run_python(
        f"models/{name}.py", "--dataset", "sample", "--limit", "40", *arguments,
        cwd=checkout, PYTHONPATH=str(checkout),
    )  # fmt: skip


def records_of(checkout):
    return sorted(file.parent.name for file in checkout.rglob("results/runs/**/seed-*.json"))


def test_a_full_disk_is_no_failure_of_the_row(checkout):
    add_row(checkout, "a_full", body=FULL)
    process = run_one(checkout, "a_full")
    assert process.returncode == 74
    assert process.stderr == "error: cannot use /a/file: No space left on device\n"
    assert records_of(checkout) == []


@pytest.mark.parametrize(
    ("error", "said"),
    [("OptionError", "--layers 99: there are only 2"), ("DamagedError", "a/file is damaged")],
)
def test_a_wrong_option_or_a_damaged_file_that_learning_finds_leaves_no_record(
    checkout, error, said
):
    imported = f"from preprocessing.errors import {error}"
    add_row(checkout, "a_broken", body=f"raise {error}({said!r})", extra=imported)
    process = run_one(checkout, "a_broken")
    assert process.returncode == 2
    assert process.stderr == f"error: {said}\n"
    assert records_of(checkout) == []


def test_run_all_stops_at_a_full_disk_and_keeps_what_was_finished(checkout):
    add_row(checkout, "a_quick")
    add_row(checkout, "b_full", body=FULL)
    add_row(checkout, "c_next", body="open('began', 'w').close()")
    process = run_all(checkout, "--seeds", "1")
    assert process.returncode == 74
    assert process.stderr == "error: cannot use /a/file: No space left on device\n"
    assert leaderboard(checkout)["status"].to_dict() == {
        "a_quick": "ok", "b_full": "missing", "c_next": "missing", "majority": "missing",
    }  # fmt: skip
    assert not (checkout / "began").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_an_output_that_is_full_is_one_line_and_74(checkout):
    process = subprocess.run(
        f"{sys.executable} -m benchmark rows > /dev/full",
        shell=True, cwd=checkout, env=os.environ | {"PYTHONPATH": str(checkout)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert process.returncode == 74
    assert (
        process.stderr == "error: cannot use a file (is the disk full?): No space left on device\n"
    )


def test_a_model_that_a_full_disk_keeps_from_being_saved_is_told_and_the_record_stays(checkout):
    add_row(
        checkout,
        "a_quick",
        extra=f"""from benchmark.runs import kept_models

def keep(*given):
    {FULL}

kept_models.keep = keep
""",
    )
    process = run_all(checkout, "--seeds", "1", "a_quick")
    assert process.returncode == 74
    assert process.stderr == "error: cannot use /a/file: No space left on device\n"
    assert records_of(checkout) == ["a_quick"]


def test_a_run_that_fails_when_it_is_made_again_says_why(checkout):
    add_row(checkout, "a_quick")
    assert run_all(checkout, "--seeds", "1", "a_quick").returncode == 0
    add_row(checkout, "a_quick", body="raise ValueError('no more')")
    process = run_all(checkout, "--seeds", "1", "--force", "a_quick")
    assert process.returncode == 1
    assert "failed: ValueError: no more" in process.stdout


def test_a_cache_that_cannot_be_written_is_one_line(checkout, tmp_path):
    (tmp_path / "file").write_text("")
    process = run_one(checkout, "majority", "--cache", str(tmp_path / "file" / "cache"))
    assert process.returncode == 2
    assert process.stderr.startswith("error: --cache ")
    assert process.stderr.count("\n") == 1
    assert records_of(checkout) == []


@pytest.mark.parametrize("program", ["models/a_loud.py", "run_all.py"])
def test_a_reader_that_goes_away_ends_the_program_quietly(checkout, program):
    add_row(checkout, "a_loud", body=LOUD, extra="import time")
    process = subprocess.Popen(
        [sys.executable, program, "--dataset", "sample", "--limit", "40"],
        cwd=checkout, env=os.environ | {"PYTHONPATH": str(checkout)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    assert process.wait(60) == 141
    assert errors == ""
    failed = [file for file in checkout.rglob("seed-*.json") if '"failed"' in file.read_text()]
    assert not failed, "it is no failure of the row"


def test_results_that_vanish_in_the_middle_are_told(checkout):
    add_row(checkout, "a_quick")
    gone = "shutil.rmtree('results/runs/sample-limit-40/a_quick')"
    add_row(checkout, "b_deleting", body=f"{gone}; raise ValueError", extra="import shutil")
    process = run_all(checkout, "--seeds", "1")
    assert process.returncode == 1
    assert "are gone, as if another program had deleted them" in process.stdout
    assert "a_quick, seed 0" in process.stdout
