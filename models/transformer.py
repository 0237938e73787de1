"""A transformer encoder from scratch (Vaswani et al., 2017, https://arxiv.org/abs/1706.03762).

Every word looks at every other one and takes from each what it needs; no state is carried along.
Without pretraining, it has to learn how words belong together from the labelled reviews alone. Word
vectors are multiplied by the square root of their dimension (section 3.4), which keeps the
positions that are added from drowning them out. Inputs are normalized before each sublayer (Xiong
et al., 2020, https://arxiv.org/abs/2002.04745), so training needs no warm-up.

Where it differs from the paper: words start from word2vec's vectors; dropout is on these, before
positions are added, and leaves out the same numbers in all words of a review; there is one layer.
The first 400 words are read.

    python models/transformer.py
    python models/transformer.py --seed 1 --positions learned
"""

from typing import Literal

from benchmark.rows.networks import (
    Choice,
    Epochs,
    NetworkRow,
    Step,
    TrainingData,
    Uniform,
    hyperparameters,
    option,
)
from models.layers.ends import HeadOptions, SpatialDropout, WordOptions, head, read_words
from models.layers.pooling import max_and_mean
from models.layers.positions import AddPositions
from preprocessing.errors import OptionError

import keras
from keras import layers


@hyperparameters
class Hyperparameters(WordOptions, HeadOptions):
    """Chosen on validation."""

    epochs: Epochs = 2
    spatial_dropout: SpatialDropout = 0.3
    units: int = option(128, "numbers for each word in the encoder", Choice(64, 128, 256), ge=2)
    layers: int = option(1, "encoder layers", Choice(1, 2), ge=1)
    heads: int = option(4, "attention heads in a layer", ge=1)
    positions: Literal["sinusoidal", "learned"] = option(
        "sinusoidal", "the paper's fixed waves, or vectors that are learned"
    )
    layer_dropout: float = option(
        0.1, "share dropped in each layer; the paper's", Uniform(0.0, 0.3), ge=0, lt=1
    )


def build(options: Hyperparameters, data: TrainingData) -> keras.Model:
    if options.units % options.heads:
        raise OptionError(f"--units {options.units} is not a multiple of --heads {options.heads}")
    if options.positions == "sinusoidal" and options.units % 2:
        raise OptionError(
            f"--units {options.units} is odd; --positions sinusoidal needs an even number"
        )
    words, vectors, mask = read_words(options, data)
    x = layers.Dense(options.units)(vectors) * options.units**0.5
    x = AddPositions(options.positions, options.max_words)(x)
    words_to_see = mask[:, None, :, 0] > 0
    for _ in range(options.layers):
        attention = layers.MultiHeadAttention(options.heads, options.units // options.heads)
        normal = layers.LayerNormalization()(x)
        seen = attention(normal, normal, attention_mask=words_to_see)
        x = x + layers.Dropout(options.layer_dropout)(seen)
        normal = layers.LayerNormalization()(x)
        wide = layers.Dense(4 * options.units, activation="relu")(normal)
        x = x + layers.Dropout(options.layer_dropout)(layers.Dense(options.units)(wide))
    return head(words, max_and_mean(layers.LayerNormalization()(x), mask), options.dropout)


row = NetworkRow(
    "transformer",
    Hyperparameters,
    build=build,
    step=Step("bidirectional_lstm", "self-attention instead of recurrence, half of the words"),
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
