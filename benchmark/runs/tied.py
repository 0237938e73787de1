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


def _end_with_stdin() -> None:
    while os.read(0, 1024):
        continue
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
