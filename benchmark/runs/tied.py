"""Run a module as ``python -m`` does, and end at once when standard input does.

    python -m benchmark.runs.tied models.cnn --seed 1

Whoever starts it holds the other end of a pipe. The system closes that when it dies, however it
does, so that no run outlives the node or the program that wanted it.
"""

import os
import runpy
import signal
import sys
import threading


def end_with(descriptor: int) -> None:
    """Let this process be killed as soon as the other end of a pipe is closed."""

    def wait() -> None:
        while os.read(descriptor, 1024):
            continue
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    end_with(0)
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
