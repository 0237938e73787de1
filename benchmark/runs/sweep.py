"""Run all rows, each run in a process of its own."""

import itertools
import os
import shlex
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.records import store
from benchmark.records.record import Failed, Finished
from benchmark.rows import catalogue, hardware, sources
from benchmark.rows.catalogue import Line
from benchmark.rows.hyperparameters import plain
from benchmark.runs.child import WEIGHTS, Run, Settings, limited_to, make, stop
from benchmark.runs.evaluation import lacking
from benchmark.runs.overview import Overview
from benchmark.runs.processes import ForkedProcess, NewProcess, can_fork
from preprocessing.corpus import Corpus, titled
from preprocessing.errors import UserError
from preprocessing.prepare import PUBLISHED
from preprocessing.program import ROOT
from preprocessing.storage import remove_unfinished
from preprocessing.wording import counted

from filelock import FileLock, Timeout
from rich.console import Console

if TYPE_CHECKING:
    from benchmark.runs.cluster.driver import Cluster

_RUNS_WORTH_A_SERVER = 8
"""Fewer runs import what they need sooner than a server imports what any may need."""


@dataclass(frozen=True)
class _Plan:
    """What is to be run.

    Attributes:
        runs: all runs, first seeds first, and whether each is finished.
        unreached: lines that are left out because their public weights cannot be had.
        changed: lines of which a finished run was made by other code than today's.
        unasked: lines with a finished run that was not evaluated on a set that is at hand.
        lacking: the names of those sets.
    """

    runs: list[tuple[Run, bool]]
    unreached: list[str]
    changed: list[str]
    unasked: list[str]
    lacking: set[str]


def sweep(
    lines: dict[str, Line],
    seeds: int,
    corpus: Corpus,
    settings: Settings,
    force: bool,
    weights: list[str],
    console: Console,
    cluster: "Cluster | None",
) -> tuple[int, list[str]]:
    """Make the runs that are missing, each in a process of its own.

    Args:
        lines: the rows and variants, by name.
        seeds: seeds 0 to `seeds` - 1 of each.
        corpus: the reviews that `settings.data` names.
        settings: what all runs share.
        force: make finished runs again.
        weights: where copies of public weights are, as NAME=FOLDER.
        console: shows the progress.
        cluster: where the runs are made; None for this machine.

    Returns:
        How many runs failed or lost their record; and the lines that were left out, because their
        public weights cannot be had.

    Raises:
        UserError: a run met a full disk, a damaged file or the like, which all would meet.
    """
    if weights:
        os.environ[WEIGHTS] = os.pathsep.join(weights)
    plan = _planned(lines, seeds, corpus, settings, force)
    todo = [run for run, finished in plan.runs if force or not finished]
    kept = len(plan.runs) - len(todo)
    console.print(
        f"{titled(corpus.name)}, "
        f"corpus {corpus.hash}: {counted(len(todo), 'run')} to make, {kept} kept",
        markup=False,
    )
    if plan.changed and not force:
        console.print(
            f"kept, but its code has changed (--force makes it again): {', '.join(plan.changed)}",
            markup=False,
        )
    if plan.unasked and not force:
        console.print(
            f"kept without answers to {', '.join(sorted(plan.lacking))}: "
            f"{', '.join(plan.unasked)}; where the model is kept, "
            f"{_evaluate(plan, settings, corpus)} answers",
            markup=False, soft_wrap=True,
        )  # fmt: skip
    with Overview([run for run, _ in plan.runs], todo, console, settings.jobs) as overview:
        if cluster is None:
            failed = _make_all(todo, settings, overview, corpus)
        else:
            from benchmark.runs.cluster.driver import make_all  # imports Ray

            failed = make_all(todo, settings, corpus, cluster, overview)
    lost = [f"{run.name}, seed {run.seed}" for run, _ in plan.runs if not run.path.exists()]
    if lost:
        console.print(
            f"records that were written are gone, as if another program had deleted them in "
            f"{settings.results}: {'; '.join(lost)}",
            markup=False, soft_wrap=True,
        )  # fmt: skip
    return failed + len(lost), plan.unreached


def _evaluate(plan: _Plan, settings: Settings, corpus: Corpus) -> str:
    """Return the commands that answer without training what finished runs lack."""
    words = command("evaluate", corpus.name, settings.results, settings.data.cache)
    number = len(settings.evaluate_on)
    own = zip(settings.sets[len(settings.sets) - number :], settings.evaluate_on, strict=True)
    named = {one.name: [*words, "--on", str(path)] for one, path in own}
    if settings.evaluation_data:
        words += ["--evaluation-data", str(settings.evaluation_data)]
    return " and ".join(sorted({shlex.join(named.get(name, words)) for name in plan.lacking}))


def command(name: str, dataset: str, results: Path, cache: Path) -> list[str]:
    """Return the words of a command that works with a sweep's results.

    Args:
        name: of the command, such as ``report``.
        dataset: the corpus's name.
        results: the results folder.
        cache: where models and corpora are kept.
    """
    words = ["python", "-m", "benchmark", name]
    words += ["--dataset", dataset] if dataset != "imdb" else []
    words += ["--results", str(results)] if results.resolve() != ROOT / "results" else []
    words += ["--cache", str(cache)] if cache.resolve() != ROOT / "data" else []
    return words


@contextmanager
def only_one(results: Path, dataset: str) -> Iterator[None]:
    """Keep two benchmarks from making the same runs, and clear away what killed ones left.

    Raises:
        UserError: another process holds it.
    """
    folder = results / "runs" / dataset
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise UserError(
            f"another run_all.py or evaluate is using {folder}; wait for it, or choose another "
            "--results"
        ) from None
    try:
        remove_unfinished(results)
        yield
    finally:
        lock.release()


def _planned(
    lines: dict[str, Line], seeds: int, corpus: Corpus, settings: Settings, force: bool
) -> _Plan:
    """Return what is to be run. The synthetic reviews need no line with public weights."""
    planned, unreached, changed, unasked, missing = [], [], set(), set(), set()
    synthetic = corpus.synthetic
    for line in lines.values():
        if line.weights and synthetic:
            continue
        try:
            row = catalogue.load(line.row)
            options = row.options_of(line.variant)
            family, chosen = row.family, plain(options)
        except Exception:  # a row that cannot be imported fails in its own process, with the reason
            row, family, chosen = None, "", None
        runs = []
        for seed, labels in itertools.product(range(seeds), (None, *settings.labels)):
            path = store.record_path(
                settings.results, corpus.name, line.row, {}, seed, line.variant, labels=labels
            )
            record = store.read(path) if path.exists() else None
            finished = record is not None and store.is_finished(record, corpus.hash, chosen, labels)
            if finished and record and record.sources not in (None, sources.digest(line.module)):
                changed.add(line.name)
            if finished and isinstance(record, Finished):
                names = {one.name for one in lacking(record, settings.sets)}
                missing |= names
                unasked |= {line.name} if names else set()
            runs.append((Run(line, seed, path, family, chosen, labels), finished))
        if row is not None and (force or not all(finished for _, finished in runs)):
            try:
                row.check_weights(options)
            except UserError:
                unreached.append(line.name)
                runs = [] if force else [(run, finished) for run, finished in runs if finished]
        planned += runs
    planned.sort(key=lambda each: each[0].seed)
    return _Plan(planned, unreached, sorted(changed), sorted(unasked), missing)


def _make_all(todo: list[Run], settings: Settings, overview: Overview, corpus: Corpus) -> int:
    """Make the runs, as many at once as `settings.jobs` says; return how many failed."""
    running: set[NewProcess | ForkedProcess] = set()
    if settings.jobs > 1:  # for all processes that start from here on
        os.environ.update(limited_to(max(1, hardware.cores() // settings.jobs)))
    # IMDB's times and memory are published, and are those of a process that starts anew.
    fork = corpus.name not in PUBLISHED and len(todo) >= _RUNS_WORTH_A_SERVER and can_fork()
    start = ForkedProcess if fork else NewProcess

    trouble = threading.Event()  # that all further runs would meet
    stopping = threading.Event()  # set when the runs that have begun are stopped

    def tell(run: Run, event: dict[str, Any]) -> None:
        if stopping.is_set():  # it started too late to be among those that were stopped
            raise KeyboardInterrupt
        overview.tell(run, event)

    def make_one(run: Run) -> bool:
        if trouble.is_set():
            return False
        overview.started(run)
        try:
            record = make(run, settings, corpus, lambda event: tell(run, event), running, start)
        except BaseException:
            trouble.set()  # before this thread takes the next run
            raise
        overview.ended(run, record)
        return isinstance(record, Failed)

    with ThreadPoolExecutor(settings.jobs) as pool:
        try:
            return sum(
                future.result() for future in as_completed([pool.submit(make_one, r) for r in todo])
            )
        except BaseException:
            trouble.set()
            pool.shutdown(wait=False, cancel_futures=True)
            alive = list(running)
            stopping.set()
            for process in alive:
                stop(process)
            raise
