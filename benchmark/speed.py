"""How fast everything is, from one run: ratios hold elsewhere, seconds only on this machine."""

import argparse
import dataclasses
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmark import catalogue, environment
from benchmark.experiment import TrainingData
from preprocessing.corpus import Corpus, Reviews
from preprocessing.options import corpus_from

import numpy as np
from rich.console import Console
from rich.table import Table

REVIEWS = 2_000
TEXTBOOK_WIDTH = 400


def measure(options: argparse.Namespace) -> None:
    """Measure preprocessing, opening, every row, and what batches of like length gain.

    Args:
        options: as `add_data_options` adds them.
    """
    console = Console()
    console.print(f"on {environment.processor()}, {environment.describe()['cores']} cores")
    corpus = corpus_from(options)
    console.print(_preprocessing(options))
    start = time.perf_counter()
    corpus_from(options).reviews("train")
    console.print(f"opening the prepared corpus: {time.perf_counter() - start:.3f} s")

    table = Table("row", "training, reviews/s", "prediction, reviews/s",
                  title=f"{REVIEWS:,} reviews of {corpus.name} at most")  # fmt: skip
    for column in table.columns[1:]:
        column.justify = "right"
    for name in catalogue.modules():
        table.add_row(name, *(f"{speed:,.0f}" for speed in _row(name, corpus)))
    console.print(table)
    console.print(_batches_of_like_length(corpus))


def _preprocessing(options: argparse.Namespace) -> Table:
    """Prepare the corpus anew, in a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = argparse.Namespace(**(vars(options) | {"cache": Path(folder)}))
        fresh.data = options.data or _cached_archive(options.cache)
        seconds = corpus_from(fresh).manifest["seconds"]
    table = Table("preprocessing", "seconds")
    for step, value in (seconds | {"in all": sum(seconds.values())}).items():
        table.add_row(step, f"{value:.2f}")
    return table


def _cached_archive(cache: Path) -> Path | None:
    archive = cache / "aclImdb_v1.tar.gz"
    return archive if archive.exists() else None


def _some(corpus: Corpus) -> TrainingData:
    """Return the training data cut to some of its reviews."""
    data = TrainingData.of(corpus, seed=0)
    return dataclasses.replace(
        data,
        train=_middle(data.train, REVIEWS),
        validation=_middle(data.validation, REVIEWS // 10),
    )


def _middle(reviews: Reviews, most: int) -> Reviews:
    """Return the reviews in the middle, which are of both classes: they are sorted by class."""
    start = max(0, (len(reviews) - most) // 2)
    return reviews.part(start, min(len(reviews), start + most))


def _row(name: str, corpus: Corpus) -> tuple[float, float]:
    """Return reviews per second in training and in prediction, compilation left out."""
    row, data = catalogue.load(name), _some(corpus)
    options = _epochs(row.hyperparameters(), 2)
    start = time.perf_counter()
    fitted = row.fit(options, data, lambda event: None)
    seconds = time.perf_counter() - start - data.waited
    if fitted.history:
        seconds = fitted.history[-1]["seconds"]
    test = _middle(corpus.reviews("test"), REVIEWS)
    fitted.predict(test)
    start = time.perf_counter()
    fitted.predict(test)
    return len(data.train) / seconds, len(test) / (time.perf_counter() - start)


def _batches_of_like_length(corpus: Corpus) -> str:
    """Train `cnn` on batches of like length and on batches all padded to one width."""
    row, data = catalogue.load("cnn"), _some(corpus)
    options = _epochs(dataclasses.replace(row.hyperparameters(), max_words=TEXTBOOK_WIDTH), 3)
    seconds = []
    for widths in (None, np.array([TEXTBOOK_WIDTH])):
        fitted = row.fit(options, data, lambda event: None, widths=widths)
        seconds.append(min(epoch["seconds"] for epoch in fitted.history[1:]))
    return (
        f"cnn, an epoch: {seconds[0]:.1f} s in batches of like length, {seconds[1]:.1f} s with "
        f"every batch padded to {TEXTBOOK_WIDTH} words; ratio {seconds[1] / seconds[0]:.2f}"
    )


def _epochs(options: Any, epochs: int) -> Any:
    if not hasattr(options, "epochs"):
        return options
    return dataclasses.replace(options, epochs=epochs, least_steps=1)
