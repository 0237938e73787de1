"""run_all.py interrupted, killed, and started twice."""

import os
import signal
import subprocess
import sys

from preprocessing.program import ROOT
from tests.checkouts import (
    add_row,
    is_running,
    leaderboard,
    run_all,
    start_run_all,
    wait_for,
    wait_for_line,
)

SLOW = (
    "import os, pathlib, time; pathlib.Path('began').write_text(str(os.getpid())); time.sleep(600)"
)
"""What a slow row does: it says that it has begun, and which process it is."""


def test_ctrl_c_ends_cleanly_and_the_next_start_goes_on(checkout):
    add_row(checkout, "a_quick")
    add_row(checkout, "b_slow", body=SLOW)
    process = start_run_all(checkout)
    records = checkout / "results" / "runs" / "sample-limit-40"
    wait_for((checkout / "began").exists)
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
    add_row(checkout, "b_slow", body=SLOW)
    process = start_run_all(checkout)
    record = checkout / "results" / "runs" / "sample-limit-40" / "a_quick" / "seed-0.json"
    wait_for((checkout / "began").exists)
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
        add_row(checkout, name, body=SLOW.replace("began", f"began-{name}"))
    process = start_run_all(checkout, "--jobs", "2")
    for name in ("a_slow", "b_slow"):
        wait_for((checkout / f"began-{name}").exists)
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


def test_a_run_ends_with_the_program_that_wanted_it_and_is_no_failure(checkout):
    """A scheduler ends `run_all.py` by SIGTERM, and may tell the whole group or it alone."""
    add_row(checkout, "a_slow", body=SLOW)
    for tell in (os.kill, os.killpg):
        process = start_run_all(checkout)
        began = checkout / "began"
        wait_for(lambda began=began: began.exists() and began.read_text())
        child = int(began.read_text())
        began.unlink()
        tell(process.pid, signal.SIGTERM)
        process.communicate(timeout=30)
        wait_for(lambda child=child: not is_running(child), 10)
        assert not list((checkout / "results").rglob("a_slow/*.json"))


def test_a_run_that_is_slow_to_end_is_no_failure_either(checkout):
    deaf = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); {SLOW}"
    add_row(checkout, "a_slow", body=deaf)
    process = start_run_all(checkout)
    wait_for((checkout / "began").exists)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.strip().splitlines()[-1] == "error: interrupted; what was finished is kept"
    assert not list((checkout / "results").rglob("a_slow/*.json"))


def test_two_at_once(checkout):
    add_row(checkout, "a_slow", body=SLOW)
    first = start_run_all(checkout)
    wait_for_line(first, "[1/2]")
    second = run_all(checkout)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    assert second.returncode == 2
    assert "another run_all.py or evaluate is using" in second.stderr
    assert second.stderr.count("\n") == 1


def test_ctrl_c_while_keras_is_imported_is_one_line(tmp_path):
    """A module that takes long to import stands in for Keras."""
    begun = tmp_path / "begun"
    (tmp_path / "keras.py").write_text(
        f"import pathlib, time\npathlib.Path({str(begun)!r}).touch()\ntime.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "models.cnn", "--dataset", "sample", "--cache", tmp_path],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    wait_for(begun.exists)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors == "error: interrupted\n"
