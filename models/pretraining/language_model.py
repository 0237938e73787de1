"""Word-level LSTM language models (Mikolov et al., 2010; Dai & Le, 2015, section 2).

The model reads a review word by word and says at each how likely any word is to come next. What it
must learn for that, of words and of how they go together, is where several rows start from. It is
learned once, on train and unsup, and then kept.
"""

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from benchmark.rows import TrainingData, hyperparameters, option, sources
from benchmark.rows.networks.devices import dtype_policy, reset_session
from models.layers.ends import of_length_one
from models.pretraining import training
from models.pretraining.adaptive_softmax import Clusters
from models.pretraining.spelling import spell
from models.pretraining.training import Settings, Training, read_arrays
from models.pretraining.windows import END
from preprocessing.vocabulary import UNKNOWN

import keras
import numpy as np

LENGTH = 4.0
"""Of a typical vector of word2vec's while a language model learns, which it does faster than at 1.

Afterwards the length is 1, as other rows have it, and the first layer reads that as it read these.
"""

Direction = Literal["forwards", "backwards"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)


@hyperparameters
class LanguageModelOptions:
    """Options of the language model that a row starts from."""

    pretrain: int = option(
        1, "passes of the language model over train and unsup; 0 starts from chance", ge=0
    )
    lm_units: int = option(300, "numbers in a state of the language model", ge=1)
    lm_layers: int = option(1, "its LSTM layers", ge=1)
    lm_learning_rate: float = option(
        1e-2, "its step size of Adam at the start; falls to 0 along a cosine", gt=0
    )
    lm_seed: int = option(0, "its seed; runs of all seeds start from one language model", ge=0)
    lm_vectors: Literal["word2vec", "learned", "spelled"] = option(
        "word2vec", "its word vectors: word2vec's, kept as they are; learned; or made from letters"
    )
    lm_dimensions: int = option(300, "numbers in word vectors that are not word2vec's", ge=1)
    known_words: int = option(
        30_000, "most frequent words that are read; the others count as unknown", ge=3
    )


@dataclass(frozen=True)
class LanguageModel:
    """What a language model has learned, its softmax left out.

    Attributes:
        vectors: of the words, shape (words, dimensions), float32; row 0 is the end of a review.
            Those of word2vec or made from letters are of the whole vocabulary.
        layers: of each LSTM layer kernel, recurrent kernel and bias, as Keras orders them.
    """

    vectors: np.ndarray
    layers: list[list[np.ndarray]]


def settings_of(
    options: LanguageModelOptions, data: TrainingData, direction: Direction
) -> Settings:
    """Return what the options say of a language model of these reviews."""
    return Settings(
        words=min(options.known_words, len(data.vocabulary)),
        dimensions=options.lm_dimensions,
        units=options.lm_units,
        depth=options.lm_layers,
        passes=options.pretrain,
        learning_rate=options.lm_learning_rate,
        seed=options.lm_seed,
        backwards=direction == "backwards",
    )


def language_model(
    options: LanguageModelOptions, data: TrainingData, direction: Direction = "forwards"
) -> LanguageModel:
    """Return a language model of the reviews, which is made once and then kept.

    Of its passes the one with the lowest perplexity on the validation reviews is kept; without any,
    what it would begin with is returned. Ask for it before any layer is made: Keras's session
    starts anew.

    Args:
        options: the row's hyperparameters.
        data: train and unsup are learned from; validation is judged by.
        direction: which way reviews are read.
    """
    settings = settings_of(options, data, direction)
    policy = dtype_policy("auto")
    vectors = spelling = None
    begins: str = options.lm_vectors
    if options.lm_vectors == "word2vec":
        vectors = LENGTH * of_length_one(data.word_vectors("cbow", options.lm_seed))
        settings = replace(settings, dimensions=vectors.shape[1])
        begins += f" {hashlib.sha256(vectors.tobytes()).hexdigest()[:8]}"
    if options.lm_vectors == "spelled":
        spelling = spell(data.vocabulary)
    depends = asdict(settings) | {
        "vectors": begins,
        "numbers": policy,
        "code": sources.digest(training.__name__),
    }
    digest = hashlib.sha256(json.dumps(depends).encode()).hexdigest()[:8]
    name = f"language-model-{direction}-{digest}-seed-{options.lm_seed}"
    unfinished = data.folder / f".{name}.training"  # outlives a process that is killed

    def build(target: Path) -> dict:
        reset_session(options.lm_seed, policy)
        texts = [data.train_texts.words, data.unsup.words]
        learning = Training(
            settings, texts, data.validation.words, unfinished, data.on_event, vectors, spelling
        )
        learning.run()
        np.savez(target / "weights.npz", *learning.best)
        return depends | {
            "perplexity": learning.perplexities,
            "seconds": learning.seconds_before,
        }

    row_policy = keras.config.dtype_policy().name
    if not options.pretrain:
        reset_session(data.seed, row_policy)
        return _untrained(settings, None if vectors is None else vectors / LENGTH, spelling)
    folder = data.cached(f"language model {direction}", name, build)
    # so that a row builds the same network whether its language model was made or found
    reset_session(data.seed, row_policy)
    shutil.rmtree(unfinished, ignore_errors=True)
    learned, *others = read_arrays(folder / "weights.npz")
    stacked = [others[start : start + 3] for start in range(0, len(others), 3)]
    if vectors is not None:
        learned = learned / LENGTH
        stacked[0][0] = LENGTH * stacked[0][0]
    return LanguageModel(learned, stacked)


def _untrained(
    settings: Settings, vectors: np.ndarray | None, spelling: np.ndarray | None
) -> LanguageModel:
    """Return the weights that a language model begins with; see `training.network`."""
    streams = 2  # any number has the same weights
    model = training.network(settings, streams, Clusters.of(settings.words), vectors, spelling)
    table = model.get_layer("vectors")
    read = table.get_weights()[0] if spelling is None else table.table()
    lstms = [model.get_layer(f"lstm_{number}").lstm for number in range(settings.depth)]
    return LanguageModel(read, [one.get_weights() for one in lstms])


def both_ways(options: LanguageModelOptions, data: TrainingData) -> dict[Direction, LanguageModel]:
    """Return the language models of both directions; see `language_model`."""
    return {direction: language_model(options, data, direction) for direction in DIRECTIONS}


def word_counts(data: TrainingData, known_words: int) -> np.ndarray:
    """Return how often each word stands in the reviews that a language model reads.

    Args:
        data: train and unsup are counted.
        known_words: ids from this one on count as unknown.

    Returns:
        Shape (known_words,), int64; of the end of a review, the number of reviews.
    """
    counts = np.zeros(known_words, np.int64)
    for part in (data.train_texts.words, data.unsup.words):
        ids = np.where(part.values < known_words, part.values, UNKNOWN)
        counts += np.bincount(ids, minlength=known_words)
        counts[END] += len(part)
    return counts
