"""What a run writes of a model that answers as it was told."""

from dataclasses import fields

from benchmark.analysis import label_curves
from benchmark.rows import catalogue
from benchmark.rows.contract import Fitted
from benchmark.runs import run as running
from preprocessing import evaluation_sets

import numpy as np
import pytest

EPOCH = {"loss": 0.5, "accuracy": 0.5, "validation_loss": 0.5, "validation_accuracy": 0.5,
         "seconds": 1.0}  # fmt: skip


def says(count):
    return 0.05 + 0.9 * ((7 * np.arange(count)) % 10) / 9


def test_scores_rates_and_what_the_clock_covers(small, tmp_path, monkeypatch):
    told = []

    class Known(Fitted):
        parameters, history = 1, [EPOCH] * 3

        def make_ready(self, reviews):
            told.append("ready")

        def predict(self, reviews):
            told.append(len(reviews))
            return says(len(reviews))

        def save(self, folder):
            raise NotImplementedError

    class Stopwatch(running._Stopwatch):
        def __init__(self):
            told.append("start")
            super().__init__()

        def stop(self, less=0.0, less_cpu=0.0):
            told.append("stop")
            self.seconds, self.cpu_seconds = 2.0, 3.0

    majority = catalogue.load("majority")

    class Row(type(majority)):
        def fit(self, options, data, on_event):
            told.append("fit")
            return Known()

    monkeypatch.setattr(running, "_Stopwatch", Stopwatch)
    row = Row(**{field.name: getattr(majority, field.name) for field in fields(majority)})
    sets, _ = evaluation_sets.built_in("sample", None, tmp_path)
    record, predictions = running.run(
        "majority", row, row.hyperparameters(), 0, small, tmp_path, lambda event: None,
        evaluation_sets=sets,
    )  # fmt: skip
    assert record.status == "ok", record
    assert told == ["start", "fit", "stop", 10, "ready", "start", 100, "stop", 400, 300]
    right = (says(10) >= 0.5) == small.column("labels", "validation")
    assert record.validation.accuracy == pytest.approx(right.mean())
    assert record.reviews_per_second.training == 3 * 90 / 2
    assert record.reviews_per_second.prediction == 100 / 2
    assert label_curves._learned(record) == 90
    for name in ("labels", "also_in_train"):
        assert (getattr(predictions, name) == small.column(name, "test")).all()
