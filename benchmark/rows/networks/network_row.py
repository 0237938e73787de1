"""Rows that are Keras networks over word ids."""

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmark.rows.contract import Fitted, OnEvent, Row
from benchmark.rows.networks.batches import Batches
from benchmark.rows.networks.devices import dtype_policy, on_gpu, reset_session
from benchmark.rows.networks.options import NetworkOptions, fit_to_size
from benchmark.rows.networks.training import adam, predict, seconds_compiling, train
from benchmark.rows.quiet import native_log_hidden
from benchmark.rows.training_data import TrainingData
from preprocessing.corpus import Reviews
from preprocessing.errors import UserError
from preprocessing.ragged import bucket_widths

import numpy as np

with native_log_hidden():
    import keras

_MODULES = ("keras", "keras_hub", "builtins", "benchmark", "models", "bert_family")
"""Whose classes and functions a row's model may name; the last three are registered with Keras."""


class FittedNetwork(Fitted):
    """A trained Keras model."""

    def __init__(
        self,
        model: keras.Model,
        options: Any,
        widths: np.ndarray,
        history: list[dict[str, float]] | None = None,
    ):
        """Take a model.

        Args:
            model: from ids, shape (batch, width), int32, to probabilities, shape (batch, 1).
            options: what it was trained with; batch size and truncation are used.
            widths: what batches are padded to, ascending, shape (widths,).
            history: of its training; None where it was loaded.
        """
        self.model, self.options, self.widths = model, options, widths
        self.parameters = model.count_params()
        self.history = history or []
        self.seconds_compiling = seconds_compiling(self.history)
        self.precision = model.dtype_policy.name
        self.on_gpu = on_gpu()

    def predict(self, reviews: Reviews) -> np.ndarray:
        """Return probabilities, shape (reviews,), float32."""
        return predict(self.model, self.batches(reviews))

    def batches(self, reviews: Reviews) -> Batches:
        """Return what the network reads of reviews."""
        options = self.options
        return Batches(reviews.words, None, options.batch_size, self.widths, options.truncation)

    def save(self, folder: Path) -> None:
        """Write Keras's own format."""
        self.model.save(folder / "model.keras")
        np.save(folder / "widths.npy", self.widths)


@dataclass(frozen=True)
class Lessons:
    """What a network learns from.

    Attributes:
        batches: of the training reviews.
        validation: what epochs are judged by.
        epochs: passes over the batches.
    """

    batches: Batches
    validation: Batches
    epochs: int


def learn(
    options: Any,
    data: TrainingData,
    model: keras.Model,
    lessons: Lessons,
    loss: Any = "binary_crossentropy",
) -> list[dict[str, float]]:
    """Train a model with Adam and keep the weights of the epoch with the lowest validation loss.

    Args:
        options: the row's hyperparameters.
        data: is told of progress.
        model: not compiled.
        lessons: what it learns from.
        loss: of labels and the model's output, as Keras takes it.

    Returns:
        As `benchmark.rows.networks.training.train`.
    """
    steps = lessons.epochs * len(lessons.batches)
    optimizer = adam(options.learning_rate, steps, options.ema_momentum)
    return train(
        model, optimizer, lessons.batches, lessons.validation, lessons.epochs, data.on_event, loss
    )


@dataclass(frozen=True)
class NetworkRow(Row):
    """A row whose file builds a Keras model.

    Attributes:
        build: takes the row's options and the training data and returns the model, not compiled,
            from word ids, shape (batch, words), int32, 0 for padding, to the probability of
            "positive", shape (batch, 1).
        learn: takes the options, the training data, that model and `Lessons`, trains the model, or
            one that shares its weights, and returns its learning curve; `learn` unless the row says
            otherwise.
        attention: the name of the layer whose second output is a weight for each word, shape
            (batch, words), for rows that can show where they look.
        language_models: which language models it starts from, "forwards" or "backwards"; they are
            made once for all rows with the same options of them.
        measure: takes training data and returns what `python -m benchmark speed` says of what the
            row makes once.
        in_stages: its passes are of unlike work, so that the first of them does not tell how long
            compilation took.
    """

    build: Callable[[Any, TrainingData], keras.Model] = field(kw_only=True)
    learn: Callable[[Any, TrainingData, keras.Model, Lessons], list[dict[str, float]]] = field(
        default=learn, kw_only=True
    )
    attention: str = field(default="", kw_only=True)
    language_models: tuple[str, ...] = field(default=(), kw_only=True)
    measure: Callable[[TrainingData], str] | None = field(default=None, kw_only=True)
    in_stages: bool = field(default=False, kw_only=True)

    def fit(self, options: NetworkOptions, data: TrainingData, on_event: OnEvent) -> FittedNetwork:
        """Build the network and train it as the row says."""
        reset_session(data.seed, dtype_policy(options.precision))
        data = replace(data, on_event=on_event)
        model = self.build(options, data)

        words, labels = data.train.words, data.train.labels
        widths = np.array([options.max_words])
        if options.batches == "like_length":
            widths = bucket_widths(words.lengths, options.max_words)
        batch_size, epochs = fit_to_size(options, len(data.train))
        random = np.random.default_rng(data.seed)
        batches = Batches(words, labels, batch_size, widths, options.truncation, random)
        validation = Batches(
            data.validation.words, data.validation.labels, options.batch_size, widths,
            options.truncation,
        )  # fmt: skip
        history = self.learn(options, data, model, Lessons(batches, validation, epochs))
        fitted = FittedNetwork(model, options, widths, history)
        if self.in_stages:
            fitted.seconds_compiling = None
        return fitted

    def load(self, options: NetworkOptions, folder: Path) -> FittedNetwork:
        """Load the model; Keras refuses a file that would run code of its own."""
        return FittedNetwork(load_model(folder), options, load_widths(folder))

    def versions(self) -> dict[str, str]:
        """Name the backend of Keras, then Keras."""
        return keras_versions()


def load_model(folder: Path) -> keras.Model:
    """Return the model that `FittedNetwork.save` wrote.

    Raises:
        UserError: it names a module that a row's model does not need. Keras would import some of
            these, from the working directory, too, before it refuses what is in them.
    """
    file = folder / "model.keras"
    with zipfile.ZipFile(file) as archive:
        config = json.loads(archive.read("config.json"))
    for module in _modules(config):
        if str(module).partition(".")[0] not in _MODULES:
            raise UserError(f"{file} cannot be loaded: it names the module {module!r}")
    return keras.models.load_model(file, compile=False)


def _modules(config: Any) -> Iterator[Any]:
    """Yield what a model's configuration names as modules, however deep."""
    parts = [config]
    while parts:
        part = parts.pop()
        if isinstance(part, list):
            parts += part
        elif isinstance(part, dict):
            parts += part.values()
            if part.get("module") is not None:
                yield part["module"]


def load_widths(folder: Path) -> np.ndarray:
    """Return the widths that `FittedNetwork.save` wrote.

    Raises:
        UserError: they are not ascending whole numbers.
    """
    widths = np.load(folder / "widths.npy", allow_pickle=False)
    whole = widths.ndim == 1 and len(widths) and np.issubdtype(widths.dtype, np.integer)
    if not whole or widths[0] < 1 or (np.diff(widths) <= 0).any():
        raise UserError(f"{folder / 'widths.npy'} is damaged: it does not hold ascending widths")
    return widths


def keras_versions() -> dict[str, str]:
    """Return the versions of Keras's backend, first, and of Keras."""
    backend = keras.backend.backend()
    return {backend: version(backend), "keras": keras.__version__}
