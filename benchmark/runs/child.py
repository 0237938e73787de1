"""One run in a process of its own, as a sweep and a search make them."""

import json
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.records import environment, store
from benchmark.records.record import CorpusId, Failed, Record
from benchmark.rows import hardware, sources
from benchmark.rows.catalogue import Line, with_labels
from benchmark.rows.hyperparameters import run_words
from benchmark.runs.processes import ForkedProcess, NewProcess
from preprocessing.corpus import Corpus
from preprocessing.errors import MachineError, UserError
from preprocessing.evaluation_sets import EvaluationSet
from preprocessing.options import DataOptions, data_words
from preprocessing.program import INTERRUPTED, MACHINE_TROUBLE, USER_MISTAKE

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
        labels: how many training reviews have a label; None for all.
        changed: the hyperparameters that differ from the line's.
        validation_only: leave the test reviews alone.
    """

    line: Line
    seed: int
    path: Path
    family: str = ""
    hyperparameters: dict[str, Any] | None = field(default=None, compare=False)
    labels: int | None = None
    changed: dict[str, Any] = field(default_factory=dict, compare=False)
    validation_only: bool = False

    @property
    def name(self) -> str:
        """The line's name, with the number of labels if that is limited."""
        return with_labels(self.line.name, self.labels)


@dataclass(frozen=True)
class Settings:
    """What all runs of a sweep share.

    Attributes:
        data: which reviews they use.
        results: the results folder.
        jobs: runs at once.
        tensorboard: where learning curves go; None for nowhere.
        labels: numbers of labelled training reviews to run each line with, besides all of them.
        evaluation_data: the folder with the published evaluation sets; None for elsewhere.
        evaluate_on: tables of the user's own that trained models are asked about.
        keep_models: keep each run's model in the cache.
        sets: the evaluation sets that are at hand.
    """

    data: DataOptions
    results: Path
    jobs: int = 1
    tensorboard: Path | None = None
    labels: tuple[int, ...] = ()
    evaluation_data: Path | None = None
    evaluate_on: tuple[Path, ...] = ()
    keep_models: bool = True
    sets: tuple[EvaluationSet, ...] = ()


def make(
    run: Run,
    settings: Settings,
    corpus: Corpus,
    on_event: Callable[[dict], None],
    running: set[NewProcess | ForkedProcess],
    start: type[NewProcess] | type[ForkedProcess] = NewProcess,
) -> Record:
    """Make one run in its own process; return its record, also if the process dies.

    Args:
        run: the run.
        settings: what it shares with others.
        corpus: the reviews.
        on_event: is told of progress.
        running: holds the process while it lives, so that callers can stop it.
        start: how to start the process.

    Raises:
        UserError: the process met trouble that is not its row's, before or after its record.
    """
    before = run.path.stat().st_mtime_ns if run.path.exists() else None
    code, errors = _attend(start(run.line.module, _arguments(run, settings)), on_event, running)
    after = run.path.stat().st_mtime_ns if run.path.exists() else None
    if code in (USER_MISTAKE, MACHINE_TROUBLE) and (said := _last(errors, "error: ")):
        raise (MachineError if code == MACHINE_TROUBLE else UserError)(said)
    if after not in (before, None):
        return store.read(run.path)
    record = failed(run, corpus, _why(code, errors))
    store.write(run.path, record)
    return record


def make_shared(
    what: str,
    run: Run,
    settings: Settings,
    on_event: Callable[[dict], None],
) -> None:
    """Make, in a process of its own, what a run needs that is made once, and nothing else.

    Success is not reported: the run itself finds out, and says why.

    Args:
        what: one of `benchmark.rows.training_data.ONCE`.
        run: the run.
        settings: what it shares with others.
        on_event: is told of progress.
    """
    words = [*_arguments(run, settings), "--make-only", what]
    _attend(NewProcess(run.line.module, words), on_event, set())


def failed(run: Run, corpus: Corpus, reason: str) -> Failed:
    """Return the record of a run that left none."""
    return Failed(
        model=run.line.row,
        variant=run.line.variant,
        family=run.family,
        seed=run.seed,
        labels=run.labels,
        changed=run.changed,
        corpus=CorpusId(name=corpus.name, hash=corpus.hash),
        hyperparameters=run.hyperparameters,
        sources=sources.digest(run.line.module),
        environment=environment.describe(),
        reason=reason,
    )


def limited_to(threads: int) -> dict[str, str]:
    """Return the environment that gives a run its share of cores, and of a GPU."""
    as_needed = {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    return dict.fromkeys(hardware.ALL_THREADS, str(threads)) | as_needed


def _attend(
    process: NewProcess | ForkedProcess,
    on_event: Callable[[dict], None],
    running: set[NewProcess | ForkedProcess],
) -> tuple[int, list[str]]:
    """Wait for a process, and stop it if the wait is; return its exit code and last errors.

    Raises:
        KeyboardInterrupt: the process was interrupted.
    """
    errors: deque[str] = deque(maxlen=_KEPT_LINES)
    running.add(process)
    listener = threading.Thread(target=lambda: errors.extend(process.stderr), daemon=True)
    listener.start()
    try:
        for event in _events(process):
            on_event(event)
        code = process.wait() or 0
    finally:
        stop(process)
        running.discard(process)
    listener.join()
    if process.stopped or code in (-signal.SIGINT, INTERRUPTED):
        raise KeyboardInterrupt
    return code, list(errors)


def _arguments(run: Run, settings: Settings) -> list[str]:
    command = run_words(run.seed, run.line.variant, run.changed, run.labels, run.validation_only)
    command += [*data_words(settings.data), "--progress", "json"]
    command += ["--cache", str(settings.data.cache.resolve())]
    command += ["--results", str(settings.results.resolve())]
    if settings.data.data:
        command += ["--data", str(settings.data.data.resolve())]
    if settings.data.prepared:
        command += ["--prepared", str(settings.data.prepared.resolve())]
    command += [] if settings.keep_models else ["--no-keep-models"]
    if settings.evaluation_data:
        command += ["--evaluation-data", str(settings.evaluation_data)]
    for table in settings.evaluate_on:
        command += ["--evaluate-on", str(table.resolve())]
    if settings.tensorboard:
        command += ["--tensorboard", str(settings.tensorboard.resolve())]
    return command


def _events(process: NewProcess | ForkedProcess) -> Iterator[dict]:
    for line in process.stdout:
        try:
            event = json.loads(line)
        except ValueError:  # something that a library printed
            continue
        if isinstance(event, dict) and "event" in event:
            yield event


def stop(process: NewProcess | ForkedProcess) -> None:
    """End the process if it has not ended, gently if it listens."""
    if process.wait(0) is not None:
        return
    process.stopped = True
    with suppress(ProcessLookupError):  # it may end at any moment
        os.kill(process.pid, signal.SIGINT)
        if process.wait(_SECONDS_TO_STOP) is None:
            os.kill(process.pid, signal.SIGKILL)


def _why(code: int, errors: list[str]) -> str:
    """Say why a process left no record."""
    if code == -signal.SIGKILL:
        return "killed (signal 9), as the system does when memory runs out"
    if code < 0:
        return f"crashed with {signal.Signals(-code).name}"
    if said := _last(errors, "failed: "):
        return said[:500]
    last = errors[-1].strip() if errors else "it printed no error"
    return f"exit code {code}: {last}"[:500]


def _last(errors: list[str], start: str) -> str:
    """Return the rest of the last line with this start; libraries may say more at the exit."""
    said = (line.removeprefix(start).strip() for line in reversed(errors) if line.startswith(start))
    return next(said, "")
