"""Curves for TensorBoard, written from what a run reports: ``tensorboard --logdir FOLDER``."""

from pathlib import Path
from typing import Any

from benchmark.rows.contract import OnEvent

from tensorboardX import SummaryWriter

CURVES = {
    "loss": "loss/train",
    "validation_loss": "loss/validation",
    "accuracy": "accuracy/train",
    "validation_accuracy": "accuracy/validation",
    "seconds": "seconds/epoch",
}
"""What an epoch's event calls a number, and its curve's name."""


class Curves:
    """Passes events on and writes those of epochs, as they come.

    It knows nothing of Keras's backend, so that runs on JAX have their curves too. Rows without
    epochs write nothing.
    """

    def __init__(self, on_event: OnEvent, folder: Path, results: Path):
        """Write below `folder`, each run where its record stands below `results`."""
        self.on_event, self.folder, self.results = on_event, folder, results
        self.writer: SummaryWriter | None = None

    def __call__(self, event: dict[str, Any]) -> None:
        """Take an event."""
        self.on_event(event)
        match event["event"]:
            case "start":
                run = Path(event["record"]).with_suffix("").relative_to(self.results)
                self.folder, self.epochs = self.folder / run, 0
            case "epoch":
                self._write(event)
            case "end" if self.writer:
                self.writer.close()

    def _write(self, event: dict[str, Any]) -> None:
        if self.writer is None:
            for old in self.folder.glob("events.out.tfevents.*"):
                old.unlink()  # of an earlier run of the same; two would be drawn as one zigzag
            self.writer = SummaryWriter(str(self.folder))
        self.epochs += 1  # counted on: a student's epochs follow its teacher's
        for name, curve in CURVES.items():
            self.writer.add_scalar(curve, event[name], self.epochs)
        self.writer.flush()
