"""Runs in processes that start anew or are forked: the same to those who start them."""

import os
import signal
import subprocess
import sys

from benchmark.runs import processes
from benchmark.runs.processes import ForkedProcess, NewProcess, can_fork
from tests.checkouts import is_running, wait_for
from tests.conftest import ROOT

import pytest

PROGRAM = """
import os, sys, time
print("working on", *sys.argv[1:], flush=True)
print("a note", file=sys.stderr)
{end}
"""


@pytest.fixture(params=[NewProcess, ForkedProcess])
def start(request, tmp_path, monkeypatch):
    """Start a program that ends in a certain way; nothing is imported beforehand."""
    monkeypatch.setattr(processes, "PRELOADED", [])
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def run(end: str):
        (tmp_path / "a_program.py").write_text(PROGRAM.format(end=end))
        return request.param("a_program", ["--seed", "3"])

    # What runs under nohup ignores Ctrl-C, and so would all that it starts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield run
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("", 0),
        ("sys.exit(2)", 2),
        ("os.kill(os.getpid(), 9)", -signal.SIGKILL),
        ("os.abort()", -signal.SIGABRT),
        ("raise ValueError('why')", 1),
    ],
)
def test_output_and_exit_code_reach_the_sweep(start, end, code):
    process = start(end)
    assert process.stdout.read() == "working on --seed 3\n"
    errors = process.stderr.read()
    assert process.wait() == code
    if code >= 0:
        assert "a note" in errors
    assert ("why" in errors) == ("why" in end)


def test_a_process_can_be_interrupted_and_says_so(start):
    process = start("time.sleep(600)")
    assert process.stdout.readline().startswith("working")
    assert process.wait(0) is None
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(20) not in (None, 0)


def test_several_at_once_end_each_in_its_own_way(start):
    first = [start("sys.exit(int(time.time() * 0) + 5)") for _ in range(3)]
    assert [process.wait() for process in first] == [5, 5, 5]


def test_only_tensorflow_is_forked(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert not can_fork()
    monkeypatch.delenv("KERAS_BACKEND")
    assert can_fork()


@pytest.mark.parametrize("kind", ["NewProcess", "ForkedProcess"])
def test_a_process_ends_with_the_one_that_started_it(tmp_path, monkeypatch, kind):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "a_program.py").write_text(PROGRAM.format(end="time.sleep(600)"))
    starter = (
        "from benchmark.runs import processes\n"
        "processes.PRELOADED = []\n"
        f"process = processes.{kind}('a_program', [])\n"
        "process.stdout.readline()\n"
        "print(process.pid, flush=True)\n"
        "input()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", starter], cwd=ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    child = int(parent.stdout.readline())
    os.kill(child, 0)
    parent.kill()
    parent.communicate()
    wait_for(lambda: not is_running(child), 10)
