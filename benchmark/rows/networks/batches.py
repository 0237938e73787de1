"""Batches of like length."""

import math

from benchmark.rows.networks.devices import devices
from benchmark.rows.quiet import native_log_hidden
from preprocessing.ragged import Ragged, batches_of_like_length

import numpy as np

with native_log_hidden():
    import keras

WORKERS = 2
"""How many threads make the batches of a data set.

With one, Keras has tf.data read ahead and tune itself, and the thread that tunes can miss the end
of an epoch: the next one then waits until it wakes, for up to a minute. With more, Keras reads
ahead itself. They take the batches in any order, so what is drawn for a batch must follow from its
number.
"""


class Batches(keras.utils.PyDataset):
    """Batches of like length, each padded to the smallest of a few widths.

    A batch is a matrix of ids, shape (batch, width), int32, 0 for padding; and, if there are
    labels, these, shape (batch, 1), float32.
    """

    def __init__(
        self,
        sequences: Ragged,
        labels: np.ndarray | None,
        batch_size: int,
        widths: np.ndarray,
        truncation: str = "head",
        random: np.random.Generator | None = None,
    ):
        """Plan the batches.

        Args:
            sequences: ids of words or subwords.
            labels: 0 or 1 of each sequence, shape (sequences,); None for prediction.
            batch_size: sequences in a batch.
            widths: what to pad to, ascending; sequences are cut to the last.
            truncation: which end of a longer sequence is kept, "head" or "tail".
            random: shuffles anew for each epoch; without it, the order is fixed.
        """
        super().__init__(workers=WORKERS)
        self.sequences, self.labels = sequences, labels
        self.batch_size, self.truncation, self.random = batch_size, truncation, random
        self.widths = widths[np.searchsorted(widths, np.clip(sequences.lengths, 1, widths[-1]))]
        self.on_epoch_end()

    def on_epoch_end(self) -> None:
        """Plan the next epoch's batches.

        The widest batch comes first, so that what does not fit in memory fails at once; a narrow
        one comes second, because Keras takes for fixed a shape that the first two have in common.
        Where several devices share each batch, the one that is not full repeats a few sequences, so
        that all of them get as many.
        """
        self.plan = [
            np.resize(rows, math.ceil(len(rows) / devices()) * devices())
            for rows in batches_of_like_length(self.widths, self.batch_size, self.random)
        ]
        widest = max(range(len(self.plan)), key=lambda i: self.widths[self.plan[i]].max())
        self.plan.insert(0, self.plan.pop(widest))
        narrowest = min(range(len(self.plan)), key=lambda i: self.widths[self.plan[i]].max())
        self.plan.insert(1, self.plan.pop(narrowest))

    def __len__(self) -> int:
        return len(self.plan)

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        rows = self.plan[index]
        ids = self.sequences.padded(rows, int(self.widths[rows].max()), self.truncation)
        if self.labels is None:
            return (ids,)
        return ids, self.labels[rows, None].astype(np.float32)
