"""A row's hyperparameters as command-line options."""

import argparse
from typing import Any, Literal, get_args, get_origin

from benchmark.rows.hyperparameters import flag, refusal
from preprocessing.errors import UserError

from pydantic import ValidationError

_LONGEST_SHOWN = 40
_MOST = 2**31 - 1
"""The largest 32-bit integer; libraries overflow above it, often hours into a run."""


def add_hyperparameters(parser: argparse.ArgumentParser, cls: type) -> None:
    """Make each field of a dataclass of hyperparameters an option."""
    group = parser.add_argument_group("hyperparameters")
    for name, field in cls.__pydantic_fields__.items():  # type: ignore[attr-defined]
        kind = field.annotation
        several = get_origin(kind) is tuple
        default = " ".join(map(str, field.default)) if several else field.default
        group.add_argument(
            flag(name),
            dest=name,
            default=argparse.SUPPRESS,
            nargs="+" if several else None,
            metavar=_metavar(kind),
            help=f"{field.description} (default: {default})".replace("%", "%%"),
        )


def _metavar(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return "|".join(map(str, get_args(kind)))
    return "NAME" if kind is str else "N"


def hyperparameters_from(given: argparse.Namespace, cls: type, base: Any) -> Any:
    """Return the hyperparameters of `base` with what was given on the command line.

    Raises:
        UserError: a value is of the wrong type or out of range.
    """
    values = {
        name: getattr(given, name) if name in given else getattr(base, name)
        for name in cls.__pydantic_fields__  # type: ignore[attr-defined]
    }
    try:
        options = cls(**values)
    except ValidationError as error:
        name, value, what = refusal(error)
        shown = str(value)[:_LONGEST_SHOWN] + "…" * (len(str(value)) > _LONGEST_SHOWN)
        about = cls.__pydantic_fields__[name].description  # type: ignore[attr-defined]
        raise UserError(f"{flag(name)} {shown}: {what} ({about})") from None
    for name in values:
        value = getattr(options, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, int) and one > _MOST:
                raise UserError(f"{flag(name)}: must be at most {_MOST:,}")
    return options
