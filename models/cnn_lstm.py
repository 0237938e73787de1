"""A convolution whose answers an LSTM reads (C-LSTM; Zhou et al., 2015, https://arxiv.org/abs/1511.08630).

Filters find phrases; of every few words in a row only the strongest answer is kept, as in Keras's
well-known example and unlike the paper, and the LSTM reads that shorter sequence: a fourth of the
steps. All of its states are pooled, where the paper keeps only the last one.

    python models/cnn_lstm.py
    python models/cnn_lstm.py --seed 1 --pool 2
    python models/cnn_lstm.py --variant quick
"""

from benchmark.rows.networks import (
    Choice,
    NetworkRow,
    Step,
    TrainingData,
    Variant,
    hyperparameters,
    option,
)
from models.layers.ends import head, read_words
from models.layers.lstm import lstm
from models.layers.pooling import max_and_mean
from models.layers.recurrent import RecurrentOptions

import keras
from keras import layers, ops


@hyperparameters
class Hyperparameters(RecurrentOptions):
    """As for `lstm`, and those of the convolution."""

    filters: int = option(128, "filters", Choice(64, 128, 256), ge=1)
    width: int = option(3, "words that a filter looks at", ge=1)
    pool: int = option(
        4, "words in a row of which the strongest answer is kept", Choice(2, 4, 8), ge=1
    )


def build(options: Hyperparameters, data: TrainingData) -> keras.Model:
    words, vectors, mask = read_words(options, data)
    convolution = layers.Conv1D(options.filters, options.width, padding="same", activation="relu")
    phrases = strongest(convolution(vectors) * mask, options.pool)
    mask = strongest(mask, options.pool)
    states = lstm(options.units)(phrases)
    return head(words, max_and_mean(states, mask), options.dropout)


def strongest(x: keras.KerasTensor, pool: int) -> keras.KerasTensor:
    """Return the largest of each `pool` values in a row, the last group filled up with zeros."""
    return layers.MaxPooling1D(pool)(ops.pad(x, ((0, 0), (0, pool - 1), (0, 0))))


row = NetworkRow(
    "recurrent",
    Hyperparameters,
    build=build,
    step=Step("lstm", "a convolution first, a fourth of the steps"),
    variants={
        "quick": Variant(
            {
                "vectors": "random",
                "random_dimensions": 64,
                "known_words": 20_000,
                "units": 64,
                "filters": 64,
                "max_words": 200,
                "truncation": "tail",
            },
            Step("cnn (quick)", "an LSTM over the filters' answers, half of the words"),
        ),
    },
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
