"""The two ends of a network: word ids become vectors, and features become a probability."""

from typing import Annotated

from benchmark.rows.hyperparameters import Choice, Uniform, hyperparameters, option, searched
from benchmark.rows.networks.options import NetworkOptions
from benchmark.rows.training_data import TrainingData
from preprocessing.vocabulary import UNKNOWN
from preprocessing.word_vectors import Kind

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
        json_schema_extra=searched(Uniform(0.0, 0.5)),
    ),
]


@hyperparameters
class WordOptions(NetworkOptions):
    """Options of the word vectors, which several networks share."""

    vectors: Kind = option(
        "cbow", "how the word vectors that it starts from are learned; random ones go on learning"
    )
    learned_words: int = option(
        5_000,
        "most frequent words whose learned vectors go on learning; 0 for none",
        Choice(0, 2_000, 5_000, 20_000),
        ge=0,
    )
    random_dimensions: int = option(300, "numbers in a vector that starts from chance", ge=1)
    known_words: int = option(
        65_536, "most frequent words that are read; the others count as unknown", ge=3
    )
    spatial_dropout: SpatialDropout = 0.0


@hyperparameters
class HeadOptions:
    """Options of the way out."""

    dropout: float = option(
        0.5, "share of the review's features dropped", Uniform(0.0, 0.6), ge=0, lt=1
    )


def read_words(
    options: WordOptions, data: TrainingData
) -> tuple[keras.KerasTensor, keras.KerasTensor, keras.KerasTensor]:
    """Return a network's input and its words as vectors.

    Learned vectors stay as they are, and frequent words get a learned correction of their own.
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
    known = min(options.known_words, len(data.vocabulary))
    read = words
    if known < len(data.vocabulary):
        read = ops.where(words < known, words, UNKNOWN)
    if options.vectors == "random":
        start = keras.initializers.RandomUniform(-0.05, 0.05, seed=data.seed)
        table = layers.Embedding(known, options.random_dimensions, start, name="vectors")
        embedded = table(read)
    else:
        vectors = data.word_vectors(options.vectors)[:known]
        frequent_half = vectors[1 : len(vectors) // 2]
        length = np.median(np.linalg.norm(frequent_half, axis=1))
        table = layers.Embedding(*vectors.shape, trainable=False, name="vectors")
        embedded = table(read)
        table.set_weights([vectors / length])
        if options.learned_words:
            frequent = ops.where(read < options.learned_words, read, 0)
            size = min(options.learned_words, len(vectors))
            correction = layers.Embedding(size, vectors.shape[1], "zeros", name="correction")
            embedded = embedded + correction(frequent)
    embedded = layers.SpatialDropout1D(options.spatial_dropout)(embedded)
    mask = ops.cast(ops.not_equal(words, 0), embedded.dtype)[..., None]
    return words, embedded * mask, mask


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
