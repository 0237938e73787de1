"""How fast everything is, from one run: ratios hold elsewhere, seconds only on this machine."""

import dataclasses
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmark.rows import catalogue, hardware
from benchmark.rows.networks.operations import training_operations
from benchmark.rows.networks.options import NetworkOptions, TrainingOptions
from benchmark.rows.training_data import TrainingData
from benchmark.runs.speed_of_bert import ways_to_train
from benchmark.runs.timing import middle, some, timed_fit
from preprocessing.corpus import Corpus
from preprocessing.options import DataOptions, corpus_from
from preprocessing.sources import imdb

import numpy as np
from rich.console import Console
from rich.table import Table

REVIEWS = 2_000
EPOCHS = 3
TEXTBOOK_BATCH = 32  # the default of Keras
TEXTBOOK_WORDS = 400
_LINE = "{:20}{:>12}{:>12}{:>18}{:>10}"


def measure(rows: list[str], data: DataOptions) -> None:
    """Measure preprocessing, opening, and every row against its textbook form.

    Args:
        rows: the rows to measure, and nothing but them; none for everything.
        data: which reviews to use.
    """
    console = Console()
    console.print(f"on {hardware.processor()}, {hardware.cores()} cores")
    names = list(dict.fromkeys(line.row for line in catalogue.choose(rows).values()))
    corpus = corpus_from(data)
    if not rows and data.prepared is None:
        archive = data.data or (imdb.in_cache(data.cache) if data.dataset == "imdb" else None)
        if archive is None and data.dataset == "imdb":
            console.print("preprocessing: not measured, since only the prepared reviews are here")
        else:
            console.print(_preprocessing(dataclasses.replace(data, data=archive)))
        start = time.perf_counter()
        corpus_from(data).reviews("train")
        console.print(f"opening the prepared corpus: {time.perf_counter() - start:.3f} s")
    if "bert" in names:
        console.print(ways_to_train(catalogue.load("bert"), corpus), highlight=False)

    console.print(f"{REVIEWS:,} reviews of {corpus.name} at most, one model at a time, reviews/s:")
    titles = "model", "training", "prediction", "× textbook form", "share"
    console.print(_LINE.format(*titles), style="bold")
    for name in names:
        console.print(_LINE.format(name, *_row(name, corpus)), highlight=False)
    for name in names:
        if measure := getattr(catalogue.load(name), "measure", None):
            with some(corpus, REVIEWS) as reviews:
                console.print(f"{name}'s {measure(reviews)}", highlight=False)
    console.print(
        f"textbook form: training the same network on batches of {TEXTBOOK_BATCH} reviews of any "
        f"length, each padded or truncated to {TEXTBOOK_WORDS} words; the BERT family is tiny and "
        "starts from scratch"
    )
    console.print(
        "share: of the rate at which this machine multiplies matrices in the same number format, "
        "what training uses; see docs/speed.md"
    )


def _preprocessing(data: DataOptions) -> Table:
    """Prepare the corpus anew, in a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = dataclasses.replace(data, cache=Path(folder))
        seconds = corpus_from(fresh).manifest["seconds"]
    table = Table("preprocessing", "seconds")
    for step, value in (seconds | {"in all": sum(seconds.values())}).items():
        table.add_row(step, f"{value:.2f}")
    return table


def _row(name: str, corpus: Corpus) -> tuple[str, str, str, str]:
    """Return reviews per second in training and in prediction, what like length gains, the share.

    The share is of the rate of matrix products. A dash stands for what is not measured: all but
    prediction of a model that learns in stages, the last two of one that is no network.
    """
    row = catalogue.load(name)
    options = row.hyperparameters()
    if hasattr(options, "preset"):  # public weights may be out of reach
        options = dataclasses.replace(options, preset="scratch", max_tokens=TEXTBOOK_WORDS)
    if hasattr(options, "pretrain"):  # over all unlabelled reviews, which would take an hour
        options = dataclasses.replace(options, pretrain=0)
    with some(corpus, REVIEWS) as data:
        fitted, seconds = timed_fit(row, options, data, EPOCHS)
        test = middle(corpus.reviews("test"), REVIEWS)
        fitted.predict(test)
        start = time.perf_counter()
        fitted.predict(test)
        predicted = f"{len(test) / (time.perf_counter() - start):,.0f}"
        if len(fitted.history) > EPOCHS:  # stages, whose passes are of several kinds
            return "–", predicted, "–", "–"
        ratio = share = "–"
        if isinstance(options, TrainingOptions):
            share = f"{_operations(fitted, data) / seconds / 1e9 / _rate(fitted):.0%}"
            changes: dict[str, Any] = {"batches": "padded", "batch_size": TEXTBOOK_BATCH}
            if isinstance(options, NetworkOptions):
                changes["max_words"] = TEXTBOOK_WORDS
            textbook = dataclasses.replace(options, **changes)
            ratio = f"{timed_fit(row, textbook, data, EPOCHS)[1] / seconds:.2f}"
        return f"{len(data.train) / seconds:,.0f}", predicted, ratio, share


def _operations(fitted: Any, data: TrainingData) -> float:
    """Return the operations of a pass over the training reviews, padding included."""
    widths, counts = np.unique(fitted.batches(data.train).widths, return_counts=True)
    each = [training_operations(fitted.model, int(width)) for width in widths]
    return float(np.dot(each, counts))


def _rate(fitted: Any) -> float:
    """Return the machine's rate of matrix products in the format that was trained in, GFLOP/s."""
    _, float32, bfloat16 = hardware.matrix_products()
    return (bfloat16 or float32) if "bfloat16" in fitted.precision else float32
