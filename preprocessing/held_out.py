"""The reviews of which edited versions exist: kept out of everything that a model learns from.

Every original of the counterfactual (Kaushik et al., 2020) and the contrast set (Gardner et al.,
2020), development and test parts, stands in IMDB's official training part, some with copies among
the unlabelled reviews. A model that was trained on them remembers the originals, and accuracy on
original and edit together would measure memory. Their file names are in
``held_out_originals.txt``, the copies' too; the texts themselves are not.
"""

import re
from pathlib import Path

from preprocessing.sources.review import Review

LIST = Path(__file__).with_name("held_out_originals.txt")


def names() -> frozenset[str]:
    """Return the identifiers of the originals, such as ``train/neg/67_2``."""
    return frozenset(LIST.read_text(encoding="utf-8").split())


def without_originals(
    reviews: dict[str, list[Review]], originals: frozenset[str]
) -> dict[str, list[Review]]:
    """Return the reviews without the originals and without any other copy of their texts.

    Texts are compared by their letters and digits alone. The official test reviews stay as they
    are: nothing is learned from them.

    Args:
        reviews: of "train", "test" and "unsup".
        originals: identifiers of the reviews to leave out.
    """
    parts = ("train", "unsup")
    core = letters_and_digits
    texts = {core(r.text) for part in parts for r in reviews[part] if r.id in originals}
    kept = {part: [r for r in reviews[part] if core(r.text) not in texts] for part in parts}
    return reviews | kept


def letters_and_digits(text: str) -> str:
    """Return a text without all else, such as spaces and line breaks, and without capitals."""
    return re.sub(r"[\W_]+", "", text.replace("<br />", " ").casefold())
