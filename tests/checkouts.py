"""A copy of the code with rows for tests, and run_all.py started in it."""

import atexit
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.conftest import run_python

import pandas as pd
import pytest

ROW = '''
"""A row for tests.

    python models/{name}.py
"""
{extra}
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline

from benchmark.rows.pipelines import PipelineRow, hyperparameters


@hyperparameters
class Hyperparameters:
    pass


def build(options, data):
    {body}


row = PipelineRow("test", Hyperparameters, build=build)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
'''
GOOD = 'return make_pipeline(DummyClassifier(strategy="prior"))'


def add_row(checkout: Path, name: str, body: str = GOOD, extra: str = "") -> None:
    (checkout / "models" / f"{name}.py").write_text(ROW.format(name=name, body=body, extra=extra))


def run_all(checkout: Path, *arguments: str):
    return run_python(
        "run_all.py", "--dataset", "sample", "--limit", "40", *arguments,
        cwd=checkout, PYTHONPATH=str(checkout),
    )  # fmt: skip


def start_run_all(checkout: Path, *more: str) -> subprocess.Popen:
    command = [sys.executable, "run_all.py", "--dataset", "sample", "--limit", "40"]
    command += ["--seeds", "1", *more]
    process = subprocess.Popen(
        command, cwd=checkout, env=os.environ | {"PYTHONPATH": str(checkout)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        # What runs under nohup ignores Ctrl-C, and so would all that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    atexit.register(_kill, process)  # what a failed test leaves behind
    return process


def _kill(process: subprocess.Popen) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def wait_for(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def wait_for_line(process: subprocess.Popen, text: str, seconds: float = 60) -> None:
    """Read what a process of its own group prints, up to the line that contains a text."""
    seen = []
    timer = threading.Timer(seconds, _kill, [process])
    timer.start()
    try:
        for line in process.stdout:
            seen.append(line)
            if text in line:
                return
    finally:
        timer.cancel()
    pytest.fail(f"no line has {text!r}: {''.join(seen)}{process.stderr.read()}")


def leaderboard(checkout: Path) -> pd.DataFrame:
    file = checkout / "results" / "sample-limit-40" / "leaderboard.csv"
    return pd.read_csv(file, keep_default_na=False).set_index("model")


def is_running(process: int) -> bool:
    """Tell whether a process of this number is running; one that nobody has reaped is not."""
    try:
        os.kill(process, 0)
        return "(zombie)" not in Path(f"/proc/{process}/status").read_text()
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # it has just ended, or this is not Linux
        return not Path("/proc/self").exists()
