"""A convolutional network for sentences (Kim, 2014, https://arxiv.org/abs/1408.5882).

A filter looks at a few words in a row and answers how much they look like the phrase that it has
learned; of each filter only its strongest answer in the review is kept (max over time), so a phrase
counts wherever it stands and however long the review is. Dropout, and a single unit on top.

Like the paper's CNN-non-static, it starts from word2vec vectors and goes on learning them.

    python models/cnn.py
    python models/cnn.py --seed 1 --filters 64
    python models/cnn.py --embeddings random
"""

from benchmark.cli import run_row
from benchmark.experiment import TrainingData, hyperparameters, option
from benchmark.networks import NetworkRow
from models.layers.words import WordOptions, word_vectors

import keras
from keras import layers, ops


@hyperparameters
class Hyperparameters(WordOptions):
    """Chosen on validation."""

    epochs: int = option(4, "passes over the training reviews; the best one is kept", ge=1)
    max_words: int = option(800, "words read of a review; 98 % are shorter", ge=1)
    filters: int = option(250, "filters of each width", ge=1)
    widths: tuple[int, ...] = option((3,), "words that a filter looks at; several are allowed")
    word_dropout: float = option(0.5, "share of the vectors' numbers dropped", ge=0, lt=1)
    dropout: float = option(0.5, "share of the filters' answers dropped", ge=0, lt=1)


def build(options: Hyperparameters, data: TrainingData) -> keras.Model:
    words = keras.Input((None,), dtype="int32", name="words")
    x, mask = word_vectors(words, options, data)
    x = layers.Dropout(options.word_dropout)(x)
    strongest = []
    for width in options.widths:
        answers = layers.Conv1D(options.filters, width, padding="same", activation="relu")(x)
        strongest.append(ops.max(answers * mask, axis=1))  # no answer is below zero, so 0 hides it
    x = ops.concatenate(strongest, axis=1)
    x = layers.Dropout(options.dropout)(x)
    positive = layers.Dense(1, activation="sigmoid", dtype="float32", name="positive")(x)
    return keras.Model(words, positive)


row = NetworkRow("convolutional", Hyperparameters, build=build)

if __name__ == "__main__":
    run_row(__file__)
