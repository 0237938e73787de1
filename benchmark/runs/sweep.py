"""Run all rows, each run in a process of its own, and write the leaderboard."""

import argparse
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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.analysis import leaderboard, tables
from benchmark.analysis.columns import PROTOCOL_SEEDS
from benchmark.commands.options import add_results_option, add_tensorboard_option
from benchmark.records import environment, store
from benchmark.records.record import CorpusId, Failed, Record
from benchmark.rows import catalogue, sources
from benchmark.rows.catalogue import Line
from benchmark.rows.hyperparameters import plain
from benchmark.runs.overview import Overview
from preprocessing.corpus import Corpus
from preprocessing.errors import UserError
from preprocessing.options import add_data_options, corpus_from, data_words, positive
from preprocessing.program import ROOT
from preprocessing.storage import verify

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
        hyperparameters: of the line; None if the row cannot be imported.
    """

    line: Line
    seed: int
    path: Path
    family: str = ""
    hyperparameters: dict[str, Any] | None = field(default=None, compare=False)


def main(description: str) -> int:
    """Run what is missing; return 0 if every run is good and 1 if one failed."""
    parser = argparse.ArgumentParser(
        prog="python run_all.py",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "rows", nargs="*",
        help='rows to run with their variants, or lines as the leaderboard has them, such as "bert '
        '(scratch-tiny)" (default: all)',
    )  # fmt: skip
    parser.add_argument(
        "--weights", action="append", default=[], metavar="NAME=FOLDER",
        help="where a copy of public weights is, such as all-MiniLM-L6-v2=FOLDER; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--seeds", type=positive, default=PROTOCOL_SEEDS, metavar="N",
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
    lines = catalogue.choose(options.rows)
    os.environ[WEIGHTS] = os.pathsep.join(options.weights)
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
        everything, unreached = _planned(lines, options.seeds, corpus, options.results)
        todo = [run for run, finished in everything if options.force or not finished]
        kept = len(everything) - len(todo)
        console.print(
            f"{corpus.name}{' (synthetic)' if corpus.name.startswith('sample') else ''}, "
            f"corpus {corpus.hash}: {len(todo)} run{'s' * (len(todo) != 1)} to make, {kept} kept"
        )
        readme = leaderboard.readme_of(options.results)
        try:
            with Overview([run for run, _ in everything], todo, console, options.jobs) as overview:
                failed = _make_all(todo, options, overview, corpus)
        finally:  # also after Ctrl-C, with what was finished
            table = leaderboard.write(options.results, corpus.name, readme)
    console.print(tables.as_rich(table, corpus.name))
    if unreached:
        console.print(
            f"needs weights that this machine cannot reach: {', '.join(unreached)}; "
            f"--weights NAME=FOLDER says where a copy is"
        )
    where = leaderboard.folder_of(options.results, corpus.name) / "leaderboard.csv"
    console.print(f"written to {where}")
    return 1 if failed else 0


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
            family, settings = row.family, plain(options)
        except Exception:  # a row that cannot be imported fails in its own process, with the reason
            row, family, settings = None, "", None
        runs = []
        for seed in range(seeds):
            path = store.record_path(results, corpus.name, line.row, {}, seed, line.variant)
            finished = path.exists() and store.is_finished(store.read(path), corpus.hash, settings)
            runs.append((Run(line, seed, path, family, settings), finished))
        if row is not None and not all(finished for _, finished in runs):
            try:
                row.check_weights(options)
            except UserError:
                unreached.append(line.name)
                runs = [(run, finished) for run, finished in runs if finished]
        planned += runs
    return sorted(planned, key=lambda each: each[0].seed), unreached


def _make_all(
    todo: list[Run], options: argparse.Namespace, overview: Overview, corpus: Corpus
) -> int:
    """Make the runs, as many at once as --jobs says; return how many failed."""
    running: set[subprocess.Popen] = set()

    def make(run: Run) -> bool:
        overview.started(run)
        record = _make(run, options, overview, corpus, running)
        overview.ended(run, record)
        return isinstance(record, Failed)

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
    running: set[subprocess.Popen],
) -> Record:
    """Make one run in its own process; return its record, also if the process dies."""
    before = run.path.stat().st_mtime_ns if run.path.exists() else None
    errors: deque[str] = deque(maxlen=_KEPT_LINES)
    process = subprocess.Popen(
        _command(run, options),
        cwd=ROOT,
        env=os.environ | _shares(options.jobs),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
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
    record = Failed(
        model=run.line.row,
        variant=run.line.variant,
        family=run.family,
        seed=run.seed,
        corpus=CorpusId(name=corpus.name, hash=corpus.hash),
        hyperparameters=run.hyperparameters,
        sources=sources.digest(run.line.module),
        environment=environment.describe(),
        reason=_why(code, list(errors)),
    )
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


def _command(run: Run, options: argparse.Namespace) -> list[str]:
    command = [sys.executable, "-m", run.line.module, "--seed", str(run.seed)]
    command += ["--variant", run.line.variant] if run.line.variant else []
    command += [*data_words(options), "--progress", "json"]
    command += ["--cache", str(options.cache.resolve())]
    command += ["--results", str(options.results.resolve())]
    if options.data:
        command += ["--data", str(options.data.resolve())]
    if options.tensorboard:
        command += ["--tensorboard", str(options.tensorboard.resolve())]
    return command


def _events(process: subprocess.Popen) -> Iterator[dict]:
    for line in process.stdout:
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
