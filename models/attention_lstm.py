"""A bidirectional LSTM whose states are pooled by attention (Zhou et al., 2016,
https://aclanthology.org/P16-2034; the form of attention is that of Yang et al., 2016,
https://aclanthology.org/N16-1174).

The network learns which words to look at: the review is the mean of its states, each weighted by
how well it fits a learned vector. The weights can be looked at:

    python models/attention_lstm.py --explain "I wanted to love it, but it is a bore."

They tell which states the answer was mixed from. They do not tell why: a state knows the words
around it, too, and other weights may give the same answer (Jain & Wallace, 2019,
https://arxiv.org/abs/1902.10186; a reply: Wiegreffe & Pinter, 2019,
https://arxiv.org/abs/1908.04626).

    python models/attention_lstm.py
    python models/attention_lstm.py --seed 1 --attention-units 64
"""

from benchmark.rows.networks import NetworkRow, Step, TrainingData, hyperparameters, option
from models.layers.attention import AttentionPooling
from models.layers.head import head
from models.layers.recurrent import RecurrentOptions, backwards, lstm
from models.layers.words import read_words

import keras
from keras import ops


@hyperparameters
class Hyperparameters(RecurrentOptions):
    """As for `lstm`, and one more."""

    attention_units: int = option(128, "numbers in the attention's hidden layer", ge=1)


def build(options: Hyperparameters, data: TrainingData) -> keras.Model:
    words, vectors, mask = read_words(options, data)
    onwards = lstm(options.units)(vectors)
    back = lstm(options.units)(backwards(vectors, mask))
    states = ops.concatenate([onwards, backwards(back, mask)], axis=-1)
    pooled, _ = AttentionPooling(options.attention_units, name="attention")(states, mask)
    return head(words, pooled, options.dropout)


row = NetworkRow(
    "recurrent",
    Hyperparameters,
    build=build,
    attention="attention",
    step=Step("bidirectional_lstm", "attention instead of maximum and mean"),
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
