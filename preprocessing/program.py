"""How every program starts and ends: the repository's root, exit codes, one line for an error."""

import errno
import sys
from collections.abc import Callable
from pathlib import Path

from preprocessing.errors import UserError

ROOT = Path(__file__).resolve().parent.parent


INTERRUPTED = 130


def run_program(main: Callable[[], int | None]) -> None:
    """Run `main` and exit: 0 or what it returns, 2 for a user's mistake, 130 for Ctrl-C.

    A full disk or the like is one line and exit code 1.
    """
    try:
        code = main() or 0
    except UserError as error:
        code = _say(2, str(error))
    except KeyboardInterrupt:
        code = _say(INTERRUPTED, "interrupted; what was finished is kept")
    except OSError as error:
        user_mistake = error.errno in (
            errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.EEXIST,
            errno.ENAMETOOLONG,
        )  # fmt: skip
        where = error.filename or "a file (is the disk full?)"
        code = _say(2 if user_mistake else 1, f"cannot use {where}: {error.strerror or error}")
    sys.exit(code)


def _say(code: int, message: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    return code
