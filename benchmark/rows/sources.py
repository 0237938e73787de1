"""A digest of the code that a row's predictions depend on, found without importing it.

It covers the row's own file and what that imports, transitively, of the layers, the training loop,
the BERT family, subwords and word vectors. It leaves out what changes no prediction: comments,
docstrings, the help texts of options, the call that declares a row's step and variants, and what
runs only when the file is a script. Words and splits are not in it; the corpus has a hash of its
own.
"""

import ast
import hashlib
from functools import lru_cache
from pathlib import Path

from preprocessing.program import ROOT

SCOPE = (
    "models",
    "bert_family",
    "benchmark.rows.networks",
    "benchmark.rows.pipelines",
    "preprocessing.ragged",
    "preprocessing.subwords",
    "preprocessing.word_vectors",
)
"""Modules and packages whose code counts, if a row imports it."""

_DECLARATIONS = ("step", "variants", "weights")  # of a row; a run's settings are in its record
_DIGITS = 16


def digest(module: str, root: Path = ROOT) -> str:
    """Return 16 hexadecimal digits that change when code that a row depends on does.

    Args:
        module: the row's module, such as ``models.cnn``.
        root: the checkout.
    """
    hashed = hashlib.sha256()
    for name, file in sources(module, root).items():
        hashed.update(f"{name}\n{_read(file, file.stat().st_mtime_ns)[0]}\n".encode())
    return hashed.hexdigest()[:_DIGITS]


def sources(module: str, root: Path = ROOT) -> dict[str, Path]:
    """Return the files that `digest` covers by their modules' names, in alphabetical order."""
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found or not name.startswith(SCOPE):
            continue
        path = root / name.replace(".", "/")
        file = next(
            (f for f in (path.with_suffix(".py"), path / "__init__.py") if f.exists()), None
        )
        if file is None:
            continue  # a name inside a module
        found[name] = file
        waiting += _read(file, file.stat().st_mtime_ns)[1]
    return dict(sorted(found.items()))


@lru_cache(maxsize=1024)
def _read(file: Path, modified: int) -> tuple[str, tuple[str, ...]]:
    """Return what counts of a file's code, and the names it imports.

    Args:
        file: a Python file.
        modified: when it was last changed, in nanoseconds, so that a change is read anew.
    """
    text = file.read_text(encoding="utf-8")
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return text, ()  # its own run says what is wrong
    return ast.unparse(_OnlyWhatCounts().visit(tree)), tuple(_imported(tree))


def _imported(tree: ast.AST) -> list[str]:
    """Return the dotted names that are imported, and the packages that they are in."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    parents = [name.rsplit(".", depth)[0] for name in names for depth in range(name.count(".") + 1)]
    return [*names, *parents]


class _OnlyWhatCounts(ast.NodeTransformer):
    """Removes docstrings, help texts, a row's declarations and what only a script runs."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        """Remove docstrings, of attributes, too."""
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return ast.copy_location(ast.Pass(), node)
        return self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        """Quote an f-string as Python 3.11 does; from 3.12 on, quotes inside may be the same."""
        text = ast.unparse(node)
        if text.startswith("f'") and "'" in text[2:-1]:
            text = f'f"{text[2:-1]}"'
        return ast.copy_location(ast.Name(text), node)

    def visit_If(self, node: ast.If) -> ast.AST | None:
        """Remove ``if __name__ == "__main__"``."""
        left = getattr(node.test, "left", None)
        if isinstance(left, ast.Name) and left.id == "__name__":
            return None
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Remove the help text of an option."""
        if isinstance(node.func, ast.Name) and node.func.id == "option":
            node.args = node.args[:1]
        if isinstance(node.func, ast.Name) and node.func.id == "Field":
            node.keywords = [one for one in node.keywords if one.arg != "description"]
        return self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        """Remove step, variants and weights where a file makes its `row`."""
        if isinstance(node.value, ast.Call) and "row" in (
            getattr(target, "id", "") for target in node.targets
        ):
            node.value.keywords = [
                keyword for keyword in node.value.keywords if keyword.arg not in _DECLARATIONS
            ]
        return self.generic_visit(node)
