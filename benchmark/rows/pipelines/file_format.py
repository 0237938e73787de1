"""A scikit-learn pipeline on disk, in formats that hold no code.

skops writes the pipeline, in a format that names types and holds arrays; plain JSON holds its
vocabularies, since skops makes an object of each entry: for a million phrases, half a gigabyte and
minutes.
"""

import copy
import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.rows import catalogue
from preprocessing.errors import UserError

import numpy as np

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline
    from sklearn.tree._tree import Tree

_PIPELINE, _TABLES = "model.skops", "tables.json"
_TREE = "sklearn.tree._tree.Tree"
_LONG = 100


def save_pipeline(pipeline: "Pipeline", folder: Path) -> None:
    """Write a fitted pipeline into an existing folder."""
    import skops.io
    from sklearn.pipeline import Pipeline

    steps, tables = [], {}
    for name, step in pipeline.steps:
        tables[name] = {key: value for key, value in vars(step).items() if _is_table(value)}
        emptied = copy.copy(step)
        for key, value in tables[name].items():
            setattr(emptied, key, type(value)())
        steps.append((name, emptied))
    skops.io.dump(Pipeline(steps), folder / _PIPELINE)
    with (folder / _TABLES).open("w", encoding="utf-8") as file:
        json.dump(tables, file, ensure_ascii=False, default=int)


def load_pipeline(folder: Path) -> "Pipeline":
    """Return the pipeline that `save_pipeline` wrote.

    skops makes objects of its trusted types and of the rows' own alone.

    Raises:
        skops.io.exceptions.UntrustedTypesFoundException: the file holds another type.
        UserError: a tree's branches do not end in leaves, or a table belongs to nothing.
    """
    import skops.io

    file = folder / _PIPELINE
    unknown = skops.io.get_untrusted_types(file=file)
    known = [name for name in unknown if is_own_estimator(name) or name == _TREE]
    pipeline = skops.io.load(file, trusted=known)
    tables = json.loads((folder / _TABLES).read_text(encoding="utf-8"))
    for name, step in pipeline.steps:
        for key, value in tables[name].items():
            if getattr(step, key, None) not in ([], {}):
                raise UserError(f"{folder} is damaged: {name} has no table {key}")
            setattr(step, key, value)
    if not all(map(_is_sound, _trees(pipeline))):
        raise UserError(f"{file} is damaged: a tree's branches do not end in leaves")
    return pipeline


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


def _is_table(value: Any) -> bool:
    """Tell whether a value is a long list of strings, or names strings or numbers by strings."""
    if not isinstance(value, dict | list) or len(value) < _LONG:
        return False
    if isinstance(value, list):
        return all(isinstance(entry, str) for entry in value)
    return all(isinstance(key, str) for key in value) and all(
        isinstance(entry, str | int | np.integer) for entry in value.values()
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
    """Tell whether a tree's indices are in range, which scikit-learn does not check itself.

    Children stand behind their parents, so that each way through the tree has an end.
    """
    leaf = tree.children_left == -1
    inner = np.flatnonzero(~leaf)
    children = np.stack([tree.children_left[inner], tree.children_right[inner]])
    return bool(
        (tree.children_right[leaf] == -1).all()
        and ((children > inner) & (children < tree.node_count)).all()
        and ((tree.feature[inner] >= 0) & (tree.feature[inner] < tree.n_features)).all()
    )
