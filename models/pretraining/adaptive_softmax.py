"""Adaptive softmax: the exact loss of a large vocabulary at a fraction of its cost.

The few frequent words and one class for each cluster of rarer ones share a softmax; within a
cluster, words have one of their own, over fewer numbers (Grave et al., 2017,
https://arxiv.org/abs/1609.04309). Nothing is sampled: over the whole vocabulary, probabilities sum
to one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops

CUTOFFS = (1_000, 10_000)
"""Where clusters begin; the first 1,000 words are 78 % of IMDB's, the first 10,000 are 96 %."""

NARROWER = 4
"""How many times fewer numbers each cluster reads of a state than the one before; the paper's."""

ROUNDED_TO = 64
"""Places are filled up to a multiple of it, so that a backend meets few shapes."""


@dataclass(frozen=True)
class Clusters:
    """How words are shared out, lower ids being more frequent.

    Attributes:
        borders: the first id of each cluster of rarer words, and the number of words.
    """

    borders: tuple[int, ...]

    @classmethod
    def of(cls, words: int, cutoffs: Sequence[int] = CUTOFFS) -> "Clusters":
        """Return the clusters of a number of words; cutoffs beyond them do not count."""
        return cls((*(cutoff for cutoff in cutoffs if cutoff < words), words))

    @property
    def frequent(self) -> int:
        """How many words are in no cluster."""
        return self.borders[0]

    @property
    def sizes(self) -> list[int]:
        """Words of each cluster."""
        return [int(size) for size in np.diff(self.borders)]

    def room(self, words: np.ndarray) -> list[int]:
        """Return how many places `targets` needs for each cluster.

        Args:
            words: ids in batches, shape (batches, ...).
        """
        flat = words.reshape(len(words), -1)
        most = [
            int(((flat >= low) & (flat < high)).sum(axis=1).max(initial=0))
            for low, high in zip(self.borders, self.borders[1:], strict=False)
        ]
        return [ROUNDED_TO * max(1, -(-count // ROUNDED_TO)) for count in most]

    def targets(self, words: np.ndarray, room: Sequence[int]) -> dict[str, np.ndarray]:
        """Return what `AdaptiveSoftmax` needs to know of the words to come.

        Args:
            words: ids, shape (batch, steps).
            room: places to make for each cluster, at least as many as its words among `words`.

        Returns:
            "frequent", shape (batch, steps): the word, or that many plus the number of its cluster.
            For cluster i: "places_i", where its words stand in the flattened batch; "rare_i", which
            they are, counted from the cluster's first; and "counts_i", 1, or 0 where a place is
            empty; each of shape (room[i],). The last is float32, all others int32.
        """
        flat = words.ravel()
        frequent = flat.astype(np.int32)
        targets: dict[str, np.ndarray] = {}
        borders = zip(self.borders, self.borders[1:], strict=False)
        for number, (low, high) in enumerate(borders):
            found = np.flatnonzero((flat >= low) & (flat < high))
            frequent[found] = self.frequent + number
            filled = np.arange(room[number]) < len(found)
            places, rare = np.zeros((2, room[number]), np.int32)
            places[: len(found)], rare[: len(found)] = found, flat[found] - low
            targets |= {
                f"places_{number}": places,
                f"rare_{number}": rare,
                f"counts_{number}": filled.astype(np.float32),
            }
        return {"frequent": frequent.reshape(words.shape), **targets}

    def inputs(self) -> dict[str, keras.KerasTensor]:
        """Return a network's inputs for `targets`."""
        inputs = {"frequent": keras.Input((None,), dtype="int32", name="frequent")}
        for number in range(len(self.sizes)):
            for name, dtype in (("places", "int32"), ("rare", "int32"), ("counts", "float32")):
                key = f"{name}_{number}"
                inputs[key] = keras.Input((), dtype=dtype, name=key)
        return inputs


@keras.saving.register_keras_serializable(package="imdb_sentiment_benchmark")
class AdaptiveSoftmax(layers.Layer):
    """The negative logarithm of the probability of each word to come (the paper's section 4).

    Args:
        borders: of `Clusters`.
    """

    def __init__(self, borders: Sequence[int], **kwargs):
        super().__init__(**kwargs)
        self.clusters = Clusters(tuple(borders))
        own = {"dtype": self.dtype_policy}
        classes = self.clusters.frequent + len(self.clusters.sizes)
        self.head = layers.Dense(classes, name="head", **own)
        self.narrow: list[layers.Dense] = []
        self.tails = [
            layers.Dense(size, name=f"tail_{i}", **own)
            for i, size in enumerate(self.clusters.sizes)
        ]

    def build(self, states_shape, targets_shape=None) -> None:
        """Make the weights."""
        width = states_shape[-1]
        self.head.build(states_shape)
        for number, tail in enumerate(self.tails):
            narrow = layers.Dense(
                max(1, width // NARROWER ** (number + 1)), use_bias=False,
                name=f"narrow_{number}", dtype=self.dtype_policy,
            )  # fmt: skip
            narrow.build((None, width))
            tail.build((None, narrow.units))
            self.narrow.append(narrow)

    def call(self, states, targets):
        """Return the words' negative log-probabilities.

        Args:
            states: shape (batch, steps, dimensions).
            targets: of `Clusters.targets`.

        Returns:
            Shape (batch, steps), float32, in nats.
        """
        batch, steps, width = ops.shape(states)
        nats = _cross_entropy(targets["frequent"], self.head(states))
        flat = ops.reshape(states, (-1, width))
        for number, (narrow, tail) in enumerate(zip(self.narrow, self.tails, strict=True)):
            places = targets[f"places_{number}"]
            logits = tail(narrow(ops.take(flat, places, axis=0)))
            within = _cross_entropy(targets[f"rare_{number}"], logits)
            within = ops.segment_sum(within * targets[f"counts_{number}"], places, batch * steps)
            nats = nats + ops.reshape(within, (batch, steps))
        return nats

    def compute_output_spec(self, states, targets=None):
        """Return what `call` does; its shape cannot be told by tracing with unknown sizes."""
        return keras.KerasTensor(states.shape[:-1], "float32")

    def get_config(self) -> dict:
        """Return what `__init__` takes."""
        return super().get_config() | {"borders": list(self.clusters.borders)}


def _cross_entropy(targets, logits):
    logits = ops.cast(logits, "float32")
    return keras.losses.sparse_categorical_crossentropy(targets, logits, from_logits=True)
