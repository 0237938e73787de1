"""A bidirectional LSTM whose states are pooled by attention (Zhou et al., 2016,
https://aclanthology.org/P16-2034; the form of attention is that of Yang et al., 2016,
https://aclanthology.org/N16-1174).

The network learns which words to look at: the review is the mean of its states, each weighted by
how well it fits a learned vector. `--variant paper` adds the states of the two directions, compares
them with that vector directly and squashes the mean; by default the states stand side by side, and
a hidden layer comes between. (The paper drops LSTM outputs, too, trains with Adadelta in batches of
10, and penalizes large weights.) The weights of a trained model can be looked at:

    python -m benchmark explain --model attention_lstm "I wanted to love it, but it is a bore."

They tell which states the answer was mixed from. They do not tell why: a state knows the words
around it, too, and other weights may give the same answer (Jain & Wallace, 2019,
https://arxiv.org/abs/1902.10186; a reply: Wiegreffe & Pinter, 2019,
https://arxiv.org/abs/1908.04626).

    python models/attention_lstm.py
    python models/attention_lstm.py --variant paper
    python models/attention_lstm.py --seed 1 --attention-units 64
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
from models.layers.attention import AttentionPooling
from models.layers.ends import head, read_words
from models.layers.lstm import lstm
from models.layers.recurrent import RecurrentOptions, backwards

import keras
from keras import ops


@hyperparameters
class Hyperparameters(RecurrentOptions):
    """As for `lstm`, and two more."""

    attention_units: int = option(
        128, "numbers in the attention's hidden layer; 0 for none, which is the paper's", ge=0
    )
    directions: Literal["side_by_side", "added"] = option(
        "side_by_side", "the states of both; added, with the mean squashed by tanh, is the paper's"
    )


def build(options: Hyperparameters, data: TrainingData) -> keras.Model:
    words, vectors, mask = read_words(options, data)
    onwards = lstm(options.units)(vectors)
    back = lstm(options.units)(backwards(vectors, mask))
    onwards_again = backwards(back, mask)
    if options.directions == "added":
        states = onwards + onwards_again
    else:
        states = ops.concatenate([onwards, onwards_again], axis=-1)
    pooled, _ = AttentionPooling(options.attention_units, name="attention")(states, mask)
    if options.directions == "added":
        pooled = ops.tanh(pooled)
    return head(words, pooled, options.dropout)


row = NetworkRow(
    "recurrent",
    Hyperparameters,
    build=build,
    attention="attention",
    step=Step("bidirectional_lstm", "attention instead of maximum and mean"),
    variants={
        "paper": Variant(
            {"attention_units": 0, "directions": "added", "spatial_dropout": 0.3, "dropout": 0.5},
            Step(
                "attention_lstm",
                "directions added up, attention without a hidden layer, more dropout",
            ),
        ),
    },
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
