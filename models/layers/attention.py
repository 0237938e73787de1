"""Additive attention: a weighted mean over the words, the weights learned."""

from models.layers.pooling import LOWER_THAN_ANY

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="imdb_sentiment_benchmark")
class AttentionPooling(layers.Layer):
    """Pool states by how much they matter (Yang et al., 2016, equations 5 to 7).

    With state h of a word, :math:`u = \\tanh(W h + b)`, its weight is the softmax over the review's
    words of :math:`u^T c`, and the result is the sum of the states by their weights. W, b and the
    context vector c are learned. https://aclanthology.org/N16-1174

    Without a hidden layer, :math:`u = \\tanh(h)` (Zhou et al., 2016, equations 9 to 11).

    Args:
        units: numbers in u; 0 for no hidden layer.
    """

    def __init__(self, units: int, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        own = {"dtype": self.dtype_policy}  # else a loaded layer's parts take the policy of the day
        if units:
            self.hidden = layers.Dense(units, activation="tanh", name="hidden", **own)
        else:
            self.hidden = layers.Activation("tanh", name="hidden", **own)
        self.context = layers.Dense(1, use_bias=False, name="context", **own)

    def build(self, states_shape, is_word_shape) -> None:
        """Make the weights."""
        self.hidden.build(states_shape)
        self.context.build((*states_shape[:-1], self.units or states_shape[-1]))

    def call(self, states, is_word):
        """Return the pooled states and the weights.

        Args:
            states: shape (batch, words, dimensions).
            is_word: shape (batch, words, 1), 1 for words and 0 for padding.

        Returns:
            Shapes (batch, dimensions) and (batch, words). The weights of a review sum to one and
            are exactly zero at padding; without any word they are all zero.
        """
        scores = ops.cast(self.context(self.hidden(states))[..., 0], "float32")
        is_word = ops.cast(is_word[..., 0], "float32")
        scores = ops.where(is_word > 0, scores, LOWER_THAN_ANY)
        weights = ops.softmax(scores, axis=-1) * is_word
        weights = ops.cast(weights, states.dtype)
        return ops.sum(states * weights[..., None], axis=1), weights

    def compute_output_shape(self, states_shape, is_word_shape):
        """Return the shapes of the two results."""
        return (states_shape[0], states_shape[-1]), states_shape[:-1]

    def get_config(self) -> dict:
        """Return what `__init__` takes."""
        return super().get_config() | {"units": self.units}
