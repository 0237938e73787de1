"""Searching hyperparameters by chance, on validation alone, with the same budget for every row.

Random search (Bergstra & Bengio, 2012, https://www.jmlr.org/papers/v13/bergstra12a.html): every
trial is drawn without a look at the others, which is what the estimate of
`benchmark.analysis.budget` rests on.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmark.records import store, trials
from benchmark.records.record import PROTOCOL, Record
from benchmark.records.trials import Trial
from benchmark.rows import catalogue
from benchmark.rows.catalogue import Line
from benchmark.rows.hyperparameters import (
    Choice,
    LogUniform,
    Search,
    changed,
    plain,
    search_space,
)
from benchmark.runs.child import Run, Settings, make
from preprocessing.corpus import Corpus
from preprocessing.errors import UserError

import numpy as np
from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from benchmark.runs.cluster.driver import Cluster

_DIGITS = 3
"""Of a number that is drawn: more say nothing, and nobody can type them."""


def tune(
    line: Line,
    count: int,
    seed: int,
    corpus: Corpus,
    settings: Settings,
    on_trial: Callable[[Trial], None],
    cluster: "Cluster | None" = None,
) -> list[Trial]:
    """Make the trials of a line that are missing, each in a process of its own; return all.

    Several processes may do it at once: each takes the next trial that nobody has begun. One that
    is killed leaves its trial to others.

    Args:
        line: the row, or variant, whose settings are trial 0 and whose others are searched.
        count: trials in all.
        seed: fixes what is drawn, and all chance in the trials.
        corpus: the reviews that `settings.data` names.
        settings: where reviews and results are.
        on_trial: is told of each trial when it ends.
        cluster: where the trials are made, many at once; None for this machine.

    Raises:
        UserError: Optuna is missing, nothing is searched in this row, or its trials are of other
            reviews, seeds or ranges.
    """
    if find_spec("optuna") is None:
        raise UserError(
            "tune needs Optuna; pip install -r requirements/tune.txt -c constraints.txt"
        )
    row = catalogue.load(line.row)
    base = row.options_of(line.variant)
    space = search_space(row.hyperparameters)
    if not space:
        raise UserError(f"{line.row} has no hyperparameters to search")
    path = trials.path_of(settings.results, corpus.name, line.row, line.variant)
    for trial in read(path, corpus, seed):  # trial 0 may have an older default, which has changed
        today = plain(replace(base, **drawn(space, seed, trial.number)))
        if trial.number > 0 and trial.record.hyperparameters != today:
            raise UserError(
                f"{path}: trial {trial.number} differs from what would be drawn now; move the file "
                f"away to search anew"
            )
    path.parent.mkdir(parents=True, exist_ok=True)

    def run_of(number: int, results: Path) -> Run:
        options = replace(base, **drawn(space, seed, number))
        further = changed(options, base)
        record = store.record_path(
            results, corpus.name, line.row, further, seed, line.variant, tuning=True
        )
        return Run(
            line, seed, record, row.family, plain(options), changed=further, validation_only=True
        )

    def is_missing(number: int, locks: ExitStack) -> bool:
        try:
            locks.enter_context(FileLock(path.parent / f".trial-{number}.lock", timeout=0))
        except Timeout:  # another process is at it
            return False
        return number not in {trial.number for trial in read(path, corpus, seed)}

    if cluster is not None:
        with TemporaryDirectory() as folder, ExitStack() as locks:
            own = replace(settings, results=Path(folder))
            numbers: dict[Run, list[int]] = {}
            for number in range(count):
                if is_missing(number, locks):  # two may be drawn alike
                    numbers.setdefault(run_of(number, own.results), []).append(number)

            from benchmark.runs.cluster.driver import make_all  # imports Ray

            make_all(list(numbers), own, corpus, cluster, _Keeper(path, numbers, on_trial))
        return read(path, corpus, seed)
    for number in range(count):
        with TemporaryDirectory() as folder, ExitStack() as locks:
            if not is_missing(number, locks):
                continue
            own = replace(settings, results=Path(folder))
            record = make(run_of(number, own.results), own, corpus, lambda event: None, set())
            trial = Trial(number, record)
            trials.add(path, trial)
        on_trial(trial)
    return read(path, corpus, seed)


class _Keeper:
    """Keeps the trials that a cluster makes; of what else happens there it says nothing."""

    def __init__(
        self, path: Path, numbers: dict[Run, list[int]], on_trial: Callable[[Trial], None]
    ):
        self.path, self.numbers, self.on_trial = path, numbers, on_trial

    def started(self, run: Run, node: str) -> None:
        return

    def on_node(self, node: str, doing: str) -> None:
        return

    def tell(self, run: Run, event: dict[str, Any]) -> None:
        return

    def ended(self, run: Run, record: Record) -> None:
        for number in self.numbers[run]:
            trial = Trial(number, record)
            trials.add(self.path, trial)
            self.on_trial(trial)


def read(path: Path, corpus: Corpus, seed: int) -> list[Trial]:
    """Return the trials of a file, having checked what they are of.

    Raises:
        UserError: they are of other reviews, of another protocol or of another seed.
    """
    found = trials.read(path)
    for trial in found:
        record = trial.record
        if trials.search_of(record) != (corpus.hash, PROTOCOL, seed):
            raise UserError(
                f"{path} holds trials of corpus {record.corpus.hash}, protocol {record.protocol}, "
                f"seed {record.seed}, and not of {corpus.hash}, {PROTOCOL}, {seed}; move it away"
            )
    return found


def drawn(space: dict[str, Search], seed: int, number: int) -> dict[str, Any]:
    """Return the hyperparameters of a trial; none for trial 0, which is the row as it is.

    Args:
        space: what to draw from.
        seed: of the search.
        number: of the trial; each has draws of its own, so that they may be made in any order.
    """
    if number == 0:
        return {}
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    own_seed = int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=own_seed))
    trial = study.ask()
    chosen: dict[str, Any] = {}
    for name, search in space.items():
        if isinstance(search, Choice):
            index = trial.suggest_int(name, 0, len(search.values) - 1)
            chosen[name] = search.values[index]
            continue
        is_log = isinstance(search, LogUniform)
        value = trial.suggest_float(name, search.low, search.high, log=is_log)
        rounded = float(f"{value:.{_DIGITS}g}")
        chosen[name] = round(rounded) if isinstance(search.low, int) else rounded
    return chosen
