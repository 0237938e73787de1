"""Hides what native code prints to standard error."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchmark import LOG_IS_WANTED


@contextmanager
def native_log_hidden() -> Iterator[None]:
    """Send file descriptor 2 to nowhere, unless ``TF_CPP_MIN_LOG_LEVEL`` was set by the user.

    While it is imported, TensorFlow writes notes there that no setting of its own reaches.
    """
    if LOG_IS_WANTED:
        yield
        return
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
