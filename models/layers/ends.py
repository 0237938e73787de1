"""Input and output of a network: word ids become vectors, and features become a probability."""

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

LearnedWords = Annotated[
    int,
    Field(
        ge=0,
        description="most frequent words whose learned vectors go on learning; 0 for none",
        json_schema_extra=searched(Choice(0, 2_000, 5_000, 20_000)),
    ),
]


@hyperparameters
class WordOptions(NetworkOptions):
    """Options of the word vectors, which several networks share."""

    vectors: Kind = option(
        "cbow", "how the word vectors that it starts from are learned; random ones go on learning"
    )
    learned_words: LearnedWords = 5_000
    random_dimensions: int = option(300, "numbers in a vector that starts at random", ge=1)
    known_words: int = option(
        65_536, "most frequent words that are read; the others count as unknown", ge=3
    )
    spatial_dropout: SpatialDropout = 0.0


@hyperparameters
class HeadOptions:
    """Options of the output layer."""

    dropout: float = option(
        0.5, "share of the review's features dropped", Uniform(0.0, 0.6), ge=0, lt=1
    )


def of_length_one(vectors: np.ndarray) -> np.ndarray:
    """Return all vectors divided by one number: the typical word's length.

    That is the median of the more frequent half. At their own, greater length Adam's steps are too
    small to move them.

    Args:
        vectors: of the vocabulary, frequent words first, shape (words, dimensions).
    """
    frequent_half = vectors[1 : max(2, len(vectors) // 2)]
    return vectors / np.median(np.linalg.norm(frequent_half, axis=1))


def fixed_table(vectors: np.ndarray, name: str = "vectors") -> layers.Embedding:
    """Return a layer from word ids to given vectors, which stay as they are.

    Args:
        vectors: shape (words, dimensions).
        name: of the layer.
    """
    table = layers.Embedding(*vectors.shape, trainable=False, name=name)
    table.build()
    table.set_weights([vectors])
    return table


def corrected_vectors(
    words: keras.KerasTensor, table: layers.Embedding, learned_words: int
) -> keras.KerasTensor:
    """Return given word vectors with corrections that are learned.

    The vectors stay as they are, and frequent words get a learned correction of their own. Rare
    words, which would be learned by heart, share one.

    Args:
        words: ids, shape (batch, words), int32; lower ids for more frequent words.
        table: as `fixed_table` returns it.
        learned_words: how many have a correction of their own; 0 for no corrections.

    Returns:
        Shape (batch, words, dimensions).
    """
    if not learned_words:
        return table(words)
    frequent = ops.where(words < learned_words, words, 0)
    size = min(learned_words, table.input_dim)
    correction = layers.Embedding(size, table.output_dim, "zeros", name="correction")
    return table(words) + correction(frequent)


def read_words(
    options: WordOptions, data: TrainingData
) -> tuple[keras.KerasTensor, keras.KerasTensor, keras.KerasTensor]:
    """Return a network's input and its words as vectors.

    Learned vectors are scaled by `of_length_one` and read by `corrected_vectors`.

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
        vectors = of_length_one(data.word_vectors(options.vectors)[:known])
        embedded = corrected_vectors(read, fixed_table(vectors), options.learned_words)
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
