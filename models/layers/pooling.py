"""From one vector a word to one vector a review, padding left out."""

import keras
from keras import ops

LOWER_THAN_ANY = -1e9
"""What stands in place of padding before a maximum or a softmax."""


def max_and_mean(x: keras.KerasTensor, mask: keras.KerasTensor) -> keras.KerasTensor:
    """Return the largest and the mean value over the words, side by side.

    Gradients reach every word directly instead of through all words after it, which is what a
    recurrent network needs in reviews of several hundred words (Collobert & Weston, 2008, for the
    maximum; https://doi.org/10.1145/1390156.1390177).

    Args:
        x: shape (batch, words, dimensions); values at padding do not matter if they are finite.
        mask: shape (batch, words, 1), 1 for words and 0 for padding.

    Returns:
        Shape (batch, 2 × dimensions); zero for a review without words.
    """
    is_word = ops.cast(mask, "bool")
    largest = ops.max(ops.where(is_word, x, ops.cast(LOWER_THAN_ANY, x.dtype)), axis=1)
    total = ops.sum(ops.where(is_word, x, ops.zeros_like(x)), axis=1)
    length = ops.sum(mask, axis=1)
    any_word = ops.max(mask, axis=1)
    return ops.concatenate([largest * any_word, total / ops.maximum(length, 1)], axis=-1)


def at_last_word(x: keras.KerasTensor, mask: keras.KerasTensor) -> keras.KerasTensor:
    """Return the values at each review's last word.

    Args:
        x: shape (batch, words, dimensions); values at padding do not matter if they are finite.
        mask: shape (batch, words, 1), 1 for words, then 0 for padding.

    Returns:
        Shape (batch, dimensions); zero for a review without words.
    """
    length = ops.sum(ops.cast(mask, "int32"), axis=1, keepdims=True)
    last = ops.take_along_axis(x, ops.maximum(length - 1, 0), axis=1)
    return last[:, 0] * ops.max(mask, axis=1)
