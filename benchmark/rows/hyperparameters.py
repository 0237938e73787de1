"""Hyperparameters: a frozen dataclass whose fields say what they are and in which range."""

import dataclasses
import json
from typing import Any, TypeVar, dataclass_transform

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked_dataclass

_CONFIG = ConfigDict(extra="forbid", allow_inf_nan=False)
_T = TypeVar("_T")


def option(default: Any, why: str, **limits: Any) -> Any:
    """Describe one hyperparameter.

    Args:
        default: its value unless the user gives another.
        why: what it is, with its unit or its reason; shown by ``--help``.
        **limits: pydantic's ``ge``, ``gt``, ``le``, ``lt``.
    """
    return Field(default=default, description=why, **limits)


@dataclass_transform(frozen_default=True)
def hyperparameters(cls: type[_T]) -> type[_T]:
    """Make a class of annotated options a frozen dataclass whose values are checked.

    Infinity and NaN are out of every range.
    """
    return checked_dataclass(frozen=True, config=_CONFIG)(cls)  # type: ignore[return-value]


def plain(options: Any) -> dict[str, Any]:
    """Return hyperparameters as JSON holds them."""
    return json.loads(json.dumps(dataclasses.asdict(options)))


def changed(options: Any, base: Any = None) -> dict[str, Any]:
    """Return the hyperparameters that differ from those of `base`, or else from their defaults."""
    usual = plain(type(options)() if base is None else base)
    return {name: value for name, value in plain(options).items() if value != usual[name]}
