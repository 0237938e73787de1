"""Edited pairs to try: a review, and the same after the smallest change that turns its verdict."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from preprocessing import evaluation_sets

SHOWN = 12
"""Pairs of each set that a page offers, the shortest."""


@dataclass(frozen=True)
class Pair:
    """A pair.

    Attributes:
        name: what the page calls it.
        original: its first text.
        edited: the same with the opposite verdict.
        positive: whether the original is positive.
    """

    name: str
    original: str
    edited: str
    positive: bool


def at_hand(folder: Path | None, cache: Path) -> list[Pair]:
    """Return the pairs on this machine: published ones, and those of the embedded sample.

    Args:
        folder: a folder with the published sets' files; None for what was fetched into the cache.
        cache: the folder that downloads are kept in.

    Raises:
        UserError: a file is not the published one.
    """
    return [
        pair
        for one in evaluation_sets.at_hand(evaluation_sets.PUBLISHED, folder, cache)
        if one.is_paired
        for pair in _shortest(one)
    ] + embedded(cache)


def embedded(cache: Path) -> list[Pair]:
    """Return pairs of the embedded sample; see `at_hand`."""
    sets, _ = evaluation_sets.built_in("sample", None, cache)
    return [pair for one in sets if one.is_paired for pair in _shortest(one)]


def flipped(text: str, pairs: Iterable[Pair]) -> str | None:
    """Return the other text of the first of the pairs that has this text; None if none has."""
    for one in pairs:
        if text in (one.original, one.edited):
            return one.edited if text == one.original else one.original
    return None


def _shortest(one: evaluation_sets.EvaluationSet) -> list[Pair]:
    """Return the pairs of a set with the shortest originals."""
    rows: dict[int, dict[bool, int]] = {}
    for row, (pair, edited) in enumerate(zip(one.pairs, one.edited, strict=True)):
        rows.setdefault(int(pair), {})[bool(edited)] = row
    found = [
        Pair(
            f"{one.name} {pair}: {_begin(one.texts[of[False]])}",
            one.texts[of[False]],
            one.texts[of[True]],
            bool(one.labels[of[False]]),
        )
        for pair, of in rows.items()
    ]
    return sorted(found, key=lambda pair: len(pair.original))[:SHOWN]


def _begin(text: str) -> str:
    said = " ".join(text.split())
    return said if len(said) <= 60 else f"{said[:60].rsplit(' ', 1)[0]} …"
