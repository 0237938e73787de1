"""What a search by random trials can be expected to find, by number of trials.

A row that was searched longer looks better for that reason alone. So rows are compared at equal
budgets: the best validation accuracy that k trials find on average (Dodge et al., 2019,
https://aclanthology.org/D19-1224), by the estimator of Tang et al. (2020,
https://aclanthology.org/2020.acl-main.246), which has no bias.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmark.analysis import tables
from benchmark.analysis.columns import joined
from benchmark.analysis.terminal import Column, TerminalTable
from benchmark.records import trials
from benchmark.records.record import Finished
from benchmark.records.trials import Trial
from benchmark.rows import catalogue

import numpy as np
import pandas as pd
from scipy.special import gammaln


@dataclass(frozen=True)
class Curve:
    """What a search of a line finds.

    Attributes:
        expected: the best validation accuracy of k trials on average, shape (trials,), for k from
            1 on.
        once: the seconds of what is made once for all trials, such as word vectors.
        seconds: that a trial takes on average besides.
        failed: how many of the trials that were drawn failed; they count, as 0.
        device: what computed the trials; several, as `columns.joined` has them, where they differ.
        machine: the same of the kind of machine.
        disturbed: whether other programs ran beside one, so that the seconds are too long.
        before: the accuracy of trial 0, with the settings before the search; None without it.
        best: the best trial.
    """

    expected: np.ndarray
    once: float
    seconds: float
    failed: int
    device: str
    machine: str
    disturbed: bool
    before: float | None
    best: Trial


def expected_best(values: np.ndarray) -> np.ndarray:
    """Return what the best of k values drawn without replacement is on average, for each k.

    With N values sorted so that v(1) is the best: E[best of k] = Σⱼ v(j)·C(N−j, k−1) / C(N, k),
    since the best is v(j) where the other k − 1 are among the N − j below it.

    Args:
        values: shape (N,), in any order.

    Returns:
        Shape (N,), for k from 1 (the mean) to N (the best).
    """
    ordered = np.sort(values)[::-1]
    number = len(ordered)
    below = number - np.arange(1, number + 1)
    curve = []
    for k in range(1, number + 1):
        able = below >= k - 1
        log_weights = _log_choose(below[able], k - 1) - _log_choose(np.array([number]), k)
        curve.append(float(ordered[able] @ np.exp(log_weights)))
    return np.array(curve)


def _log_choose(n: np.ndarray, k: int) -> np.ndarray:
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)


def curve_of(found: list[Trial]) -> Curve:
    """Return what trials say, some of which were drawn: trial 0 was not, and is in no estimate."""
    drawn = [trial for trial in found if trial.number > 0]
    good = [trial.record for trial in drawn if isinstance(trial.record, Finished)]
    made = [set(record.seconds.preprocessing.items()) for record in good]
    once = sum(seconds for _, seconds in set.intersection(*made)) if len(made) > 1 else 0.0
    all_seconds = [trial.seconds for trial in drawn if isinstance(trial.record, Finished)]
    return Curve(
        expected=expected_best(np.array([trial.accuracy for trial in drawn])),
        once=once,
        seconds=float(np.mean(all_seconds)) - once if all_seconds else 0.0,
        failed=len(drawn) - len(good),
        device=joined(record.device for record in good),
        machine=joined(record.environment.machine for record in good),
        disturbed=any(record.is_disturbed for record in good),
        before=next((trial.accuracy for trial in found if trial.number == 0), None),
        best=max(found, key=lambda trial: trial.accuracy),
    )


def read(results: Path, dataset: str) -> dict[str, Curve]:
    """Return the curve of each line that was searched, by its name, best first.

    Trials of another protocol, or of other reviews, than the newest trial's do not count.

    Raises:
        DamagedError: a trial was changed.
    """
    searched = {
        line.name: trials.read(trials.path_of(results, dataset, line.row, line.variant))
        for line in catalogue.lines().values()
    }
    records = [trial.record for found in searched.values() for trial in found]
    newest = max(records, key=lambda record: record.utc, default=None)
    current = newest and (newest.protocol, newest.corpus.hash)
    curves = {}
    for name, found in searched.items():
        own = [one for one in found if (one.record.protocol, one.record.corpus.hash) == current]
        if any(trial.number > 0 for trial in own):
            curves[name] = curve_of(own)
    return dict(sorted(curves.items(), key=lambda item: -item[1].expected[-1]))


def about_times(curves: Mapping[str, Curve]) -> str:
    """Say on what machine the trials ran, and whose seconds cannot be compared.

    Empty if all that were drawn failed.
    """
    lines = [
        {
            "model": name, "device": curve.device, "machine": curve.machine,
            "info": tables.DISTURBED if curve.disturbed else "",
        }
        for name, curve in curves.items()
        if curve.failed < len(curve.expected)
    ]  # fmt: skip
    return tables.about_times(pd.DataFrame(lines)) if lines else ""


def crossings(curves: Mapping[str, Curve]) -> list[tuple[str, str, int]]:
    """Return pairs of lines whose order depends on the number of trials.

    Returns:
        The line that is ahead with few trials, the one that is ahead with more, and from how many
        on.
    """
    found = []
    for (one, first), (other, second) in itertools.combinations(curves.items(), 2):
        number = min(len(first.expected), len(second.expected))
        ahead = np.sign(first.expected[:number] - second.expected[:number])
        for early, late, sign in ((one, other, -1), (other, one, 1)):
            if ahead[0] == -sign and ahead[-1] == sign:
                behind = np.flatnonzero(ahead != sign)
                found.append((early, late, int(behind[-1]) + 2))
    return found


def as_terminal(curves: Mapping[str, Curve], dataset: str, shown: tuple[int, ...]) -> TerminalTable:
    """Return the curves as a table for a terminal.

    Args:
        curves: by the lines' names.
        dataset: the corpus's name.
        shown: numbers of trials to show the expectation of.
    """
    columns = [Column("model", is_name=True), Column("before", gives_way=5)]
    columns += [Column(f"best of {k}", gives_way=6 if k not in (shown[0], shown[-1]) else 0)
                for k in shown]  # fmt: skip
    columns += [Column("best", gives_way=4), Column("trials", gives_way=3),
                Column("failed", gives_way=1), Column("once, s", gives_way=2),
                Column("a trial, s", gives_way=2)]  # fmt: skip
    table = TerminalTable(f"{dataset}, validation accuracy, %", columns)
    for name, curve in curves.items():
        cells = [
            f"{100 * curve.expected[number - 1]:.2f}" if number <= len(curve.expected) else "–"
            for number in shown
        ]
        before = "–" if curve.before is None else f"{100 * curve.before:.2f}"
        table.add_row(
            name, before, *cells, f"{100 * curve.best.accuracy:.2f}",
            str(len(curve.expected)), str(curve.failed),
            f"{curve.once:,.0f}", f"{curve.seconds:,.0f}",
        )  # fmt: skip
    return table
