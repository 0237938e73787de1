"""The exceptions that end a program with one line and no traceback."""

import os


class UserError(Exception):
    """Bad input, reported in one line: what is wrong, where, and what to do.

    Programs print the message alone, without a traceback, and exit with `exit_code`.
    """

    exit_code = 2


class OptionError(UserError):
    """An option is wrong in a way that only learning finds out, such as more layers than there are.

    It is a mistake and no failure of the row, so that it leaves no record.
    """


class DamagedError(UserError):
    """A file of the project's own is not what was written.

    That is the failure of no row: a run that meets one ends without a record.
    """


class MachineError(UserError):
    """Trouble of the machine, such as a full disk, that another process has met.

    It is the failure of no row; programs exit with 74.
    """

    exit_code = os.EX_IOERR
