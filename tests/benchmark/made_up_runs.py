"""Records of runs that never were, for tests."""

from benchmark.records import store

import numpy as np

LABELS = np.array([0, 0, 1, 1], np.int8)


def a_record(seed=0, status="ok", accuracy=0.75, **changes) -> dict:
    record = {
        "status": status,
        "model": "majority",
        "family": "baseline",
        "seed": seed,
        "protocol": store.PROTOCOL,
        "corpus": {"name": "imdb", "hash": "abc"},
        "hyperparameters": {},
        "changed": {},
        "outside_data": "none",
        "weights": "none",
        "environment": {"code": "1234", "packages": {}},
        "command": "python -m models.majority",
        "parameters": 2,
        "precision": "float64",
        "backend": {"scikit-learn": "1.7"},
        "device": "a processor",
        "seconds": {"preprocessing": {}, "training": 2.0, "compilation": None, "prediction": 1.0},
        "reviews_per_second": {"training": 10.0, "prediction": 4.0},
        "peak_memory_mb": 100.0,
        "validation": {"accuracy": 0.5},
        "scores": {
            "accuracy": accuracy, "f1": 0.5, "roc_auc": 0.5, "log_loss": 0.5,
            "calibration_error": 0.1, "accuracy_deduplicated": accuracy,
        },
        "history": [],
        "utc": "2026-01-01T00:00:00+00:00",
    }  # fmt: skip
    return record | changes


def put(
    results, seed=0, row="majority", logits=(-1, 1, 1, 1), labels=LABELS, dataset="imdb", **changes
):
    """Write a record with its predictions."""
    variant = changes.get("variant", "")
    changed = {"size": "tiny"} if variant else {}  # such runs mostly stand one folder deeper
    path = store.record_path(results, dataset, row, changed, seed, variant)
    record = a_record(seed, model=row, **changes)
    store.write(path, record, np.array(logits, np.float16), labels)
    return path


def put_many(results, row, wrong, reviews=400, seeds=3, **changes):
    """Write runs of a row that is wrong on the first `wrong` reviews, of both classes by turns."""
    labels = (np.arange(reviews) % 2).astype(np.int8)
    for seed in range(seeds):
        logits = np.where((np.arange(reviews) < wrong) ^ (labels == 1), 2.0, -2.0)
        put(results, seed, row, logits, labels, accuracy=1 - wrong / reviews, **changes)
