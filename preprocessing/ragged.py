"""Sequences of unequal length as one flat array; padding; batches of similar length."""

from dataclasses import dataclass

import numpy as np

PADDING = 0


@dataclass(frozen=True)
class Ragged:
    """Sequences end to end.

    Attributes:
        values: all elements, shape (total,), any integer type (may be memory-mapped).
        offsets: shape (sequences + 1,), int64; sequence i is ``values[offsets[i]:offsets[i + 1]]``.
    """

    values: np.ndarray
    offsets: np.ndarray

    @classmethod
    def from_lengths(cls, values: np.ndarray, lengths: np.ndarray) -> "Ragged":
        """Return the sequences of the given lengths that stand end to end in `values`."""
        offsets = np.zeros(len(lengths) + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        return cls(values, offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> np.ndarray:
        if not -len(self) <= index < len(self):
            raise IndexError(f"sequence {index} of {len(self)}")
        index %= len(self)
        return self.values[self.offsets[index] : self.offsets[index + 1]]

    @property
    def lengths(self) -> np.ndarray:
        """Length of each sequence, shape (sequences,), int64."""
        return np.diff(self.offsets)

    def part(self, start: int, stop: int) -> "Ragged":
        """Return sequences start to stop as a view; nothing is copied but the offsets."""
        offsets = self.offsets[start : stop + 1]
        return Ragged(self.values[offsets[0] : offsets[-1]], offsets - offsets[0])

    def take(self, rows: np.ndarray) -> "Ragged":
        """Return the chosen sequences, copied, in the order of `rows`, shape (n,)."""
        lengths = self.lengths[rows]
        place = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return Ragged.from_lengths(
            self.values[np.repeat(self.offsets[:-1][rows], lengths) + place], lengths
        )

    def padded(self, rows: np.ndarray, width: int, truncation: str = "head") -> np.ndarray:
        """Return the chosen sequences as a matrix, cut to `width` and padded at the end with 0.

        Args:
            rows: which sequences, shape (n,).
            width: columns of the result.
            truncation: of a sequence that is too long, its "head" or its "tail".

        Returns:
            Shape (n, width), int32.
        """
        starts, lengths = self.offsets[rows], self.lengths[rows]
        kept = np.minimum(lengths, width)
        if truncation == "tail":
            starts = starts + lengths - kept
        elif truncation != "head":
            raise ValueError(f"truncation is {truncation!r}, not 'head' or 'tail'")
        filled = np.arange(width) < kept[:, None]
        result = np.full((len(rows), width), PADDING, np.int32)
        result[filled] = self.values[(starts[:, None] + np.arange(width))[filled]]
        return result


def bucket_widths(lengths: np.ndarray, longest: int, buckets: int = 12) -> np.ndarray:
    """Return the few widths that batches are padded to, shape (<= buckets + 1,), ascending.

    They are quantiles of the lengths, so that each width serves as many sequences as any other:
    little padding, and few shapes for backends that compile one program for each.

    Args:
        lengths: of the sequences, shape (sequences,), int.
        longest: the largest width.
        buckets: how many quantiles.
    """
    lengths = np.clip(lengths, 1, longest)
    quantiles = np.quantile(lengths, np.arange(1, buckets + 1) / buckets, method="higher")
    return np.unique(np.append(quantiles, longest)).astype(np.int64)


def batches_of_like_length(
    lengths: np.ndarray, batch_size: int, random: np.random.Generator | None = None
) -> list[np.ndarray]:
    """Cut all sequences into batches in which lengths are alike.

    With `random`, ties and near ties (lengths within about 5 %) fall differently at each call and
    the batches come in random order; without it, they are sorted by length.

    Args:
        lengths: of the sequences, shape (sequences,), int.
        batch_size: sequences in a batch.
        random: draws the order; None to sort by length.

    Returns:
        Index arrays of `batch_size`; one of them may be smaller.
    """
    keys = np.log(np.maximum(lengths, 1))
    if random is not None:
        keys = keys + random.uniform(0, 0.05, len(keys))
    order = np.argsort(keys, kind="stable")
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    if random is not None:
        random.shuffle(batches)
    return batches
