"""How fast a language model learns: against the hardware, and against the plain way."""

import time

from benchmark.rows import TrainingData, hardware
from benchmark.rows.networks.devices import dtype_policy, reset_session
from models.pretraining.adaptive_softmax import NARROWER, Clusters
from models.pretraining.language_model import LanguageModelOptions, settings_of
from models.pretraining.training import CLIP, STEPS, STREAMS, Settings, network
from models.pretraining.windows import Windows, end_to_end

import keras
import numpy as np
from keras import layers

WINDOWS = 8
"""Windows that are timed, after two that compile."""


def operations(settings: Settings, clusters: Clusters, words: np.ndarray) -> float:
    """Return the additions and multiplications of training on that many words.

    Each weight of a matrix product counts 2 in reading and 4 in learning; word vectors are looked
    up, and count nothing.

    Args:
        settings: the network's size.
        clusters: of its words.
        words: ids of those to come, any shape.
    """
    width, units = settings.dimensions, settings.units
    recurrent = 4 * units * (width + units) + (settings.depth - 1) * 8 * units**2
    total = words.size * (recurrent + units * (clusters.frequent + len(clusters.sizes)))
    borders = zip(clusters.borders, clusters.borders[1:], strict=False)
    for number, (low, high) in enumerate(borders):
        narrow = max(1, units // NARROWER ** (number + 1))
        inside = int(((words >= low) & (words < high)).sum())
        total += inside * narrow * (units + high - low)
    return 6.0 * total


def measure(data: TrainingData) -> str:
    """Train on a few windows, then the same with Keras's LSTM and a full softmax.

    Args:
        data: where the reviews come from.

    Returns:
        Lines for people.
    """
    settings = settings_of(LanguageModelOptions(), data, "forwards")
    reset_session(0, dtype_policy("auto"))
    clusters = Clusters.of(settings.words)
    text = end_to_end([data.train_texts.words], settings.words)
    streams = min(STREAMS, len(text) // STEPS)
    windows = Windows(text, streams, STEPS, clusters)
    batches = [windows[number % len(windows)] for number in range(WINDOWS + 2)]
    vectors = np.ones((settings.words, settings.dimensions), np.float32)  # any take as long
    ours = network(settings, streams, clusters, vectors)
    optimizer = keras.optimizers.Adam(settings.learning_rate, global_clipnorm=CLIP)
    ours.compile(optimizer, lambda _, nats: nats)
    seconds = _seconds(ours, [(inputs, words) for inputs, words, _ in batches])
    foretold = np.stack([words for _, words, _ in batches[2:]])
    rate = foretold.size / seconds
    work = operations(settings, clusters, foretold) / seconds / 1e9
    library, peak, _ = hardware.matrix_products()

    few = max(1, streams // 4)  # logits of all words take much memory
    plain = keras.Sequential(
        [
            keras.Input((STEPS,), batch_size=few, dtype="int32"),
            layers.Embedding(settings.words, settings.dimensions, trainable=False),
            *(layers.LSTM(settings.units, return_sequences=True) for _ in range(settings.depth)),
            layers.Dense(settings.words),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    plain.compile(keras.optimizers.Adam(settings.learning_rate), loss)
    slower = _seconds(plain, [(inputs["words"][:few], words[:few]) for inputs, words, _ in batches])
    ratio = rate * slower / (WINDOWS * few * STEPS)
    return (
        f"language model of {settings.units} units over {settings.words:,} words: "
        f"{rate:,.0f} words/s in training, × {ratio:.1f} of Keras's LSTM with a full softmax; "
        f"{work:.0f} GFLOP/s of the {peak:.0f} of {library}'s matrix products, {work / peak:.0%}"
    )


def _seconds(model: keras.Model, batches: list) -> float:
    """Return the seconds of all batches but the first two."""
    for batch in batches[:2]:
        model.train_on_batch(*batch)
    start = time.perf_counter()
    for batch in batches[2:]:
        model.train_on_batch(*batch)
    return time.perf_counter() - start
