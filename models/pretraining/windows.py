"""Reviews end to end, cut into streams that are read side by side, a window at a time.

A language model carries its state from one window to the next, so that it may use all that came
before while gradients go back one window (truncated back-propagation through time).
"""

import math
from collections.abc import Sequence

from benchmark.rows.networks.batches import WORKERS
from models.pretraining.adaptive_softmax import Clusters
from preprocessing.ragged import Ragged
from preprocessing.vocabulary import UNKNOWN

import keras
import numpy as np

END = 0
"""Stands between reviews; elsewhere the same id is padding, which texts do not hold."""


def end_to_end(
    reviews: Sequence[Ragged],
    known_words: int,
    backwards: bool = False,
    random: np.random.Generator | None = None,
) -> np.ndarray:
    """Return all words of the reviews, with `END` before the first and after each.

    Args:
        reviews: word ids.
        known_words: ids from this one on become unknown.
        backwards: turn each review around.
        random: shuffles the reviews; without it they keep their order.

    Returns:
        Shape (words + reviews + 1,), int32.
    """
    lengths = np.concatenate([part.lengths for part in reviews]) + 1
    values = np.concatenate([part.values for part in reviews])
    separated = np.insert(values, np.cumsum(lengths - 1), END).astype(np.int32)
    separated[separated >= known_words] = UNKNOWN
    ended = Ragged.from_lengths(separated, lengths)
    if random is not None:
        ended = ended.take(random.permutation(len(ended)))
    text = np.concatenate([[END], ended.values])
    # turned as a whole, every review still lies between two ends
    return (text[::-1] if backwards else text).astype(np.int32)


class Windows(keras.utils.PyDataset):
    """A text in windows: the words that are read, and those to come.

    The streams are parts of the text, equally long. Where the text has an end within a window, the
    rest of it counts nothing.

    Each batch is the inputs ("words", shape (streams, steps), and those of `Clusters.targets`),
    targets that no loss reads, and which words count, shape (streams, steps), float32.
    """

    def __init__(self, text: np.ndarray, streams: int, steps: int, clusters: Clusters):
        """Cut the text.

        Args:
            text: ids, shape (words + 1,); the first is read and not predicted.
            streams: how many parts are read side by side.
            steps: words of a window.
            clusters: of the vocabulary.
        """
        super().__init__(workers=WORKERS)
        length = math.ceil((len(text) - 1) / streams)
        self.windows = math.ceil(length / steps)
        read, to_come = (self._cut(part, streams, length, steps) for part in (text[:-1], text[1:]))
        counted = self._cut(np.ones(len(text) - 1, np.int8), streams, length, steps)
        self.read, self.to_come, self.counted = read, to_come, counted
        self.clusters, self.room = clusters, clusters.room(to_come)
        self.start, self.stop = 0, self.windows

    def _cut(self, values: np.ndarray, streams: int, length: int, steps: int) -> np.ndarray:
        """Return shape (windows, streams, steps), filled up with zeros."""
        filled = np.zeros(streams * length, values.dtype)
        filled[: len(values)] = values
        rows = np.zeros((streams, self.windows * steps), values.dtype)
        rows[:, :length] = filled.reshape(streams, length)
        return rows.reshape(streams, self.windows, steps).swapaxes(0, 1)

    def part(self, start: int, stop: int) -> "Windows":
        """Give out windows start to stop only, until told otherwise; return itself."""
        self.start, self.stop = start, min(stop, self.windows)
        return self

    def __len__(self) -> int:
        return self.stop - self.start

    def __getitem__(self, index: int) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
        to_come = self.to_come[self.start + index]
        inputs = {"words": np.ascontiguousarray(self.read[self.start + index])}
        inputs |= self.clusters.targets(to_come, self.room)
        return inputs, to_come, self.counted[self.start + index].astype(np.float32)
