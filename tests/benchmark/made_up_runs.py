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
from benchmark.records.store import Answered, SetPredictions, TestPredictions
from benchmark.records.trials import Trial

import numpy as np

LABELS = np.array([0, 0, 1, 1], np.int8)
ENVIRONMENT = Environment(
    processor="a processor", vector_extensions=["avx2"], cores=2, threads=2, memory_gb=8.0, gpus=[],
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


def a_trial(number, accuracy, **changes) -> Trial:
    record = a_record(**changes)
    scores = record.validation.model_copy(update={"accuracy": accuracy})
    return Trial(number, record.model_copy(update={"validation": scores}))


def predicted(logits=(-1, 1, 1, 1), labels=LABELS, also_in_train=None) -> TestPredictions:
    if also_in_train is None:
        also_in_train = np.zeros(len(labels), bool)
    return TestPredictions(np.array(logits, np.float16), labels, np.array(also_in_train))


def put_record(
    results, record: Record, predictions=None, changed=None, dataset="imdb", answered=None
):
    """Write a record where it belongs."""
    path = store.record_path(
        results, dataset, record.model, changed or {}, record.seed, record.variant,
        labels=record.labels,
    )  # fmt: skip
    store.write(path, record, predictions, answered)
    return path


def of_pairs(original, edited, hash="v1") -> Answered:
    """Answers to pairs, of which these originals and these edits are right; labels by turns."""
    right = np.stack([original, edited], axis=1).ravel().astype(bool)
    pairs = np.repeat(np.arange(len(original)), 2).astype(np.int32)
    is_edited = np.arange(len(right)) % 2 == 1
    labels = ((pairs + is_edited) % 2).astype(np.int8)
    logits = np.where(right == (labels == 1), 1, -1).astype(np.float16)
    return Answered(hash, 0.5, SetPredictions(logits, labels, pairs, is_edited))


def of_texts(right, hash="v1") -> Answered:
    """Answers to texts without pairs, of which these are right."""
    right = np.array(right, bool)
    labels = (np.arange(len(right)) % 2).astype(np.int8)
    logits = np.where(right == (labels == 1), 1, -1).astype(np.float16)
    pairs = np.full(len(right), -1, np.int32)
    return Answered(hash, 0.5, SetPredictions(logits, labels, pairs, np.zeros(len(right), bool)))


def put(
    results, seed=0, row="majority", logits=(-1, 1, 1, 1), labels=LABELS, also_in_train=None,
    changed=None, dataset="imdb", answered=None, with_labels=None, **changes,
):  # fmt: skip
    """Write a record of a finished run with its predictions.

    `labels` are those of the test reviews; `with_labels` is how many the run had for training.
    """
    record = a_record(seed, model=row, labels=with_labels, **changes)
    return put_record(
        results, record, predicted(logits, labels, also_in_train), changed, dataset, answered
    )


def put_many(results, row, wrong, reviews=400, seeds=3, **changes):
    """Write runs of a row that is wrong on the first `wrong` reviews, of both classes by turns."""
    labels = (np.arange(reviews) % 2).astype(np.int8)
    for seed in range(seeds):
        logits = np.where((np.arange(reviews) < wrong) ^ (labels == 1), 2.0, -2.0)
        put(results, seed, row, logits, labels, **changes)
