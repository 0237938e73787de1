"""A convolutional network for sentences (Kim, 2014, https://arxiv.org/abs/1408.5882).

A filter looks at a few words in a row and outputs how much they resemble a phrase that it has
learned. From each filter the paper keeps one number, however long the text is: its largest output.
Dropout and a single output unit follow.

`--variant paper` is the paper's network: filters over three, four and five words, 100 of each. By
default filters look at one to three words, and a second number is kept from each, since a long
review says more: the mean of its outputs, weighted by attention (Yang et al., 2016,
https://aclanthology.org/N16-1174), times the square root of the length.

Neither is trained as in the paper: Adam takes the place of Adadelta, and the last layer's weights
are not bounded. Both start from word2vec vectors that were learned on the reviews, not on news, and
keep training those of frequent words, which is between the paper's CNN-static and CNN-non-static.

    python models/cnn.py
    python models/cnn.py --variant paper
    python models/cnn.py --variant quick
    python models/cnn.py --seed 1 --filters 64
    python models/cnn.py --vectors random
"""

from typing import Literal

from benchmark.rows.networks import (
    Choice,
    Epochs,
    MaxWords,
    NetworkRow,
    Step,
    TrainingData,
    Variant,
    hyperparameters,
    option,
)
from models.layers.attention import AttentionPooling
from models.layers.ends import HeadOptions, WordOptions, head, read_words

import keras
from keras import layers, ops
from pydantic import PositiveInt


@hyperparameters
class Hyperparameters(WordOptions, HeadOptions):
    """Chosen on validation."""

    epochs: Epochs = 2
    max_words: MaxWords = 800
    filters: int = option(150, "filters of each width", Choice(100, 150, 250), ge=1)
    widths: tuple[PositiveInt, ...] = option(
        (1, 2, 3), "words that a filter looks at, one or more numbers"
    )
    pooling: Literal["max_and_attention", "max"] = option(
        "max_and_attention", "what is kept of a filter's outputs; max is the paper's"
    )
    attention_units: int = option(128, "numbers in the attention's hidden layer", ge=1)


def build(options: Hyperparameters, data: TrainingData) -> keras.Model:
    words, vectors, mask = read_words(options, data)
    convolutions = [
        layers.Conv1D(options.filters, width, padding="same", activation="relu")(vectors)
        for width in options.widths
    ]
    outputs = ops.concatenate(convolutions, axis=-1) * mask
    largest = ops.max(outputs, axis=1)  # outputs are not negative, so masking with 0 is safe
    if options.pooling == "max":
        return head(words, largest, options.dropout)
    attended, _ = AttentionPooling(options.attention_units, name="attention")(outputs, mask)
    attended = attended * ops.sqrt(ops.sum(mask, axis=1))
    return head(words, ops.concatenate([largest, attended], axis=-1), options.dropout)


row = NetworkRow(
    "convolutional",
    Hyperparameters,
    build=build,
    step=Step("cnn (paper)", "shorter filters, attention beside the maximum"),
    variants={
        "paper": Variant(
            {"widths": (3, 4, 5), "filters": 100, "pooling": "max", "dropout": 0.5},
            Step("averaged_word2vec", "filters of three to five words, pooled by maximum"),
        ),
        "quick": Variant(
            {
                "vectors": "random",
                "random_dimensions": 64,
                "known_words": 20_000,
                "spatial_dropout": 0.2,
                "max_words": 400,
            },
            Step("fasttext", "filters over the words instead of their mean, half of the words"),
        ),
    },
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
