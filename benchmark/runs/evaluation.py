"""Asking trained models about evaluation sets: at the end of a run, and kept ones later."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.records import metrics, store
from benchmark.records.record import Finished
from benchmark.records.store import Answered, SetPredictions
from benchmark.rows.catalogue import with_labels
from benchmark.rows.contract import Fitted, OnEvent
from benchmark.runs import kept_models
from preprocessing.corpus import Reviews
from preprocessing.errors import UserError
from preprocessing.evaluation_sets import EvaluationSet
from preprocessing.program import is_machine_trouble
from preprocessing.wording import one_line


@dataclass(frozen=True)
class Outcome:
    """What came of asking all kept models of a data set; runs by their names.

    Attributes:
        answered: runs whose model was asked.
        had: runs that had answered all before.
        not_kept: runs of which no model is kept.
        refused: why a kept model could not be asked.
    """

    answered: list[str] = field(default_factory=list)
    had: list[str] = field(default_factory=list)
    not_kept: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def lacking(record: Finished, sets: Sequence[EvaluationSet]) -> list[EvaluationSet]:
    """Return the sets that a run was not evaluated on, or only in another version."""
    return [
        one
        for one in sets
        if one.name not in record.evaluations or record.evaluations[one.name].hash != one.hash
    ]


def ask_kept(
    results: Path,
    dataset: str,
    cache: Path,
    sets: Sequence[EvaluationSet],
    on_event: OnEvent,
) -> Outcome:
    """Ask the kept models what their records lack, and add the answers to the records.

    Nothing is trained. Runs with fewer labels are asked, too.

    Args:
        results: the results folder.
        dataset: the corpus's name.
        cache: where models are kept.
        sets: what to ask.
        on_event: is told of progress.
    """
    outcome = Outcome()
    for path, record in store.read_with_labels(results, dataset).items():
        if not isinstance(record, Finished) or record.predictions is None:
            continue
        name = f"{with_labels(record.line, record.labels)}, seed {record.seed}"
        missing = lacking(record, sets)
        if not missing:
            outcome.had.append(name)
            continue
        on_event({"event": "step", "text": name})
        try:
            model = kept_models.find(kept_models.folder_of(cache, results, path), record)
        except UserError as error:
            outcome.refused[name] = str(error)
            continue
        if model is None:
            outcome.not_kept.append(name)
            continue
        try:
            answers = ask(model.fitted, missing, model.vocabulary)
        except Exception as error:  # such as that of another version of a library
            if is_machine_trouble(error):
                raise
            said = f"{type(error).__name__}: {one_line(error)[:300]}"
            outcome.refused[name] = f"it cannot predict ({said})"
            continue
        if store.add_evaluations(path, record, answers) is None:
            outcome.refused[name] = "its record was replaced in the meantime"
            continue
        outcome.answered.append(name)
    return outcome


def ask(
    fitted: Fitted,
    sets: Sequence[EvaluationSet],
    vocabulary: Sequence[str],
    on_event: OnEvent = lambda event: None,
) -> dict[str, Answered]:
    """Return what a model answers to evaluation sets, each asked once.

    Args:
        fitted: the trained model.
        sets: the texts.
        vocabulary: the word of each id that the model was trained on.
        on_event: is told of progress.
    """
    answered = {}
    for one in sets:
        on_event({"event": "step", "text": f"predicting {one.name}"})
        reviews = Reviews.of(one.texts, vocabulary)
        start = time.perf_counter()
        logits = metrics.logits_to_keep(fitted.predict(reviews))
        seconds = time.perf_counter() - start
        answered[one.name] = Answered(
            one.hash, seconds, SetPredictions(logits, one.labels, one.pairs, one.edited)
        )
    return answered
