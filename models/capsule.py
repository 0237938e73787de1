"""A capsule network with dynamic routing (Sabour et al., 2017, https://arxiv.org/abs/1710.09829;
for text: Zhao et al., 2018, https://arxiv.org/abs/1804.00538).

A convolution makes small vectors, capsules, at each word. Each of them votes for what the review as
a whole might be, and routing gives more weight to the votes that agree. Two capsules come out,
"negative" and "positive", and their lengths say how sure the network is of each.

`--variant paper` trains these lengths with Sabour et al.'s margin loss, and all words' votes count
alike. By default a word's votes count as much as attention learns (as in Zhang et al., 2019,
https://arxiv.org/abs/1811.04354), since most words say nothing about a review's verdict, and the
loss is the cross-entropy of a probability. All models here return a probability, which the papers
do not have: its log-odds are ten times the difference of the two lengths. The margin loss does not
train them as log-odds, so the probabilities of `paper` are far too confident. (Neither variant has
Sabour et al.'s reconstruction of the input, nor Zhao et al.'s second layer of capsules, nor their
category for votes that belong nowhere.)

    python models/capsule.py
    python models/capsule.py --variant paper
    python models/capsule.py --seed 1 --iterations 1
"""

from typing import Literal

from benchmark.rows.networks import (
    Choice,
    Epochs,
    Lessons,
    MaxWords,
    NetworkRow,
    Step,
    TrainingData,
    Variant,
    hyperparameters,
    learn,
    option,
)
from models.layers.attention import AttentionPooling
from models.layers.capsules import DynamicRouting, squash
from models.layers.ends import WordOptions, read_words

import keras
from keras import layers, ops

SHARPNESS = 10
"""The log-odds where one capsule has length 1 and the other 0."""


@hyperparameters
class Hyperparameters(WordOptions):
    """Chosen on validation."""

    epochs: Epochs = 2
    max_words: MaxWords = 800
    width: int = option(3, "words that a capsule at a word looks at", Choice(2, 3, 4), ge=1)
    kinds: int = option(16, "kinds of capsules at each word", Choice(8, 16, 32), ge=1)
    kind_dimensions: int = option(8, "numbers in each of them; as in Sabour et al.", ge=1)
    class_dimensions: int = option(
        16, "numbers in the two capsules above; as in Sabour et al.", ge=1
    )
    iterations: int = option(3, "routing iterations; as in Sabour et al.", ge=1)
    importance: Literal["attention", "equal"] = option(
        "attention", "how much a word's votes count; equal is the papers'"
    )
    loss: Literal["cross_entropy", "margin"] = option(
        "cross_entropy", "of the probability, or of the capsules' lengths; margin is the papers'"
    )
    attention_units: int = option(128, "numbers in the attention's hidden layer", ge=1)


def build(options: Hyperparameters, data: TrainingData) -> keras.Model:
    words, vectors, mask = read_words(options, data)
    size = options.kinds * options.kind_dimensions
    features = layers.Conv1D(size, options.width, padding="same")(vectors)
    below = squash(layers.Reshape((-1, options.kinds, options.kind_dimensions))(features))
    importance = mask
    if options.importance == "attention":
        _, weights = AttentionPooling(options.attention_units, name="attention")(features, mask)
        importance = weights[..., None] * ops.sum(mask, axis=1, keepdims=True)
    review = DynamicRouting(2, options.class_dimensions, options.iterations)(below, importance)
    review = ops.cast(review, "float32")  # in bfloat16, log-odds take few values
    length = ops.sqrt(ops.sum(ops.square(review), axis=-1) + keras.config.epsilon())
    length = layers.Identity(dtype="float32", name="lengths")(length)
    log_odds = SHARPNESS * (length[:, 1:] - length[:, :1])
    positive = layers.Activation("sigmoid", dtype="float32", name="positive")(log_odds)
    return keras.Model(words, positive)


def learn_lengths(
    options: Hyperparameters, data: TrainingData, model: keras.Model, lessons: Lessons
) -> list[dict[str, float]]:
    """Train on the capsules' lengths with margin, else on the probability."""
    if options.loss == "margin":
        lengths = keras.Model(model.input, model.get_layer("lengths").output)
        return learn(options, data, lengths, lessons, margin_loss)
    return learn(options, data, model, lessons)


def margin_loss(labels: keras.KerasTensor, lengths: keras.KerasTensor) -> keras.KerasTensor:
    """Return Sabour et al.'s equation 4, summed over the two classes.

    Args:
        labels: 0 or 1, shape (batch, 1).
        lengths: of the capsules "negative" and "positive", shape (batch, 2).

    Returns:
        Shape (batch,).
    """
    present = ops.concatenate([1 - labels, labels], axis=-1)
    too_short = ops.square(ops.maximum(0.0, 0.9 - lengths))
    too_long = ops.square(ops.maximum(0.0, lengths - 0.1))
    return ops.sum(present * too_short + 0.5 * (1 - present) * too_long, axis=-1)


row = NetworkRow(
    "capsule",
    Hyperparameters,
    build=build,
    learn=learn_lengths,
    step=Step("cnn", "capsules and dynamic routing"),
    variants={
        "paper": Variant(
            {"importance": "equal", "loss": "margin"},
            Step("cnn (paper)", "capsules and dynamic routing instead of the maximum"),
        ),
    },
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
