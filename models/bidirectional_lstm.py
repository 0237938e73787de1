"""Two LSTMs, one reading onwards and one backwards (Graves & Schmidhuber, 2005,
https://doi.org/10.1016/j.neunet.2005.06.042).

Together, the states at a word then know what comes after it, too: "not bad at all" is not "bad".
They are pooled over all words, so those that were read backwards need not be put back in order.

    python models/bidirectional_lstm.py
    python models/bidirectional_lstm.py --seed 1 --units 64
    python models/bidirectional_lstm.py --variant quick
"""

from benchmark.rows.networks import NetworkRow, Step, TrainingData, Variant
from models.layers.ends import head, read_words
from models.layers.lstm import lstm
from models.layers.pooling import max_and_mean
from models.layers.recurrent import RecurrentOptions, backwards

import keras
from keras import ops


def build(options: RecurrentOptions, data: TrainingData) -> keras.Model:
    words, vectors, mask = read_words(options, data)
    pooled = [
        max_and_mean(lstm(options.units)(direction), mask)
        for direction in (vectors, backwards(vectors, mask))
    ]
    return head(words, ops.concatenate(pooled, axis=-1), options.dropout)


row = NetworkRow(
    "recurrent",
    RecurrentOptions,
    build=build,
    step=Step("lstm", "a second reader, backwards"),
    variants={
        "quick": Variant(
            {
                "vectors": "random",
                "random_dimensions": 64,
                "known_words": 20_000,
                "units": 64,
                "max_words": 200,
                "truncation": "tail",
            },
            Step("cnn (quick)", "two LSTMs in the filters' place, half of the words"),
        ),
    },
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
