"""A capsule network with dynamic routing (Sabour et al., 2017, https://arxiv.org/abs/1710.09829;
for text: Zhao et al., 2018, https://arxiv.org/abs/1804.00538).

A convolution makes small vectors, capsules, at each word. Each of them votes for what the review as
a whole might be, and routing gives more weight to the votes that agree. How much a word's votes
count at all is learned by attention (as in Zhang et al., 2019, https://arxiv.org/abs/1811.04354):
most words of a review say nothing of its verdict. Two capsules come out, "negative" and "positive",
and their lengths say how sure the network is of each. The papers' margin loss gives way to the
cross-entropy of a probability, which all rows here hand back: its log-odds are the difference of
the two lengths, times a number.

    python models/capsule.py
    python models/capsule.py --seed 1 --iterations 1
"""

from benchmark.rows.networks import NetworkRow, Step, TrainingData, hyperparameters, option
from models.layers.attention import AttentionPooling
from models.layers.capsules import DynamicRouting, squash
from models.layers.words import WordOptions, read_words

import keras
from keras import layers, ops

SHARPNESS = 10
"""The log-odds where one capsule has length 1 and the other 0."""


@hyperparameters
class Hyperparameters(WordOptions):
    """Chosen on validation."""

    epochs: int = option(2, "passes over the training reviews; the best one is kept", ge=1)
    max_words: int = option(800, "words read of a review; 98 % are shorter", ge=1)
    width: int = option(3, "words that a capsule at a word looks at", ge=1)
    kinds: int = option(16, "kinds of capsules at each word", ge=1)
    kind_dimensions: int = option(8, "numbers in each of them; as in the paper", ge=1)
    class_dimensions: int = option(16, "numbers in the two capsules above; as in the paper", ge=1)
    iterations: int = option(3, "routing iterations; as in the paper", ge=1)
    attention_units: int = option(128, "numbers in the attention's hidden layer", ge=1)


def build(options: Hyperparameters, data: TrainingData) -> keras.Model:
    words, vectors, mask = read_words(options, data)
    size = options.kinds * options.kind_dimensions
    features = layers.Conv1D(size, options.width, padding="same")(vectors)
    below = squash(layers.Reshape((-1, options.kinds, options.kind_dimensions))(features))
    _, weights = AttentionPooling(options.attention_units, name="attention")(features, mask)
    importance = weights[..., None] * ops.sum(mask, axis=1, keepdims=True)
    review = DynamicRouting(2, options.class_dimensions, options.iterations)(below, importance)
    review = ops.cast(review, "float32")  # in bfloat16, log-odds take few values
    length = ops.sqrt(ops.sum(ops.square(review), axis=-1) + keras.config.epsilon())
    log_odds = SHARPNESS * (length[:, 1:] - length[:, :1])
    positive = layers.Activation("sigmoid", dtype="float32", name="positive")(log_odds)
    return keras.Model(words, positive)


row = NetworkRow(
    "capsule", Hyperparameters, build=build, step=Step("cnn", "capsules and dynamic routing")
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
