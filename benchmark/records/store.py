"""One record for each run: a JSON file, and the predictions that its scores can be computed from.

::

    results/runs/<dataset>/<row>/seed-0.json             the row as its file has it
    results/runs/<dataset>/<row>/filters=64/seed-0.json  with a hyperparameter changed
    results/runs/<dataset>/<row>@<variant>/seed-0.json   started from other weights
    results/tuning/<dataset>/<row>/…                     scored on validation only

Beside an ``ok`` record stands ``seed-0-<hash>.npz`` with `logits` (float16) and `labels` of the
test reviews in the corpus's order. The record names it, and is written after it: whenever a run is
killed, the old pair or the new pair is there. A reader between whose two looks the pair changed is
told that it is damaged, and finds the new pair when it starts again.
"""

import hashlib
import io
import json
import re
from pathlib import Path
from typing import Any

from preprocessing.errors import UserError
from preprocessing.storage import write_atomically

import numpy as np

PROTOCOL = 1
_ALWAYS = ("model", "family", "protocol", "corpus", "hyperparameters", "utc")  # in a record
_LONGEST_NAME = 120


def record_path(
    results: Path,
    dataset: str,
    row: str,
    changed: dict[str, Any],
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
    line = f"{row}@{_plain(variant)[:_LONGEST_NAME]}" if variant else row
    folder = results / ("tuning" if tuning else "runs") / dataset / line
    if changed:
        name = ",".join(f"{key}={_plain(value)}" for key, value in sorted(changed.items()))
        if len(name) > _LONGEST_NAME:
            name = f"{name[:_LONGEST_NAME]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        folder /= name
    return folder / f"seed-{seed}.json"


def _plain(value: Any) -> str:
    text = "+".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    return re.sub(r"[^\w.+-]", "_", text)


def write(path: Path, record: dict, logits: np.ndarray | None = None,
          labels: np.ndarray | None = None) -> None:  # fmt: skip
    """Write a record, and its predictions if there are any.

    A failure never replaces a finished run.
    """
    if record["status"] != "ok" and path.exists() and read(path)["status"] == "ok":
        return
    if logits is not None:
        content = io.BytesIO()
        np.savez_compressed(content, logits=logits, labels=labels)
        digest = hashlib.sha256(content.getvalue()).hexdigest()
        predictions = path.with_name(f"{path.stem}-{digest[:8]}.npz")
        write_atomically(predictions, content.getvalue())
        record = record | {"predictions": {"file": predictions.name, "sha256": digest}}
    write_atomically(path, json.dumps(record, indent=1) + "\n")
    for old in path.parent.glob(f"{path.stem}-*.npz"):
        if old.name != record.get("predictions", {}).get("file"):
            old.unlink(missing_ok=True)


def read(path: Path) -> dict:
    """Return a record.

    Raises:
        UserError: it is damaged.
    """
    try:
        record = json.loads(path.read_text())
        if record["status"] not in ("ok", "failed") or not isinstance(record["seed"], int):
            raise ValueError("unknown status or seed")
        if missing := [name for name in _ALWAYS if name not in record]:
            raise ValueError(f"it lacks {missing[0]}")
    except (ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise _damaged(path, error) from None
    return record


def read_predictions(path: Path, record: dict) -> tuple[np.ndarray, np.ndarray]:
    """Return logits and labels of the test reviews of the record that stands at `path`.

    Raises:
        UserError: the file is missing, or is not the one that the record names, or the run has
            answered validation reviews alone.
    """
    if "predictions" not in record:
        raise UserError(f"{path} is of a run with --validation-only, which kept no test answers")
    file = path.with_name(record["predictions"]["file"])
    try:
        content = file.read_bytes()
        if hashlib.sha256(content).hexdigest() != record["predictions"]["sha256"]:
            raise ValueError("its hash is not the one in the record")
    except (FileNotFoundError, ValueError) as error:
        raise _damaged(file, error) from None
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return arrays["logits"], arrays["labels"]


def read_runs(results: Path, dataset: str) -> dict[Path, dict]:
    """Return the records of all rows as their files have them, and of all variants, by path."""
    return read_below(results / "runs" / dataset)


def read_below(folder: Path) -> dict[Path, dict]:
    """Return the records of the rows and variants whose folders stand in a folder, by path."""
    paths = {*folder.glob("*/seed-*.json"), *folder.glob("*@*/*/seed-*.json")}
    return {path: read(path) for path in sorted(paths)}


def is_finished(record: dict, corpus_hash: str, options: dict[str, Any]) -> bool:
    """Tell whether a record answers for a run under this protocol, corpus and hyperparameters."""
    return (
        record["status"] == "ok"
        and record["protocol"] == PROTOCOL
        and record["corpus"]["hash"] == corpus_hash
        and record["hyperparameters"] == options
    )


def _damaged(path: Path, error: Exception) -> UserError:
    return UserError(
        f"{path} is damaged ({error}); restore it from a copy, or delete it to run it again"
    )
