"""In which order work goes to the nodes of a cluster, and how long the whole takes.

What several runs need and is made once, such as word vectors, is a job of its own, and those runs
wait for it. First goes the job at the head of the longest chain of jobs (Graham, 1969): what is
left for the end is then short.
"""

import heapq
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import mean
from typing import Any

from benchmark.records import store
from benchmark.records.record import Finished
from benchmark.rows import catalogue, sources
from benchmark.rows.catalogue import Line
from benchmark.rows.training_data import ONCE
from benchmark.runs.child import Run
from preprocessing.program import ROOT
from preprocessing.word_vectors import SETTINGS

COMMITTED = ROOT / "results"
FOLDERS = {
    "word2vec": ("word2vec-",),
    "fasttext": ("fasttext-",),
    "glove": ("glove-",),
    "subwords": ("subwords-", "vocabulary-"),
    "language model forwards": ("language-model-forwards-",),
    "language model backwards": ("language-model-backwards-",),
    "pretraining": ("preset-",),
    "teacher": ("teacher-",),
}
"""How the names of the folders begin in which what is made once is kept with the corpus."""

_UNKNOWN_SECONDS = 60.0
"""How long a run is assumed to take where there is no record."""


@dataclass(frozen=True)
class Shared:
    """Something that is made once and used by all runs that need it.

    Attributes:
        kind: one of `ONCE`.
        name: tells it from others of its kind.
    """

    kind: str
    name: str


@dataclass(frozen=True)
class Job:
    """Work for one node: a run, or to make something that runs share.

    Attributes:
        run: the run; of something shared, a run that needs it.
        seconds: what it is expected to take.
        needs: what is to be made before.
        makes: what is made instead of the run; None for the run.
        memory_mb: the most main memory that such a run has taken before, MB; 0 if none is known.
    """

    run: Run
    seconds: float
    needs: frozenset[Shared] = frozenset()
    makes: Shared | None = None
    memory_mb: float = 0.0


class Order:
    """Hands out jobs, those of the longest chains first, and holds back those that must wait."""

    def __init__(self, jobs: Sequence[Job]):
        """Take the jobs; what a job needs and none of them makes is taken as made."""
        chain = chains(jobs)
        self._waiting = sorted(jobs, key=lambda job: -chain[job])  # stable: the first of equals
        self._missing = {job.makes for job in jobs if job.makes}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def next(self) -> Job | None:
        """Return the job to begin now; None if all that are left wait for others."""
        for job in self._waiting:
            if self._missing.isdisjoint(job.needs):
                self._waiting.remove(job)
                return job
        return None

    def done(self, job: Job) -> None:
        """Note that a job has ended. What it did not make after all, those that need it make."""
        self._missing.discard(job.makes)


def chains(jobs: Sequence[Job]) -> dict[Job, float]:
    """Return the seconds from the start of each job to the end of the longest chain behind it."""
    after: dict[Shared, list[Job]] = {}
    for job in jobs:
        for need in job.needs:
            after.setdefault(need, []).append(job)

    @cache
    def chain(job: Job) -> float:
        behind = after.get(job.makes, ()) if job.makes else ()
        return job.seconds + max(map(chain, behind), default=0.0)

    return {job: chain(job) for job in jobs}


@dataclass(frozen=True)
class Simulation:
    """How a cluster would go through some jobs.

    Attributes:
        starts: the jobs in the order in which they begin, each with the second when it does.
        seconds: how long the whole takes.
        bound: what no order can beat: all work spread evenly, or the longest chain.
    """

    starts: list[tuple[float, Job]]
    seconds: float
    bound: float


def simulate(jobs: Sequence[Job], nodes: int) -> Simulation:
    """Go through jobs in the order in which `Order` hands them out, one at a time on each node."""
    order = Order(jobs)
    now, starts = 0.0, []
    running: list[tuple[float, int, Job]] = []
    while order or running:
        while len(running) < nodes and (job := order.next()):
            starts.append((now, job))
            heapq.heappush(running, (now + job.seconds, len(starts), job))
        now, _, ended = heapq.heappop(running)
        order.done(ended)
    spread = sum(job.seconds for job in jobs) / nodes
    return Simulation(starts, now, max(spread, *chains(jobs).values(), 0.0))


def needs(line: Line, options: dict[str, Any] | None, seed: int, labels: int | None) -> set[Shared]:
    """Return what a run needs that is made once.

    It is found without training: word vectors by what the row's file imports, what the BERT family
    needs by its hyperparameters. To name too little costs time on the nodes that make it again.

    Args:
        line: the row or variant.
        options: its hyperparameters; None if they are not known.
        seed: of the run.
        labels: how many training reviews have a label; None for all.
    """
    options = options or {}
    found = set()

    def of(*names: str) -> str:
        return ", ".join(f"{name} {options[name]}" for name in names if name in options)

    vectors = options.get("vectors", "cbow")
    if "lm_units" in options:
        model = of("known_words", *(name for name in options if name.startswith("lm_")), "pretrain")
        directions = getattr(catalogue.load(line.row), "language_models", ())
        for direction in directions if options.get("pretrain", 1) else ():
            found.add(Shared(f"language model {direction}", model))
        if options.get("lm_vectors") == "word2vec":
            found.add(Shared("word2vec", f"cbow, seed {options['lm_seed']}"))
    elif "preprocessing.word_vectors" in sources.sources(line.module) and vectors != "random":
        found.add(Shared(SETTINGS[vectors].method, f"{vectors}, seed {seed}"))
    if "preset" not in options:
        return found

    start = of("preset")
    if options["preset"] == "scratch":
        architecture = getattr(catalogue.load(line.row), "architecture", None)
        learner = getattr(architecture, "learn_vocabulary", None)
        start = f"{getattr(learner, '__name__', line.row)}, {of('size')}"
    found.add(Shared("subwords", start))
    read = of("max_tokens", "truncation", "precision")
    if options.get("pretrain"):
        begins = f"{line.row}, {start}, {of('pretrain', 'masking', 'dropout')}, {read}, seed {seed}"
        found.add(Shared("pretraining", begins))
    if options.get("teacher", "none") != "none":
        taught = (
            f"{of('teacher', 'size', 'pretrain', 'masking')}, {read}, labels {labels}, seed {seed}"
        )
        found.add(Shared("teacher", taught))
    return found


def estimate(runs: Sequence[Run], results: Path, dataset: str) -> list[Job]:
    """Return the jobs that runs are made of, with the seconds that their lines have taken before.

    What only one run needs, it makes itself. The seconds are the means of the line's records on
    this data set, else of the committed ones on IMDB, else the mean of all other runs.

    Args:
        runs: the runs.
        results: the results folder.
        dataset: the corpus's name.
    """
    here = _finished(results, dataset)
    known = _finished(COMMITTED, "imdb") | here
    own = {line: mean(map(_own_seconds, records)) for line, records in known.items()}
    usual = mean(own.get(run.line.name, _UNKNOWN_SECONDS) for run in runs) if runs else 0.0
    wanted = {run: needs(run.line, run.hyperparameters, run.seed, run.labels) for run in runs}
    users = Counter(need for found in wanted.values() for need in found)

    def seconds_to_make(need: Shared, run: Run) -> float:
        records = known.get(run.line.name, [])
        return mean([_seconds_of(need.kind, record) for record in records] or [0.0])

    jobs: dict[Shared | Run, Job] = {}
    for run in runs:
        shared = sorted(
            (need for need in wanted[run] if users[need] > 1),
            key=lambda need: ONCE.index(need.kind),
        )
        for number, need in enumerate(shared):
            if need not in jobs:
                before = frozenset(shared[:number])
                jobs[need] = Job(run, seconds_to_make(need, run), before, need)
        alone = sum(seconds_to_make(need, run) for need in wanted[run] if users[need] == 1)
        seconds = own.get(run.line.name, usual) + alone
        memory = max((one.peak_memory_mb for one in here.get(run.line.name, [])), default=0.0)
        jobs[run] = Job(run, seconds, frozenset(shared), memory_mb=memory)
    return list(jobs.values())


def _finished(results: Path, dataset: str) -> dict[str, list[Finished]]:
    """Return the records of finished runs by the names of their lines."""
    found: dict[str, list[Finished]] = {}
    for record in store.read_runs(results, dataset).values():
        if isinstance(record, Finished):
            found.setdefault(record.line, []).append(record)
    return found


def _own_seconds(record: Finished) -> float:
    asked = sum(one.seconds for one in record.evaluations.values())
    return record.seconds.training + (record.seconds.prediction or 0.0) + asked


def _seconds_of(kind: str, record: Finished) -> float:
    also = ("vocabulary",) if kind == "subwords" else ()
    parts = record.seconds.preprocessing.items()
    return sum(seconds for name, seconds in parts if name.startswith((kind, *also)))


def lines_with_records(
    lines: Collection[Line], results: Path, dataset: str, seeds: int
) -> list[Run]:
    """Return the runs of all lines that have a record, with the given number of seeds each."""
    records = store.read_runs(results, dataset).values()
    options = {one.line: one.hyperparameters for one in records if isinstance(one, Finished)}
    return [
        Run(line, seed, results, hyperparameters=options[line.name])
        for seed in range(seeds)
        for line in lines
        if line.name in options
    ]
