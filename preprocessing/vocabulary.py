"""Words and their ids. Made from the training reviews alone."""

from preprocessing.ragged import PADDING

import numpy as np

UNKNOWN = 1
SPECIAL = ("<padding>", "<unknown>")
assert SPECIAL.index("<padding>") == PADDING


def choose_words(counts: dict[str, int], minimum_count: int, largest: int) -> list[str]:
    """Return the vocabulary in the order of its ids: special words, then by falling count.

    Args:
        counts: how often each word occurs in the training reviews.
        minimum_count: rarer words become `UNKNOWN`.
        largest: number of ids at most, the special ones included.
    """
    kept = [word for word, count in counts.items() if count >= minimum_count]
    kept.sort(key=lambda word: (-counts[word], word))
    return [*SPECIAL, *kept[: largest - len(SPECIAL)]]


def smallest_integer_type(largest_id: int) -> np.dtype:
    """Return the smallest unsigned type that holds all ids up to `largest_id`."""
    return np.min_scalar_type(largest_id)
