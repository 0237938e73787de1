"""The trials of a search for hyperparameters, one a line of ``trials.jsonl``.

::

    results/tuning/<dataset>/<row>[@<variant>]/trials.jsonl

A line is a trial's number, the record of its run, scored on validation only, and the line's own
hash. Numbers rise; the first, 0, is the row as its file has it.
"""

from dataclasses import dataclass
from pathlib import Path

from benchmark.records import record as records
from benchmark.records import store
from benchmark.records.record import Failed, Finished, Record
from preprocessing.errors import UserError
from preprocessing.storage import seal, unseal, write_atomically

from filelock import FileLock

NAME = "trials.jsonl"


@dataclass(frozen=True)
class Trial:
    """One try of a search.

    Attributes:
        number: which.
        record: of its run.
    """

    number: int
    record: Record

    @property
    def accuracy(self) -> float:
        """The accuracy on validation; 0 for a trial that failed, which nobody would choose."""
        return self.record.validation.accuracy if isinstance(self.record, Finished) else 0.0

    @property
    def seconds(self) -> float:
        """Wall seconds that it trained for, made once and kept included; 0 if it failed."""
        if isinstance(self.record, Failed):
            return 0.0
        seconds = self.record.seconds
        return seconds.training + sum(seconds.preprocessing.values())


def search_of(record: Record) -> tuple[str, int, int]:
    """Return what all trials of a search share: the reviews' hash, the protocol and the seed."""
    return record.corpus.hash, record.protocol, record.seed


def path_of(results: Path, dataset: str, row: str, variant: str = "") -> Path:
    """Return where the trials of a line of the leaderboard stand."""
    run = store.record_path(results, dataset, row, {}, 0, variant, tuning=True)
    return run.with_name(NAME)


def read(path: Path) -> list[Trial]:
    """Return the trials of a file, by number; none if there is no file.

    Raises:
        DamagedError: a line was changed.
    """
    if not path.exists():
        return []
    trials = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            content = unseal(line)
            trials.append(Trial(content["trial"], records.from_content(content["record"])))
        except (ValueError, KeyError) as error:
            raise records.damaged(path, f"line {number}: {error}") from None
    return sorted(trials, key=lambda trial: trial.number)


def add(path: Path, trial: Trial) -> None:
    """Write a trial into a file, in place of an earlier one of its number.

    Raises:
        UserError: the file has trials of another search by now.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.parent / ".lock"):
        others = [one for one in read(path) if one.number != trial.number]
        if any(search_of(one.record) != search_of(trial.record) for one in others):
            raise UserError(
                f"{path} has trials of another search by now, so trial {trial.number} was not kept"
            )
        ordered = sorted([*others, trial], key=lambda one: one.number)
        lines = [
            seal({"trial": one.number, "record": one.record.as_json()}, indent=None)
            for one in ordered
        ]
        write_atomically(path, "".join(lines))
