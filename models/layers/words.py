"""The way into a network: word ids become vectors."""

from typing import Annotated, Literal

from benchmark.rows.hyperparameters import hyperparameters, option
from benchmark.rows.networks.options import NetworkOptions
from benchmark.rows.training_data import TrainingData
from preprocessing.word_vectors import Word2VecSettings

import keras
import numpy as np
from keras import layers, ops
from pydantic import Field

SpatialDropout = Annotated[
    float,
    Field(
        ge=0,
        lt=1,
        description="share of a review's vector dimensions dropped, in all of its words",
    ),
]


@hyperparameters
class WordOptions(NetworkOptions):
    """Options of the word vectors, which several networks share."""

    embeddings: Literal["word2vec", "random"] = option(
        "word2vec", "what the vectors start from: learned on train and unsup, or chance"
    )
    learned_words: int = option(
        5_000, "most frequent words whose word2vec vectors go on learning; 0 for none", ge=0
    )
    spatial_dropout: SpatialDropout = 0.0


def read_words(
    options: WordOptions, data: TrainingData
) -> tuple[keras.KerasTensor, keras.KerasTensor, keras.KerasTensor]:
    """Return a network's input and its words as vectors.

    word2vec's vectors stay as they are, and frequent words get a learned correction of their own.
    Rare words, which would be learned by heart, share one. All are scaled by one number, so that
    the typical word, by the median of the more frequent half, has length 1; at their own, greater
    length Adam's steps are too small to move them.

    Args:
        options: the row's hyperparameters.
        data: where the vectors come from.

    Returns:
        The input, word ids, shape (batch, words), int32, 0 for padding, lower ids for more
        frequent words; their vectors, shape (batch, words, dimensions), zero for padding; and the
        mask, shape (batch, words, 1), 1 for words and 0 for padding. The last two are in the
        network's number format.
    """
    words = keras.Input((None,), dtype="int32", name="words")
    if options.embeddings == "random":
        shape = len(data.vocabulary), Word2VecSettings().dimensions
        start = keras.initializers.RandomUniform(-0.05, 0.05, seed=data.seed)
        embedded = layers.Embedding(*shape, start, name="vectors")(words)
    else:
        vectors = data.word_vectors(Word2VecSettings())
        frequent_half = vectors[1 : len(vectors) // 2]
        length = np.median(np.linalg.norm(frequent_half, axis=1))
        table = layers.Embedding(*vectors.shape, trainable=False, name="vectors")
        embedded = table(words)
        table.set_weights([vectors / length])
        if options.learned_words:
            frequent = ops.where(words < options.learned_words, words, 0)
            size = min(options.learned_words, len(vectors))
            correction = layers.Embedding(size, vectors.shape[1], "zeros", name="correction")
            embedded = embedded + correction(frequent)
    embedded = layers.SpatialDropout1D(options.spatial_dropout)(embedded)
    mask = ops.cast(ops.not_equal(words, 0), embedded.dtype)[..., None]
    return words, embedded * mask, mask
