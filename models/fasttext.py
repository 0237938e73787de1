"""fastText: the mean of learned vectors of words and n-grams (Joulin et al., 2016,
https://arxiv.org/abs/1607.01759).

A linear model that shares what it learns through a few dimensions. N-grams of two words or more
catch "not good". There are too many for a table with one row each, so a hash puts each n-gram into
one of a fixed number of buckets, which it may share. All vectors are learned from the labels alone.

    python models/fasttext.py
    python models/fasttext.py --seed 1 --max-ngram 3
    python models/fasttext.py --variant quick
"""

from benchmark.rows.networks import (
    Choice,
    Epochs,
    LearningRate,
    MaxWords,
    NetworkOptions,
    NetworkRow,
    Step,
    TrainingData,
    Uniform,
    Variant,
    hyperparameters,
    option,
)
from models.layers.ends import head

import keras
from keras import layers, ops

MULTIPLIER = 1_000_003
"""A prime, to spread the pairs; products wrap around in 32 bits, which does a hash no harm."""


@hyperparameters
class Hyperparameters(NetworkOptions):
    """Chosen on validation."""

    epochs: Epochs = 8
    max_words: MaxWords = 800
    learning_rate: LearningRate = 5e-3
    dimensions: int = option(
        16, "numbers in a vector; the paper has 10", Choice(8, 16, 32, 64), ge=1
    )
    max_ngram: int = option(2, "words in the longest n-gram", Choice(1, 2, 3), ge=1)
    places: int = option(2**18, "places of n-grams of two words or more", ge=1)
    dropout: float = option(
        0.2, "share of the review's dimensions dropped", Uniform(0.0, 0.6), ge=0, lt=1
    )


def build(options: Hyperparameters, data: TrainingData) -> keras.Model:
    words = keras.Input((None,), dtype="int32", name="words")
    grams, is_gram = words, words > 0
    total, count = 0, 0
    for size in range(1, options.max_ngram + 1):
        if size == 1:
            table = layers.Embedding(len(data.vocabulary), options.dimensions)
        else:
            following = ops.pad(words, ((0, 0), (0, size - 1)))[:, size - 1 :]
            grams = ops.mod(grams * MULTIPLIER + following, options.places)
            is_gram = following > 0
            table = layers.Embedding(options.places, options.dimensions)
        vectors = table(grams)
        mask = ops.cast(is_gram, vectors.dtype)[..., None]
        total = total + ops.sum(vectors * mask, axis=1)
        count = count + ops.sum(mask, axis=1)
    return head(words, total / ops.maximum(count, 1), options.dropout)


row = NetworkRow(
    "bag of words",
    Hyperparameters,
    build=build,
    step=Step("tfidf_logreg", "phrases as learned vectors, averaged"),
    variants={
        "quick": Variant(
            {"epochs": 4, "learning_rate": 1e-2},
            Step("fasttext", "half of the passes, at twice the rate"),
        ),
    },
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
