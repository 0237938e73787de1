"""Which rows there are: the files in the row folders. There is no second list.

Every Python file directly in ``models/`` or ``bert_family/`` is a row, unless its name begins with
an underscore; what rows share lives in folders below. Rows are not imported to be listed.
"""

import difflib
import importlib
from pathlib import Path

from benchmark.rows.contract import Row
from preprocessing.errors import UserError
from preprocessing.program import ROOT

FOLDERS = ("models", "bert_family")


def modules(root: Path = ROOT) -> dict[str, str]:
    """Return the module of each row by the row's name, in alphabetical order."""
    found = {
        file.stem: f"{folder}.{file.stem}"
        for folder in FOLDERS
        for file in (root / folder).glob("*.py")
        if not file.name.startswith("_")
    }
    return dict(sorted(found.items()))


def choose(names: list[str], root: Path = ROOT) -> list[str]:
    """Return the rows of these names, or all rows if there are none.

    Raises:
        UserError: there is no such row.
    """
    known = modules(root)
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise UserError(f"no row is called {name!r}; {hint}")
    return list(dict.fromkeys(names)) or list(known)


def load(name: str) -> Row:
    """Import the row's file and return its row."""
    return importlib.import_module(modules()[choose([name])[0]]).row
