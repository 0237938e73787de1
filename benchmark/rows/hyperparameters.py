"""Hyperparameters: a frozen dataclass whose fields say what they are and in which range."""

import dataclasses
import json
from typing import Any, TypeVar, dataclass_transform

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked_dataclass

Class = TypeVar("Class", bound=type)


@dataclass_transform(frozen_default=True)
def hyperparameters(cls: Class) -> Class:
    """Make a class of annotated options a frozen dataclass whose values are checked."""
    return checked_dataclass(frozen=True, config=ConfigDict(extra="forbid"))(cls)


def option(default: Any, why: str, **limits: Any) -> Any:
    """Describe one hyperparameter.

    Args:
        default: its value unless the user gives another.
        why: what it is, with its unit or its reason; shown by ``--help``.
        **limits: pydantic's ``ge``, ``gt``, ``le``, ``lt``.
    """
    return Field(default=default, description=why, **limits)


def plain(options: Any) -> dict[str, Any]:
    """Return hyperparameters as JSON holds them."""
    return json.loads(json.dumps(dataclasses.asdict(options)))


def changed(options: Any, base: Any = None) -> dict[str, Any]:
    """Return the hyperparameters that differ from those of `base`, or else from their defaults."""
    usual = plain(type(options)() if base is None else base)
    return {name: value for name, value in plain(options).items() if value != usual[name]}
