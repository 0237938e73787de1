"""Building a language model's parts into a network, with what they have learned."""

from models.layers.lstm import lstm
from models.pretraining.language_model import LanguageModel
from preprocessing.vocabulary import UNKNOWN

import keras
import numpy as np
from keras import ops


def known_words(words: keras.KerasTensor, start: LanguageModel) -> keras.KerasTensor:
    """Return word ids, with unknown in place of what the language model does not know."""
    return ops.where(words < len(start.vectors), words, UNKNOWN)


def states(
    vectors: keras.KerasTensor, weights: list[list[np.ndarray]], name: str
) -> list[keras.KerasTensor]:
    """Return the states of each LSTM layer, the first that reads the vectors first.

    Args:
        vectors: shape (batch, words, dimensions).
        weights: of each layer kernel, recurrent kernel and bias.
        name: how the layers' names begin; a number follows.

    Returns:
        Each of shape (batch, words, units).
    """
    found = []
    for number, learned in enumerate(weights):
        layer = lstm(learned[1].shape[0], name=f"{name}_{number}")
        vectors = layer(vectors)
        layer.set_weights(learned)
        found.append(vectors)
    return found
