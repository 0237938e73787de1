"""Capsules: vectors whose length says how sure the network is that something is there."""

import keras
from keras import layers, ops


def squash(x):
    """Shorten vectors to a length below 1 and keep their direction (Sabour et al., equation 1).

    Args:
        x: shape (..., dimensions).

    Returns:
        The same shape; a vector of length n becomes one of length n² / (1 + n²), zero stays zero.
    """
    squared = ops.sum(ops.square(x), axis=-1, keepdims=True)
    return x * ops.sqrt(squared + keras.config.epsilon()) / (1 + squared)


@keras.saving.register_keras_serializable(package="imdb_sentiment_benchmark")
class DynamicRouting(layers.Layer):
    """A layer of capsules that gather what agrees with them (Sabour et al., 2017, procedure 1).

    Each capsule below makes a prediction for each capsule above, by a learned matrix; what it sends
    is shared out among those above, more to those whose output its prediction resembles. Capsules
    of one kind use one matrix at every word, so that reviews may have any length; those of Zhao et
    al. (2018) share one among all kinds, too. Three things differ from the paper: votes are
    weighted by the importance of their word; the sum over the capsules below is divided by the
    square root of the number of words, since hundreds of them would make every length 1; and
    gradients pass only through the last iteration, which costs less memory.

    Args:
        capsules: how many capsules above.
        dimensions: numbers in each of them.
        iterations: how often the shares are corrected, one or more.
    """

    def __init__(self, capsules: int, dimensions: int, iterations: int = 3, **kwargs):
        super().__init__(**kwargs)
        self.capsules, self.dimensions, self.iterations = capsules, dimensions, iterations

    def build(self, below_shape, importance_shape) -> None:
        """Make the matrices, shape (kinds, dimensions below, capsules × dimensions)."""
        _, _, kinds, dimensions = below_shape
        self.matrices = self.add_weight(
            shape=(kinds, dimensions, self.capsules * self.dimensions), name="matrices"
        )

    def call(self, below, importance):
        """Route.

        Args:
            below: capsules at each word, shape (batch, words, kinds, dimensions below).
            importance: of each word, shape (batch, words, 1); 1 on average and 0 for padding.

        Returns:
            Shape (batch, capsules, dimensions); each vector is shorter than 1.
        """
        batch, words, kinds, _ = ops.shape(below)
        predictions = ops.einsum("bwkd,kde->bwke", below, self.matrices)
        shape = (batch, words * kinds, self.capsules, self.dimensions)
        predictions = ops.reshape(predictions * importance[..., None], shape)
        length = ops.maximum(ops.sum(importance, axis=1), 1)[..., None]
        fixed = ops.stop_gradient(predictions)
        agreement = ops.zeros_like(fixed[..., 0])
        for iteration in range(1, self.iterations + 1):
            last = iteration == self.iterations
            share = ops.softmax(agreement, axis=-1)
            sent = ops.einsum("bnc,bncd->bcd", share, predictions if last else fixed)
            above = squash(sent / ops.sqrt(length))
            if not last:
                agreement = agreement + ops.einsum("bncd,bcd->bnc", fixed, above)
        return above

    def compute_output_shape(self, below_shape, importance_shape):
        """Return the result's shape."""
        return below_shape[0], self.capsules, self.dimensions

    def get_config(self) -> dict:
        """Return what `__init__` takes."""
        return super().get_config() | {
            "capsules": self.capsules,
            "dimensions": self.dimensions,
            "iterations": self.iterations,
        }
