"""An LSTM that starts from a language model (Dai & Le, 2015, https://arxiv.org/abs/1511.01432).

Before it sees a label, the network reads all training and unlabelled reviews and learns to say
which word comes next. Its word vectors and its LSTM then start the classifier, and all of it goes
on learning.

With `--perturbation`, the word vectors are moved a little, in the direction that hurts most, and
the answer is to stay (Miyato et al., 2017, https://arxiv.org/abs/1605.07725). `adversarial` takes
the direction that raises the loss, which needs the label; `virtual_adversarial` the one that
changes the answer, and so learns from unlabelled reviews, too. Vectors are normalised there, else
they would grow until the perturbation does not matter.

Where it differs from the papers: the states at all words are pooled (`--pooling last` is theirs),
the softmax is an adaptive one, and the network is smaller, since it is to be trained on two cores.

    python models/lm_lstm.py
    python models/lm_lstm.py --variant adversarial
    python models/lm_lstm.py --variant virtual_adversarial
    python models/lm_lstm.py --pretrain 3 --lm-units 1024
"""

from typing import Literal

from benchmark.rows.networks import (
    Choice,
    Epochs,
    LearningRate,
    MaxWords,
    NetworkOptions,
    NetworkRow,
    Step,
    TrainingData,
    Uniform,
    Variant,
    hyperparameters,
    option,
)
from models.layers.lstm import lstm
from models.layers.pooling import at_last_word, max_and_mean
from models.pretraining.language_model import LanguageModelOptions, language_model
from models.pretraining.perturbation import NormalizedVectors, Perturbed, WithUnlabelled

import keras
from keras import layers, ops


@hyperparameters
class Hyperparameters(LanguageModelOptions, NetworkOptions):
    """Of the language model, and of the classifier."""

    epochs: Epochs = 2
    learning_rate: LearningRate = 1e-3
    max_words: MaxWords = 400
    spatial_dropout: float = option(
        0.5, "share of a review's vector dimensions dropped, in all of its words",
        Uniform(0.0, 0.6), ge=0, lt=1,
    )  # fmt: skip
    pooling: Literal["max_and_mean", "last"] = option(
        "max_and_mean", "what is kept of the states at all words; last is the papers'"
    )
    hidden: int = option(30, "units between the pooled states and the answer; Miyato's", ge=1)
    perturbation: Literal["none", "adversarial", "virtual_adversarial"] = option(
        "none", "how word vectors are moved in training"
    )
    epsilon: float = option(
        5.0, "how far the vectors of a review are moved, all together", Choice(2.0, 5.0, 10.0), gt=0
    )


def build(options: Hyperparameters, data: TrainingData) -> keras.Model:
    start = language_model(options, data)
    known, dimensions = start.vectors.shape
    words = keras.Input((None,), dtype="int32", name="words")
    read = ops.where(words < known, words, UNKNOWN)
    mask = ops.cast(ops.not_equal(words, 0), keras.config.floatx())[..., None]
