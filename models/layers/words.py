"""The way into a network: word ids become vectors."""

from typing import Literal

from benchmark.experiment import TrainingData, hyperparameters, option
from benchmark.networks import NetworkOptions

import keras
import numpy as np
from keras import layers, ops


@hyperparameters
class WordOptions(NetworkOptions):
    """Options of the word vectors, which several networks share."""

    embeddings: Literal["word2vec", "random"] = option(
        "word2vec", "what the vectors start from: learned on train and unsup, or chance"
    )
    trainable: bool = option(True, "go on learning the vectors")


def word_vectors(words: keras.KerasTensor, options: WordOptions, data: TrainingData):
    """Look up the vector of each word.

    word2vec's vectors are scaled by one number, so that half of them are longer than 1: theirs is a
    length at which Adam's steps are too small for the vectors to learn.

    Args:
        words: ids, shape (batch, words), int32, 0 for padding.
        options: the row's hyperparameters.
        data: where the vectors come from.

    Returns:
        Vectors, shape (batch, words, dimensions), zero for padding; and the mask, shape
        (batch, words, 1), 1 for words and 0 for padding, in the network's number format.
    """
    vectors = data.word_vectors()
    if options.embeddings == "word2vec":
        length = np.median(np.linalg.norm(vectors[1:], axis=1))
        start = keras.initializers.Constant(vectors / length)
    else:
        start = keras.initializers.RandomUniform(-0.05, 0.05, seed=data.seed)
    embedding = layers.Embedding(*vectors.shape, start, trainable=options.trainable)
    embedded = embedding(words)
    mask = ops.cast(ops.not_equal(words, 0), embedded.dtype)[..., None]
    return embedded * mask, mask
