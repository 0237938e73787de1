"""A text with its words shaded by what leaving them out changes: as HTML and in the terminal.

What speaks for "positive" is blue and underlined, what speaks for "negative" is orange and
underlined by dashes, so that neither the kind of colour vision nor colour itself matters.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from benchmark.analysis.reasons import Part, Reasons
from benchmark.report.rendering import render

from rich.text import Text

_POSITIVE, _NEGATIVE = (86, 180, 233), (230, 159, 0)
_LEAST_MARKED = 0.15  # of the largest change
_FAINTEST = 0.1  # log-odds: a largest change below this is shown as faint
_PHRASES = 8
_LEFT_OUT = " … "
_TURNS_DIRECTION = [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_CONTROLS: dict[int, int | str] = (
    {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n\r"}
    | {127: 0x2421}
    | dict.fromkeys(_TURNS_DIRECTION, "\N{REPLACEMENT CHARACTER}")
)


def as_html(title: str, by_model: Mapping[str, Reasons]) -> str:
    """Return a page that needs nothing else.

    Args:
        title: what stands above it.
        by_model: what each model says, by its name.
    """
    cards = [card(name, reasons) for name, reasons in by_model.items()]
    return render("explanation.html", title=title, cards=cards)


def card(name: str, reasons: Reasons, **more: Any) -> dict[str, Any]:
    """Return what the template of an answer takes.

    Args:
        name: the model's.
        reasons: what it says.
        more: further values.
    """
    positive, negative = reasons.strongest()
    weights = reasons.weights
    return more | {
        "name": name,
        "positive": reasons.positive,
        "words": shaded(reasons, reasons.words),
        "sentences": shaded(reasons, reasons.sentences) if reasons.sentences else [],
        "partly": any(part.change is None for part in reasons.words),
        "strongest": {
            "positive": [(visible(reasons.part(part)), part.change) for part in positive],
            "negative": [(visible(reasons.part(part)), part.change) for part in negative],
        },
        "weights": weights and {
            "intercept": weights.intercept,
            "phrases": weights.phrases[:_PHRASES],
            "others": sum(share for _, share in weights.phrases[_PHRASES:]),
            "sum": weights.intercept + sum(share for _, share in weights.phrases),
        },
        "attention": _by_largest(reasons.attention or []),
    }  # fmt: skip


def shaded(reasons: Reasons, parts: Sequence[Part]) -> list[tuple[str, float | None, float]]:
    """Return the text in pieces: each one's text, change and shade.

    The shade is the change by the largest, -1 to 1, and 0 for what is marked as neither. Where
    some parts were not asked about, an ellipsis stands for them.
    """
    largest = max([_FAINTEST, *(abs(part.change or 0) for part in parts)])
    pieces: list[tuple[str, float | None, float]] = []
    place = 0
    for part in parts:
        if part.change is None:
            if not pieces or pieces[-1][0] != _LEFT_OUT:
                pieces.append((_LEFT_OUT, None, 0.0))
        else:
            if not pieces or pieces[-1][0] != _LEFT_OUT:
                pieces.append((visible(reasons.text[place : part.start]), None, 0.0))
            shade = part.change / largest
            shade = shade if abs(shade) >= _LEAST_MARKED else 0.0
            pieces.append((visible(reasons.part(part)), part.change, shade))
        place = part.stop
    if not pieces or pieces[-1][0] != _LEFT_OUT:
        pieces.append((visible(reasons.text[place:]), None, 0.0))
    return [piece for piece in pieces if piece[0]]


def for_terminal(name: str, reasons: Reasons) -> Text:
    """Return what a model says and why, for a rich console."""
    verdict = "positive" if reasons.positive >= 0.5 else "negative"
    text = Text()
    text.append(name, style="bold")
    text.append(f": {verdict}, probability of “positive” {reasons.positive:.1%}\n")
    if any(part.change is None for part in reasons.words):
        text.append("by sentence: ", style="dim")
        _append(text, shaded(reasons, reasons.sentences))
        text.append("by word, in the sentences that change most: ", style="dim")
    _append(text, shaded(reasons, reasons.words))
    for what, parts in zip(("positive", "negative"), reasons.strongest(), strict=True):
        said = ", ".join(f"{visible(reasons.part(part))} {part.change:+.2f}" for part in parts)
        text.append(f"  for “{what}”: {said or 'no word'}\n")
    if reasons.weights:
        phrases = reasons.weights.phrases[:_PHRASES]
        said = ", ".join(f"{phrase} {share:+.2f}" for phrase, share in phrases)
        text.append(f"  its weights: {said or 'it knows no word of this'}")
        text.append(f"; intercept {reasons.weights.intercept:+.2f}\n")
    if reasons.attention:
        most = sorted(reasons.attention, key=lambda pair: -pair[1])[:_PHRASES]
        said = ", ".join(f"{word} {weight:.0%}" for word, weight in most)
        text.append(f"  its attention: {said}\n")
    return text


def visible(text: str) -> str:
    """Return a text in which control characters are seen and do nothing."""
    return text.encode(errors="replace").decode().translate(_CONTROLS)


def _by_largest(attention: list[tuple[str, float]]) -> list[tuple[str, float, float]]:
    """Return words with their weights, and these by the largest."""
    largest = max((weight for _, weight in attention), default=0.0) or 1.0
    return [(word, weight, weight / largest) for word, weight in attention]


def _append(text: Text, pieces: Sequence[tuple[str, float | None, float]]) -> None:
    for piece, _, shade in pieces:
        said = re.sub(r"\s+", " ", piece)
        if shade:
            colour = _POSITIVE if shade > 0 else _NEGATIVE
            red, green, blue = (round(255 + (part - 255) * abs(shade)) for part in colour)
            text.append(said, style=f"black on rgb({red},{green},{blue})")
        else:
            text.append(said)
    text.append("\n")
