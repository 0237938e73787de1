"""Asking a trained model about evaluation sets."""

import time
from collections.abc import Sequence

from benchmark.records import metrics
from benchmark.records.store import Answered, SetPredictions
from benchmark.rows.contract import Fitted, OnEvent
from preprocessing.corpus import Reviews
from preprocessing.evaluation_sets import EvaluationSet


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
