"""An LSTM that starts from a language model (Dai & Le, 2015, https://arxiv.org/abs/1511.01432).

Before it sees a label, the network reads all training and unlabelled reviews and learns to say
which word comes next. Its word vectors and its LSTM then start the classifier, which goes on
learning.

With `--perturbation`, the word vectors are moved a little in the direction that raises the loss or
changes the answer most, and the network learns to keep its answer (Miyato et al., 2017,
https://arxiv.org/abs/1605.07725).
`adversarial` takes the direction that raises the loss, which needs the label; `virtual_adversarial`
takes the one that changes the answer, and so learns from unlabelled reviews, too. The vectors are
normalised, or they would grow until the perturbation does not matter. As in the paper, all of them
are trained, so `--learned-words` has no effect.

Where it differs from the papers: everything is smaller, so that it can be trained on two cores. The
language model makes one pass over 17 million words, without dropout, at ten times the rate; the
code of the second paper makes 100,000 steps of 256 reviews, some 300 passes, with half of the word
vectors' numbers dropped. The classifier learns for 2 epochs at a rate of 8e-3; theirs for 15,000
steps of 64 reviews, some 40 epochs, at 5e-4, with clipped gradients and half of the word vectors'
numbers dropped, and a running mean of the weights is what they keep. It reads the first 400 words
of a review; theirs reads all, 400 at a time. Word vectors are word2vec's, as in `lstm`, and without
perturbation they stay fixed except for corrections of frequent words (`--lm-vectors learned
--learned-words 30000` is theirs). The states at all words are pooled; the papers keep only the last
one (`--pooling last`). The softmax is adaptive. The classifier starts at a state of zeros, while
the language model has read the end of the review before. Half of the virtual adversarial loss is on
the labelled reviews of the batch; theirs is on reviews drawn from all, labelled or not.

    python models/lm_lstm.py
    python models/lm_lstm.py --variant not-pretrained
    python models/lm_lstm.py --variant adversarial
    python models/lm_lstm.py --variant virtual_adversarial
    python models/lm_lstm.py --pretrain 3 --lm-units 1024
"""

from dataclasses import replace
from typing import Literal

from benchmark.rows.networks import (
    Choice,
    Epochs,
    LearningRate,
    Lessons,
    MaxWords,
    NetworkOptions,
    NetworkRow,
    Step,
    TrainingData,
    Variant,
    hyperparameters,
    learn,
    option,
)
from models.layers.ends import LearnedWords, SpatialDropout, corrected_vectors, fixed_table
from models.layers.pooling import at_last_word, max_and_mean
from models.pretraining.language_model import (
    LanguageModelOptions,
    language_model,
    word_counts,
)
from models.pretraining.perturbation import NormalizedVectors, Perturbed, WithUnlabelled
from models.pretraining.reading import known_words, states
from models.pretraining.speed import measure
from preprocessing.errors import OptionError
from preprocessing.ragged import Ragged

import keras
import numpy as np
from keras import layers, ops


@hyperparameters
class Hyperparameters(LanguageModelOptions, NetworkOptions):
    """Of the language model, and of the classifier."""

    epochs: Epochs = 2
    learning_rate: LearningRate = 8e-3
    max_words: MaxWords = 400
    learned_words: LearnedWords = 5_000
    spatial_dropout: SpatialDropout = 0.2
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
    if options.perturbation != "none":
        if options.precision == "mixed_bfloat16":
            raise OptionError("--perturbation needs float32: bfloat16 rounds its small steps away")
        keras.config.set_dtype_policy("float32")
    start = language_model(options, data)
    known, dimensions = start.vectors.shape
    words = keras.Input((None,), dtype="int32", name="words")
    first, *others = start.layers
    if options.perturbation == "none":
        table = fixed_table(start.vectors)
        vectors = corrected_vectors(known_words(words, start), table, options.learned_words)
    else:
        normalized = NormalizedVectors(known, dimensions, name="vectors")
        vectors = normalized(known_words(words, start))
        first = normalized.start(start.vectors, word_counts(data, known), first)
    vectors = layers.SpatialDropout1D(options.spatial_dropout)(vectors)
    mask = ops.cast(ops.not_equal(words, 0), vectors.dtype)[..., None]
    embed = keras.Model(words, [vectors * mask, mask], name="embed")

    vectors = keras.Input((None, dimensions), name="word_vectors")
    mask = keras.Input((None, 1), name="mask")
    last = states(vectors, [first, *others], "lstm")[-1]
    pool = at_last_word if options.pooling == "last" else max_and_mean
    features = layers.Dense(options.hidden, activation="relu", name="hidden")(pool(last, mask))
    positive = layers.Dense(1, activation="sigmoid", dtype="float32", name="positive")(features)
    read = keras.Model([vectors, mask], positive, name="read")
    return keras.Model(words, read(embed(words)))


def learn_perturbed(
    options: Hyperparameters, data: TrainingData, model: keras.Model, lessons: Lessons
) -> list[dict[str, float]]:
    """Train the network, on perturbed vectors, too, where the options say so."""
    if options.perturbation == "none":
        return learn(options, data, model, lessons)
    if options.perturbation == "virtual_adversarial":
        random = np.random.default_rng([data.seed, 1])
        texts = [data.train_texts.words, data.unsup.words]
        unlabelled = Ragged.from_lengths(
            np.concatenate([part.values for part in texts]),
            np.concatenate([part.lengths for part in texts]),
        )
        beside = WithUnlabelled(lessons.batches, unlabelled, random)
        lessons = replace(lessons, batches=beside)
    perturbed = Perturbed(
        model.get_layer("embed"), model.get_layer("read"), options.perturbation, options.epsilon,
        data.seed,
    )  # fmt: skip
    return learn(options, data, perturbed, lessons)


row = NetworkRow(
    "language model",
    Hyperparameters,
    build=build,
    learn=learn_perturbed,
    measure=measure,
    language_models=("forwards",),
    step=Step(
        "lstm",
        "an LSTM of 300 units that starts from a language model, a hidden layer, half of the words",
    ),
    variants={
        "not-pretrained": Variant(
            {"pretrain": 0},
            Step("lm_lstm", "no language model of the reviews first"),
        ),
        "adversarial": Variant(
            {"perturbation": "adversarial"},
            Step("lm_lstm", "all word vectors learn, and are moved where it raises the loss"),
        ),
        "virtual_adversarial": Variant(
            {"perturbation": "virtual_adversarial"},
            Step(
                "lm_lstm (adversarial)",
                "moved where it changes the answer, of unlabelled reviews too",
            ),
        ),
    },
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
