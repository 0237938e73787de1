"""Timing a row's training on some of the reviews."""

import dataclasses
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmark.rows.contract import Fitted, Row
from benchmark.rows.networks.options import TrainingOptions
from benchmark.rows.training_data import TrainingData
from preprocessing.corpus import Corpus, Reviews


@contextmanager
def some(corpus: Corpus, reviews: int) -> Iterator[TrainingData]:
    """Hand out some of the training data; what rows make of it goes with it.

    A vocabulary that is learned from some reviews must not be kept as that of all.
    """
    data = TrainingData.of(corpus, seed=0)
    with tempfile.TemporaryDirectory() as folder:
        yield dataclasses.replace(
            data,
            train=middle(data.train, reviews),
            train_texts=middle(data.train_texts, reviews),
            validation=middle(data.validation, reviews // 10),
            folder=Path(folder),
        )


def middle(reviews: Reviews, most: int) -> Reviews:
    """Return the reviews in the middle, which are of both classes: they are sorted by class."""
    start = max(0, (len(reviews) - most) // 2)
    part = reviews.part(start, min(len(reviews), start + most))
    return dataclasses.replace(part, texts=dataclasses.replace(part.texts, corpus=None, split=""))


def timed_fit(row: Row, options: Any, data: TrainingData, epochs: int) -> tuple[Fitted, float]:
    """Train; return the seconds of an epoch without compilation, or of all where there is none."""
    if isinstance(options, TrainingOptions):
        options = dataclasses.replace(options, epochs=epochs, least_steps=1)
    cache_seconds, start = data.clock.cache_seconds, time.perf_counter()
    fitted = row.fit(options, data, lambda event: None)
    seconds = time.perf_counter() - start - (data.clock.cache_seconds - cache_seconds)
    return fitted, min((epoch["seconds"] for epoch in fitted.history[1:]), default=seconds)
