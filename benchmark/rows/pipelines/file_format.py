"""A scikit-learn pipeline on disk, in formats that hold no code."""

import importlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from benchmark.rows import catalogue

import numpy as np

if TYPE_CHECKING:
    from sklearn.tree._tree import Tree

_TREE = "sklearn.tree._tree.Tree"


_LONG = 100


def _is_table(value: Any) -> bool:
    """Tell whether a value is a long list of strings, or names strings or numbers by strings."""
    if not isinstance(value, dict | list) or len(value) < _LONG:
        return False
    if isinstance(value, list):
        return all(isinstance(entry, str) for entry in value)
    return all(isinstance(key, str) for key in value) and all(
        isinstance(entry, str | int | np.integer) for entry in value.values()
    )


def is_own_estimator(name: str) -> bool:
    """Tell whether a name is that of a step of a pipeline which a row's file itself defines.

    What else such a file can name, what it imports above all, may do anything.
    """
    module, _, last = name.rpartition(".")
    if module not in catalogue.modules().values():
        return False
    found = getattr(importlib.import_module(module), last, None)
    return (
        isinstance(found, type)
        and found.__module__ == module
        and callable(getattr(found, "fit", None))
        and callable(getattr(found, "transform", None))
    )


def _trees(part: Any) -> "Iterator[Tree]":
    """Yield all trees in an object, however deep."""
    from sklearn.tree._tree import Tree

    if isinstance(part, Tree):
        yield part
    elif isinstance(part, list | tuple | set):
        for inner in part:
            yield from _trees(inner)
    elif isinstance(part, dict):
        yield from _trees(list(part.values()))
    elif isinstance(part, np.ndarray) and part.dtype == object:
        yield from _trees(part.ravel().tolist())
    elif hasattr(part, "__dict__"):
        yield from _trees(vars(part))


def _is_sound(tree: "Tree") -> bool:
    """Tell whether a tree's indices are in range, which scikit-learn does not check itself."""
    leaf = tree.children_left == -1
    inner = ~leaf
    children = np.concatenate([tree.children_left[inner], tree.children_right[inner]])
    return bool(
        (tree.children_right[leaf] == -1).all()
        and ((children > 0) & (children < tree.node_count)).all()
        and ((tree.feature[inner] >= 0) & (tree.feature[inner] < tree.n_features)).all()
    )
