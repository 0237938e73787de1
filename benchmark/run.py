"""One run: a row, a seed, a corpus; learn, predict, score, record."""

import dataclasses
import json
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmark import environment, metrics, records, saved
from benchmark.experiment import Fitted, Report, Row, TrainingData
from preprocessing.corpus import Corpus
from preprocessing.errors import UserError
from preprocessing.folders import verify


def plain(options: Any) -> dict[str, Any]:
    """Return hyperparameters as JSON holds them."""
    return json.loads(json.dumps(dataclasses.asdict(options)))


def changed(options: Any) -> dict[str, Any]:
    """Return the hyperparameters that differ from their defaults."""
    defaults = plain(type(options)())
    return {name: value for name, value in plain(options).items() if value != defaults[name]}


def run(
    name: str,
    row: Row,
    options: Any,
    seed: int,
    corpus: Corpus,
    results: Path,
    report: Report,
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
        report: is told of progress.
        command: what a user types to make this run again.
        validation_only: leave the test reviews alone; for making choices.
        save_to: the folder to keep the trained model in, if it is to be kept.

    Returns:
        The record.
    """
    variant = row.variant(options)
    further = {k: v for k, v in changed(options).items() if k not in row.variant_options}
    path = records.record_path(
        results, corpus.name, name, further, seed, variant=variant, tuning=validation_only
    )
    record = {
        "status": "ok",
        "model": name,
        **({"variant": variant} if variant else {}),
        "family": row.family,
        "seed": seed,
        "protocol": records.PROTOCOL,
        "corpus": {"name": corpus.name, "hash": corpus.hash},
        "hyperparameters": plain(options),
        "changed": changed(options),
        "command": command,
        "environment": environment.describe(),
    }
    verify(corpus.folder)
    report({"event": "start", "record": str(path), **record})
    try:
        fitted, measured = _learn(row, options, TrainingData.of(corpus, seed), report)
        record |= measured
        report({"event": "step", "text": "predicting"})
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
    records.write(path, record, *predictions)
    if save_to is not None and record["status"] == "ok":
        saved.save(save_to, fitted, corpus, record)
        report({"event": "step", "text": f"saved to {save_to}"})
    report({"event": "end", "record": str(path)})
    return record


def _learn(row: Row, options: Any, data: TrainingData, report: Report) -> tuple[Fitted, dict]:
    """Fit the row; return it and what was measured meanwhile."""
    start = time.perf_counter()
    fitted = row.fit(options, data, report)
    seconds = time.perf_counter() - start - data.waited
    passes = max(1, len(fitted.history))
    machine = environment.gpus()[:1] if fitted.on_gpu else []
    return fitted, {
        "outside_data": fitted.outside_data,
        "weights": fitted.weights,
        "parameters": fitted.parameters,
        "precision": fitted.precision,
        "backend": row.versions(),
        "device": machine[0] if machine else environment.processor(),
        "history": fitted.history,
        "seconds": {
            "preprocessing": data.seconds,
            "training": seconds,
            "compilation": fitted.seconds_compiling,
        },
        "reviews_per_second": {"training": passes * len(data.train) / seconds},
    }


def _test(fitted: Fitted, corpus: Corpus, record: dict) -> tuple:
    """Predict the test reviews, once; add their scores to the record."""
    reviews = corpus.reviews("test")
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
