"""Batches of like length."""

import math

from benchmark.rows.quiet import native_log_hidden
from preprocessing.corpus import Reviews
from preprocessing.ragged import batches_of_like_length

import numpy as np

with native_log_hidden():
    import keras
from benchmark.rows.networks.devices import devices
from benchmark.rows.networks.options import NetworkOptions


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
        words = self.reviews.words.padded(
            rows, width, "tail" if self.options.truncation == "tail" else "head"
        )
        if self.reviews.labels is None:
            return (words,)
        return words, self.reviews.labels[rows, None].astype(np.float32)
