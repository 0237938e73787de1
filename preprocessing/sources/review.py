"""What a data source hands over: reviews in a fixed order, nothing computed yet."""

from typing import NamedTuple

PARTS = ("train", "test", "unsup")
UNLABELLED = -1
CLASS_NAMES = {0: "neg", 1: "pos", UNLABELLED: "unsup"}
"""What identifiers call a label."""


class Review(NamedTuple):
    """One review as it was found.

    Attributes:
        id: part, class, number and stars, as in the published archive: ``train/pos/12_9``.
        text: the raw text, HTML and all.
        label: 1 positive, 0 negative, -1 unlabelled.
        rating: stars from 1 to 10; 0 where unknown.
        film: anything that names the film; equal for reviews of the same film.
    """

    id: str
    text: str
    label: int
    rating: int
    film: str
