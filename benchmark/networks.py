"""Rows that are Keras networks over word ids: batches, training, prediction."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from benchmark import environment
from benchmark.experiment import Fitted, Report, Row, TrainingData, hyperparameters, option
from benchmark.quiet import native_log_hidden
from preprocessing.corpus import Reviews
from preprocessing.ragged import batches_of_like_length, bucket_widths

import numpy as np

with native_log_hidden():
    import keras

SMALLEST_BATCH = 16
"""What `least_steps` can halve batches to; smaller ones make a pass much slower."""

MOST_EXTRA_EPOCHS = 5
"""What `least_steps` can raise the epochs to, so that a look at few reviews stays quick."""

_SECONDS_BETWEEN_REPORTS = 0.5


@hyperparameters
class TrainingOptions:
    """Options that every network has; a row changes a default by writing the field again."""

    epochs: int = option(8, "passes over the training reviews; the best one is kept", ge=1)
    least_steps: int = option(
        300, "steps at least: a small corpus gets smaller batches, then more passes", ge=1
    )
    batch_size: int = option(64, "reviews in a step", ge=1)
    learning_rate: float = option(
        1e-3, "step size of Adam at the start; falls to 0 along a cosine", gt=0
    )
    batches: Literal["like_length", "padded"] = option(
        "like_length", "reviews of like length together, or any, all padded to the longest read"
    )
    precision: Literal["auto", "float32", "mixed_bfloat16"] = option(
        "auto",
        "number format; auto is mixed_bfloat16 on a GPU that multiplies it fast, else float32",
    )


@hyperparameters
class NetworkOptions(TrainingOptions):
    """Options of networks over word ids."""

    averaging: float = option(
        0.0, "momentum of the running mean of the weights that is kept; 0 for none", ge=0, lt=1
    )
    max_words: int = option(400, "words read of a review, from the end that is kept", ge=1)
    keep: Literal["head", "tail"] = option("head", "which end of a longer review is read")


def for_so_few(options: TrainingOptions, reviews: int) -> TrainingOptions:
    """Return the options for training on so many reviews, with `least_steps` steps if it can be.

    Smaller batches come first: they make more steps of the same work, and more passes do not.
    """
    batch_size = options.batch_size
    while batch_size > SMALLEST_BATCH and options.epochs * _steps(reviews, batch_size) < (
        options.least_steps
    ):
        batch_size = max(SMALLEST_BATCH, batch_size // 2)
    more = math.ceil(options.least_steps / _steps(reviews, batch_size))
    epochs = max(options.epochs, min(MOST_EXTRA_EPOCHS, more))
    return replace(options, batch_size=batch_size, epochs=epochs)


def _steps(reviews: int, batch_size: int) -> int:
    return math.ceil(reviews / batch_size)


class Batches(keras.utils.PyDataset):
    """Batches of like length, each padded to the smallest of a few widths.

    A batch is a matrix of word ids, shape (batch, width), int32, and labels, shape (batch, 1).
    """

    def __init__(
        self,
        reviews: Reviews,
        options: NetworkOptions,
        widths: np.ndarray,
        random: np.random.Generator | None = None,
    ):
        """Plan the batches.

        Args:
            reviews: with labels, for training and validation, or without.
            options: batch size and cut-off.
            widths: what to pad to, ascending; the last is at least `max_words`.
            random: shuffles anew for each epoch; without it, the order is fixed.
        """
        super().__init__()
        self.reviews, self.options, self.random = reviews, options, random
        cut = np.clip(reviews.words.lengths, 1, options.max_words)
        self.widths = widths[np.searchsorted(widths, cut)]
        self.on_epoch_end()

    def on_epoch_end(self) -> None:
        """Plan the next epoch's batches.

        The widest batch comes first, so that what does not fit in memory fails at once; a narrow
        one comes second, because Keras takes for fixed a shape that the first two have in common.
        Where several devices share each batch, the one that is not full repeats a few reviews, so
        that all of them get as many.
        """
        self.plan = [
            np.resize(rows, math.ceil(len(rows) / devices()) * devices())
            for rows in batches_of_like_length(self.widths, self.options.batch_size, self.random)
        ]
        widest = max(range(len(self.plan)), key=lambda i: self.widths[self.plan[i]].max())
        self.plan.insert(0, self.plan.pop(widest))
        narrowest = min(range(len(self.plan)), key=lambda i: self.widths[self.plan[i]].max())
        self.plan.insert(1, self.plan.pop(narrowest))

    def __len__(self) -> int:
        return len(self.plan)

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        rows = self.plan[index]
        width = int(self.widths[rows].max())
        words = self.reviews.words.padded(rows, width, self.options.keep)
        if self.reviews.labels is None:
            return (words,)
        return words, self.reviews.labels[rows, None].astype(np.float32)


class Progress(keras.callbacks.Callback):
    """Reports batches and epochs, and keeps the learning curve."""

    what = "epoch"
    """What people call a pass over the reviews here."""

    def __init__(self, report: Report, epochs: int):
        super().__init__()
        self.report, self.epochs = report, epochs
        self.history: list[dict[str, float]] = []
        self.last_report = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Start the epoch's clock."""
        self.epoch, self.start = epoch + 1, time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Report how much of the epoch is done, now and then."""
        if time.perf_counter() - self.last_report > _SECONDS_BETWEEN_REPORTS:
            self.last_report = time.perf_counter()
            done = (self.epoch - 1 + (batch + 1) / self.params["steps"]) / self.epochs
            self.report(
                {
                    "event": "batch",
                    "what": self.what,
                    "epoch": self.epoch,
                    "epochs": self.epochs,
                    "done": done,
                }
            )

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Keep and report the epoch's scores."""
        entry = {
            "loss": float(logs["loss"]),
            "accuracy": float(logs["accuracy"]),
            "validation_loss": float(logs["val_loss"]),
            "validation_accuracy": float(logs["val_accuracy"]),
            "seconds": time.perf_counter() - self.start,
        }
        self.history.append(entry)
        self.report({"event": "epoch", "epoch": self.epoch, "epochs": self.epochs, **entry})


class FittedNetwork(Fitted):
    """A trained Keras model."""

    def __init__(self, model: keras.Model, options: NetworkOptions, widths: np.ndarray):
        self.model, self.options, self.widths = model, options, widths
        self.parameters = model.count_params()
        self.history = []
        self.precision = model.dtype_policy.name
        self.on_gpu = on_gpu()

    def predict(self, reviews: Reviews) -> np.ndarray:
        """Return probabilities, shape (reviews,), float32."""
        reviews = Reviews(reviews.texts, reviews.words, reviews.vocabulary)
        batches = Batches(reviews, self.options, self.widths)
        predictions = np.empty(len(reviews), np.float32)
        predictions[np.concatenate(batches.plan)] = self.model.predict(batches, verbose=0)[:, 0]
        return predictions

    def save(self, folder: Path) -> None:
        """Write Keras's own format."""
        self.model.save(folder / "model.keras")
        np.save(folder / "widths.npy", self.widths)


@dataclass(frozen=True)
class NetworkRow(Row):
    """A row whose file builds a Keras model.

    Attributes:
        build: takes the row's options and the training data and returns the model, not compiled,
            from word ids, shape (batch, words), int32, 0 for padding, to the probability of
            "positive", shape (batch, 1).
        attention: the name of the layer whose second output is a weight for each word, shape
            (batch, words), for rows that can show where they look.
    """

    build: Callable[[Any, TrainingData], keras.Model] | None = field(default=None, kw_only=True)
    attention: str = field(default="", kw_only=True)

    def network(self, options: TrainingOptions, data: TrainingData) -> keras.Model:
        """Return the model, not compiled."""
        return self.build(options, data)

    def fit(self, options: NetworkOptions, data: TrainingData, report: Report) -> FittedNetwork:
        """Train with Adam and keep the weights of the epoch with the lowest validation loss."""
        begin(data.seed, self.number_format(options))
        model = self.network(options, data)
        widths = np.array([options.max_words])
        if options.batches == "like_length":
            widths = bucket_widths(data.train.words.lengths, options.max_words)
        random = np.random.default_rng(data.seed)
        training = for_so_few(options, len(data.train))
        progress = Progress(report, training.epochs)
        steps = training.epochs * _steps(len(data.train), training.batch_size)
        optimizer = self.optimizer(options, model, steps)
        averaging = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] * optimizer.use_ema
        model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
        model.fit(
            Batches(data.train, training, widths, random),
            validation_data=Batches(data.validation, options, widths),
            epochs=training.epochs,
            shuffle=False,
            verbose=0,
            callbacks=[
                *averaging,
                progress,
                keras.callbacks.EarlyStopping(
                    "val_loss", patience=training.epochs, restore_best_weights=True
                ),
            ],
        )
        fitted = self.fitted(model, options, widths, data)
        fitted.history = progress.history
        first, *others = (epoch["seconds"] for epoch in progress.history)
        if others:
            fitted.seconds_compiling = max(0.0, first - float(np.median(others)))
        return fitted

    def number_format(self, options: TrainingOptions) -> str:
        """Return the name of the Keras dtype policy to train with."""
        if options.precision == "auto":
            fast = on_gpu() and environment.gpus_multiply_bfloat16()
            return "mixed_bfloat16" if fast else "float32"
        return options.precision

    def optimizer(
        self, options: NetworkOptions, model: keras.Model, steps: int
    ) -> keras.optimizers.Optimizer:
        """Return what moves the model's weights in so many steps."""
        return keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(options.learning_rate, steps),
            use_ema=options.averaging > 0,
            ema_momentum=options.averaging,
        )

    def fitted(
        self, model: keras.Model, options: Any, widths: np.ndarray, data: TrainingData
    ) -> FittedNetwork:
        """Return the trained model as what predicts."""
        return FittedNetwork(model, options, widths)

    def load(self, options: NetworkOptions, folder: Path) -> FittedNetwork:
        """Load the model; Keras refuses a file that would run code of its own."""
        model = keras.models.load_model(folder / "model.keras", compile=False)
        return FittedNetwork(model, options, np.load(folder / "widths.npy", allow_pickle=False))

    def versions(self) -> dict[str, str]:
        """Name the backend of Keras, then Keras."""
        backend = keras.backend.backend()
        return {backend: version(backend), "keras": keras.__version__}


def begin(seed: int, number_format: str) -> None:
    """Forget earlier networks and their devices, take all GPUs, and fix chance and number format.

    Layers' names are forgotten, too: they decide the order in which gradients are added.
    """
    keras.utils.clear_session()
    use_all_gpus()
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(number_format)


def use_all_gpus() -> None:
    """Give each GPU its share of every batch, if there are several; Keras does this on JAX."""
    gpus = [name for name in keras.distribution.list_devices() if not name.startswith("cpu")]
    if len(gpus) > 1 and keras.backend.backend() == "jax":
        keras.distribution.set_distribution(keras.distribution.DataParallel(devices=gpus))


def devices() -> int:
    """Return how many devices share each batch."""
    distribution = keras.distribution.distribution()
    return 1 if distribution is None else distribution.device_mesh.devices.size


def on_gpu() -> bool:
    """Tell whether Keras's backend has a GPU."""
    return any(not name.startswith("cpu") for name in keras.distribution.list_devices())
