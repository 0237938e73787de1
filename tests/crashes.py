"""Processes that are killed in the middle of writing."""

import itertools
import os
import sys
import traceback
from collections.abc import Callable, Iterator

_CALLS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree")


def killed_at_each_call(act: Callable[[], None]) -> Iterator[None]:
    """Do something again and again, each time in a process that ends at another call.

    The process ends, without a word, before its first call of the file system that writes or opens,
    then before its second, and so on, until one gets to the end; that makes at least five.

    Yields:
        After each process but the last.
    """
    for number in itertools.count():
        child = os.fork()
        if child == 0:
            try:
                _end_before(number)
                act()
            except BaseException:  # pytest must not go on in the child
                traceback.print_exc()
                os._exit(2)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code in (0, 1), f"it failed of itself, with {code}"
        if code == 0:
            assert number >= 5, "no call was seen"
            return
        yield


def _end_before(number: int) -> None:
    calls = itertools.count()
    sys.addaudithook(lambda name, _: name in _CALLS and next(calls) == number and os._exit(1))
