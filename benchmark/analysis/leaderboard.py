"""The leaderboard, derived from the records: the same records give the same bytes."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.analysis import columns, evaluations, label_curves, short_table, statistics, tables
from benchmark.analysis.evaluations import Asked
from benchmark.records import PROTOCOL_SEEDS, predictions, store
from benchmark.records.predictions import Predictions
from benchmark.records.record import Failed, Finished, Record
from benchmark.rows import catalogue
from benchmark.rows.training_data import WORD_VECTORS
from preprocessing.corpus import is_synthetic
from preprocessing.errors import UserError
from preprocessing.program import ROOT
from preprocessing.storage import write_atomically

import numpy as np
import pandas as pd

LEARNED = 0.1
"""Share of guessing's errors that a network must avoid to count as having learned something."""

SLOWLY = 1.5
"""How many times as long as at best something may take to make."""

OF_ONE_SPEED = 1.5
"""How many times as fast or slow as usual a machine of a kind may multiply matrices."""

UNLIKE, NOT_RUN = "different protocol or corpus", "no run yet"
"""Why a line is missing."""


@dataclass(frozen=True)
class Evaluation:
    """The leaderboard and what it was computed from.

    Attributes:
        table: one line for each row and variant that the catalogue finds and that needs no public
            weights or has a record, with the columns of `columns.ALL`, and behind them those of
            further evaluation sets.
        predictions: those of each ranked row, the most accurate first.
        pairs: the ranked rows compared with each other, in the same order; None if there are none.
        unreached: lines that need public weights and have no record.
        asked: what each ranked row answered to evaluation sets, by row and set; to each set in one
            version, that of the newest run.
    """

    table: pd.DataFrame
    predictions: dict[str, Predictions]
    pairs: statistics.Pairs | None
    unreached: tuple[str, ...] = ()
    asked: dict[str, dict[str, Asked]] = field(default_factory=dict)

    @property
    def sets(self) -> dict[str, bool]:
        """Whether each set that some row answered consists of pairs; the published ones first."""
        found = {name: one for own in self.asked.values() for name, one in own.items()}
        order = [*columns.SETS, *sorted(set(found).difference(columns.SETS))]
        return {name: found[name].is_paired for name in order if name in found}


@dataclass(frozen=True)
class Summary:
    """What the runs of one row come to.

    Attributes:
        cells: the line's values, by column.
        predictions: for the test reviews; None if the row cannot be ranked.
        asked: what the runs answered to evaluation sets, by name.
    """

    cells: dict[str, Any]
    predictions: Predictions | None = None
    asked: dict[str, Asked] = field(default_factory=dict)


def build(results: Path, dataset: str) -> pd.DataFrame:
    """Return the leaderboard's table; see `evaluate`."""
    return evaluate(results, dataset).table


def evaluate(results: Path, dataset: str) -> Evaluation:
    """Compute the leaderboard from the records.

    Only rows of status ``ok`` that share protocol and corpus with the newest record are ranked, as
    `statistics.Pairs.ranks` says: one plus the number of rows that are significantly better. Rows
    of one rank stand by their accuracy.

    Args:
        results: the results folder.
        dataset: the corpus's name.

    Raises:
        UserError: a record is damaged, or models predict other test reviews than others.
    """
    known = catalogue.lines()
    runs = store.read_runs(results, dataset)
    runs = {path: record for path, record in runs.items() if record.line in known}
    current = newest(runs)
    planned = catalogue.each_once(known) if is_synthetic(dataset) else known
    runs_of: dict[str, dict[Path, Record]] = {name: {} for name in known}
    for path, record in runs.items():
        runs_of[record.line][path] = record
    unreached = tuple(name for name, own in runs_of.items() if not own and known[name].weights)
    runs_of = {
        name: own
        for name, own in runs_of.items()
        if own or (name in planned and name not in unreached)
    }
    versions = versions_of(runs, current)
    lines = []
    found: dict[str, Predictions] = {}
    asked: dict[str, dict[str, Asked]] = {}
    for name, own in runs_of.items():
        summary = line_of(own, current, versions)
        lines.append({"model": name} | summary.cells)
        if summary.predictions is not None:
            found[name], asked[name] = summary.predictions, summary.asked
            first = next(iter(found.values()))
            predictions.check_same_reviews(first.labels, found[name].labels, f"{name} in {results}")
    speeds = of_another_speed(found)
    for line in lines:
        if line["model"] in speeds:
            line["machine"] += speeds[line["model"]]
    slow = made_slowly(found, speeds)
    for line in lines:
        if line["model"] in slow and tables.DISTURBED not in line["info"]:
            line["info"] = "; ".join(filter(None, (line["info"], tables.DISTURBED)))
    paired = {name: one.is_paired for own in asked.values() for name, one in own.items()}
    further = [column.name for column in columns.of_further_sets(paired)]
    table = pd.DataFrame(lines, columns=[*columns.NAMES, *further])
    found = dict(sorted(found.items(), key=lambda item: -item[1].correct.mean()))
    pairs = statistics.compare([row.correct for row in found.values()]) if found else None
    if pairs:
        names = np.array(list(found))
        ties = ["; ".join(names[tied]) for tied in pairs.tied]
        table["rank"] = table["model"].map(dict(zip(names, pairs.ranks, strict=True)))
        table["tied_with"] = table["model"].map(dict(zip(names, ties, strict=True)))
    order = {"ok": 0, "failed": 1, "missing": 2}
    table = table.sort_values(
        ["status", "rank", "accuracy_mean", "model"],
        ascending=[True, True, False, True],
        key=lambda column: column.map(order) if column.name == "status" else column,
        ignore_index=True,
    )
    for column in columns.ALL:
        if column.is_integer:
            table[column.name] = table[column.name].astype("Int64")
    asked = {name: asked[name] for name in found}
    return Evaluation(table, found, pairs, unreached, asked)


def by_labels(results: Path, dataset: str) -> pd.DataFrame:
    """Return accuracy by model and number of labels, of the runs that the leaderboard ranks.

    See `label_curves.build`. Without such runs those count that share protocol and corpus with the
    newest run with fewer labels.

    Args:
        results: the results folder.
        dataset: the corpus's name.
    """
    known, current = catalogue.lines(), None
    for read in (store.read_runs, store.read_with_labels):
        runs = read(results, dataset)
        own = {path: record for path, record in runs.items() if record.line in known}
        if (current := newest(own)) is not None:
            break
    if current is None:
        return pd.DataFrame(columns=label_curves.COLUMNS)
    return label_curves.build(results, dataset, current)


def made_slowly(found: Mapping[str, Predictions], speeds: Mapping[str, str]) -> set[str]:
    """Return the lines for which something was made once in much more time than for others.

    It was the same work on the same kind of machine, so other programs were running then. What
    other names stand for, such as pretraining, differs between lines.

    Args:
        found: the finished runs, by line.
        speeds: what `of_another_speed` says of them.
    """
    made = [
        (name, (record.environment.machine + speeds.get(name, ""), *_work(record, step)), seconds)
        for name, line in found.items()
        for record in line.records
        for step, seconds in record.seconds.preprocessing.items()
        if step in WORD_VECTORS or step.startswith("language model")
    ]
    least: dict[tuple[str, ...], float] = {}
    for _, what, seconds in made:
        least[what] = min(seconds, least.get(what, seconds))
    return {name for name, what, seconds in made if seconds > SLOWLY * least[what]}


def of_another_speed(found: Mapping[str, Predictions]) -> dict[str, str]:
    """Return the lines whose machine was far faster or slower than others that look the same.

    What an operating system tells of two machines can be the same though one multiplies matrices at
    twice the rate, and other users of its hardware can slow one down. Only rates of one library are
    compared.

    Args:
        found: the finished runs, by line.

    Returns:
        What to add to their machine, by line.
    """
    rates: dict[tuple[str, str, str], dict[str, float]] = {}
    for name, line in found.items():
        for kind, rate in _best_rates(line).items():
            rates.setdefault(kind, {})[name] = rate
    said = {}
    for own in rates.values():
        usual = float(np.median(list(own.values())))
        for name, rate in own.items():
            if rate > OF_ONE_SPEED * usual:
                said[name] = f", matrix products over {OF_ONE_SPEED:g} times as fast as usual"
            elif rate < usual / OF_ONE_SPEED:
                said[name] = f", matrix products over {OF_ONE_SPEED:g} times as slow as usual"
    return said


def of_one_speed(one: Predictions, other: Predictions) -> bool:
    """Tell whether two models ran on equally fast machines, as far as their rates are known.

    As `of_another_speed`, for models of which not both are in the table.
    """
    rates = [_best_rates(side) for side in (one, other)]
    return all(
        1 / OF_ONE_SPEED <= rates[0][kind] / rates[1][kind] <= OF_ONE_SPEED
        for kind in rates[0].keys() & rates[1].keys()
    )


def _best_rates(line: Predictions) -> dict[tuple[str, str, str], float]:
    """Return the best rate of matrix products among a line's runs.

    What disturbs a measurement makes it lower.

    Returns:
        GFLOP/s, by device, machine and library.
    """
    rates: dict[tuple[str, str, str], float] = {}
    for record in line.records:
        if products := record.matrix_products:
            kind = record.device, record.environment.machine, products.library
            rates[kind] = max(products.float32, rates.get(kind, 0.0))
    return rates


def _work(record: Finished, step: str) -> tuple[str, ...]:
    """Return what two runs have in common where a step was the same work for both."""
    options = record.hyperparameters or {}
    if step in WORD_VECTORS:
        return step, str(options.get("vectors"))
    of_the_model = {
        name: value for name, value in options.items()
        if name.startswith("lm_") or name in ("pretrain", "known_words")
    }  # fmt: skip
    return step, *record.backend, _as_json(of_the_model)


def newest(runs: Mapping[Path, Record]) -> tuple[int, str] | None:
    """Return protocol and corpus hash of the newest finished run."""
    finished = [record for record in runs.values() if isinstance(record, Finished)]
    if not finished:
        return None
    last = max(finished, key=lambda record: record.utc)
    return last.protocol, last.corpus.hash


def versions_of(runs: Mapping[Path, Record], current: tuple[int, str] | None) -> dict[str, str]:
    """Return the version of each evaluation set that counts: the newest run's.

    Args:
        runs: the records, by path.
        current: protocol and corpus hash; runs of others do not count.
    """
    return evaluations.current_versions(_good(runs, current))


def _good(runs: Mapping[Path, Record], current: tuple[int, str] | None) -> dict[Path, Finished]:
    return {
        path: record
        for path, record in runs.items()
        if isinstance(record, Finished) and (record.protocol, record.corpus.hash) == current
    }


def line_of(
    runs: Mapping[Path, Record], current: tuple[int, str] | None, versions: Mapping[str, str]
) -> Summary:
    """Sum up the runs of one row.

    Args:
        runs: the records of the row, by path.
        current: protocol and corpus hash; runs of others do not count. None if no run finished.
        versions: the hash of each evaluation set that counts.
    """
    good = _good(runs, current)
    failed = [
        record for record in runs.values()
        if isinstance(record, Failed)
        and current in (None, (record.protocol, record.corpus.hash))
    ]  # fmt: skip
    if len({_as_json(record.hyperparameters) for record in good.values()}) > 1:
        info = "its seeds differ in hyperparameters"
        return Summary({"status": "failed", "seeds": 0, "info": info})
    if not good:
        info = failed[0].reason if failed else UNLIKE if runs else NOT_RUN
        family = next((record.family for record in runs.values()), None)
        status = "failed" if failed else "missing"
        return Summary({"status": status, "seeds": 0, "family": family, "info": info})

    found = predictions.read(good)
    asked, said = evaluations.read_all(good, versions)
    notes = []
    if len(good) < PROTOCOL_SEEDS:
        notes.append(f"{len(good)} of {PROTOCOL_SEEDS} seeds")
    notes += [f"seed {record.seed} failed: {record.reason}" for record in failed]
    notes += [f"seed {record.seed} stayed at chance" for record in good.values()
              if _stayed_at_chance(record, found.guessing)]  # fmt: skip
    if any(record.is_disturbed for record in good.values()):
        notes.append(tables.DISTURBED)
    notes += said
    known = {"family": found.records[0].family, "status": "ok", "info": "; ".join(notes)}
    return Summary(columns.values(found, asked) | known, found, asked)


def _stayed_at_chance(record: Finished, guessing: float) -> bool:
    """Tell whether no epoch brought a network further on validation than guessing."""
    reached = [epoch.validation_accuracy for epoch in record.history]
    return bool(reached) and max(reached) < guessing + LEARNED * (1 - guessing)


def _as_json(options: dict[str, Any] | None) -> str:
    return json.dumps(options, sort_keys=True)


def folder_of(results: Path, dataset: str) -> Path:
    """Return where a data set's leaderboard stands: the real one's at the top."""
    return results if dataset == "imdb" else results / dataset


def readme_of(results: Path, document: str = "README.md") -> Path | None:
    """Return the document that shows what is in a results folder; None for any other folder."""
    return ROOT / document if results.resolve() == ROOT / "results" else None


def of_one_machine(one: pd.Series, other: pd.Series) -> bool:
    """Tell whether two lines were trained undisturbed on one kind of machine, so times compare."""
    for line in (one, other):
        if not tables.has_comparable_times(line) or tables.is_disturbed(line):
            return False
    return all(one[name] == other[name] or (pd.isna(one[name]) and pd.isna(other[name]))
               for name in ("device", "machine"))  # fmt: skip


@contextmanager
def written_if_stopped(results: Path, dataset: str) -> Iterator[None]:
    """Write the leaderboard with what is finished if what runs within is stopped, as by Ctrl-C."""
    try:
        yield
    except BaseException:
        with suppress(UserError, OSError):  # the first error is the one to report
            write(results, dataset)
        raise


def write(results: Path, dataset: str) -> Evaluation:
    """Write ``leaderboard.csv`` and ``leaderboard.md`` of the records, and return what is in them.

    Where there are runs with fewer labels, ``label_curves.csv`` is written, too. The committed
    results on imdb also go into the README's short table.

    Args:
        results: the results folder.
        dataset: the corpus's name.

    Raises:
        UserError: a record is damaged, or models predict other test reviews than others.
    """
    evaluation = evaluate(results, dataset)
    table = evaluation.table
    folder = folder_of(results, dataset)
    write_atomically(folder / "leaderboard.csv", tables.as_csv(table))
    markdown = tables.as_markdown(table, dataset, evaluation.unreached)
    write_atomically(
        folder / "leaderboard.md", f"# Leaderboard: {tables.escaped(dataset)}\n\n{markdown}"
    )
    curves = by_labels(results, dataset)
    if len(curves):
        label_curves.write(curves, folder)
    readme = readme_of(results)
    if readme is not None and dataset == "imdb":
        text = readme.read_text(encoding="utf-8")
        write_atomically(readme, tables.inserted(text, short_table.as_markdown(table, curves)))
    return evaluation
