"""How fast a larger BERT trains, and how much of the hardware it uses."""

import dataclasses
from typing import Any

from benchmark.rows import hardware
from benchmark.rows.networks.operations import training_operations
from benchmark.runs.timing import some, timed_fit
from preprocessing.corpus import Corpus


def ways_to_train(row: Any, corpus: Corpus) -> str:
    """Train a network of 6 layers of 384, or on a GPU of 12 of 768, in three ways.

    Of three epochs the first compiles, and the faster of the others is taken. Its seconds hold the
    validation on a tenth as many reviews, so that the utilization is a lower bound. Subwords are
    learned of the reviews at hand. The rate of the hardware is that of products of bfloat16
    matrices, measured here.

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
            fitted, taken = timed_fit(row, options, data, epochs=3)
            seconds.append(taken)
            lines.append(
                f"  {precision}, batches {batches.replace('_', ' ')}: "
                f"{len(data.train) / taken:.1f} reviews/s, × {seconds[0] / taken:.2f}"
            )
        work = training_operations(fitted.model, tokens) * len(data.train) / seconds[1] / 1e9
    _, _, peak = hardware.matrix_products()
    assert peak, "Keras is imported"
    lines.append(
        f"  padded in mixed_bfloat16: {work / 1e3:.2f} TFLOP/s of the {peak / 1e3:.2f} of "
        f"products of bfloat16 matrices, utilization {work / peak:.0%}"
    )
    return "\n".join(lines)
