"""The training loop of all networks."""

import time
from typing import Any

from benchmark.rows.contract import OnEvent
from benchmark.rows.networks.batches import Batches
from benchmark.rows.quiet import native_log_hidden

import numpy as np

with native_log_hidden():
    import keras

_SECONDS_BETWEEN_REPORTS = 0.5


def train(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    batches: Batches,
    validation: Batches,
    epochs: int,
    on_event: OnEvent,
    loss: Any = "binary_crossentropy",
) -> list[dict[str, float]]:
    """Train a model and leave it with the weights of the epoch with the lowest validation loss.

    Args:
        model: not compiled.
        optimizer: moves its weights; if it keeps a running mean of them, that is what is judged.
        batches: what the model learns from.
        validation: what the epochs are judged by.
        epochs: passes over the batches.
        on_event: is told of progress.
        loss: of labels and the model's output, as Keras takes it.

    Returns:
        Of each epoch loss and accuracy, of the validation, too, and the seconds it took.
    """
    progress = Progress(on_event, epochs)
    averaging = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] * optimizer.use_ema
    best = keras.callbacks.EarlyStopping("val_loss", patience=epochs, restore_best_weights=True)
    model.compile(optimizer, loss, metrics=["accuracy"])
    model.fit(
        batches,
        validation_data=validation,
        epochs=epochs,
        shuffle=False,
        verbose=0,
        callbacks=[*averaging, progress, best],
    )
    return progress.history


def predict(model: keras.Model, batches: Batches) -> np.ndarray:
    """Return what the model says of each sequence, in their order, shape (sequences,), float32."""
    predictions = np.empty(len(batches.sequences), np.float32)
    predictions[np.concatenate(batches.plan)] = model.predict(batches, verbose=0)[:, 0]
    return predictions


def adam(learning_rate: float, steps: int, ema_momentum: float = 0.0) -> keras.optimizers.Optimizer:
    """Return Adam whose rate falls to 0 along a cosine in the given number of steps.

    Args:
        learning_rate: the first step's.
        steps: how many there will be.
        ema_momentum: of the running mean of the weights, which is kept; 0 for none.
    """
    return keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(learning_rate, steps),
        use_ema=ema_momentum > 0,
        ema_momentum=ema_momentum,
    )


def seconds_compiling(history: list[dict[str, float]]) -> float | None:
    """Return how much longer the first epoch took than the others' median.

    None of fewer than three epochs: two of the same length may differ by more than compilation.
    """
    if len(history) < 3:
        return None
    first, *others = (epoch["seconds"] for epoch in history)
    return max(0.0, first - float(np.median(others)))


class Progress(keras.callbacks.Callback):
    """Reports batches and epochs, and keeps the learning curve."""

    what = "epoch"
    """What people call a pass over the reviews here."""

    def __init__(self, on_event: OnEvent, epochs: int):
        super().__init__()
        self.on_event, self.epochs = on_event, epochs
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
            self.on_event(
                {
                    "event": "batch",
                    "what": self.what,
                    "epoch": self.epoch,
                    "epochs": self.epochs,
                    "done": done,
                }
            )

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Keep and report the epoch's scores."""
        entry = {
            "loss": float(logs["loss"]),
            "accuracy": float(logs["accuracy"]),
            "validation_loss": float(logs["val_loss"]),
            "validation_accuracy": float(logs["val_accuracy"]),
            "seconds": time.perf_counter() - self.start,
        }
        self.history.append(entry)
        self.on_event({"event": "epoch", "epoch": self.epoch, "epochs": self.epochs, **entry})
