"""Where a word stands, for networks that would not know."""

import keras
import numpy as np
from keras import layers, ops


def sinusoids(length: int, dimensions: int) -> np.ndarray:
    """Return the positions' vectors of Vaswani et al. (2017), section 3.5.

    Args:
        length: how many positions.
        dimensions: even.

    Returns:
        Shape (length, dimensions), float32: at position p, sin and cos of p / 10000^(2i/dimensions)
        at dimensions 2i and 2i + 1.
    """
    angles = np.arange(length)[:, None] / 10_000 ** (np.arange(0, dimensions, 2) / dimensions)
    waves = np.stack([np.sin(angles), np.cos(angles)], axis=-1)
    return waves.reshape(length, dimensions).astype(np.float32)


@keras.saving.register_keras_serializable(package="imdb_sentiment_benchmark")
class AddPositions(layers.Layer):
    """Add to each word's vector one for its position.

    Args:
        kind: "sinusoidal", fixed, or "learned", starting at random.
        longest: words of the longest review.
    """

    def __init__(self, kind: str, longest: int, **kwargs):
        super().__init__(**kwargs)
        self.kind, self.longest = kind, longest

    def build(self, shape) -> None:
        """Make the positions' vectors, shape (longest, dimensions)."""
        fixed = self.kind == "sinusoidal"
        self.positions = self.add_weight(
            shape=(self.longest, shape[-1]),
            initializer=keras.initializers.RandomNormal(stddev=0.02) if not fixed else "zeros",
            trainable=not fixed,
            name="positions",
        )
        if fixed:
            self.positions.assign(sinusoids(self.longest, shape[-1]))

    def call(self, x):
        """Return `x`, shape (batch, words, dimensions), with positions added."""
        return x + self.positions[: ops.shape(x)[1]]

    def compute_output_shape(self, shape):
        """Return the shape of `x`."""
        return shape

    def get_config(self) -> dict:
        """Return what `__init__` takes."""
        return super().get_config() | {"kind": self.kind, "longest": self.longest}
