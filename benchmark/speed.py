"""How fast everything is, from one run: ratios hold elsewhere, seconds only on this machine."""

import argparse
import dataclasses
import math
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmark import catalogue, environment
from benchmark.experiment import Fitted, Row, TrainingData
from benchmark.networks import NetworkOptions, TrainingOptions
from preprocessing.corpus import Corpus, Reviews
from preprocessing.options import corpus_from

import numpy as np
from rich.console import Console
from rich.table import Table

REVIEWS = 2_000
TEXTBOOK_BATCH = 32  # the default of Keras
TEXTBOOK_WORDS = 400
_LINE = "{:20}{:>12}{:>12}{:>18}"


def measure(options: argparse.Namespace) -> None:
    """Measure preprocessing, opening, number formats, and every row against its textbook form.

    Args:
        options: as `add_data_options` adds them; and rows, to measure nothing but them.
    """
    console = Console()
    console.print(f"on {environment.processor()}, {environment.describe()['cores']} cores")
    names = catalogue.choose(options.rows)
    corpus = corpus_from(options)
    if not options.rows:
        console.print(_preprocessing(options))
        start = time.perf_counter()
        corpus_from(options).reviews("train")
        console.print(f"opening the prepared corpus: {time.perf_counter() - start:.3f} s")
        console.print(_number_formats())

    console.print(f"{REVIEWS:,} reviews of {corpus.name} at most, a row at a time, reviews/s:")
    console.print(_LINE.format("row", "training", "prediction", "× textbook form"), style="bold")
    for name in names:
        console.print(_LINE.format(name, *_row(name, corpus)), highlight=False)
    console.print(
        f"textbook form: the same network in training, on batches of {TEXTBOOK_BATCH} reviews of "
        f"any length, each padded or cut to {TEXTBOOK_WORDS} words; the BERT family is tiny, from "
        "scratch"
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


def _row(name: str, corpus: Corpus) -> tuple[str, str, str]:
    """Return reviews per second in training and in prediction, and what like length gains."""
    row, data = catalogue.load(name), _some(corpus)
    options = row.hyperparameters()
    if hasattr(options, "preset"):  # public weights may be out of reach
        options = dataclasses.replace(options, preset="scratch", max_tokens=TEXTBOOK_WORDS)
    fitted, seconds = _fit(row, options, data)
    test = _middle(corpus.reviews("test"), REVIEWS)
    fitted.predict(test)
    start = time.perf_counter()
    fitted.predict(test)
    predicted = f"{len(test) / (time.perf_counter() - start):,.0f}"
    ratio = "–"
    if isinstance(options, TrainingOptions):
        textbook = dataclasses.replace(options, batches="padded", batch_size=TEXTBOOK_BATCH)
        if isinstance(options, NetworkOptions):
            textbook = dataclasses.replace(textbook, max_words=TEXTBOOK_WORDS)
        ratio = f"{_fit(row, textbook, data)[1] / seconds:.2f}"
    return f"{len(data.train) / seconds:,.0f}", predicted, ratio


def _fit(row: Row, options: Any, data: TrainingData) -> tuple[Fitted, float]:
    """Train; return the seconds of an epoch without compilation, or of all where there is none."""
    if isinstance(options, TrainingOptions):
        options = dataclasses.replace(options, epochs=3, least_steps=1)
    waited, start = data.waited, time.perf_counter()
    fitted = row.fit(options, data, lambda event: None)
    seconds = time.perf_counter() - start - (data.waited - waited)
    return fitted, min((epoch["seconds"] for epoch in fitted.history[1:]), default=seconds)


def training_flops(backbone: Any, tokens: int) -> float:
    """Return the floating-point operations of training on one text.

    6 N T + 12 L H T², where N is the number of weights that multiply (all but the tables that are
    looked up), T the tokens, L the layers and H the width: two operations a weight and token
    forwards and four backwards, and the same for the attention's two products (Chowdhery et al.,
    2022, appendix B, https://arxiv.org/abs/2204.02311). Model FLOP utilization is this, times the
    texts a second, by the rate that the hardware multiplies matrices at.
    """
    looked_up = sum(
        math.prod(weight.shape) for weight in backbone.weights if "embeddings" in weight.path
    )
    weights = backbone.count_params() - looked_up
    attention = 12 * backbone.num_layers * backbone.hidden_dim * tokens**2
    return 6 * weights * tokens + attention


def _number_formats() -> str:
    """Train a BERT of 6 layers of 384, or on a GPU of 12 of 768, in both number formats.

    The rate of the hardware is that of a product of two large bfloat16 matrices, measured here.
    """
    import keras  # slow, and the rest can do without

    on_gpu = bool(environment.gpus())
    layers, width, tokens, batch = (12, 768, 512, 32) if on_gpu else (6, 384, 256, 16)
    lines, rates = [], {}
    for number_format in ("float32", "mixed_bfloat16"):
        keras.utils.clear_session()
        keras.config.set_dtype_policy(number_format)
        backbone = catalogue.load("bert").architecture.backbone(
            vocabulary_size=30_522, num_layers=layers, num_heads=12, hidden_dim=width,
            intermediate_dim=4 * width,
        )  # fmt: skip
        answer = keras.layers.Dense(1, "sigmoid", dtype="float32")(backbone.output["pooled_output"])
        model = keras.Model(backbone.input, answer)
        model.compile(keras.optimizers.AdamW(1e-5), "binary_crossentropy")
        ids = np.random.default_rng(0).integers(5, 30_000, (batch, tokens)).astype(np.int32)
        inputs = {"token_ids": ids, "segment_ids": ids * 0, "padding_mask": ids * 0 + 1}
        labels = np.tile([[0.0], [1.0]], (batch // 2, 1))
        best = min(_seconds(model.train_on_batch, inputs, labels) for _ in range(5))
        rates[number_format] = batch / best
        work = training_flops(backbone, tokens) * batch / best
        lines.append(
            f"BERT of {layers} layers of {width}, {tokens} tokens, {number_format}: "
            f"{batch / best:.1f} reviews/s, {work / 1e12:.2f} TFLOP/s"
        )
    size = 8192 if on_gpu else 2048
    matrix = keras.ops.ones((size, size), "bfloat16")

    def multiply() -> None:
        float(keras.ops.cast(keras.ops.matmul(matrix, matrix)[0, 0], "float32"))

    peak = 2 * size**3 / min(_seconds(multiply) for _ in range(10))
    ratio = rates["mixed_bfloat16"] / rates["float32"]
    lines.append(
        f"ratio {ratio:.2f}; a product of bfloat16 matrices of {size}: {peak / 1e12:.2f} TFLOP/s, "
        f"so the utilization is {work / peak:.0%}"
    )
    return "\n".join(lines)


def _seconds(call: Callable, *arguments: Any) -> float:
    start = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - start
