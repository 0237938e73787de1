"""Edited pairs to try: a review, and the same after the smallest change that turns its verdict."""

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
    """

    name: str
    original: str
    edited: str


def at_hand(folder: Path | None, cache: Path) -> list[Pair]:
    """Return the pairs on this machine: published ones, and those of the embedded sample.

    Args:
        folder: a folder with the published sets' files; None for what was fetched into the cache.
        cache: the folder that downloads are kept in.

    Raises:
        UserError: a file is not the published one.
    """
    sets = evaluation_sets.at_hand(evaluation_sets.PUBLISHED, folder, cache)
    sets += evaluation_sets.built_in("sample", None, cache)[0]
    found = []
    for one in sets:
        if not one.is_paired:
            continue
        texts: dict[int, dict[bool, str]] = {}
        for text, pair, edited in zip(one.texts, one.pairs, one.edited, strict=True):
            texts.setdefault(int(pair), {})[bool(edited)] = text
        shortest = sorted(texts, key=lambda pair: (len(texts[pair][False]), pair))
        found += [
            Pair(f"{one.name} {pair}: {_begin(texts[pair][False])}", *_both(texts[pair]))
            for pair in shortest[:SHOWN]
        ]
    return found


def _both(texts: dict[bool, str]) -> tuple[str, str]:
    return texts[False], texts[True]


def _begin(text: str) -> str:
    said = " ".join(text.split())
    return said if len(said) <= 60 else f"{said[:60].rsplit(' ', 1)[0]} …"
