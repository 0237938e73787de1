"""A convolutional network for sentences (Kim, 2014, https://arxiv.org/abs/1408.5882).

A filter looks at one to three words in a row and answers how much they look like the phrase that it
has learned. Of each filter two numbers are kept, however long the review is: its strongest answer,
as in the paper; and the mean of its answers, weighted by attention (Yang et al., 2016,
https://aclanthology.org/N16-1174), times the square root of the length, since in a long review more
was said. Dropout, and a single unit on top. (The paper has filters over three, four and five words,
100 of each, trains with Adadelta and bounds the last layer's weights.)

It starts from word2vec vectors and goes on learning the frequent ones, which stands between the
paper's CNN-static and CNN-non-static.

    python models/cnn.py
    python models/cnn.py --seed 1 --filters 64
    python models/cnn.py --embeddings random
"""

from benchmark.rows.networks import NetworkRow, Step, TrainingData, hyperparameters, option
from models.layers.attention import AttentionPooling
from models.layers.head import HeadOptions, head
from models.layers.words import WordOptions, read_words

import keras
from keras import layers, ops
from pydantic import PositiveInt


@hyperparameters
class Hyperparameters(WordOptions, HeadOptions):
    """Chosen on validation."""

    epochs: int = option(2, "passes over the training reviews; the best one is kept", ge=1)
    max_words: int = option(800, "words read of a review; 98 % are shorter", ge=1)
    filters: int = option(150, "filters of each width", ge=1)
    widths: tuple[PositiveInt, ...] = option(
        (1, 2, 3), "words that a filter looks at, one or more numbers"
    )
    attention_units: int = option(128, "numbers in the attention's hidden layer", ge=1)


def build(options: Hyperparameters, data: TrainingData) -> keras.Model:
    words, vectors, mask = read_words(options, data)
    convolutions = [
        layers.Conv1D(options.filters, width, padding="same", activation="relu")(vectors)
        for width in options.widths
    ]
    answers = ops.concatenate(convolutions, axis=-1) * mask
    strongest = ops.max(answers, axis=1)  # answers are not negative, so masking with 0 is safe
    attended, _ = AttentionPooling(options.attention_units, name="attention")(answers, mask)
    attended = attended * ops.sqrt(ops.sum(mask, axis=1))
    return head(words, ops.concatenate([strongest, attended], axis=-1), options.dropout)


row = NetworkRow(
    "convolutional",
    Hyperparameters,
    build=build,
    step=Step("averaged_word2vec", "filters that look for phrases"),
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
