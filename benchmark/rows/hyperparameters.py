"""Hyperparameters: a frozen dataclass whose fields say what they are and in which range."""

import dataclasses
import json
from typing import Any, TypeVar, dataclass_transform

from pydantic import ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass as checked_dataclass

_CONFIG = ConfigDict(extra="forbid", allow_inf_nan=False)
_T = TypeVar("_T")
_SAID = {
    "greater_than": "must be greater than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "unexpected_keyword_argument": "is not a hyperparameter of this model",
    "finite_number": "must be finite",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "bool_parsing": "must be true or false",
    "literal_error": "must be one of {expected}",
    "string_pattern_mismatch": "is none of its values",
    "int_parsing_size": "has too many digits",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "tuple_type": "must be a list",
}
"""What is said of a refused value, by the type of pydantic's error and with its context."""


@dataclasses.dataclass(frozen=True)
class Uniform:
    """Numbers that a search draws evenly between two."""

    low: float
    high: float


@dataclasses.dataclass(frozen=True)
class LogUniform:
    """Numbers whose logarithm a search draws evenly, as for rates and penalties."""

    low: float
    high: float


@dataclasses.dataclass(frozen=True, init=False)
class Choice:
    """A few values, of which a search draws each as often."""

    values: tuple[Any, ...]

    def __init__(self, *values: Any):
        object.__setattr__(self, "values", values)


Search = Uniform | LogUniform | Choice


def option(default: Any, why: str, search: Search | None = None, **limits: Any) -> Any:
    """Describe one hyperparameter.

    Args:
        default: its value unless the user gives another.
        why: what it is, with its unit or its reason; shown by ``--help``.
        search: what `python -m benchmark tune` draws it from; None leaves it alone.
        **limits: pydantic's ``ge``, ``gt``, ``le``, ``lt``.
    """
    return Field(default=default, description=why, json_schema_extra=searched(search), **limits)


def searched(search: Search | None) -> Any:
    """Return what a pydantic field of an annotated type holds of its search, for `Field`."""
    return search and {"search": search}


def search_space(cls: type) -> dict[str, Search]:
    """Return what is searched among the options of a class of hyperparameters, by name."""
    fields = cls.__pydantic_fields__.items()  # type: ignore[attr-defined]
    return {
        name: field.json_schema_extra["search"] for name, field in fields if field.json_schema_extra
    }


@dataclass_transform(frozen_default=True)
def hyperparameters(cls: type[_T]) -> type[_T]:
    """Make a class of annotated options a frozen dataclass whose values are checked.

    Infinity and NaN are out of every range.
    """
    return checked_dataclass(frozen=True, config=_CONFIG)(cls)  # type: ignore[return-value]


def refusal(error: ValidationError) -> tuple[str, Any, str]:
    """Return the name of the first hyperparameter that was refused, its value, and why.

    For one that takes a number or a word, such as "auto", the message names both.
    """
    first, *others = error.errors()
    said = _SAID.get(first["type"], "cannot be used")
    what = said.format(**first.get("ctx", {}))
    words = [
        other["ctx"]["expected"]
        for other in others
        if other["loc"][0] == first["loc"][0] and other["type"] == "literal_error"
    ]
    return str(first["loc"][0]), first["input"], " or ".join([what, *words])


def plain(options: Any) -> dict[str, Any]:
    """Return hyperparameters as JSON holds them."""
    return json.loads(json.dumps(dataclasses.asdict(options)))


def flag(name: str) -> str:
    """Return the command-line option of a hyperparameter."""
    return f"--{name.replace('_', '-')}"


def run_words(
    seed: int, variant: str, changed: dict[str, Any], labels: int | None, validation_only: bool
) -> list[str]:
    """Return the words of a row's command line that say which run it is.

    Args:
        seed: of the run.
        variant: empty for none.
        changed: hyperparameters that differ from the variant's, as `changed` returns them.
        labels: how many training reviews keep their label; None for all.
        validation_only: whether the test reviews are left alone.
    """
    words = ["--seed", str(seed)]
    words += ["--variant", variant] if variant else []
    for name, value in changed.items():
        words += [flag(name), *map(str, value if isinstance(value, list) else [value])]
    words += ["--labels", str(labels)] if labels is not None else []
    return words + ["--validation-only"] * validation_only


def changed(options: Any, base: Any) -> dict[str, Any]:
    """Return the hyperparameters that differ from those of `base`."""
    usual = plain(base)
    return {name: value for name, value in plain(options).items() if value != usual[name]}
