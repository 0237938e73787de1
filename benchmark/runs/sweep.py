"""Run all rows, each run in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmark.records import environment, store
from benchmark.rows import catalogue
from benchmark.rows.catalogue import Line
from benchmark.rows.hyperparameters import plain
from benchmark.runs.overview import Overview
from preprocessing.corpus import Corpus
from preprocessing.errors import UserError
from preprocessing.options import DataOptions, data_words
from preprocessing.program import ROOT

from filelock import FileLock, Timeout
from rich.console import Console

WEIGHTS = "IMDB_WEIGHTS"
"""The environment variable that tells every run where copies of public weights are."""

_KEPT_LINES = 20
_SECONDS_TO_STOP = 10


@dataclass(frozen=True)
class Run:
    """One line of the leaderboard with one seed.

    Attributes:
        line: the row or variant.
        seed: the seed.
        path: where its record goes.
        family: the row's family; empty if the row cannot be imported.
    """

    line: Line
    seed: int
    path: Path
    family: str = ""


@dataclass(frozen=True)
class Settings:
    """What all runs of a sweep share.

    Attributes:
        data: which reviews they use.
        results: the results folder.
        jobs: runs at once.
        tensorboard: where learning curves go; None for nowhere.
    """

    data: DataOptions
    results: Path
    jobs: int = 1
    tensorboard: Path | None = None


def sweep(
    lines: dict[str, Line],
    seeds: int,
    corpus: Corpus,
    settings: Settings,
    force: bool,
    weights: list[str],
    console: Console,
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

    Returns:
        How many runs failed; and the lines that were left out, because their public weights
        cannot be had.
    """
    os.environ[WEIGHTS] = os.pathsep.join(weights)
    everything, unreached = _planned(lines, seeds, corpus, settings.results)
    todo = [run for run, finished in everything if force or not finished]
    kept = len(everything) - len(todo)
    console.print(
        f"{corpus.name}{' (synthetic)' if corpus.name.startswith('sample') else ''}, "
        f"corpus {corpus.hash}: {len(todo)} run{'s' * (len(todo) != 1)} to make, {kept} kept"
    )
    with Overview([run for run, _ in everything], todo, console, settings.jobs) as overview:
        return _make_all(todo, settings, overview, corpus), unreached


@contextmanager
def only_one(results: Path, dataset: str) -> Iterator[None]:
    """Keep two benchmarks from making the same runs.

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
            f"another run_all.py is at work on {folder}; wait for it, or give another --results"
        ) from None
    try:
        yield
    finally:
        lock.release()


def _planned(
    lines: dict[str, Line], seeds: int, corpus: Corpus, results: Path
) -> tuple[list[tuple[Run, bool]], list[str]]:
    """Return what is to be run.

    Returns:
        All runs, first seeds first, and whether each is finished; and the lines that are left out
        because their public weights cannot be had. The synthetic reviews need none of those lines.
    """
    planned, unreached = [], []
    synthetic = corpus.name.startswith("sample")
    for line in lines.values():
        if line.weights and synthetic:
            continue
        try:
            row = catalogue.load(line.row)
            options = row.options_of(line.variant)
            family, chosen = row.family, plain(options)
        except Exception:  # a row that cannot be imported fails in its own process, with the reason
            row, family, chosen = None, "", {}
        runs = []
        for seed in range(seeds):
            path = store.record_path(results, corpus.name, line.row, {}, seed, line.variant)
            record = store.read(path) if row is not None and path.exists() else None
            finished = record is not None and store.is_finished(record, corpus.hash, chosen)
            runs.append((Run(line, seed, path, family), finished))
        if row is not None and not all(finished for _, finished in runs):
            try:
                row.check_weights(options)
            except UserError:
                unreached.append(line.name)
                runs = [(run, finished) for run, finished in runs if finished]
        planned += runs
    return sorted(planned, key=lambda each: each[0].seed), unreached


def _make_all(todo: list[Run], settings: Settings, overview: Overview, corpus: Corpus) -> int:
    """Make the runs, as many at once as `settings.jobs` says; return how many failed."""
    running: set[subprocess.Popen] = set()

    def make(run: Run) -> bool:
        overview.started(run)
        record = _make(run, settings, overview, corpus, running)
        overview.ended(run, record)
        return record["status"] == "failed"

    with ThreadPoolExecutor(settings.jobs) as pool:
        try:
            return sum(
                future.result() for future in as_completed([pool.submit(make, r) for r in todo])
            )
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(running):
                _stop(process)
            raise


def _make(
    run: Run,
    settings: Settings,
    overview: Overview,
    corpus: Corpus,
    running: set[subprocess.Popen],
) -> dict:
    """Make one run in its own process; return its record, also if the process dies."""
    before = run.path.stat().st_mtime_ns if run.path.exists() else None
    errors: deque[str] = deque(maxlen=_KEPT_LINES)
    process = subprocess.Popen(
        _command(run, settings),
        cwd=ROOT,
        env=os.environ | _shares(settings.jobs),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    running.add(process)
    listener = threading.Thread(target=lambda: errors.extend(process.stderr or ()), daemon=True)
    listener.start()
    try:
        for event in _events(process):
            overview.tell(run, event)
        code = process.wait()
    finally:
        _stop(process)
        running.discard(process)
    listener.join()
    if code == -signal.SIGINT or code == 130:
        raise KeyboardInterrupt
    after = run.path.stat().st_mtime_ns if run.path.exists() else None
    if after != before:
        return store.read(run.path)
    record = {
        "status": "failed",
        "model": run.line.row,
        **({"variant": run.line.variant} if run.line.variant else {}),
        "family": run.family,
        "seed": run.seed,
        "protocol": store.PROTOCOL,
        "corpus": {"name": corpus.name, "hash": corpus.hash},
        "hyperparameters": None,
        "environment": environment.describe(),
        "reason": _why(code, list(errors)),
        "utc": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    store.write(run.path, record)
    return record


def _shares(jobs: int) -> dict[str, str]:
    """Return the environment that gives each of several runs its share of cores and of a GPU."""
    if jobs == 1:
        return {}
    share = str(max(1, (os.cpu_count() or 1) // jobs))
    names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    as_needed = {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    return dict.fromkeys(names, share) | as_needed


def _command(run: Run, settings: Settings) -> list[str]:
    command = [sys.executable, "-m", run.line.module, "--seed", str(run.seed)]
    command += ["--variant", run.line.variant] if run.line.variant else []
    command += [*data_words(settings.data), "--progress", "json"]
    command += ["--cache", str(settings.data.cache.resolve())]
    command += ["--results", str(settings.results.resolve())]
    if settings.data.data:
        command += ["--data", str(settings.data.data.resolve())]
    if settings.tensorboard:
        command += ["--tensorboard", str(settings.tensorboard.resolve())]
    return command


def _events(process: subprocess.Popen) -> Iterator[dict]:
    for line in process.stdout or ():
        try:
            event = json.loads(line)
        except ValueError:  # something that a library printed
            continue
        if isinstance(event, dict) and "event" in event:
            yield event


def _stop(process: subprocess.Popen) -> None:
    """End the process if it has not ended, gently if it listens."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        process.kill()


def _why(code: int, errors: list[str]) -> str:
    """Say why a process left no record."""
    if code == -signal.SIGKILL:
        return "killed (signal 9), as the system does when memory runs out"
    if code < 0:
        return f"crashed with {signal.Signals(-code).name}"
    last = errors[-1].strip() if errors else "it said nothing"
    return f"exit code {code}: {last}"[:500]
