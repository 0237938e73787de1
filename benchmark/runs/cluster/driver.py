"""Giving runs to the nodes of a cluster, and writing what they hand back.

A run is a task of Ray, which tries it again where a worker or a node has died, and never where the
run itself has failed. Records are written here alone, as they come.
"""

import logging
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from benchmark.records import environment, store
from benchmark.records.record import Failed, Finished, Record
from benchmark.records.store import Answered
from benchmark.rows import sources
from benchmark.runs.child import Run, Settings, failed
from benchmark.runs.cluster.node import (
    Assignment,
    Board,
    Outcome,
    Parcel,
    is_needed,
    passed_on,
    seeds_of,
    work,
)
from benchmark.runs.cluster.schedule import FOLDERS, Job, Order, estimate, needs
from preprocessing.corpus import Corpus
from preprocessing.errors import MachineError, UserError
from preprocessing.evaluation_sets import PUBLISHED
from preprocessing.program import ROOT, end_at_once
from preprocessing.storage import MANIFEST, pack, unpack
from preprocessing.wording import one_line

import ray
from ray import exceptions

LOCAL, ANY = "local", "auto"
"""In an address's place: a cluster of this machine alone, or one that Ray finds on it."""

CODE = ("preprocessing", "benchmark", "models", "bert_family")
RETRIES = 3
"""How often a run is begun again after its worker or node has died."""

_SECONDS_TO_ANSWER = 5.0
_SECONDS_TO_BEGIN = 30.0
_SECONDS_TO_COME_BACK = 5.0
_SECONDS_TO_WAIT = 0.5


@dataclass(frozen=True)
class Cluster:
    """Which cluster, and how much of it a run is given.

    Attributes:
        address: HOST:PORT of its head, `LOCAL` or `ANY`.
        cpus_per_run: CPUs for each run; None for all of a node.
    """

    address: str
    cpus_per_run: int | None = None


class Watcher(Protocol):
    """What is told of runs; an `Overview` is one."""

    def started(self, run: Run, node: str) -> None:
        """Note that a run begins, or begins again, on a node."""

    def on_node(self, node: str, doing: str) -> None:
        """Note what a node does besides runs; empty if nothing any more."""

    def tell(self, run: Run, event: dict[str, Any]) -> None:
        """Note an event of a run."""

    def ended(self, run: Run, record: Record) -> None:
        """Note that a run has ended and its record is written."""


def make_all(
    runs: Sequence[Run], settings: Settings, corpus: Corpus, cluster: Cluster, watcher: Watcher
) -> int:
    """Make runs on a cluster, write their records as they come, and return how many failed.

    Args:
        runs: what to make.
        settings: what they share.
        corpus: the reviews.
        cluster: where.
        watcher: is told of progress.

    Raises:
        UserError: the cluster cannot be used, has gone, or one of its nodes is in trouble that is
            not a run's.
    """
    if not runs:
        return 0
    jobs = estimate(runs, settings.results, corpus.name)
    with _connected(cluster.address) as head:
        return _Driver(jobs, settings, corpus, cluster, watcher, head).drive()


class _Driver:
    """Goes through jobs, as many at once as there is room for.

    One more job is always queued with Ray, so that no node idles, and an autoscaling cluster sees
    the demand.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        settings: Settings,
        corpus: Corpus,
        cluster: Cluster,
        watcher: Watcher,
        head: tuple[str, int],
    ):
        self.order, self.settings, self.corpus = Order(jobs), settings, corpus
        self.cluster, self.watcher, self.head = cluster, watcher, head
        self.task = ray.remote(max_calls=1, max_retries=RETRIES)(work)
        self.board: Any = ray.remote(num_cpus=0, max_restarts=-1)(Board).remote()
        ray.wait([self.board.take.remote()], timeout=_SECONDS_TO_BEGIN)  # lest it misses the first
        self.code = environment.commit()
        self.taking: Any = None
        self.in_flight: dict[Any, Job] = {}
        self.numbers: list[Job] = []
        self.begun: set[Run] = set()
        self.making: dict[Job, str] = {}
        self.names: dict[str, str] = {}
        self.nodes = _nodes()
        own = ray.get_runtime_context().get_node_id()
        (here,) = [one for one in ray.nodes() if one["NodeID"] == own]
        self.own = here["NodeManagerAddress"], int(here["NodeManagerPort"])
        files = pack(corpus.folder)
        _check_room(self.nodes, sum(map(len, files.values())), corpus.name)
        for job in jobs:
            _request(job, self.nodes, cluster.cpus_per_run)  # can it be had?
        self.parcel = Parcel.of(corpus.folder.name, files)
        self.made = {
            file.parent.name: Parcel.of(file.parent.name, pack(file.parent))
            for file in corpus.folder.glob(f"[!.]*/{MANIFEST}")
            if any(is_needed(file.parent.name, _folders(j.run), seeds_of(j.run)) for j in jobs)
        }
        self.evaluation = _evaluation_files(settings)
        self.tables = {path.name: path.read_bytes() for path in settings.evaluate_on}

    def drive(self) -> int:
        """Do all jobs; return how many runs failed."""
        failures = 0
        while self.order or self.in_flight:
            self._check_head()
            self.nodes = _nodes()
            self._submit()
            done, _ = ray.wait(list(self.in_flight), timeout=_SECONDS_TO_WAIT)
            self._read_board()
            for task in done:
                failures += self._finish(task)
        return failures

    def _submit(self) -> None:
        """Hand jobs to Ray while there is room, and one more."""
        while len(self.in_flight) <= self._room():
            job = self.order.next()
            if job is None:
                return
            request = _request(job, self.nodes, self.cluster.cpus_per_run)
            folders = _folders(job.run)
            assignment = Assignment(
                number=len(self.numbers),
                job=job,
                settings=replace(self.settings, sets=()),
                corpus=self.parcel,
                made=tuple(
                    parcel
                    for name, parcel in self.made.items()
                    if is_needed(name, folders, seeds_of(job.run))
                ),
                folders=folders,
                evaluation=self.evaluation,
                tables=self.tables,
                environment=passed_on(),
                cpus=request["CPU"],
            )
            task = self.task.options(num_cpus=request["CPU"], num_gpus=request.get("GPU", 0))
            self.numbers.append(job)
            self.in_flight[task.remote(assignment, self.board)] = job

    def _room(self) -> int:
        """Return how many jobs like those in flight the nodes can do at once."""
        rooms = 0
        wanted = {_uses_gpu(job.run) for job in self.in_flight.values()} or {False}
        for uses_gpu in wanted:
            request = _share(uses_gpu, self.nodes, self.cluster.cpus_per_run)
            rooms += sum(_fits(node, request) for node in self.nodes.values())
        return rooms

    def _read_board(self) -> None:
        """Pass on what nodes have told."""
        self.taking = self.taking or self.board.take.remote()
        there, _ = ray.wait([self.taking], timeout=_SECONDS_TO_WAIT)
        if not there:
            return
        taken, self.taking = self.taking, None
        try:
            told = ray.get(taken)
        except exceptions.RayActorError:  # it begins anew on another node
            return
        in_flight = set(self.in_flight.values())
        for number, node, event in told:
            job = self.numbers[number]
            if job not in in_flight:
                continue
            name = self._name(node)
            if event["event"] == "node" and job.makes is not None:
                self.making[job] = name
                self.watcher.on_node(name, f"{job.makes.kind}, {job.makes.name}")
            elif event["event"] == "node":
                self.begun.add(job.run)
                self.watcher.started(job.run, name)
            elif job.makes is None and job.run in self.begun:
                self.watcher.tell(job.run, event)

    def _name(self, node: str) -> str:
        """Return a node's host name, and what tells it from others on that host."""
        if node not in self.names:
            host = self.nodes[node]["NodeManagerHostname"] if node in self.nodes else "a lost node"
            taken = host in self.names.values()
            self.names[node] = f"{host}-{node[:4]}" if taken else host
        return self.names[node]

    def _finish(self, task: Any) -> bool:
        """Take what came of a job; tell whether it is a run that failed."""
        job = self.in_flight.pop(task)
        run = job.run
        if job in self.making:
            self.watcher.on_node(self.making.pop(job), "")
        try:
            outcome: Outcome = ray.get(task)
        except exceptions.RuntimeEnvSetupError as error:
            raise UserError(f"a node cannot unpack the code: {one_line(error)}") from None
        except exceptions.RayTaskError as error:
            if "ModuleNotFoundError" not in str(error):
                raise  # a mistake in this program
            said = one_line(error).rpartition("ModuleNotFoundError")[2]
            raise UserError(
                f"a node of the cluster lacks a package{said[:100]}; install requirements.txt there"
            ) from None
        except exceptions.RayError as error:
            self.order.done(job)
            if job.makes is not None:  # those that need it make it, or find out why they cannot
                return False
            record = store.write(run.path, failed(run, self.corpus, _why(error)))
        else:
            if outcome.trouble is not None:
                raise type(outcome.trouble)(f"on a node of the cluster: {outcome.trouble}")
            for name, files in outcome.made.items():
                if name not in self.made:
                    unpack(files, self.corpus.folder / name)
                    self.made[name] = Parcel.of(name, files)
            self.order.done(job)
            if job.makes is not None:
                return False
            record = self._write(run, outcome)
        if run not in self.begun:
            self.watcher.started(run, "a node")
        self.watcher.ended(run, record)
        return isinstance(record, Failed)

    def _write(self, run: Run, outcome: Outcome) -> Record:
        """Write a run's record and predictions, having compared them with their hashes."""
        with TemporaryDirectory() as folder:
            for name, content in outcome.files.items():
                (Path(folder) / name).write_bytes(content)
            path = Path(folder) / run.path.name
            record = store.read(path)
            seen = record.environment.model_copy(
                update={"code": self.code, "cpus_given": outcome.cpus_given}
            )
            predictions, answered = None, {}
            if isinstance(record, Finished):
                if record.predictions is not None:
                    predictions = store.read_predictions(path, record)
                for name, one in record.evaluations.items():
                    answers = store.read_evaluation(path, record, name)
                    answered[name] = Answered(one.hash, one.seconds, answers)
        record = record.model_copy(update={"environment": seen})
        return store.write(run.path, record, predictions, answered)

    def _check_head(self) -> None:
        """Check that the cluster is there.

        Raises:
            MachineError: its head has not answered for a while, or Ray's own process on this
                machine is gone, after which Ray ends this one within seconds.
        """
        until = time.monotonic() + _SECONDS_TO_COME_BACK
        while not (_answers(*self.own) and _answers(*self.head)):
            if time.monotonic() > until or not _answers(*self.own):
                raise _LostError(
                    f"the cluster at {self.head[0]}:{self.head[1]} no longer answers; all records "
                    f"so far are kept, and the next start goes on"
                )
            time.sleep(_SECONDS_TO_WAIT)


class _LostError(MachineError):
    """The cluster has gone."""


@contextmanager
def _connected(address: str) -> Iterator[tuple[str, int]]:
    """Connect to a cluster, or start one, for as long as the block lasts; hand out its head.

    Raises:
        UserError: it does not answer, or cannot be used.
    """
    if address not in (LOCAL, ANY):
        host, _, port = address.rpartition(":")
        if not (host and port.isdigit()):
            raise UserError(
                f"--cluster {address}: an address is HOST:PORT, as `ray start --head` prints it; "
                f"models are named before --cluster"
            )
        if not _answers(host, int(port)):
            raise UserError(
                f"--cluster {address} does not answer; `ray status --address {address}` tells more"
            )
    there = {entry.name for entry in ROOT.iterdir()}
    code = {
        "working_dir": str(ROOT),
        "excludes": [*(f"/{name}" for name in sorted(there - set(CODE))), "__pycache__"],
    }
    try:
        ray.init(
            address,
            runtime_env=code,
            log_to_driver=False,
            logging_level=logging.ERROR,
            include_dashboard=False if address == LOCAL else None,
        )
    except Exception as error:
        raise UserError(_why_not(address, error)) from None
    end_at_once()  # Ray's threads may abort a process that ends as usual
    try:
        host, _, port = ray.get_runtime_context().gcs_address.rpartition(":")
        yield host, int(port)
    except _LostError:  # which a shutdown would wait for, a minute long
        raise
    except BaseException:
        ray.shutdown()
        raise
    ray.shutdown()


def _answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), _SECONDS_TO_ANSWER).close()
    except (OSError, ValueError):  # the latter for a name that no host can have
        return False
    return True


def _why_not(address: str, error: Exception) -> str:
    """Say why a cluster cannot be used."""
    said = one_line(error)
    if "ersion mismatch" in said:
        return f"--cluster {address}: all machines need the same Python and Ray. {said}"
    if "AuthToken" in said:
        return (
            f"--cluster {address} wants the token of whoever started it: copy ~/.ray/auth_token "
            f"from its head to this machine"
        )
    if "exceeds the maximum size" in said:
        return (
            f"the code in {ROOT} is too large to travel: {said} Move what is no code out of "
            f"{', '.join(CODE)}"
        )
    return f"--cluster {address} cannot be used: {said}"


def _why(error: Exception) -> str:
    """Say why a run has no record though it was tried again."""
    if isinstance(error, exceptions.OutOfMemoryError):
        return "killed by Ray, since its node ran out of memory"
    return f"its worker or node died, {RETRIES + 1} times in all: {one_line(error)}"[:500]


def _nodes() -> dict[str, dict]:
    """Return the living nodes that have CPUs, by their ids."""
    return {
        one["NodeID"]: one
        for one in ray.nodes()
        if one["Alive"] and one["Resources"].get("CPU", 0) >= 1
    }


def _folders(run: Run) -> tuple[str, ...]:
    """Return how the names of the folders begin in which a run looks for what is made once."""
    found = needs(run.line, run.hyperparameters, run.seed, run.labels)
    return tuple(prefix for need in found for prefix in FOLDERS[need.kind])


def _uses_gpu(run: Run) -> bool:
    """Tell whether a run computes with Keras, which uses a GPU where there is one."""
    networks = ("benchmark.rows.networks", "bert_family.shared")
    return any(name.startswith(networks) for name in sources.sources(run.line.module))


def _share(uses_gpu: bool, nodes: Mapping[str, dict], cpus_per_run: int | None) -> dict[str, float]:
    """Return what a run asks for: a GPU and its share of CPUs, or the smallest node's CPUs."""
    has = [one["Resources"] for one in nodes.values()]
    with_gpus = [one for one in has if one.get("GPU", 0) >= 1] if uses_gpu else []
    if with_gpus:
        shares = [max(1, one["CPU"] // one["GPU"]) for one in with_gpus]
        return {"CPU": cpus_per_run or min(shares), "GPU": 1}
    return {"CPU": cpus_per_run or min((one["CPU"] for one in has), default=1)}


def _fits(node: dict, request: Mapping[str, float]) -> int:
    return int(min(node["Resources"].get(name, 0) // much for name, much in request.items()))


def _request(job: Job, nodes: Mapping[str, dict], cpus_per_run: int | None) -> dict[str, float]:
    """Return what a job asks for.

    Raises:
        UserError: no node has that many CPUs, or none that has a GPU where the job uses one.
    """
    request = _share(_uses_gpu(job.run), nodes, cpus_per_run)
    if nodes and not any(_fits(node, request) for node in nodes.values()):
        which = "node with a GPU" if "GPU" in request else "node of the cluster"
        has = [one["Resources"] for one in nodes.values()]
        most = max(one["CPU"] for one in has if one.get("GPU", 0) >= request.get("GPU", 0))
        raise UserError(
            f"--cpus-per-run {cpus_per_run}: no {which} has that many; the largest has {most:g}"
        )
    return request


def _check_room(nodes: Mapping[str, dict], size: int, name: str) -> None:
    """Check that the cluster has nodes, and that each can hold the corpus.

    Raises:
        UserError: it has none, or one cannot.
    """
    if not nodes:
        raise UserError(
            "the cluster has no node with CPUs; add one with `ray start --address HOST:PORT`"
        )
    for node in nodes.values():
        room = node["Resources"].get("object_store_memory", 0)
        if room < size:
            raise UserError(
                f"{node['NodeManagerHostname']}: Ray's object store holds {room / 1e6:,.0f} MB, "
                f"and {name} takes {size / 1e6:,.0f}; start the node with "
                f"`ray start --object-store-memory {2 * size}`"
            )


def _evaluation_files(settings: Settings) -> dict[str, bytes]:
    """Return the files of the published evaluation sets that are at hand, by their places."""
    folder = settings.evaluation_data or settings.data.cache / "evaluation"
    asked = {one.name for one in settings.sets}
    return {
        file.path: (folder / file.path).read_bytes()
        for name, one in PUBLISHED.items()
        if name in asked
        for file in one.files
    }
