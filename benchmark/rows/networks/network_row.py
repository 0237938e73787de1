"""Rows that are Keras networks over word ids: batches, training, prediction."""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmark.rows import hardware
from benchmark.rows.contract import Fitted, OnEvent, Row
from benchmark.rows.quiet import native_log_hidden
from benchmark.rows.training_data import TrainingData
from preprocessing.corpus import Reviews
from preprocessing.ragged import bucket_widths

import numpy as np

with native_log_hidden():
    import keras
from benchmark.rows.networks.batches import Batches
from benchmark.rows.networks.devices import on_gpu, reset_session
from benchmark.rows.networks.options import NetworkOptions, TrainingOptions, _steps, for_so_few
from benchmark.rows.networks.training import Progress


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

    def fit(self, options: NetworkOptions, data: TrainingData, on_event: OnEvent) -> FittedNetwork:
        """Train with Adam and keep the weights of the epoch with the lowest validation loss."""
        reset_session(data.seed, self.dtype_policy(options))
        model = self.network(options, data)
        widths = np.array([options.max_words])
        if options.batches == "like_length":
            widths = bucket_widths(data.train.words.lengths, options.max_words)
        random = np.random.default_rng(data.seed)
        training = for_so_few(options, len(data.train))
        progress = Progress(on_event, training.epochs)
        steps = training.epochs * _steps(len(data.train), training.batch_size)
        optimizer = self.optimizer(options, model, steps)
        ema_momentum = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] * optimizer.use_ema
        model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
        model.fit(
            Batches(data.train, training, widths, random),
            validation_data=Batches(data.validation, options, widths),
            epochs=training.epochs,
            shuffle=False,
            verbose=0,
            callbacks=[
                *ema_momentum,
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

    def dtype_policy(self, options: TrainingOptions) -> str:
        """Return the name of the Keras dtype policy to train with."""
        if options.precision == "auto":
            fast = on_gpu() and hardware.gpus_multiply_bfloat16()
            return "mixed_bfloat16" if fast else "float32"
        return options.precision

    def optimizer(
        self, options: NetworkOptions, model: keras.Model, steps: int
    ) -> keras.optimizers.Optimizer:
        """Return what moves the model's weights in so many steps."""
        return keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(options.learning_rate, steps),
            use_ema=options.ema_momentum > 0,
            ema_momentum=options.ema_momentum,
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
