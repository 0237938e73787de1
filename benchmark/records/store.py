"""Where records and predictions stand, and how a pair of them is written and read.

::

    results/runs/<dataset>/<row>/seed-0.json             the row as its file has it
    results/runs/<dataset>/<row>/filters=64/seed-0.json  with a hyperparameter changed
    results/runs/<dataset>/<row>@<variant>/seed-0.json   a variant of the row
    results/runs/<dataset>/<row>/labels=100/seed-0.json  with 100 labelled training reviews
    results/tuning/<dataset>/<row>/…                     scored on validation only

Beside the record of a finished run stands ``seed-0-<hash>.npz``: `logits` (float16), `labels`
(int8) and `also_in_train` (bool) of the test reviews, in the corpus's order. For each evaluation
set stands ``seed-0-<set>-<hash>.npz``. The record names them by their hashes, and is written after
them: whenever a run is killed, the old record or the new one is there with its predictions. One
process writes in a folder at a time. A reader that looks while they change is told so, and finds
the new ones when it starts again.
"""

import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from benchmark.records import record as records
from benchmark.records.record import PROTOCOL, Evaluation, Failed, Finished, PredictionsFile, Record
from preprocessing.errors import UserError
from preprocessing.storage import remove_unfinished, write_atomically

import numpy as np
from filelock import FileLock

_LONGEST_NAME = 120
_P = TypeVar("_P", "TestPredictions", "SetPredictions")


@dataclass(frozen=True)
class TestPredictions:
    """What a run predicted for the test reviews, and what scores it; in the corpus's order.

    Attributes:
        logits: log-odds of "positive", shape (reviews,), float16.
        labels: 1 positive, 0 negative, shape (reviews,), int8.
        also_in_train: whether train or validation has the same text, shape (reviews,), bool.
    """

    __test__ = False  # no test, for pytest

    logits: np.ndarray
    labels: np.ndarray
    also_in_train: np.ndarray


@dataclass(frozen=True)
class SetPredictions:
    """What a run predicted for an evaluation set, and what scores it; in the set's order.

    Attributes:
        logits: log-odds of "positive", shape (texts,), float16.
        labels: 1 positive, 0 negative, shape (texts,), int8.
        pairs: the number of each text's pair, shape (texts,), int32; -1 without.
        edited: whether the text is the edited one of its pair, shape (texts,), bool.
    """

    logits: np.ndarray
    labels: np.ndarray
    pairs: np.ndarray
    edited: np.ndarray


@dataclass(frozen=True)
class Answered:
    """An evaluation set as a run answered it.

    Attributes:
        hash: of the set.
        seconds: that the prediction took.
        predictions: the answers.
    """

    hash: str
    seconds: float
    predictions: SetPredictions


def record_path(
    results: Path,
    dataset: str,
    row: str,
    changed: Mapping[str, Any],
    seed: int,
    variant: str = "",
    tuning: bool = False,
    labels: int | None = None,
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
        labels: how many training reviews have a label; None for all.
    """
    line = f"{row}@{_short(_plain(variant))}" if variant else row
    folder = results / ("tuning" if tuning else "runs") / dataset / line
    parts = ({} if labels is None else {"labels": labels}) | dict(sorted(changed.items()))
    if parts:
        folder /= _short(",".join(f"{key}={_plain(value)}" for key, value in parts.items()))
    return folder / f"seed-{seed}.json"


def _plain(value: Any) -> str:
    """Return a value as a part of a name; one that has to change for it is told from others."""
    text = "+".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    plain = re.sub(r"[^\w.+-]", "_", text)
    return plain if plain == text else f"{plain}-{_digits(text)}"


def _short(name: str) -> str:
    """Cut a name that a file system might refuse, and tell it from others that begin like it."""
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}-{_digits(name)}"


def _digits(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def write(
    path: Path,
    record: Record,
    predictions: TestPredictions | None = None,
    answered: Mapping[str, Answered] | None = None,
) -> Record:
    """Write a record, and its predictions if there are any; return it with their names.

    A failure never replaces a finished run of the same protocol, corpus and hyperparameters; one
    that is out of date it does replace, so that the reason is not lost.

    Args:
        path: where the record goes.
        record: the record.
        predictions: for the test reviews.
        answered: for the evaluation sets, by name.
    """
    with _only_writer(path):
        if isinstance(record, Failed) and path.exists():
            old = read(path)
            if isinstance(old, Finished) and old.answers_for(
                record.protocol, record.corpus.hash, record.hyperparameters, record.labels
            ):
                return record
        if predictions is not None and isinstance(record, Finished):
            kept = _keep(path, predictions)
            evaluations = _keep_all(path, answered or {})
            record = record.model_copy(update={"predictions": kept, "evaluations": evaluations})
        _write(path, record)
    return record


def add_evaluations(
    path: Path, record: Finished, answered: Mapping[str, Answered]
) -> Finished | None:
    """Write a record again with what its model answered to further evaluation sets.

    Answers to an earlier version of a set are replaced.

    Returns:
        The record as it is written; None if another run has replaced it since it was read. Then
        the answers are not its model's, and nothing is written.
    """
    with _only_writer(path):
        current = read(path) if path.exists() else None
        if not isinstance(current, Finished) or current.utc != record.utc:
            return None
        evaluations = current.evaluations | _keep_all(path, answered, records.now())
        written = current.model_copy(update={"evaluations": evaluations})
        _write(path, written)
    return written


@contextmanager
def _only_writer(path: Path) -> Iterator[None]:
    """Wait for others that write in a record's folder, and clear away what killed ones left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.parent / ".lock"):
        remove_unfinished(path.parent)
        yield


def _keep_all(
    path: Path, answered: Mapping[str, Answered], utc: str | None = None
) -> dict[str, Evaluation]:
    return {
        name: Evaluation(
            hash=one.hash,
            seconds=one.seconds,
            predictions=_keep(path, one.predictions, f"{name}-"),
            utc=utc,
        )
        for name, one in answered.items()
    }


def _keep(
    path: Path, predictions: TestPredictions | SetPredictions, of: str = ""
) -> PredictionsFile:
    """Write predictions beside the record that will stand at `path`."""
    content = io.BytesIO()
    arrays = {field.name: getattr(predictions, field.name) for field in fields(predictions)}
    np.savez_compressed(content, **arrays)
    digest = hashlib.sha256(content.getvalue()).hexdigest()
    kept = path.with_name(f"{path.stem}-{of}{digest[:8]}.npz")
    write_atomically(kept, content.getvalue())
    return PredictionsFile(file=kept.name, sha256=digest)


def _write(path: Path, record: Record) -> None:
    """Write a record whose predictions are written, and remove those of the one before."""
    write_atomically(path, records.to_text(record))
    named = _files_of(record)
    for old_file in path.parent.glob(f"{path.stem}-*.npz"):
        if old_file.name not in named:
            old_file.unlink(missing_ok=True)


def _files_of(record: Record) -> set[str]:
    """Return the names of the files with a record's predictions."""
    if not isinstance(record, Finished):
        return set()
    files = [record.predictions, *(one.predictions for one in record.evaluations.values())]
    return {file.file for file in files if file is not None}


def read(path: Path) -> Record:
    """Return a record.

    Raises:
        UserError: it is damaged, or of another format.
    """
    return records.from_disk(path)


def read_predictions(path: Path, record: Finished) -> TestPredictions:
    """Return the test predictions of the record that stands at `path`.

    Raises:
        UserError: the file is missing, or is not the one that the record names, or another run
            has replaced both, or the run left the test reviews alone.
    """
    if record.predictions is None:
        raise UserError(f"{path} is of a run with --validation-only: it has no test predictions")
    return _load(path, record.predictions, TestPredictions)


def read_evaluation(path: Path, record: Finished, name: str) -> SetPredictions:
    """Return what the run whose record stands at `path` answered to an evaluation set.

    Args:
        path: of the record.
        record: the record.
        name: of a set in ``record.evaluations``.

    Raises:
        UserError: the file is missing, or is not the one that the record names, or another run
            has replaced both.
    """
    return _load(path, record.evaluations[name].predictions, SetPredictions)


def _load(path: Path, named: PredictionsFile, kind: type[_P]) -> _P:
    file = path.with_name(named.file)
    try:
        content = file.read_bytes()
        if hashlib.sha256(content).hexdigest() != named.sha256:
            raise ValueError("its hash is not the one in the record")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return kind(**{field.name: arrays[field.name] for field in fields(kind)})
    except FileNotFoundError:
        if named.file not in _files_of(read(path)):
            raise UserError(f"{path} was replaced while it was read; start again") from None
        raise records.damaged(file, "it is not there", path) from None
    except (ValueError, KeyError) as error:
        raise records.damaged(file, error, path) from None


def read_runs(results: Path, dataset: str) -> dict[Path, Record]:
    """Return the records of all rows as their files have them, and of all variants, by path.

    Raises:
        UserError: a record stands where that of another run belongs.
    """
    return _in_place(results, dataset, read_below(results / "runs" / dataset))


def read_with_labels(results: Path, dataset: str) -> dict[Path, Record]:
    """Return the records of `read_runs`, and of the same with fewer labelled reviews, by path.

    Raises:
        UserError: a record stands where that of another run belongs.
    """
    few = read_below(results / "runs" / dataset, "*/labels=*/seed-*.json")
    few = {path: record for path, record in few.items() if not record.changed}
    return read_runs(results, dataset) | _in_place(results, dataset, few)


def _in_place(results: Path, dataset: str, found: dict[Path, Record]) -> dict[Path, Record]:
    """Return the records if each stands where its run wrote it: a copy would count as a seed."""
    for path, record in found.items():
        if path != (place := place_of(results, dataset, record)):
            raise UserError(f"{path} is a record that belongs at {place}; move it or delete it")
    return found


def place_of(results: Path, dataset: str, record: Record) -> Path:
    """Return where the run of a record writes it."""
    return record_path(
        results, dataset, record.model, record.changed, record.seed, record.variant,
        labels=record.labels,
    )  # fmt: skip


def read_below(folder: Path, pattern: str = "*/seed-*.json") -> dict[Path, Record]:
    """Return the records below a folder, by path; by default those of rows and variants there."""
    return {path: read(path) for path in sorted(folder.glob(pattern))}


def is_finished(
    record: Record, corpus_hash: str, options: dict[str, Any] | None, labels: int | None = None
) -> bool:
    """Tell whether a record answers for a run under this protocol, corpus and hyperparameters.

    Args:
        record: the record.
        corpus_hash: of the reviews.
        options: hyperparameters; with None, since the row cannot be imported, nothing answers.
        labels: how many training reviews have a label; None for all.
    """
    return (
        isinstance(record, Finished)
        and options is not None
        and record.answers_for(PROTOCOL, corpus_hash, options, labels)
    )
