"""Models that finished runs leave behind, so that later questions need no training.

::

    data/models/<dataset>/<row>[@<variant>]/[<changed hyperparameters>/]seed-0/

A model stands where its run's record stands below ``results/runs/``, in the cache and not in the
repository. They share a limited amount of disk space; the least recently used go first.
"""

import os
import shutil
from argparse import ArgumentTypeError
from contextlib import suppress
from pathlib import Path

from benchmark.records.record import Finished
from benchmark.rows import catalogue, saved
from benchmark.rows.contract import Fitted
from preprocessing.corpus import Corpus
from preprocessing.errors import UserError
from preprocessing.options import gigabytes
from preprocessing.storage import MANIFEST, UNFINISHED

from filelock import FileLock

GIGABYTES = 20.0
"""What kept models take at most, unless the user says otherwise."""


def folder_of(cache: Path, results: Path, record_path: Path) -> Path:
    """Return where the model of the run whose record stands at `record_path` is kept."""
    return cache / "models" / record_path.relative_to(results / "runs").with_suffix("")


def keep(folder: Path, fitted: Fitted, corpus: Corpus, record: Finished, cache: Path) -> None:
    """Keep a run's model in place of an earlier run's, and make room for it.

    Args:
        folder: as `folder_of` returns it.
        fitted: the model.
        corpus: what it was trained on.
        record: the record of its run.
        cache: the folder of all models.
    """
    with FileLock(cache / ".models.lock"):  # another run may make room at the same time
        if folder.exists():
            shutil.rmtree(folder)
        for left in list((cache / "models").rglob(f".*{UNFINISHED}")):  # by runs that were killed
            shutil.rmtree(left, ignore_errors=True)
        saved.save(folder, fitted, corpus, record.as_json())
        make_room(cache, room())


def room() -> float:
    """Return what kept models take at most, 10^9 bytes each.

    Raises:
        UserError: what the environment says is no such number.
    """
    said = os.environ.get("IMDB_MODELS_GB", "") or str(GIGABYTES)
    try:
        return gigabytes(said)
    except ArgumentTypeError as error:
        raise UserError(f"IMDB_MODELS_GB={error}") from None


def find(folder: Path, record: Finished) -> saved.SavedModel | None:
    """Load the model of a run; None if it was not kept, or if it is that of another run.

    Raises:
        UserError: it is damaged.
    """
    if not (folder / MANIFEST).exists():
        return None
    if saved.glance(folder).get("utc", record.utc) != record.utc:
        return None
    model = saved.load(folder)
    mark_used(folder)
    return model


def mark_used(folder: Path) -> None:
    """Note that a kept model was asked, so that others make room first."""
    with suppress(OSError):  # it may be kept where nothing can be written
        os.utime(folder / MANIFEST)


def make_room(cache: Path, gigabytes: float) -> list[Path]:
    """Remove models that are larger than the room, and the least recently used until all fit.

    Returns:
        The folders that were removed.
    """
    folders = [manifest.parent for manifest in (cache / "models").rglob(MANIFEST)]
    folders.sort(key=lambda folder: (folder / MANIFEST).stat().st_mtime_ns, reverse=True)
    room, total = gigabytes * 1e9, 0
    removed = []
    for folder in folders:
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        if size <= room:
            total += size
        if size > room or total > room:
            shutil.rmtree(folder)
            removed.append(folder)
    return removed


def named(cache: Path, dataset: str) -> dict[str, Path]:
    """Return the folder of a kept model for each line of the leaderboard that has one, by name.

    It is that of the lowest seed, with the line's own hyperparameters and all labels.

    Args:
        cache: the folder of all models.
        dataset: the corpus's name.
    """
    found: dict[str, Path] = {}
    there = [one.parent for one in (cache / "models" / dataset).glob("*/seed-*/" + MANIFEST)]
    folders = [one for one in there if one.name.removeprefix("seed-").isdecimal()]
    for folder in sorted(folders, key=lambda one: (one.parent.name, _seed_of(one))):
        row, _, variant = folder.parent.name.partition("@")
        found.setdefault(catalogue.line_name(row, variant), folder)
    return found


def _seed_of(folder: Path) -> int:
    return int(folder.name.removeprefix("seed-"))


def any_dataset(cache: Path) -> str:
    """Return "imdb", or else a data set of which models are kept, if that has none."""
    kept = {manifest.parts[-4] for manifest in cache.glob("models/*/*/seed-*/" + MANIFEST)}
    return "imdb" if "imdb" in kept or not kept else min(kept)


def by_name(cache: Path, dataset: str, name: str) -> Path:
    """Return the folder of the kept model that a user names by its line in the leaderboard.

    Args:
        cache: the folder of all models.
        dataset: the corpus's name.
        name: of a row, such as ``cnn``, or of a variant, such as ``bert (scratch-tiny)``.

    Raises:
        UserError: there is none.
    """
    kept = named(cache, dataset)
    if name not in kept:
        raise UserError(
            f"no model of {name!r} is kept in {cache / 'models' / dataset}; there is "
            f"{', '.join(kept) or 'none'}; a run keeps its model, and --model takes a folder, too"
        )
    mark_used(kept[name])
    return kept[name]
