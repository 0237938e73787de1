"""Where records and predictions stand, and how a pair of them is written and read.

::

    results/runs/<dataset>/<row>/seed-0.json             the row as its file has it
    results/runs/<dataset>/<row>/filters=64/seed-0.json  with a hyperparameter changed
    results/runs/<dataset>/<row>@<variant>/seed-0.json   a variant of the row
    results/tuning/<dataset>/<row>/…                     scored on validation only

Beside the record of a finished run stands ``seed-0-<hash>.npz``: `logits` (float16), `labels`
(int8) and `also_in_train` (bool) of the test reviews, in the corpus's order. The record names it,
and is written after it: whenever a run is killed, the old pair or the new pair is there. A reader
between whose two looks the pair changed is told that it is damaged, and finds the new pair when it
starts again.
"""

import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from benchmark.records import record as records
from benchmark.records.record import PROTOCOL, Failed, Finished, PredictionsFile, Record
from preprocessing.errors import UserError
from preprocessing.storage import write_atomically

import numpy as np

_LONGEST_NAME = 120


@dataclass(frozen=True)
class TestPredictions:
    """What a run predicted for the test reviews, and what scores it; in the corpus's order.

    Attributes:
        logits: log-odds of "positive", shape (reviews,), float16.
        labels: 1 positive, 0 negative, shape (reviews,), int8.
        also_in_train: whether a training review has the same text, shape (reviews,), bool.
    """

    __test__ = False  # no test, for pytest

    logits: np.ndarray
    labels: np.ndarray
    also_in_train: np.ndarray


def record_path(
    results: Path,
    dataset: str,
    row: str,
    changed: Mapping[str, Any],
    seed: int,
    variant: str = "",
    tuning: bool = False,
) -> Path:
    """Return where the record of a run stands.

    Args:
        results: the results folder.
        dataset: the corpus's name.
        row: the row's name.
        changed: the hyperparameters that differ from the row's defaults.
        seed: the run's seed.
        variant: the name of the row's variant, if it is one.
        tuning: the run is scored on validation only.
    """
    line = f"{row}@{_short(_plain(variant))}" if variant else row
    folder = results / ("tuning" if tuning else "runs") / dataset / line
    if changed:
        folder /= _short(
            ",".join(f"{key}={_plain(value)}" for key, value in sorted(changed.items()))
        )
    return folder / f"seed-{seed}.json"


def _plain(value: Any) -> str:
    text = "+".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    return re.sub(r"[^\w.+-]", "_", text)


def _short(name: str) -> str:
    """Cut a name that a file system might refuse, and tell it from others that begin like it."""
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[:_LONGEST_NAME]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def write(path: Path, record: Record, predictions: TestPredictions | None = None) -> None:
    """Write a record, and its predictions if there are any.

    A failure never replaces a finished run of the same protocol, corpus and hyperparameters; one
    that is out of date it does replace, so that the reason is not lost.
    """
    if isinstance(record, Failed) and path.exists():
        old = read(path)
        if isinstance(old, Finished) and old.answers_for(
            record.protocol, record.corpus.hash, record.hyperparameters
        ):
            return
    kept = None
    if predictions is not None and isinstance(record, Finished):
        content = io.BytesIO()
        arrays = {field.name: getattr(predictions, field.name) for field in fields(predictions)}
        np.savez_compressed(content, **arrays)
        digest = hashlib.sha256(content.getvalue()).hexdigest()
        kept = path.with_name(f"{path.stem}-{digest[:8]}.npz")
        write_atomically(kept, content.getvalue())
        named = PredictionsFile(file=kept.name, sha256=digest)
        record = record.model_copy(update={"predictions": named})
    write_atomically(path, records.to_text(record))
    for old_file in path.parent.glob(f"{path.stem}-*.npz"):
        if old_file != kept:
            old_file.unlink(missing_ok=True)


def read(path: Path) -> Record:
    """Return a record.

    Raises:
        UserError: it is damaged, or of another format.
    """
    return records.from_disk(path)


def read_predictions(path: Path, record: Finished) -> TestPredictions:
    """Return the test predictions of the record that stands at `path`.

    Raises:
        UserError: the file is missing, or is not the one that the record names, or the run left
            the test reviews alone.
    """
    if record.predictions is None:
        raise UserError(f"{path} is of a run with --validation-only: it has no test predictions")
    file = path.with_name(record.predictions.file)
    try:
        content = file.read_bytes()
        if hashlib.sha256(content).hexdigest() != record.predictions.sha256:
            raise ValueError("its hash is not the one in the record")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return TestPredictions(**{field.name: arrays[field.name] for field in
                                      fields(TestPredictions)})  # fmt: skip
    except (FileNotFoundError, ValueError, KeyError) as error:
        raise records.damaged(file, error) from None


def read_runs(results: Path, dataset: str) -> dict[Path, Record]:
    """Return the records of all rows as their files have them, and of all variants, by path."""
    return read_below(results / "runs" / dataset)


def read_below(folder: Path) -> dict[Path, Record]:
    """Return the records of the rows and variants whose folders stand in a folder, by path."""
    return {path: read(path) for path in sorted(folder.glob("*/seed-*.json"))}


def is_finished(record: Record, corpus_hash: str, options: dict[str, Any] | None) -> bool:
    """Tell whether a record answers for a run under this protocol, corpus and hyperparameters.

    Args:
        record: the record.
        corpus_hash: of the reviews.
        options: hyperparameters; with None, since the row cannot be imported, nothing answers.
    """
    return (
        isinstance(record, Finished)
        and options is not None
        and record.answers_for(PROTOCOL, corpus_hash, options)
    )
