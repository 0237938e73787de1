"""LSTM layers on top of each other (Graves et al., 2013, https://arxiv.org/abs/1303.5778).

The second layer reads the states of the first as if they were words. Both layers' states are
pooled, so that what the first already knows has a short way out.

    python models/stacked_lstm.py
    python models/stacked_lstm.py --seed 1 --layers 3
"""

from benchmark.rows.networks import NetworkRow, Step, TrainingData, hyperparameters, option
from models.layers.ends import head, read_words
from models.layers.lstm import lstm
from models.layers.pooling import max_and_mean
from models.layers.recurrent import RecurrentOptions

import keras
from keras import ops


@hyperparameters
class Hyperparameters(RecurrentOptions):
    """As for `lstm`, and one more."""

    layers: int = option(2, "LSTM layers on top of each other", ge=1)


def build(options: Hyperparameters, data: TrainingData) -> keras.Model:
    words, states, mask = read_words(options, data)
    pooled = []
    for _ in range(options.layers):
        states = lstm(options.units)(states)
        pooled.append(max_and_mean(states, mask))
    return head(words, ops.concatenate(pooled, axis=-1), options.dropout)


row = NetworkRow("recurrent", Hyperparameters, build=build, step=Step("lstm", "a second layer"))

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
