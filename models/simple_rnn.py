"""A recurrent network without gates (Elman, 1990, https://doi.org/10.1207/s15516709cog1402_1).

Each state is a squashed mix of the word and the state before it; the states at all words are
pooled. Compared with `lstm` and `gru`, from which nothing else differs, it shows what gating buys
at the settings that were chosen for `lstm`, which may not suit it as well.

    python models/simple_rnn.py
    python models/simple_rnn.py --seed 1 --units 64
"""

from benchmark.rows.networks import NetworkRow, Step, TrainingData
from models.layers.ends import head, read_words
from models.layers.pooling import max_and_mean
from models.layers.recurrent import RecurrentOptions

import keras
from keras import layers


def build(options: RecurrentOptions, data: TrainingData) -> keras.Model:
    words, vectors, mask = read_words(options, data)
    states = layers.SimpleRNN(options.units, return_sequences=True)(vectors)
    return head(words, max_and_mean(states, mask), options.dropout)


row = NetworkRow(
    "recurrent",
    RecurrentOptions,
    build=build,
    step=Step("averaged_word2vec", "a state that goes from word to word"),
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
