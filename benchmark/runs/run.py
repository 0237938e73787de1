"""One run: a row, a seed, a corpus; learn, predict, score, record."""

import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmark.records import environment, metrics, store
from benchmark.rows import hardware, saved
from benchmark.rows.contract import Fitted, OnEvent, Row
from benchmark.rows.hyperparameters import changed, plain
from benchmark.rows.training_data import TrainingData
from preprocessing.corpus import Corpus, withholding_test
from preprocessing.errors import UserError
from preprocessing.storage import verify


def run(
    name: str,
    row: Row,
    options: Any,
    seed: int,
    corpus: Corpus,
    results: Path,
    on_event: OnEvent,
    variant: str = "",
    command: str = "",
    validation_only: bool = False,
    save_to: Path | None = None,
) -> dict:
    """Make one run and write its record, also when the row fails.

    Args:
        name: the row's name.
        row: the row.
        options: an instance of its hyperparameters.
        seed: fixes all chance in the run.
        corpus: the reviews.
        results: the results folder.
        on_event: is told of progress.
        variant: the variant that the hyperparameters are of, or start from.
        command: what a user types to make this run again.
        validation_only: leave the test reviews alone; for making choices.
        save_to: the folder to keep the trained model in, if it is to be kept.

    Returns:
        The record.
    """
    further = changed(options, row.options_of(variant))
    path = store.record_path(
        results, corpus.name, name, further, seed, variant=variant, tuning=validation_only
    )
    record = {
        "status": "ok",
        "model": name,
        **({"variant": variant} if variant else {}),
        "family": row.family,
        "seed": seed,
        "protocol": store.PROTOCOL,
        "corpus": {"name": corpus.name, "hash": corpus.hash},
        "hyperparameters": plain(options),
        "changed": further,
        "command": command,
        "environment": environment.describe(),
    }
    verify(corpus.folder)
    on_event({"event": "start", "record": str(path), **record})
    try:
        fitted, measured = _learn(row, options, TrainingData.of(corpus, seed), on_event)
        record |= measured
        on_event({"event": "step", "text": "predicting"})
        validation = corpus.reviews("validation")
        record["validation"] = metrics.scores(
            metrics.logits_to_keep(fitted.predict(validation)), validation.labels
        )
        predictions = () if validation_only else _test(fitted, corpus, record)
    except Exception as error:
        if not isinstance(error, UserError):
            traceback.print_exc()
        record |= {"status": "failed", "reason": _reason(error)}
        predictions = ()
    record["utc"] = _now()
    record["peak_memory_mb"] = environment.peak_memory_mb()
    store.write(path, record, *predictions)
    if save_to is not None and record["status"] == "ok":
        saved.save(save_to, fitted, corpus, record)
        on_event({"event": "step", "text": f"saved to {save_to}"})
    on_event({"event": "end", "record": str(path)})
    return record


def _learn(row: Row, options: Any, data: TrainingData, on_event: OnEvent) -> tuple[Fitted, dict]:
    """Fit the row; return it and what was measured meanwhile."""
    start = time.perf_counter()
    with withholding_test():
        fitted = row.fit(options, data, on_event)
    seconds = time.perf_counter() - start - data.clock.cache_seconds
    passes = max(1, len(fitted.history))
    machine = hardware.gpus()[:1] if fitted.on_gpu else []
    return fitted, {
        "outside_data": fitted.outside_data,
        "weights": fitted.weights,
        "parameters": fitted.parameters,
        "precision": fitted.precision,
        "backend": row.versions(),
        "device": machine[0] if machine else hardware.processor(),
        "history": fitted.history,
        "seconds": {
            "preprocessing": data.clock.seconds,
            "training": seconds,
            "compilation": fitted.seconds_compiling,
        },
        "reviews_per_second": {"training": passes * len(data.train) / seconds},
    }


def _test(fitted: Fitted, corpus: Corpus, record: dict) -> tuple:
    """Predict the test reviews, once; add their scores to the record."""
    reviews = corpus.reviews("test")
    fitted.make_ready(reviews)
    start = time.perf_counter()
    probabilities = fitted.predict(reviews)
    record["seconds"]["prediction"] = time.perf_counter() - start
    record["reviews_per_second"]["prediction"] = len(reviews) / record["seconds"]["prediction"]
    logits = metrics.logits_to_keep(probabilities)
    labels = corpus.column("labels", "test")
    fresh = ~corpus.column("also_in_train", "test")
    record["scores"] = metrics.scores(logits, labels)
    record["scores"]["accuracy_deduplicated"] = metrics.scores(logits[fresh], labels[fresh])[
        "accuracy"
    ]
    return logits, labels


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return (text if isinstance(error, UserError) else f"{type(error).__name__}: {text}")[:500]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
