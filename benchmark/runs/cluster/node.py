"""What a node does: get what a job needs, do it in a process of its own, hand back what came of it.

Copies stand in the node's cache, by names that tell their content, and are compared with their
hashes. The cache is ``~/.cache/imdb-sentiment-benchmark``, or what ``IMDB_NODE_CACHE`` says.
"""

import os
import shutil
import socket
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmark.rows import hardware
from benchmark.runs.child import WEIGHTS, Run, Settings, limited_to, make, make_shared
from benchmark.runs.cluster.schedule import Job
from preprocessing.corpus import Corpus
from preprocessing.errors import MachineError, UserError
from preprocessing.storage import MANIFEST, pack, unpack
from preprocessing.wording import one_line

import ray

CACHE = "IMDB_NODE_CACHE"

_SECONDS_BETWEEN_BATCHES = 1.0
_PASSED = (*hardware.ALL_THREADS, "KERAS_BACKEND", WEIGHTS)
"""Environment variables that a run has from the driver's, and not from the node's."""


@dataclass(frozen=True)
class Parcel:
    """A folder that travels, once to each node that lacks it.

    Attributes:
        name: of the folder, which tells its content.
        size: bytes of its files.
        files: where Ray holds the files, by their names.
    """

    name: str
    size: int
    files: Any = field(repr=False)

    @classmethod
    def of(cls, name: str, files: Mapping[str, bytes]) -> "Parcel":
        """Hand files over to Ray."""
        return cls(name, sum(map(len, files.values())), ray.put(dict(files)))


@dataclass(frozen=True)
class Assignment:
    """A job with all that it needs.

    Attributes:
        number: what its events are told under.
        job: the job.
        settings: those of the driver, whose paths are the driver's.
        corpus: the prepared corpus.
        made: what was made once, for folders inside of it.
        folders: how the names of folders begin that the run needs or makes there.
        evaluation: the files of the published evaluation sets, by their places.
        tables: the tables of the user's own that the model is asked about, by their names.
        environment: of the driver, as far as it matters.
        cpus: that the run is given.
    """

    number: int
    job: Job
    settings: Settings
    corpus: Parcel
    made: tuple[Parcel, ...]
    folders: tuple[str, ...]
    evaluation: Mapping[str, bytes]
    tables: Mapping[str, bytes]
    environment: Mapping[str, str]
    cpus: float


@dataclass(frozen=True)
class Outcome:
    """What came of a job.

    Attributes:
        cpus_given: the CPUs that the run had, if those were not all of the node's; else None.
        files: the record and the predictions, by their names; none if there was trouble that is not
            the run's, or if the job was to make something that runs share.
        made: the folders that are made once and that the driver lacks, by their names.
        trouble: what keeps the node from making any run; None if nothing does.
    """

    cpus_given: float | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    made: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    trouble: UserError | None = None


class Board:
    """Where nodes tell what happens, and the driver reads it; an actor."""

    def __init__(self) -> None:
        self._events: list[tuple[int, str, dict]] = []

    def tell(self, number: int, node: str, event: dict) -> None:
        """Add an event of a job that a node works on."""
        self._events.append((number, node, event))

    def take(self) -> list[tuple[int, str, dict]]:
        """Return what was told since the last time, as job, node and event."""
        events, self._events = self._events, []
        return events


def passed_on() -> dict[str, str]:
    """Return the environment of this process that runs on nodes are to have, too."""
    return {name: os.environ[name] for name in _PASSED if name in os.environ}


def work(assignment: Assignment, board: Any) -> Outcome:
    """Do a job on this node; this is the task that Ray runs."""
    node = ray.get_runtime_context().get_node_id()
    board.tell.remote(assignment.number, node, {"event": "node"})
    total = next(one["Resources"]["CPU"] for one in ray.nodes() if one["NodeID"] == node)
    for name in _PASSED:
        os.environ.pop(name, None)
    os.environ.update(assignment.environment)
    given = assignment.cpus if assignment.cpus < total else None
    if given is not None:
        os.environ.update(limited_to(max(1, int(given))))
    tell = _sparingly(lambda event: board.tell.remote(assignment.number, node, event))
    try:
        return replace(_do(assignment, tell), cpus_given=given)
    except (UserError, OSError) as error:
        kind = MachineError if isinstance(error, OSError) else type(error)
        return Outcome(trouble=kind(f"{socket.gethostname()}: {one_line(error)}"))


def _do(assignment: Assignment, on_event: Callable[[dict], None]) -> Outcome:
    cache = Path(os.environ.get(CACHE) or Path.home() / ".cache" / "imdb-sentiment-benchmark")
    job, settings = assignment.job, assignment.settings
    _check_memory(job.memory_mb)
    corpus = cache / assignment.corpus.name
    _get(assignment.corpus, corpus)
    for parcel in assignment.made:
        _get(parcel, corpus / parcel.name)
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        results = folder / "results"
        tables = _write(folder / "tables", assignment.tables)
        _write(folder / "evaluation", assignment.evaluation)
        run = replace(job.run, path=results / job.run.path.relative_to(settings.results))
        own = replace(
            settings,
            data=replace(settings.data, cache=cache, prepared=corpus),
            results=results,
            evaluation_data=folder / "evaluation",
            evaluate_on=tuple(tables),
            keep_models=False,
        )
        if job.makes is not None:
            make_shared(job.makes.kind, run, own, on_event)
        else:
            make(run, own, Corpus(corpus), on_event, set())
        files = {file.name: file.read_bytes() for file in run.path.parent.glob("seed-*")}
    had = {parcel.name for parcel in assignment.made}
    made = {
        file.parent.name: pack(file.parent)
        for file in corpus.glob(f"[!.]*/{MANIFEST}")
        if file.parent.name not in had
        and is_needed(file.parent.name, assignment.folders, seeds_of(run))
    }
    return Outcome(files=files, made=made)


def is_needed(name: str, folders: tuple[str, ...], seeds: Collection[int]) -> bool:
    """Tell whether a run with these seeds may need what is kept in a folder of this name.

    Args:
        name: of the folder.
        folders: how the names of those begin that the run needs.
        seeds: see `seeds_of`.
    """
    _, found, of = name.rpartition("-seed-")
    return name.startswith(folders) and (not found or of in map(str, seeds))


def seeds_of(run: Run) -> set[int]:
    """Return the seeds of a run: its own, and that of the language model that it starts from."""
    return {run.seed, int((run.hyperparameters or {}).get("lm_seed", run.seed))}


def _get(parcel: Parcel, target: Path) -> None:
    """Make the folder `target` of a parcel unless the node has it.

    Raises:
        MachineError: the disk has no room for it.
        DamagedError: it was damaged on the way.
    """
    if (target / MANIFEST).exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(target.parent).free
    if free < parcel.size:
        raise MachineError(
            f"{target.parent} has room for {free / 1e6:,.0f} MB, and {parcel.name} takes "
            f"{parcel.size / 1e6:,.0f}; make room there, or name another disk with {CACHE}"
        )
    unpack(ray.get(parcel.files), target)


def _check_memory(needed_mb: float) -> None:
    """Check that this machine has the memory that such a run has taken before.

    Raises:
        MachineError: it has less.
    """
    has = hardware.memory_bytes() / 1e6
    if has < needed_mb:
        raise MachineError(
            f"it has {has:,.0f} MB of memory, and such a run has taken {needed_mb:,.0f}; take the "
            f"node out of the cluster"
        )


def _write(folder: Path, files: Mapping[str, bytes]) -> Sequence[Path]:
    """Write files below a folder, and return their paths."""
    folder.mkdir()
    paths = [folder / name for name in files]
    for path, content in zip(paths, files.values(), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return paths


def _sparingly(tell: Callable[[dict], None]) -> Callable[[dict], None]:
    """Return a function that tells all events, but batches at most once a second."""
    told = 0.0

    def tell_some(event: dict) -> None:
        nonlocal told
        now = time.monotonic()
        if event["event"] != "batch" or now - told > _SECONDS_BETWEEN_BATCHES:
            told = now
            tell(event)

    return tell_some
