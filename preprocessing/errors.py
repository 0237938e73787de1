"""The one exception for what a user can put right."""


class UserError(Exception):
    """Bad input, told in one line: what is wrong, where, and what to do.

    Programs print the message alone, without a traceback, and exit with code 2.
    """
