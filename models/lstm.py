"""Long short-term memory (Hochreiter & Schmidhuber, 1997, https://doi.org/10.1162/neco.1997.9.8.1735).

The network reads word by word and carries a state along; gates learn what to add to it, what to
forget (Gers et al., 2000) and what to show. The textbook form answers from the last state, hundreds
of words after the first; here the states at all words are pooled.

    python models/lstm.py
    python models/lstm.py --seed 1 --units 64
    python models/lstm.py --embeddings random
"""

from benchmark.rows.networks import NetworkRow, Step, TrainingData
from models.layers.head import head
from models.layers.pooling import max_and_mean
from models.layers.recurrent import RecurrentOptions, lstm
from models.layers.words import read_words

import keras


def build(options: RecurrentOptions, data: TrainingData) -> keras.Model:
    words, vectors, mask = read_words(options, data)
    states = lstm(options.units)(vectors)
    return head(words, max_and_mean(states, mask), options.dropout)


row = NetworkRow(
    "recurrent", RecurrentOptions, build=build, step=Step("simple_rnn", "gates and a memory")
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
