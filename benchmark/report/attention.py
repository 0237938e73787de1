"""A review with its words shaded by where a network looked: as a page and in the terminal."""

from benchmark.report.rendering import render

import numpy as np
from rich.text import Text

_SHADE = (232, 119, 34)  # orange: apart from black and white for every kind of colour vision


def as_html(title: str, words: list[str], weights: np.ndarray) -> str:
    """Return a page that needs nothing else.

    Args:
        title: what the network says of the review.
        words: the words that it read.
        weights: of each word, shape (words,); they sum to one.
    """
    return render(
        "attention.html",
        title=title,
        rgb=", ".join(map(str, _SHADE)),
        words=list(zip(words, weights, _shades(weights), strict=True)),
        largest=weights.max(),
    )


def for_terminal(words: list[str], weights: np.ndarray) -> Text:
    """Return the words, shaded, for a rich console."""
    text = Text()
    for word, shade in zip(words, _shades(weights), strict=True):
        red, green, blue = (round(255 + (part - 255) * shade) for part in _SHADE)
        text.append(word, style=f"black on rgb({red},{green},{blue})")
        text.append(" ")
    return text


def _shades(weights: np.ndarray) -> np.ndarray:
    """Return how dark each word is shown, 0 to 1: its weight by the largest."""
    return weights / weights.max()
