"""The training loop of all networks."""

import time

from benchmark.rows.contract import OnEvent
from benchmark.rows.quiet import native_log_hidden

with native_log_hidden():
    import keras


_SECONDS_BETWEEN_REPORTS = 0.5


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
        """OnEvent how much of the epoch is done, now and then."""
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

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Keep and on_event the epoch's scores."""
        entry = {
            "loss": float(logs["loss"]),
            "accuracy": float(logs["accuracy"]),
            "validation_loss": float(logs["val_loss"]),
            "validation_accuracy": float(logs["val_accuracy"]),
            "seconds": time.perf_counter() - self.start,
        }
        self.history.append(entry)
        self.on_event({"event": "epoch", "epoch": self.epoch, "epochs": self.epochs, **entry})
