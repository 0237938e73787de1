"""How fast everything is, from one run: ratios hold elsewhere, seconds only on this machine."""

import argparse
import dataclasses
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmark import catalogue, environment
from benchmark.experiment import Fitted, Row, TrainingData
from benchmark.networks import NetworkOptions
from preprocessing.corpus import Corpus, Reviews
from preprocessing.options import corpus_from

from rich.console import Console
from rich.table import Table

REVIEWS = 2_000
TEXTBOOK_BATCH = 32  # the default of Keras
TEXTBOOK_WORDS = 400


def measure(options: argparse.Namespace) -> None:
    """Measure preprocessing, opening, every row, each against its textbook form.

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

    table = Table("row", "training, reviews/s", "prediction, reviews/s", "× textbook form",
                  title=f"{REVIEWS:,} reviews of {corpus.name} at most")  # fmt: skip
    for column in table.columns[1:]:
        column.justify = "right"
    for name in catalogue.modules():
        table.add_row(name, *_row(name, corpus))
    console.print(table)
    console.print(
        f"textbook form: the same network in training, on batches of {TEXTBOOK_BATCH} reviews of "
        f"any length, each padded or cut to {TEXTBOOK_WORDS} words"
    )


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


def _row(name: str, corpus: Corpus) -> Iterator[str]:
    """Yield reviews per second in training and in prediction, and what like length gains."""
    row, data = catalogue.load(name), _some(corpus)
    options = row.hyperparameters()
    fitted, seconds = _fit(row, options, data)
    yield f"{len(data.train) / seconds:,.0f}"
    test = _middle(corpus.reviews("test"), REVIEWS)
    fitted.predict(test)
    start = time.perf_counter()
    fitted.predict(test)
    yield f"{len(test) / (time.perf_counter() - start):,.0f}"
    if isinstance(options, NetworkOptions):
        textbook = dataclasses.replace(
            options, batches="padded", batch_size=TEXTBOOK_BATCH, max_words=TEXTBOOK_WORDS
        )
        yield f"{_fit(row, textbook, data)[1] / seconds:.2f}"


def _fit(row: Row, options: Any, data: TrainingData) -> tuple[Fitted, float]:
    """Train; return the seconds of an epoch without compilation, or of all where there is none."""
    if isinstance(options, NetworkOptions):
        options = dataclasses.replace(options, epochs=3, least_steps=1)
    waited, start = data.waited, time.perf_counter()
    fitted = row.fit(options, data, lambda event: None)
    seconds = time.perf_counter() - start - (data.waited - waited)
    return fitted, min((epoch["seconds"] for epoch in fitted.history[1:]), default=seconds)
