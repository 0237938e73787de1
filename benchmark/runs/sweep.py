"""Run all rows, each run in a process of its own, and write the leaderboard."""

import argparse
import json
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmark.analysis import leaderboard
from benchmark.commands.options import add_results_option, add_tensorboard_option
from benchmark.records import environment, store
from benchmark.rows import catalogue
from benchmark.rows.hyperparameters import plain
from benchmark.runs.overview import Overview
from benchmark.runs.processes import ForkedProcess, NewProcess, can_fork
from preprocessing.corpus import Corpus
from preprocessing.errors import UserError
from preprocessing.options import add_data_options, corpus_from, data_path, data_words, positive
from preprocessing.storage import verify

import pandas as pd
from filelock import FileLock, Timeout
from rich.console import Console

_KEPT_LINES = 20
_SECONDS_TO_STOP = 10
_RUNS_WORTH_A_SERVER = 8
"""Fewer runs import what they need sooner than a server imports what any may need."""


@dataclass(frozen=True)
class Run:
    """One row with one seed.

    Attributes:
        row: the row's name.
        module: the Python module to run.
        seed: the seed.
        path: where its record goes.
        family: the row's family; empty if the row cannot be imported.
    """

    row: str
    module: str
    seed: int
    path: Path
    family: str = ""


def main(description: str) -> int:
    """Run what is missing; return 0 if every run is good and 1 if one failed."""
    parser = argparse.ArgumentParser(
        prog="python run_all.py",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("rows", nargs="*", help="rows to run (default: all)")
    parser.add_argument(
        "--seeds", type=positive, default=leaderboard.PROTOCOL_SEEDS, metavar="N",
        help="seeds 0 to N - 1 (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--force", action="store_true", help="make finished runs again")
    parser.add_argument(
        "--jobs", type=positive, default=1, metavar="N",
        help="runs at once; quicker, but times are then not to be compared (default: %(default)s)",
    )  # fmt: skip
    add_data_options(parser)
    add_results_option(parser)
    add_tensorboard_option(parser)
    options = parser.parse_args()
    names = catalogue.choose(options.rows)
    corpus = corpus_from(options)
    verify(corpus.folder)

    if options.jobs > 1 and corpus.name == "imdb":
        raise UserError(
            "--jobs spoils the clock, and the leaderboard on IMDB shows times; it is for --limit, "
            "--dataset sample and texts of your own"
        )

    console = Console()
    with _only_one(options.results, corpus.name):
        leaderboard.build(options.results, corpus.name)  # damage is told before hours pass
        everything = _planned(names, options.seeds, corpus, options.results)
        todo = [run for run, finished in everything if options.force or not finished]
        kept = len(everything) - len(todo)
        console.print(
            f"{corpus.name}{' (synthetic)' if corpus.synthetic else ''}, "
            f"corpus {corpus.hash}: {len(todo)} run{'s' * (len(todo) != 1)} to make, {kept} kept"
        )
        readme = leaderboard.readme_of(options.results)
        try:
            with Overview([run for run, _ in everything], todo, console, options.jobs) as overview:
                failed = _make_all(todo, options, overview, corpus)
        finally:  # also after Ctrl-C, with what was finished
            table = leaderboard.write(options.results, corpus.name, readme)
    console.print(leaderboard.as_rich(table, corpus.name))
    where = leaderboard.folder_of(options.results, corpus.name) / "leaderboard.csv"
    console.print(f"written to {where}")
    if corpus.synthetic:
        console.print(_what_the_sample_shows(table), highlight=False)
    return 1 if failed else 0


def _what_the_sample_shows(table: pd.DataFrame) -> str:
    """Return one sentence for people who run the sample first."""
    ranked = table[table["status"] == "ok"].sort_values("accuracy_mean")
    if len(ranked) < 2:
        return "These reviews are synthetic: they show that a row runs, not how good it is."
    worst, best = ranked.iloc[0], ranked.iloc[-1]
    return (
        "On these synthetic reviews, of which nobody can tell much more than 96 %, "
        f"{best['model']} is right on {best['accuracy_mean']:.1%} and {worst['model']} on "
        f"{worst['accuracy_mean']:.1%}; which model is better on real reviews, only IMDB tells."
    )


@contextmanager
def _only_one(results: Path, dataset: str) -> Iterator[None]:
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


def _planned(names: list[str], seeds: int, corpus: Corpus, results: Path) -> list[tuple[Run, bool]]:
    """Return all runs, and whether each is finished; first seeds first."""
    rows = {}
    for name in names:
        try:
            row = catalogue.load(name)
            rows[name] = row.family, plain(row.hyperparameters())
        except Exception:  # a row that cannot be imported fails in its own process, with the reason
            rows[name] = "", None
    planned = []
    for seed in range(seeds):
        for name, (family, defaults) in rows.items():
            path = store.record_path(results, corpus.name, name, {}, seed)
            run = Run(name, catalogue.modules()[name], seed, path, family)
            finished = path.exists() and store.is_finished(store.read(path), corpus.hash, defaults)
            planned.append((run, finished))
    return planned


def _make_all(
    todo: list[Run], options: argparse.Namespace, overview: Overview, corpus: Corpus
) -> int:
    """Make the runs, as many at once as --jobs says; return how many failed."""
    running: set[NewProcess | ForkedProcess] = set()
    os.environ.update(_shares(options.jobs))  # for all processes that start from here on
    # IMDB's times and memory are published, and are those of a process that starts anew.
    fork = corpus.name != "imdb" and len(todo) >= _RUNS_WORTH_A_SERVER and can_fork()
    start = ForkedProcess if fork else NewProcess

    def make(run: Run) -> bool:
        overview.started(run)
        record = _make(run, options, overview, corpus, start, running)
        overview.ended(run, record)
        return record["status"] == "failed"

    with ThreadPoolExecutor(options.jobs) as pool:
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
    options: argparse.Namespace,
    overview: Overview,
    corpus: Corpus,
    start: type[NewProcess] | type[ForkedProcess],
    running: set[NewProcess | ForkedProcess],
) -> dict:
    """Make one run in its own process; return its record, also if the process dies."""
    before = run.path.stat().st_mtime_ns if run.path.exists() else None
    errors: deque[str] = deque(maxlen=_KEPT_LINES)
    process = start(run.module, _arguments(run, options))
    running.add(process)
    listener = threading.Thread(target=lambda: errors.extend(process.stderr), daemon=True)
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
        "model": run.row,
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


def _arguments(run: Run, options: argparse.Namespace) -> list[str]:
    command = ["--seed", str(run.seed), *data_words(options), "--progress", "json"]
    command += ["--cache", str(options.cache.resolve())]
    command += ["--results", str(options.results.resolve())]
    if data := data_path(options):
        command += ["--data", str(data.resolve())]
    if options.tensorboard:
        command += ["--tensorboard", str(options.tensorboard.resolve())]
    return command


def _events(process: NewProcess | ForkedProcess) -> Iterator[dict]:
    for line in process.stdout:
        try:
            event = json.loads(line)
        except ValueError:  # something that a library printed
            continue
        if isinstance(event, dict) and "event" in event:
            yield event


def _stop(process: NewProcess | ForkedProcess) -> None:
    """End the process if it has not ended, gently if it listens."""
    if process.wait(0) is not None:
        return
    os.kill(process.pid, signal.SIGINT)
    if process.wait(_SECONDS_TO_STOP) is None:
        os.kill(process.pid, signal.SIGKILL)


def _why(code: int, errors: list[str]) -> str:
    """Say why a process left no record."""
    if code == -signal.SIGKILL:
        return "killed (signal 9), as the system does when memory runs out"
    if code < 0:
        return f"crashed with {signal.Signals(-code).name}"
    last = errors[-1].strip() if errors else "it said nothing"
    return f"exit code {code}: {last}"[:500]
