"""Evaluation sets of the embedded sample: edited reviews, and texts about other things.

``edits`` are pairs: a synthetic review, and the same review after the smallest change that turns
its verdict around. Only the words of the verdict change; the sentences around them, the asides
about the acting or the music and the order of everything stay. ``things`` are short reviews of
household goods, with the opinions of the film reviews and other nouns.
"""

import re
from collections.abc import Mapping
from random import Random

from preprocessing.sources.sample import (
    ASPECTS,
    CLOSING,
    CONTRAST,
    DIRECT,
    FILLERS,
    NEGATED,
    QUOTED,
    WORDS,
    fill,
    make_film,
    opinions,
    typeset,
)

PAIRS = 200
THINGS = 300
SEED = 1

_OPINION = "((?:un)?(?:adj|noun|verb|past))"
_THING_WORDS = {
    "thing": "kettle, lamp, backpack, keyboard, blender, tent, toaster, armchair, umbrella, razor, "
    "mattress, thermos, heater, printer, bicycle pump, wallet, drill, frying pan",
    "part": "handle, lid, zip, cable, battery, switch, lining, hinge, cord, plug, label, box, hook",
    "maker": "Holm & Sons, Varden, Brightco, Ellery, Kestrel Works, Dumas, Norvik, Old Mill",
    "use": "camping, the kitchen, my desk, the office, long journeys, the garden, rainy days",
}
_THING_VERDICTS = (
    "This {thing} is {adj}.", "What a {noun} this {thing} is!", "The {part} is {adj}.",
    "It is not {unadj} at all.", "I {past} this {thing}.", "It is anything but {unadj}.",
    "I expected a {unnoun}, but this {thing} is a {noun}.", "For {use} it is {adj}.",
    "The {part} looked {unadj}; it turned out to be {adj}.", "I did not {unverb} it.",
    "Nobody could call this {thing} {unadj}.", "A {adj} {thing} from {maker}.",
)  # fmt: skip
_THING_ASIDES = (
    "I bought it for {use} in {month}.", "It is made by {maker}.", "It came in {number} parcels.",
    "My {who} has one, too.", "The {part} is made in {country}.", "It weighs {number} pounds.",
)  # fmt: skip

Rows = list[tuple[str, int, int, bool]]
"""Text, label, pair and whether it is the edited one."""


def edited_pairs() -> Rows:
    """Return the pairs, each original followed by its edit; the same at every call."""
    rng = Random(SEED)
    titles = [f"The {e} {o}" for e in ("Rusty", "Gentle") for o in ("Anchor", "Violin", "Tower")]
    rows = []
    for pair in range(PAIRS):
        polarity = pair % 2
        film = make_film(rng.randrange(len(titles)), titles, rng)
        slots = WORDS | film
        verdicts = [_verdict(rng, slots) for _ in range(rng.randint(1, 3))]
        asides = rng.sample([*FILLERS, *ASPECTS], rng.randint(3, 6))
        lean = rng.randrange(2)
        rest = [_fill_opinions(_fill_neutral(t, slots, rng), lean, rng) for t in asides]
        places = [rng.randint(0, len(rest)) for _ in verdicts]
        draw = rng.randrange(2**32)
        for own in (polarity, 1 - polarity):
            same = Random(draw)
            sentences = list(rest)
            for both, place in zip(verdicts, places, strict=True):
                sentences.insert(place, _fill_opinions(both[own], own, same))
            rows.append((typeset(sentences, Random(draw)), own, pair, own != polarity))
    return rows


def things() -> Rows:
    """Return short reviews of household goods, as many of each class; the same at every call."""
    rng = Random(SEED)
    slots = WORDS | _THING_WORDS
    rows = []
    for number in range(THINGS):
        label = number % 2
        verdicts = rng.sample(_THING_VERDICTS, rng.randint(1, 2))
        sentences = [_fill_opinions(_fill_neutral(t, slots, rng), label, rng) for t in verdicts]
        sentences.insert(rng.randrange(2), _fill_neutral(rng.choice(_THING_ASIDES), slots, rng))
        rows.append((" ".join(sentences), label, -1, False))
    return rows


def _verdict(rng: Random, slots: Mapping[str, str]) -> tuple[str, str]:
    """Return a sentence for each class, alike but for the words of the verdict."""
    kind = rng.choice((DIRECT, DIRECT, NEGATED, CONTRAST, QUOTED, None))
    if kind is None:
        number = rng.randrange(len(CLOSING[0]))
        return CLOSING[0][number], CLOSING[1][number]
    sentence = _fill_neutral(rng.choice(kind), slots, rng)
    return sentence, sentence


def _fill_neutral(template: str, slots: Mapping[str, str], rng: Random) -> str:
    """Fill all slots but those of opinions."""
    filled = fill(re.sub(rf"\{{{_OPINION}\}}", r"<\1>", template), slots, rng)
    return re.sub(f"<{_OPINION}>", r"{\1}", filled)


def _fill_opinions(sentence: str, polarity: int, rng: Random) -> str:
    """Fill the slots of opinions with words of the polarity, 0 or 1."""
    return fill(sentence, opinions(polarity), rng)
