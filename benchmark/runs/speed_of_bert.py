"""How fast a larger BERT trains, and how much of the hardware it uses."""

import dataclasses
import math
import time
from typing import Any

from benchmark.rows import hardware
from benchmark.rows.timing import some, timed_fit
from preprocessing.corpus import Corpus

import keras


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


def ways_to_train(row: Any, corpus: Corpus) -> str:
    """Train a network of 6 layers of 384, or on a GPU of 12 of 768, in three ways.

    An epoch's seconds hold the validation on a tenth as many reviews, so that the utilization is a
    lower bound. Subwords are learned of the reviews at hand. The rate of the hardware is that of a
    product of two large bfloat16 matrices, measured here.

    Args:
        row: a row of the BERT family, trained in another size.
        corpus: where the reviews come from.

    Returns:
        Lines for people.
    """
    on_gpu = bool(hardware.gpus())
    layers, width, tokens, reviews = (12, 768, 512, 2_000) if on_gpu else (6, 384, 256, 320)
    sizes = {
        "num_layers": layers,
        "num_heads": 12,
        "hidden_dim": width,
        "intermediate_dim": 4 * width,
    }
    architecture = dataclasses.replace(row.architecture, scratch={"tiny": sizes})
    row = dataclasses.replace(row, architecture=architecture)
    lines = [
        f"{architecture.name.upper()} of {layers} layers of {width}, training on {corpus.name}, "
        f"{tokens} tokens at most:"
    ]
    seconds = []
    with some(corpus, reviews) as data:
        for precision, batches in (
            ("float32", "padded"),
            ("mixed_bfloat16", "padded"),
            ("mixed_bfloat16", "like_length"),
        ):
            options = row.hyperparameters(
                preset="scratch", max_tokens=tokens, precision=precision, batches=batches
            )
            fitted: Any
            fitted, taken = timed_fit(row, options, data, epochs=2)
            seconds.append(taken)
            lines.append(
                f"  {precision}, batches {batches.replace('_', ' ')}: "
                f"{len(data.train) / taken:.1f} reviews/s, × {seconds[0] / taken:.2f}"
            )
        work = training_flops(fitted.backbone, tokens) * len(data.train) / seconds[1]
    size = 8192 if on_gpu else 2048
    peak = _rate_of_products(size)
    lines.append(
        f"  padded in mixed_bfloat16: {work / 1e12:.2f} TFLOP/s of the {peak / 1e12:.2f} of a "
        f"product of bfloat16 matrices of {size}, utilization {work / peak:.0%}"
    )
    return "\n".join(lines)


def _rate_of_products(size: int) -> float:
    """Return the operations a second of multiplying two bfloat16 matrices, the best of ten."""
    matrix = keras.ops.ones((size, size), "bfloat16")
    seconds = []
    for _ in range(10):
        start = time.perf_counter()
        float(keras.ops.cast(keras.ops.matmul(matrix, matrix)[0, 0], "float32"))
        seconds.append(time.perf_counter() - start)
    return 2 * size**3 / min(seconds)
