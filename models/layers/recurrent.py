"""What the recurrent rows share: their options, and reading from the end."""

from benchmark.rows.hyperparameters import Choice, hyperparameters, option
from benchmark.rows.networks.options import Epochs, LearningRate, MaxWords
from models.layers.ends import HeadOptions, SpatialDropout, WordOptions

import keras
from keras import ops


@hyperparameters
class RecurrentOptions(WordOptions, HeadOptions):
    """Options that every recurrent row has. Chosen on validation, for `lstm`."""

    epochs: Epochs = 2
    learning_rate: LearningRate = 2e-3
    spatial_dropout: SpatialDropout = 0.2
    max_words: MaxWords = 800
    units: int = option(128, "numbers in the state", Choice(64, 128, 256), ge=1)


def backwards(x: keras.KerasTensor, mask: keras.KerasTensor) -> keras.KerasTensor:
    """Turn the words of each review around and leave the padding at the end.

    A layer that reads the result reads reviews from their last word to their first, without the
    mask that would keep it from the fast kernels. Turning twice gives `x` again.

    Args:
        x: shape (batch, words, dimensions).
        mask: shape (batch, words, 1), 1 for words, then 0 for padding.

    Returns:
        Shape (batch, words, dimensions).
    """
    is_word = ops.cast(mask[..., 0], "int32")
    position = ops.cumsum(ops.ones_like(is_word), axis=1) - 1
    last = ops.sum(is_word, axis=1, keepdims=True) - 1
    order = ops.where(is_word > 0, last - position, position)
    return ops.take_along_axis(x, order[..., None], axis=1)
