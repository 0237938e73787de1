"""Which rows and variants there are: the files in the row folders. There is no second list.

Every Python file directly in ``models/`` or ``bert_family/`` is a row, unless its name begins with
an underscore; what rows share lives in folders below. To list them no row is imported, which would
import Keras: what the catalogue says stands as literals in the call that makes a file's `row`.
"""

import ast
import difflib
import importlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.rows.contract import Row, Step, Variant
from preprocessing.errors import UserError
from preprocessing.program import ROOT

FOLDERS = ("models", "bert_family")
_MOST_MEANT = 4


@dataclass(frozen=True)
class Line:
    """A line of the leaderboard: a row with its defaults, or one of its variants.

    Attributes:
        row: the row's name.
        variant: the variant's name; empty for the row with its defaults.
        module: the Python module to import.
        settings: the hyperparameters that the variant sets.
        step: what the line changes in a simpler one.
        weights: the name of the public weights that it starts from; empty if it needs none.
    """

    row: str
    variant: str
    module: str
    settings: dict[str, Any] = field(default_factory=dict, hash=False)
    step: Step | None = None
    weights: str = ""

    @property
    def name(self) -> str:
        """The name that the leaderboard shows, such as ``bert (scratch-tiny)``."""
        return line_name(self.row, self.variant)


def line_name(row: str, variant: str) -> str:
    """Return the name of a line."""
    return f"{row} ({variant})" if variant else row


def with_labels(line: str, labels: int | None) -> str:
    """Return a line's name with the number of labels it learned from; None for all."""
    return line if labels is None else f"{line}, {labels:,} labels"


def modules(root: Path = ROOT) -> dict[str, str]:
    """Return the module of each row by the row's name, in alphabetical order."""
    found = {
        file.stem: f"{folder}.{file.stem}"
        for folder in FOLDERS
        for file in (root / folder).glob("*.py")
        if not file.name.startswith("_")
    }
    return dict(sorted(found.items()))


def lines(root: Path = ROOT) -> dict[str, Line]:
    """Return all lines by name: each row, followed by its variants."""
    found = {}
    for row, module in modules(root).items():
        declared = _declared(root / f"{module.replace('.', '/')}.py")
        variants = {"": Variant({}, declared.get("step"), declared.get("weights", ""))}
        for name, variant in (variants | declared.get("variants", {})).items():
            line = Line(row, name, module, variant.settings, variant.step, variant.weights)
            found[line.name] = line
    return found


def choose(names: list[str]) -> dict[str, Line]:
    """Return the lines that are named; a row's name stands for its variants, too.

    Args:
        names: of rows or of lines; none for all lines.

    Raises:
        UserError: there is no such row or line.
    """
    known = lines()
    rows = {line.row for line in known.values()}
    for name in names:
        if name not in rows and name not in known:
            raise UserError(f"no model is called {name!r}; {hint(name, known)}")
    chosen = {
        line.name: line
        for name in names
        for line in known.values()
        if name in (line.row, line.name)
    }
    return chosen or known


def each_once(known: dict[str, Line]) -> dict[str, Line]:
    """Return a line for each row: with its defaults, or its first variant that needs no weights."""
    chosen: dict[str, Line] = {}
    for line in known.values():
        if not line.weights:
            chosen.setdefault(line.row, line)
    return {line.name: line for line in chosen.values()}


def choose_row(name: str) -> str:
    """Return the module of the row of this name.

    Raises:
        UserError: there is no such row.
    """
    known = modules()
    if name not in known:
        raise UserError(f"no model is called {name!r}; {hint(name, known)}")
    return known[name]


def load(name: str) -> Row:
    """Import the row's file and return its row."""
    return importlib.import_module(choose_row(name)).row


def hint(name: str, known: Iterable[str]) -> str:
    """Return what somebody who typed `name` may have meant, or else what there is.

    Case, folders and punctuation do not count, and a part of a name is enough: ``models/LSTM.py``
    and ``scratch-tiny`` are found.
    """
    plain = {_letters(one): one for one in known}
    typed = _letters(re.split(r"[/.\\]", name.removesuffix(".py"))[-1])
    near = [typed] if typed in plain else [one for one in plain if typed and typed in one]
    near = near[:_MOST_MEANT] or difflib.get_close_matches(typed, plain, n=1)
    meant = [plain[one] for one in near]
    if not meant:
        return f"there are {', '.join(plain.values())}"
    return f"did you mean {' or '.join([', '.join(meant[:-1])] * (len(meant) > 1) + meant[-1:])}?"


def _letters(name: str) -> str:
    return "".join(char for char in name.lower() if char.isalnum())


def _declared(file: Path) -> dict[str, Any]:
    """Return step, variants and weights as the call that makes the file's `row` has them.

    Raises:
        UserError: they are not literals of their kind.
    """
    try:
        body = ast.parse(file.read_text(encoding="utf-8")).body
    except (SyntaxError, ValueError, OSError):
        return {}  # its own run says why it cannot be imported
    calls = [
        node.value
        for node in body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and [getattr(target, "id", "") for target in node.targets] == ["row"]
    ]
    declared = {
        keyword.arg: _literal(keyword.value, file)
        for call in calls[-1:]
        for keyword in call.keywords
        if keyword.arg in ("step", "variants", "weights")
    }
    if not isinstance(declared.get("step"), Step | None):
        raise UserError(f"{file}: step is not a Step(simpler, what_changes)")
    variants = declared.get("variants", {})
    if not isinstance(variants, dict) or not all(isinstance(v, Variant) for v in variants.values()):
        raise UserError(f"{file}: variants are not a dict of names to Variant(settings, step)")
    return declared


def _literal(node: ast.expr, file: Path) -> Any:
    """Return the value of an expression of literals, steps and variants.

    Raises:
        UserError: it is anything else.
    """
    if isinstance(node, ast.Call) and (kind := _KINDS.get(getattr(node.func, "id", ""))):
        given = {str(one.arg): _literal(one.value, file) for one in node.keywords}
        try:
            return kind(*(_literal(one, file) for one in node.args), **given)
        except TypeError as error:
            raise UserError(f"{file}, line {node.lineno}: {error}") from None
    if isinstance(node, ast.Dict) and None not in node.keys:
        return {
            _literal(key, file): _literal(value, file)
            for key, value in zip(node.keys, node.values, strict=True)
            if key is not None
        }
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise UserError(
            f"{file}, line {node.lineno}: step, variants and weights of a row are read without "
            f"importing it, so they are written as literals"
        ) from None


_KINDS: dict[str, type] = {"Step": Step, "Variant": Variant}
