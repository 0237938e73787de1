"""How every program starts and ends: the repository's root, exit codes, one line for an error."""

import argparse
import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import NoReturn

from preprocessing.errors import MachineError, UserError
from preprocessing.wording import one_line

ROOT = Path(__file__).resolve().parent.parent

USER_MISTAKE = UserError.exit_code
MACHINE_TROUBLE = MachineError.exit_code

INTERRUPTED = 130
READER_GONE = 141
"""What a shell shows for a program that a broken pipe has ended."""

_USERS = {
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR,
    errno.EEXIST, errno.ENAMETOOLONG,
}  # fmt: skip
_MACHINES = {
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO,
    errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EPIPE,
}  # fmt: skip


class Parser(argparse.ArgumentParser):
    """A parser of command lines that refuses one in a single line, by a `UserError`."""

    def error(self, message: str) -> NoReturn:
        """Raise what `run_program` prints."""
        raise UserError(f"{message}; see --help")


def run_program(main: Callable[[], int | None]) -> None:
    """Run `main` and exit: 0 or what it returns, 2 for a user's mistake, 130 for Ctrl-C.

    A full disk or the like is one line and exit code 74. When nobody reads what it prints any
    more, as behind ``| head``, it ends without a word, with 141.
    """
    try:
        code = main() or 0
        sys.stdout.flush()
    except UserError as error:
        code = _say(error.exit_code, str(error))
    except KeyboardInterrupt:
        code = _say(INTERRUPTED, "interrupted; what was finished is kept")
    except BrokenPipeError:
        code = READER_GONE
    except SystemExit as error:
        if not isinstance(error.__context__, BrokenPipeError):
            raise
        code = READER_GONE  # at a broken pipe, Rich exits with 1
    except OSError as error:
        where = error.filename or "a file (is the disk full?)"
        what = os.strerror(error.errno) if error.errno else one_line(error)
        code = USER_MISTAKE if error.errno in _USERS else MACHINE_TROUBLE
        _say(code, f"cannot use {where}: {what}")
    try:
        sys.stdout.flush()
    except OSError:  # the interpreter would try again at its exit, and change the exit code
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if _ends_at_once:
        os._exit(code)
    sys.exit(code)


_ends_at_once = False


def end_at_once() -> None:
    """Let the program end with the exit code that it has earned, and without tidying up.

    Threads of a library that outlive its use can abort a process which tidies up beneath them.
    """
    global _ends_at_once
    _ends_at_once = True


def end_quietly_when_interrupted() -> None:
    """Let Ctrl-C end the program with one line, also while it imports what takes seconds.

    Libraries that are interrupted at their import raise errors of their own from it.
    """
    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, KeyboardInterrupt):
                sys.stdout.flush()
                os._exit(_say(INTERRUPTED, "interrupted"))
            cause = cause.__cause__ or cause.__context__
        before(kind, error, trace)

    sys.excepthook = hook


def is_machine_trouble(error: BaseException) -> bool:
    """Tell whether an error is trouble of the machine, and so no fault of what was running.

    Those are the system's errors about something that cannot be written, or cannot be opened for
    lack of resources. A missing file, or a host that does not answer, is the fault of whoever asked
    for it.
    """
    return isinstance(error, OSError) and error.errno in _MACHINES


def _say(code: int, message: str) -> int:
    print(f"error: {message}", file=sys.stderr, flush=True)
    return code
