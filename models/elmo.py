"""ELMo: vectors of words in their context (Peters et al., 2018, https://arxiv.org/abs/1802.05365).

Two language models, one that reads forwards and one that reads backwards, are learned on the
reviews and then frozen. For each word they give its vector and, layer by layer, the states of both.
The classifier learns how much of each layer it wants (equation 1) and reads the mix, beside word
vectors that are still trained (section 3.3), with a bidirectional LSTM of its own. Layers are
normalised before they are mixed, which the paper found to help in some cases (section 3.2).

Where it differs from the paper: the language models are learned on the reviews alone, in one pass;
the paper's on a billion words of news, in ten. Their word vectors are word2vec's, and so are the
classifier's own; the paper's language models make theirs from letters (as `--lm-vectors spelled`
does). The first 400 words of a review are read. There is one layer by default; the paper has two,
with a residual connection and projected states. The two directions are learned separately; the
paper's share word vectors and softmax. Each review is read from a state of zeros, while in learning
the last review's end came before.

    python models/elmo.py
    python models/elmo.py --lm-vectors spelled
    python models/elmo.py --lm-layers 2 --pretrain 3
"""

from benchmark.rows.networks import (
    Choice,
    Epochs,
    LearningRate,
    MaxWords,
    NetworkOptions,
    NetworkRow,
    Step,
    TrainingData,
    hyperparameters,
    option,
)
from models.layers.ends import (
    HeadOptions,
    LearnedWords,
    SpatialDropout,
    corrected_vectors,
    fixed_table,
    head,
)
from models.layers.lstm import lstm
from models.layers.pooling import max_and_mean
from models.layers.recurrent import backwards
from models.pretraining.language_model import (
    DIRECTIONS,
    LanguageModel,
    LanguageModelOptions,
    both_ways,
)
from models.pretraining.reading import known_words, states
from preprocessing.errors import OptionError
from preprocessing.word_vectors import SETTINGS

import keras
from keras import layers, ops


@hyperparameters
class Hyperparameters(LanguageModelOptions, NetworkOptions, HeadOptions):
    """Of the language models, and of the classifier."""

    epochs: Epochs = 2
    learning_rate: LearningRate = 2e-3
    max_words: MaxWords = 400
    learned_words: LearnedWords = 5_000
    spatial_dropout: SpatialDropout = 0.2
    units: int = option(
        128, "numbers in a state of the classifier, each way", Choice(64, 128, 256), ge=1
    )


@keras.saving.register_keras_serializable(package="imdb_sentiment_benchmark")
class Mix(layers.Layer):
    """A learned mean of layers, and a learned scale: :math:`\\gamma \\sum_j s_j h_j` (equation 1).

    The weights s are a softmax, and begin equal.
    """

    def build(self, shapes) -> None:
        """Make the weights' logarithms, one a layer, and the scale."""
        self.logits = self.add_weight(shape=(len(shapes),), initializer="zeros", name="logits")
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

    def call(self, found):
        """Return the mix of tensors of one shape."""
        weights = ops.softmax(self.logits)
        return self.scale * sum(weights[number] * one for number, one in enumerate(found))

    def compute_output_shape(self, shapes):
        """Return the shape of each of them."""
        return shapes[0]


def frozen(start: LanguageModel, name: str) -> keras.Model:
    """Return a network from words' vectors to each layer's states; it never learns."""
    vectors = keras.Input((None, start.vectors.shape[1]), name="word_vectors")
    model = keras.Model(vectors, states(vectors, start.layers, "lstm"), name=name)
    model.trainable = False
    return model


def build(options: Hyperparameters, data: TrainingData) -> keras.Model:
    of_word2vec = options.lm_vectors == "word2vec"
    dimensions = SETTINGS["cbow"].dimensions if of_word2vec else options.lm_dimensions
    if dimensions != options.lm_units:
        raise OptionError(
            f"--lm-units is {options.lm_units} and word vectors have {dimensions} numbers; elmo "
            "mixes vectors and states, so both must be the same"
        )
    starts = both_ways(options, data)
    table = table_backwards = fixed_table(starts["forwards"].vectors)
    if not of_word2vec:
        table_backwards = fixed_table(starts["backwards"].vectors, "vectors_backwards")
    words = keras.Input((None,), dtype="int32", name="words")
    mask = ops.cast(ops.not_equal(words, 0), "float32")[..., None]
    known = known_words(words, starts["forwards"])
    vectors = table(known)
    turned = backwards(table_backwards(known), mask)
    forwards = [vectors, *frozen(starts["forwards"], "forwards")(vectors)]
    from_end = [turned, *frozen(starts["backwards"], "backwards")(turned)]
    both = [
        layers.LayerNormalization(center=False, scale=False)(
            ops.concatenate([one, backwards(other, mask)], axis=-1)
        )
        for one, other in zip(forwards, from_end, strict=True)
    ]
    own = corrected_vectors(known, table, options.learned_words)
    features = ops.concatenate([own, Mix(name="mix")(both)], axis=-1)
    features = layers.SpatialDropout1D(options.spatial_dropout)(features) * mask
    states_there = lstm(options.units)(features)
    states_back = backwards(lstm(options.units)(backwards(features, mask)), mask)
    read = ops.concatenate([states_there, states_back], axis=-1)
    return head(words, max_and_mean(read, mask), options.dropout)


row = NetworkRow(
    "language model",
    Hyperparameters,
    build=build,
    language_models=DIRECTIONS,
    step=Step(
        "bidirectional_lstm",
        "words in context from two language models, kept as they are; half of the words",
    ),
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
