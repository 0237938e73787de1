"""Word vectors made from letters, so that words of like spelling have like vectors.

Convolutions of several widths read a word's letters, and the largest of what each filter finds is
kept; a highway layer and a projection make the word's vector of it (Kim et al., 2016,
https://arxiv.org/abs/1508.06615; the projection is Peters et al.'s, 2018).
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers, ops

BYTES = 20
"""Of a word in UTF-8, with the marks around it; 99.99 % of IMDB's words are not longer."""

BEGIN, END, PADDING = 256, 257, 258
SYMBOLS = 259

DIMENSIONS = 16
"""Numbers in a letter's vector, as in ELMo."""

FILTERS = {1: 32, 2: 32, 3: 64, 4: 64, 5: 128}
"""How many of each width; ELMo has 32 to 1,024, of widths up to 7."""

TOGETHER = 1024
"""Words whose vectors are computed at once for a table."""


def spell(words: Sequence[str]) -> np.ndarray:
    """Return words letter by letter, between marks for their beginning and end.

    Args:
        words: texts; longer ones lose their end.

    Returns:
        Bytes of UTF-8 and the marks, shape (words, BYTES), int32.
    """
    spelled = np.full((len(words), BYTES), PADDING, np.int32)
    for row, word in zip(spelled, words, strict=True):
        letters = [BEGIN, *word.encode()[: BYTES - 2], END]
        row[: len(letters)] = letters
    return spelled


@keras.saving.register_keras_serializable(package="imdb_sentiment_benchmark")
class SpelledWords(layers.Layer):
    """Vectors of words from their letters.

    Args:
        words: how many there are; `build` leaves their spelling, `letters`, to be assigned.
        dimensions: numbers in a vector.
    """

    def __init__(self, words: int, dimensions: int, **kwargs):
        super().__init__(**kwargs)
        self.words, self.dimensions = words, dimensions
        own = {"dtype": self.dtype_policy}
        found = sum(FILTERS.values())
        self.symbols = layers.Embedding(SYMBOLS, DIMENSIONS, name="symbols", **own)
        self.filters = [
            layers.Conv1D(count, width, activation="relu", name=f"filters_{width}", **own)
            for width, count in FILTERS.items()
        ]
        self.change = layers.Dense(found, activation="relu", name="change", **own)
        # begins with letting most through, as in Srivastava et al., 2015
        self.gate = layers.Dense(
            found, activation="sigmoid", bias_initializer=keras.initializers.Constant(-2.0),
            name="gate", **own,
        )  # fmt: skip
        self.projection = layers.Dense(dimensions, name="projection", **own)

    def build(self, shape) -> None:
        """Make the weights, and room for the spelling."""
        self.letters = self.add_weight(
            shape=(self.words, BYTES), dtype="int32", initializer="zeros", trainable=False,
            name="letters",
        )  # fmt: skip
        self.symbols.build((None, BYTES))
        for convolution in self.filters:
            convolution.build((None, BYTES, DIMENSIONS))
        found = (None, sum(FILTERS.values()))
        for layer in (self.change, self.gate, self.projection):
            layer.build(found)

    def call(self, words):
        """Return the vectors of word ids, shape (batch, words, dimensions)."""
        batch, steps = ops.shape(words)
        letters = self.symbols(ops.take(self.letters, ops.reshape(words, (-1,)), axis=0))
        found = ops.concatenate([ops.max(one(letters), axis=1) for one in self.filters], axis=-1)
        gate = self.gate(found)
        vectors = self.projection(gate * self.change(found) + (1 - gate) * found)
        return ops.reshape(vectors, (batch, steps, self.dimensions))

    def table(self) -> np.ndarray:
        """Return the vectors of all words, shape (words, dimensions), float32."""
        parts = np.split(np.arange(self.words)[None], range(TOGETHER, self.words, TOGETHER), axis=1)
        vectors = [ops.convert_to_numpy(ops.cast(self(part), "float32"))[0] for part in parts]
        return np.concatenate(vectors)

    def compute_output_shape(self, shape):
        """Return the result's shape."""
        return (*shape, self.dimensions)

    def get_config(self) -> dict:
        """Return what `__init__` takes."""
        return super().get_config() | {"words": self.words, "dimensions": self.dimensions}
