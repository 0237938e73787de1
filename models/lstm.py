"""Long short-term memory (Hochreiter & Schmidhuber, 1997, https://doi.org/10.1162/neco.1997.9.8.1735).

The network reads word by word and carries a state along; gates learn what to add to it, what to
forget (Gers et al., 2000) and what to show. The textbook form (`--variant paper`) tells the class
from the state at the last word, hundreds of words after the first; by default the states at all
words are pooled.

    python models/lstm.py
    python models/lstm.py --variant paper
    python models/lstm.py --seed 1 --units 64
    python models/lstm.py --vectors random
"""

from typing import Literal

from benchmark.rows.networks import (
    NetworkRow,
    Step,
    TrainingData,
    Variant,
    hyperparameters,
    option,
)
from models.layers.ends import head, read_words
from models.layers.lstm import lstm
from models.layers.pooling import at_last_word, max_and_mean
from models.layers.recurrent import RecurrentOptions

import keras


@hyperparameters
class Hyperparameters(RecurrentOptions):
    """As the other recurrent rows', and one more."""

    pooling: Literal["max_and_mean", "last"] = option(
        "max_and_mean", "what is kept of the states at all words; last is the textbook's"
    )


def build(options: Hyperparameters, data: TrainingData) -> keras.Model:
    words, vectors, mask = read_words(options, data)
    states = lstm(options.units)(vectors)
    pool = at_last_word if options.pooling == "last" else max_and_mean
    return head(words, pool(states, mask), options.dropout)


row = NetworkRow(
    "recurrent",
    Hyperparameters,
    build=build,
    step=Step("simple_rnn", "gates and a memory"),
    variants={
        "paper": Variant(
            {"pooling": "last"}, Step("lstm", "the state at the last word instead of all pooled")
        ),
    },
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
