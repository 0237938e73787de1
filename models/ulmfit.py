"""ULMFiT: fine-tuning a language model with care (Howard & Ruder, 2018).

https://arxiv.org/abs/1801.06146

A language model becomes a classifier without forgetting what it knows. It is unfrozen gradually,
the last layer first (section 3.3); each layer learns more slowly than the one above (discriminative
fine-tuning, 3.2); the rate of each stage rises fast and falls slowly (a slanted triangle, 3.2).
A review is summed up by its last state and by the maximum and the mean of the states at all of its
words (concat pooling, 3.3). One classifier reads forwards and one backwards, each trained alone;
the answer is the mean of the two.

Where it differs from the paper: the language models are learned on the reviews alone. The paper
learns them on Wikipedia and then fine-tunes them to its texts, a step that is not needed here. They
have one LSTM layer, not three, and are learned in one pass without any dropout. Word vectors are
word2vec's, with corrections for frequent words that are learned in the last stage. Only the first
400 words are read, from a state of zeros, and backwards from the 400th on; gradients go through all
of them. In the classifier, dropout is on word vectors and on the pooled features alone, not on or
within the LSTM. Adam has its usual momenta, 0.9 and 0.999, where the paper has 0.7 and 0.99, and
half of the paper's rate.

    python models/ulmfit.py
    python models/ulmfit.py --lm-layers 3 --pretrain 3
"""

from benchmark.rows.networks import (
    Choice,
    Lessons,
    LogUniform,
    MaxWords,
    NetworkOptions,
    NetworkRow,
    Step,
    TrainingData,
    Uniform,
    hyperparameters,
    option,
)
from benchmark.rows.networks.training import train
from models.layers.ends import LearnedWords, SpatialDropout, corrected_vectors, fixed_table
from models.layers.pooling import at_last_word, max_and_mean
from models.layers.recurrent import backwards
from models.pretraining.fine_tuning import DiscriminativeAdam, SlantedTriangle, later_epochs
from models.pretraining.language_model import (
    DIRECTIONS,
    Direction,
    LanguageModel,
    LanguageModelOptions,
    both_ways,
)
from models.pretraining.reading import known_words, states

import keras
from keras import layers, ops

HIDDEN = 50
"""Units between the pooled states and the answer; the paper's."""

MOMENTUM = 0.9
"""Of the running means of batch normalisation, as in the paper's code (PyTorch's 0.1).

Keras's 0.99 would keep most of what they start with where there are few batches: after 50 of them,
0.99^50 = 61 %.
"""


@hyperparameters
class Hyperparameters(LanguageModelOptions, NetworkOptions):
    """Of the language models, and of fine-tuning."""

    epochs: int = option(2, "passes with all unfrozen, after one in each stage before", ge=1)
    learning_rate: float = option(
        5e-3, "highest step size of Adam, that of the classifier's own layers",
        LogUniform(1e-3, 2e-2), gt=0,
    )  # fmt: skip
    slower: float = option(
        2.6, "how many times slower each layer learns than the one above; the paper's",
        Choice(1.0, 2.6, 5.0), ge=1,
    )  # fmt: skip
    max_words: MaxWords = 400
    learned_words: LearnedWords = 5_000
    spatial_dropout: SpatialDropout = 0.2
    dropout: float = option(
        0.4, "share of the pooled features dropped", Uniform(0.0, 0.6), ge=0, lt=1
    )


def classifier(options: Hyperparameters, start: LanguageModel, direction: Direction) -> keras.Model:
    """Return the network that reads one way, with the language model's weights."""
    words = keras.Input((None,), dtype="int32", name="words")
    mask = ops.cast(ops.not_equal(words, 0), "float32")[..., None]
    read = words if direction == "forwards" else backwards(words[..., None], mask)[..., 0]
    table = fixed_table(start.vectors)
    vectors = corrected_vectors(known_words(read, start), table, options.learned_words)
    vectors = layers.SpatialDropout1D(options.spatial_dropout)(vectors) * mask
    last = states(vectors, start.layers, "lstm")[-1]
    features = ops.concatenate([at_last_word(last, mask), max_and_mean(last, mask)], axis=-1)
    features = layers.BatchNormalization(momentum=MOMENTUM)(features)
    features = layers.Dropout(options.dropout)(features)
    hidden = layers.Dense(HIDDEN, activation="relu", name="hidden")(features)
    hidden = layers.BatchNormalization(momentum=MOMENTUM)(hidden)
    positive = layers.Dense(1, activation="sigmoid", dtype="float32", name="positive")(hidden)
    return keras.Model(words, positive, name=direction)


def build(options: Hyperparameters, data: TrainingData) -> keras.Model:
    starts = both_ways(options, data)
    words = keras.Input((None,), dtype="int32", name="words")
    both = [classifier(options, start, direction)(words) for direction, start in starts.items()]
    return keras.Model(words, ops.mean(ops.stack(both), axis=0))


def unfreeze_gradually(
    options: Hyperparameters, data: TrainingData, model: keras.Model, lessons: Lessons
) -> list[dict[str, float]]:
    """Train each direction, from the classifier's own layers alone to all, a layer a stage."""
    history: list[dict[str, float]] = []
    deep = [f"lstm_{number}" for number in reversed(range(options.lm_layers))]
    if options.learned_words:
        deep.append("correction")
    epochs = len(DIRECTIONS) * (len(deep) + lessons.epochs)
    for direction in DIRECTIONS:
        network = model.get_layer(direction)
        slowness = {name: options.slower**depth for depth, name in enumerate(deep, start=1)}
        for unfrozen in range(len(deep) + 1):
            for depth, name in enumerate(deep):
                network.get_layer(name).trainable = depth < unfrozen
            passes = lessons.epochs if unfrozen == len(deep) else 1
            rate = SlantedTriangle(options.learning_rate, passes * len(lessons.batches))
            # compiled apart from the network, whose saved file would hold the optimizer, too
            trained = keras.Model(network.input, network.output)
            history += train(
                trained, DiscriminativeAdam(rate, slowness, options.ema_momentum),
                lessons.batches, lessons.validation, passes,
                later_epochs(data.on_event, len(history), epochs),
            )  # fmt: skip
    return history


row = NetworkRow(
    "language model",
    Hyperparameters,
    build=build,
    learn=unfreeze_gradually,
    language_models=DIRECTIONS,
    in_stages=True,
    step=Step("lm_lstm", "unfrozen gradually, and read both ways"),
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
