"""What models answered to an evaluation set: accuracy, pairs with both right, what an edit costs.

Of a set of pairs, accuracy is that on the edited texts: the originals are reviews like the official
test reviews, and the question is what an edit does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmark.records import metrics, store
from benchmark.records.record import Finished
from preprocessing.errors import UserError

import numpy as np


@dataclass(frozen=True)
class Asked:
    """What the runs of one line of the leaderboard answered to one evaluation set.

    Attributes:
        hash: of the set.
        logits: log-odds of "positive", shape (seeds, texts), float16.
        labels: 1 positive, 0 negative, shape (texts,), int8.
        pairs: the number of each text's pair, shape (texts,), int32; -1 without.
        edited: whether the text is the edited one of its pair, shape (texts,), bool.
    """

    hash: str
    logits: np.ndarray
    labels: np.ndarray
    pairs: np.ndarray
    edited: np.ndarray

    @property
    def is_paired(self) -> bool:
        """Whether every text has its counterpart."""
        return bool(len(self.pairs)) and bool((self.pairs >= 0).all())

    @cached_property
    def correct(self) -> np.ndarray:
        """Whether each text is answered rightly, shape (seeds, texts), bool."""
        return (self.logits >= 0) == self.labels

    @cached_property
    def original_right(self) -> np.ndarray:
        """Whether the original of each pair is answered rightly, shape (seeds, pairs), bool."""
        return self.correct[:, self.rows_of(edited=False)]

    @cached_property
    def edited_right(self) -> np.ndarray:
        """Whether the edit of each pair is answered rightly, shape (seeds, pairs), bool."""
        return self.correct[:, self.rows_of(edited=True)]

    @property
    def both_right(self) -> np.ndarray:
        """Whether both texts of each pair are answered rightly, shape (seeds, pairs), bool."""
        return self.original_right & self.edited_right

    @property
    def scored(self) -> np.ndarray:
        """What accuracy is the mean of: the edits of pairs, else all texts; bool."""
        return self.edited_right if self.is_paired else self.correct

    @property
    def drop(self) -> float:
        """What an edit costs: mean accuracy on the originals of pairs minus that on the edits."""
        return float(self.original_right.mean() - self.edited_right.mean())

    @cached_property
    def accuracy_interval(self) -> tuple[float, float]:
        """The 95 % bootstrap interval of the mean of `scored`, over pairs or texts."""
        return metrics.bootstrap_interval(self.scored)

    @cached_property
    def both_interval(self) -> tuple[float, float]:
        """The 95 % bootstrap interval of the mean of `both_right`, over pairs."""
        return metrics.bootstrap_interval(self.both_right)

    def rows_of(self, edited: bool) -> np.ndarray:
        """Return the place of each pair's edit or original, pairs in ascending order."""
        rows = np.flatnonzero(self.edited == edited)
        return rows[np.argsort(self.pairs[rows], kind="stable")]


def read_all(
    runs: Mapping[Path, Finished], versions: Mapping[str, str]
) -> tuple[dict[str, Asked], list[str]]:
    """Return what the runs of one line answered, by set, and notes on what is missing.

    Args:
        runs: the finished runs, by path.
        versions: the hash of each set that counts.

    Returns:
        The answers to the sets in these versions; and a note for each set that only some runs
        answered, or that they answered in another version.

    Raises:
        UserError: predictions are missing or damaged.
    """
    found, notes = {}, []
    for name, of_hash in versions.items():
        own = [r.evaluations[name].hash for r in runs.values() if name in r.evaluations]
        asked = read(runs, name, of_hash)
        if asked is not None:
            found[name] = asked
            if len(asked.logits) < len(runs):
                notes.append(f"{name}: only {len(asked.logits)} of {len(runs)} seeds")
        elif own:
            notes.append(f"{name}: of another version")
    return found, notes


def current_versions(runs: Mapping[Path, Finished]) -> dict[str, str]:
    """Return the version of every set that was asked last, by the set's name."""
    asked = [
        (one.utc or record.utc, name, one.hash)
        for record in runs.values()
        for name, one in record.evaluations.items()
    ]
    versions = {name: of_hash for _, name, of_hash in sorted(asked)}
    return dict(sorted(versions.items()))


def read(runs: Mapping[Path, Finished], name: str, of_hash: str) -> Asked | None:
    """Return what the runs of one line answered to one version of a set.

    Args:
        runs: the finished runs, by path.
        name: of the set.
        of_hash: the version; runs that were asked another one, or none, do not count.

    Returns:
        The answers, or None if no run was asked.

    Raises:
        UserError: predictions are missing or damaged.
    """
    found = {
        path: store.read_evaluation(path, record, name)
        for path, record in runs.items()
        if name in record.evaluations and record.evaluations[name].hash == of_hash
    }
    if not found:
        return None
    first = next(iter(found.values()))
    for path, own in found.items():
        if not np.array_equal(first.labels, own.labels):
            raise UserError(f"{path} answers other texts of {name}; evaluate its model again")
    logits = np.stack([own.logits for own in found.values()])
    return Asked(of_hash, logits, first.labels, first.pairs, first.edited)
