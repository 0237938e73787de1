"""Training a language model over words: the network, and a loop that can be stopped anywhere.

The name of what is kept covers the code of this file and of what it imports, so that it imports
little: a pass takes long.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.layers.lstm import lstm
from models.pretraining.adaptive_softmax import AdaptiveSoftmax, Clusters
from models.pretraining.spelling import SpelledWords
from models.pretraining.windows import Windows, end_to_end
from preprocessing.ragged import Ragged
from preprocessing.storage import MANIFEST, seal, size_and_hash, verify, write_atomically

import keras
import numpy as np
from keras import layers, ops

STREAMS = 64
STEPS = 50
"""Words that gradients go back, fewer than Miyato et al.'s 400."""

LEAST_WINDOWS = 200
"""Windows of a pass at least, where the text allows; a small corpus gets fewer streams."""

CLIP = 1.0
WINDOWS_BETWEEN_SAVES = 250


@dataclass(frozen=True)
class Settings:
    """How a language model is built and learned.

    Attributes:
        words: how many it knows; higher ids count as unknown.
        dimensions: numbers in a word's vector.
        units: numbers in a state.
        depth: LSTM layers.
        passes: over the text.
        learning_rate: of Adam at the start; falls to 0 along a cosine.
        seed: fixes the order of the reviews.
        backwards: reviews are read from their last word to their first.
    """

    words: int
    dimensions: int
    units: int
    depth: int
    passes: int
    learning_rate: float
    seed: int
    backwards: bool


@keras.saving.register_keras_serializable(package="imdb_sentiment_benchmark")
class CarryingLSTM(layers.Layer):
    """An LSTM layer that starts each batch from the states in which the last one ended.

    Keras's own, with `stateful`, keeps them where neither JAX nor a file of weights has them.

    Args:
        units: numbers in a state.
        streams: rows of each batch.
    """

    def __init__(self, units: int, streams: int, **kwargs):
        super().__init__(**kwargs)
        self.units, self.streams = units, streams
        self.lstm = lstm(units, return_state=True)

    def build(self, shape) -> None:
        """Make the weights and the two carried states, each of shape (streams, units)."""
        self.lstm.build(shape)
        self.carried = [
            self.add_weight(
                shape=(self.streams, self.units), initializer="zeros", trainable=False,
                dtype="float32", name=name,
            )
            for name in ("hidden", "cell")
        ]  # fmt: skip

    def call(self, x):
        """Return the states at all words, shape (streams, steps, units)."""
        begin = [ops.cast(state, self.lstm.compute_dtype) for state in self.carried]
        states, *ends = self.lstm(x, initial_state=begin)
        for carried, end in zip(self.carried, ends, strict=True):
            carried.assign(ops.stop_gradient(ops.cast(end, carried.dtype)))
        return states

    def forget(self) -> None:
        """Begin the next batch with zeros."""
        for state in self.carried:
            state.assign(np.zeros(state.shape, np.float32))

    def compute_output_shape(self, shape):
        """Return the result's shape."""
        return (*shape[:-1], self.units)

    def get_config(self) -> dict:
        """Return what `__init__` takes."""
        return super().get_config() | {"units": self.units, "streams": self.streams}


def network(
    settings: Settings,
    streams: int,
    clusters: Clusters,
    vectors: np.ndarray | None = None,
    spelling: np.ndarray | None = None,
) -> keras.Model:
    """Return the network that is trained.

    Args:
        settings: its size.
        streams: rows of each batch.
        clusters: of the words.
        vectors: of all words, shape (words, dimensions), which stay as they are; without them word
            vectors are learned.
        spelling: of all words, from `spell`, from which the vectors are made.

    Returns:
        A model, not compiled, from what `Windows` gives to the negative log-probability of each
        word to come, shape (streams, steps), float32, in nats.
    """
    read = keras.Input((None,), batch_size=streams, dtype="int32", name="words")
    targets = clusters.inputs()
    if spelling is not None:
        spelled = SpelledWords(len(spelling), settings.dimensions, name="vectors")
        states = spelled(read)
        spelled.letters.assign(spelling)
    elif vectors is not None:
        table = layers.Embedding(*vectors.shape, trainable=False, name="vectors")
        states = table(read)
        table.set_weights([vectors])
    else:
        states = layers.Embedding(settings.words, settings.dimensions, name="vectors")(read)
    for number in range(settings.depth):
        states = CarryingLSTM(settings.units, streams, name=f"lstm_{number}")(states)
    nats = AdaptiveSoftmax(clusters.borders, name="softmax")(states, targets)
    return keras.Model({"words": read, **targets}, nats)


def weights_of(model: keras.Model, depth: int) -> list[np.ndarray]:
    """Return what rows start from of a `network` with that many layers.

    Returns:
        The words' vectors, also of words that are not read if they were given or are spelled, then
        of each LSTM layer kernel, recurrent kernel and bias.
    """
    vectors = model.get_layer("vectors")
    is_spelled = isinstance(vectors, SpelledWords)
    found = [vectors.table()] if is_spelled else vectors.get_weights()
    for number in range(depth):
        found += model.get_layer(f"lstm_{number}").lstm.get_weights()
    return found


class Training:
    """The loop: it saves itself between windows, and goes on from there to the same weights.

    Attributes:
        perplexities: on the validation reviews, after each pass.
        best: `weights_of` the network after the pass with the lowest.
        seconds_before: what earlier runs of the program have spent.
    """

    def __init__(
        self,
        settings: Settings,
        texts: Sequence[Ragged],
        validation: Ragged,
        folder: Path,
        on_event: Callable[[dict[str, Any]], None],
        vectors: np.ndarray | None = None,
        spelling: np.ndarray | None = None,
    ):
        """Build the network.

        Args:
            settings: how.
            texts: word ids of the reviews to learn from.
            validation: word ids of the reviews that passes are judged by.
            folder: where unfinished training is kept.
            on_event: is told of progress.
            vectors: see `network`.
            spelling: see `network`.
        """
        self.settings, self.texts, self.validation = settings, texts, validation
        self.folder, self.on_event = folder, on_event
        self.what = f"language model {'backwards' if settings.backwards else 'forwards'}, pass"
        self.clusters = Clusters.of(settings.words)
        words = sum(len(part.values) for part in texts)
        # two at least: Keras takes a batch of one for a batch of any size
        self.streams = max(2, min(STREAMS, words // (LEAST_WINDOWS * STEPS)))
        self.model = network(settings, self.streams, self.clusters, vectors, spelling)
        self.perplexities: list[float] = []
        self.best: list[np.ndarray] = []
        self.windows_done, self.seconds, self.seconds_before = 0, 0.0, 0.0

    def run(self) -> None:
        """Train to the end."""
        text = self._pass(0)
        rate = keras.optimizers.schedules.CosineDecay(
            self.settings.learning_rate, self.settings.passes * text.windows
        )
        self.model.compile(
            keras.optimizers.Adam(rate, global_clipnorm=CLIP),
            _nats,
            weighted_metrics=[keras.metrics.MeanMetricWrapper(_nats, name="nats")],
        )
        self._resume()
        self.seconds_before = self.seconds
        while len(self.perplexities) < self.settings.passes:
            number = len(self.perplexities)
            text = self._pass(number)
            while (first := self.windows_done - number * text.windows) < text.windows:
                start = time.perf_counter()
                part = text.part(first, first + WINDOWS_BETWEEN_SAVES)
                self.model.fit(part, shuffle=False, verbose=0)
                self.windows_done += len(part)
                if self.windows_done == (number + 1) * text.windows:
                    self._judge()
                self.seconds += time.perf_counter() - start
                self._save()
                self._tell(number, self.windows_done / (self.settings.passes * text.windows))

    def _pass(self, number: int) -> Windows:
        """Return the pass's text; reviews stand in another order in each."""
        text = end_to_end(
            self.texts, self.settings.words, self.settings.backwards,
            np.random.default_rng([self.settings.seed, number]),
        )  # fmt: skip
        return Windows(text, self.streams, STEPS, self.clusters)

    def _judge(self) -> None:
        """Take the pass's perplexity, and keep its weights if it is the lowest so far."""
        text = end_to_end([self.validation], self.settings.words, self.settings.backwards)
        lstms = [self.model.get_layer(f"lstm_{i}") for i in range(self.settings.depth)]
        for layer in lstms:
            layer.forget()
        windows = Windows(text, self.streams, STEPS, self.clusters)
        nats = self.model.evaluate(windows, verbose=0, return_dict=True)["nats"]
        for layer in lstms:
            layer.forget()
        perplexity = math.exp(nats)
        if all(perplexity < one for one in self.perplexities):
            self.best = weights_of(self.model, self.settings.depth)
        self.perplexities.append(perplexity)
        said = f"{self.what} {len(self.perplexities)}/{self.settings.passes}: "
        said += f"perplexity {perplexity:.1f} on the validation reviews"
        self.on_event({"event": "step", "text": said})

    def _tell(self, number: int, done: float) -> None:
        """Say which pass it is, and what share of all passes is done."""
        self.on_event(
            {
                "event": "batch",
                "what": self.what,
                "epoch": number + 1,
                "epochs": self.settings.passes,
                "done": done,
            }
        )

    def _save(self) -> None:
        """Keep all that training goes on from; it counts once the manifest names it."""
        self.folder.mkdir(exist_ok=True)
        state = self.folder / f"after-{self.windows_done}.weights.h5"
        self.model.save_weights(state)
        best = self.folder / f"after-{self.windows_done}.npz"
        np.savez(best, *self.best)
        kept = {
            "windows": self.windows_done,
            "perplexities": self.perplexities,
            "seconds": self.seconds,
            "files": {file.name: size_and_hash(file) for file in (state, best)},
        }
        write_atomically(self.folder / MANIFEST, seal(kept))
        for file in self.folder.glob("after-*"):
            if file not in (state, best):
                file.unlink()

    def _resume(self) -> None:
        """Load what earlier runs of the program have kept, if there is anything."""
        if not (self.folder / MANIFEST).exists():
            return
        kept = verify(self.folder)
        self.windows_done, self.perplexities = kept["windows"], kept["perplexities"]
        self.seconds = kept["seconds"]
        self.model.optimizer.build(self.model.trainable_variables)  # its moments are loaded, too
        self.model.load_weights(self.folder / f"after-{self.windows_done}.weights.h5")
        self.best = read_arrays(self.folder / f"after-{self.windows_done}.npz")


def _nats(_, nats):
    """Take the network's output for its loss."""
    return nats


def read_arrays(file: Path) -> list[np.ndarray]:
    """Return the arrays of a file that `numpy.savez` made, in their order."""
    with np.load(file, allow_pickle=False) as kept:
        return [kept[name] for name in kept.files]
