"""Records of runs that never were, for tests."""

from benchmark.records import store
from benchmark.records.record import (
    CorpusId,
    Environment,
    Failed,
    Finished,
    Rates,
    Record,
    Scores,
    Seconds,
)
from benchmark.records.store import TestPredictions

import numpy as np

LABELS = np.array([0, 0, 1, 1], np.int8)
ENVIRONMENT = Environment(
    processor="a processor", vector_extensions=["avx2"], cores=2, memory_gb=8.0, gpus=[],
    system="Linux x86_64", python="3.13", packages={"keras": "3.14"}, code="1234",
    load_average=0.5,
)  # fmt: skip
SECONDS = Seconds(
    preprocessing={}, training=2.0, compilation=None, prediction=1.0, training_cpu=3.0,
    prediction_cpu=1.0,
)  # fmt: skip


def a_corpus(name="imdb", hash="abc") -> CorpusId:
    return CorpusId(name=name, hash=hash)


def a_record(seed=0, **changes) -> Finished:
    known = {
        "model": "majority",
        "family": "baseline",
        "seed": seed,
        "corpus": a_corpus(),
        "hyperparameters": {},
        "command": "python -m models.majority",
        "sources": None,
        "environment": ENVIRONMENT,
        "utc": "2026-01-01T00:00:00+00:00",
        "outside_data": "none",
        "weights": "none",
        "parameters": 2,
        "precision": "float64",
        "backend": {"scikit-learn": "1.7"},
        "device": "a processor",
        "matrix_products": None,
        "history": [],
        "seconds": SECONDS,
        "reviews_per_second": Rates(training=10.0, prediction=4.0),
        "peak_memory_mb": 100.0,
        "validation": Scores(
            accuracy=0.5, f1=0.5, roc_auc=0.5, log_loss=0.7, calibration_error=0.1
        ),
    }
    return Finished(**known | changes)


def a_failure(seed=0, reason="memory", **changes) -> Failed:
    known = {
        "model": "majority",
        "family": "baseline",
        "seed": seed,
        "corpus": a_corpus(),
        "hyperparameters": {},
        "sources": None,
        "environment": ENVIRONMENT,
    }
    return Failed(**known | changes, reason=reason)


def predicted(logits=(-1, 1, 1, 1), labels=LABELS, also_in_train=None) -> TestPredictions:
    if also_in_train is None:
        also_in_train = np.zeros(len(labels), bool)
    return TestPredictions(np.array(logits, np.float16), labels, np.array(also_in_train))


def put_record(results, record: Record, predictions=None, changed=None, dataset="imdb"):
    """Write a record where it belongs."""
    path = store.record_path(
        results, dataset, record.model, changed or {}, record.seed, record.variant
    )
    store.write(path, record, predictions)
    return path


def put(
    results, seed=0, row="majority", logits=(-1, 1, 1, 1), labels=LABELS, also_in_train=None,
    changed=None, dataset="imdb", **changes,
):  # fmt: skip
    """Write a record of a finished run with its predictions."""
    record = a_record(seed, model=row, **changes)
    return put_record(
        results, record, predicted(logits, labels, also_in_train), changed, dataset=dataset
    )


def put_many(results, row, wrong, reviews=400, seeds=3, **changes):
    """Write runs of a row that is wrong on the first `wrong` reviews, of both classes by turns."""
    labels = (np.arange(reviews) % 2).astype(np.int8)
    for seed in range(seeds):
        logits = np.where((np.arange(reviews) < wrong) ^ (labels == 1), 2.0, -2.0)
        put(results, seed, row, logits, labels, **changes)
