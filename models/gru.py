"""Gated recurrent unit (Cho et al., 2014, https://arxiv.org/abs/1406.1078).

The LSTM's smaller sister: two gates instead of three, and no state besides the one that it shows.
The reset gate acts after the matrix product, as in fused GPU kernels; in the paper, before it.
Everything else is as in `lstm.py`.

    python models/gru.py
    python models/gru.py --seed 1 --units 64
"""

from benchmark.rows.networks import NetworkRow, Step, TrainingData
from models.layers.ends import head, read_words
from models.layers.pooling import max_and_mean
from models.layers.recurrent import RecurrentOptions

import keras
from keras import layers


def build(options: RecurrentOptions, data: TrainingData) -> keras.Model:
    words, vectors, mask = read_words(options, data)
    states = layers.GRU(options.units, return_sequences=True)(vectors)
    return head(words, max_and_mean(states, mask), options.dropout)


row = NetworkRow(
    "recurrent",
    RecurrentOptions,
    build=build,
    step=Step("lstm", "one gate and the memory left out"),
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
