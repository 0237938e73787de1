"""How fast everything is, from one run: ratios hold elsewhere, seconds only on this machine."""

import dataclasses
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmark.rows import catalogue, hardware
from benchmark.rows.networks.options import NetworkOptions, TrainingOptions
from benchmark.rows.timing import middle, some, timed_fit
from benchmark.runs.speed_of_bert import ways_to_train
from preprocessing.corpus import Corpus
from preprocessing.options import DataOptions, corpus_from

from rich.console import Console
from rich.table import Table

REVIEWS = 2_000
TEXTBOOK_BATCH = 32  # the default of Keras
TEXTBOOK_WORDS = 400
_LINE = "{:20}{:>12}{:>12}{:>18}"


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
    if not rows:
        console.print(_preprocessing(data))
        start = time.perf_counter()
        corpus_from(data).reviews("train")
        console.print(f"opening the prepared corpus: {time.perf_counter() - start:.3f} s")
    if "bert" in names:
        console.print(ways_to_train(catalogue.load("bert"), corpus), highlight=False)

    console.print(f"{REVIEWS:,} reviews of {corpus.name} at most, one model at a time, reviews/s:")
    console.print(_LINE.format("model", "training", "prediction", "× textbook form"), style="bold")
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


def _preprocessing(data: DataOptions) -> Table:
    """Prepare the corpus anew, in a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        archive = data.data or (_cached_archive(data.cache) if data.dataset == "imdb" else None)
        fresh = dataclasses.replace(data, data=archive, cache=Path(folder))
        seconds = corpus_from(fresh).manifest["seconds"]
    table = Table("preprocessing", "seconds")
    for step, value in (seconds | {"in all": sum(seconds.values())}).items():
        table.add_row(step, f"{value:.2f}")
    return table


def _cached_archive(cache: Path) -> Path | None:
    archive = cache / "aclImdb_v1.tar.gz"
    return archive if archive.exists() else None


def _row(name: str, corpus: Corpus) -> tuple[str, str, str]:
    """Return reviews per second in training and in prediction, and what like length gains."""
    row = catalogue.load(name)
    options = row.hyperparameters()
    if hasattr(options, "preset"):  # public weights may be out of reach
        options = dataclasses.replace(options, preset="scratch", max_tokens=TEXTBOOK_WORDS)
    with some(corpus, REVIEWS) as data:
        fitted, seconds = timed_fit(row, options, data)
        test = middle(corpus.reviews("test"), REVIEWS)
        fitted.predict(test)
        start = time.perf_counter()
        fitted.predict(test)
        predicted = f"{len(test) / (time.perf_counter() - start):,.0f}"
        ratio = "–"
        if isinstance(options, TrainingOptions):
            changes: dict[str, Any] = {"batches": "padded", "batch_size": TEXTBOOK_BATCH}
            if isinstance(options, NetworkOptions):
                changes["max_words"] = TEXTBOOK_WORDS
            textbook = dataclasses.replace(options, **changes)
            ratio = f"{timed_fit(row, textbook, data)[1] / seconds:.2f}"
        return f"{len(data.train) / seconds:,.0f}", predicted, ratio
