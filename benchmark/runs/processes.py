"""How a run's process is started: anew, or forked from one that has imported what runs need.

Importing Keras, KerasHub and scikit-learn takes 5 to 10 seconds, which is most of what a run on a
small corpus costs. Forked or not, each run is a process of its own: one that crashes, is killed or
runs out of memory is only its own failure. It holds the end of a pipe whose other end is here, and
so ends when this process does, even if that is killed; see `benchmark.runs.tied`.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Connection
from typing import TextIO, cast

from benchmark.rows.quiet import native_log_hidden
from benchmark.runs.tied import end_with
from preprocessing.program import ROOT

PRELOADED = ["__main__", "benchmark.runs.preloaded"]
"""What the process imports that is forked."""

_POLL_SECONDS = 0.05
_one_at_a_time = threading.Lock()
"""`multiprocessing` looks after all its processes at each start and end, and is not thread-safe."""


def can_fork() -> bool:
    """Tell whether forking is safe: other backends than TensorFlow start threads at import."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return False
    backend = os.environ.get("KERAS_BACKEND")
    if backend is None:  # Keras's configuration file may name one
        with native_log_hidden():
            import keras

        backend = keras.backend.backend()
    return backend == "tensorflow"


class NewProcess:
    """A run's process, started anew.

    Attributes:
        pid: its number.
        stdout: what it prints, as lines of text.
        stderr: what it prints there.
        stopped: whether it was asked to end by `benchmark.runs.child.stop`.
    """

    def __init__(self, module: str, arguments: list[str]):
        """Start ``python -m module`` with the arguments, in the repository's root."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmark.runs.tied", module, *arguments],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, errors="replace",
        )  # fmt: skip
        self.pid: int = self._process.pid
        self.stdout = cast(TextIO, self._process.stdout)
        self.stderr = cast(TextIO, self._process.stderr)
        self.stopped = False

    def wait(self, seconds: float = float("inf")) -> int | None:
        """Wait for its end; return its exit code, negative for a signal, None if it goes on."""
        try:
            return self._process.wait(None if seconds == float("inf") else seconds)
        except subprocess.TimeoutExpired:
            return None


class ForkedProcess:
    """The same, forked from a server that is started with the first of them.

    The server has the environment that this process has then. What a forked process says of its
    memory includes what the server has imported.
    """

    def __init__(self, module: str, arguments: list[str]):
        """Do what ``python -m module`` does with the arguments, in the repository's root."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
        (out, write_out), (err, write_err), (tie, self._tie) = (
            context.Pipe(duplex=False) for _ in range(3)
        )
        self._process = context.Process(
            target=_run_module, args=(module, arguments, write_out, write_err, tie)
        )
        with _one_at_a_time:
            self._process.start()
        for theirs in (write_out, write_err, tie):
            theirs.close()
        self.pid = cast(int, self._process.pid)
        self.stdout, self.stderr = _as_text(out), _as_text(err)
        self.stopped = False

    def wait(self, seconds: float = float("inf")) -> int | None:
        """Wait for its end; return its exit code, negative for a signal, None if it goes on."""
        until = time.monotonic() + seconds
        while True:
            with _one_at_a_time:
                code = self._process.exitcode
            if code is not None or time.monotonic() >= until:
                return code
            time.sleep(_POLL_SECONDS)


def _as_text(pipe: Connection) -> TextIO:
    file = open(os.dup(pipe.fileno()), encoding="utf-8", errors="replace")  # noqa: PTH123, SIM115
    pipe.close()
    return file


def _run_module(
    module: str, arguments: list[str], out: Connection, err: Connection, tie: Connection
) -> None:
    end_with(os.dup(tie.fileno()))
    for pipe, descriptor in ((out, 1), (err, 2)):
        os.dup2(pipe.fileno(), descriptor)
        pipe.close()
    os.chdir(ROOT)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
