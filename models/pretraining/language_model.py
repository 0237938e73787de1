"""Word-level LSTM language models (Mikolov et al., 2010; Dai & Le, 2015, section 2).

The model reads a review word by word and says at each how likely any word is to come next. Several
rows start from what it learns about words and how they combine. It is learned once, on train and
unsup, and then kept.
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
"""Of a typical vector of word2vec while the language model learns; at 1 it learned more slowly.

Afterwards the first layer is converted to the length of 1 that other rows use.
"""

Direction = Literal["forwards", "backwards"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)


@hyperparameters
class LanguageModelOptions:
    """Options of the language model that a row starts from."""

    pretrain: int = option(
        1, "passes of the language model over train and unsup; 0 starts from random weights", ge=0
    )
    lm_units: int = option(300, "numbers in a state of the language model", ge=1)
    lm_layers: int = option(1, "LSTM layers of the language model", ge=1)
    lm_learning_rate: float = option(
        1e-2, "the language model's initial step size (Adam); falls to 0 along a cosine", gt=0
    )
    lm_seed: int = option(
        0, "seed of the language model; runs of all seeds share one language model", ge=0
    )
    lm_vectors: Literal["word2vec", "learned", "spelled"] = option(
        "word2vec",
        "the language model's word vectors: word2vec's, kept fixed; learned; or made from letters",
    )
    lm_dimensions: int = option(300, "numbers in word vectors that are not word2vec's", ge=1)
    known_words: int = option(
        30_000,
        "most frequent words that the language model reads; with learned vectors, the row, too",
        ge=3,
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
    random layers are returned, to read vectors of length 1. Ask for it before any layer is made:
    Keras's session starts anew.

    Args:
        options: the row's hyperparameters.
        data: train and unsup are learned from; passes are judged on validation.
        direction: which way reviews are read.
    """
    settings = settings_of(options, data, direction)
    policy = dtype_policy("auto")
    vectors = spelling = None
    begins: str = options.lm_vectors
    if options.lm_vectors == "word2vec":
        vectors = of_length_one(data.word_vectors("cbow", options.lm_seed))
        settings = replace(settings, dimensions=vectors.shape[1])
        begins += f" {hashlib.sha256((LENGTH * vectors).tobytes()).hexdigest()[:8]}"
    if options.lm_vectors == "spelled":
        spelling = spell(data.vocabulary)
    depends = asdict(settings) | {
        "vectors": begins,
        "numbers": policy,
        "backend": keras.backend.backend(),
        "code": sources.digest(training.__name__),
    }
    digest = hashlib.sha256(json.dumps(depends).encode()).hexdigest()[:8]
    name = f"language-model-{direction}-{digest}-seed-{options.lm_seed}"
    unfinished = data.folder / f".{name}.training"  # outlives a process that is killed

    def build(target: Path) -> dict:
        reset_session(options.lm_seed, policy)
        texts = [data.train_texts.words, data.unsup.words]
        read = None if vectors is None else LENGTH * vectors
        learning = Training(
            settings, texts, data.validation.words, unfinished, data.on_event, read, spelling
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
        streams = 2  # any number has the same weights
        begun = training.network(settings, streams, Clusters.of(settings.words), vectors, spelling)
        return _split(training.weights_of(begun, settings.depth))
    folder = data.cached(f"language model {direction}", name, build)
    # so that a row builds the same network whether its language model was made or found
    reset_session(data.seed, row_policy)
    shutil.rmtree(unfinished, ignore_errors=True)
    learned = _split(read_arrays(folder / "weights.npz"))
    if vectors is None:
        return learned
    (kernel, *rest), *others = learned.layers
    return LanguageModel(vectors, [[LENGTH * kernel, *rest], *others])


def _split(weights: list[np.ndarray]) -> LanguageModel:
    """Return what `training.weights_of` returns as a language model."""
    vectors, *others = weights
    return LanguageModel(vectors, [others[start : start + 3] for start in range(0, len(others), 3)])


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
