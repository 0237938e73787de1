"""The way out of a network: features become the probability of "positive"."""

from benchmark.rows.hyperparameters import hyperparameters, option

import keras
from keras import layers


@hyperparameters
class HeadOptions:
    """Options of the way out."""

    dropout: float = option(0.5, "share of the review's features dropped", ge=0, lt=1)


def head(
    words: keras.KerasTensor, features: keras.KerasTensor, dropout: float = 0.0
) -> keras.Model:
    """Return the network from `words` to one sigmoid unit over the features.

    Args:
        words: the network's input, shape (batch, words), int32.
        features: of each review, shape (batch, features).
        dropout: share of the features dropped in training (Srivastava et al., 2014).

    Returns:
        A model, not compiled, with output shape (batch, 1), float32 in any number format: rounded
        to bfloat16, probabilities near 1 would be 1.
    """
    features = layers.Dropout(dropout)(features)
    positive = layers.Dense(1, activation="sigmoid", dtype="float32", name="positive")(features)
    return keras.Model(words, positive)
