"""How a run tells what it is doing: as lines for people, or as JSON lines for programs."""

import json
import sys
from typing import Any

from benchmark.rows.contract import OnEvent
from preprocessing.corpus import titled


def reporter(style: str) -> OnEvent:
    """Return a function that prints events to standard output in one of `STYLES`."""
    return _REPORTERS[style]


def _print_json(event: dict[str, Any]) -> None:
    print(json.dumps(event), flush=True)


def _print_line(event: dict[str, Any]) -> None:
    live = sys.stdout.isatty()
    if event["event"] == "batch":
        if live:
            now = f"{event['what']} {event['epoch']}, {event['done']:.0%} of all"
            print(f"\r\033[K  {now}", end="", flush=True)
        return
    line = describe(event)
    if line:
        print(("\r\033[K" if live else "") + line, flush=True)


def describe(event: dict[str, Any]) -> str:
    """Return one line about an event; empty if there is nothing to say."""
    match event["event"]:
        case "start":
            return f"{event['model']}, seed {event['seed']}, on {titled(event['corpus'])}"
        case "epoch":
            return (
                f"  epoch {event['epoch']}/{event['epochs']}: "
                f"loss {event['loss']:.4f}, accuracy {event['accuracy']:.4f}; "
                f"validation loss {event['validation_loss']:.4f}, "
                f"accuracy {event['validation_accuracy']:.4f}; {event['seconds']:.1f} s"
            )
        case "step":
            return f"  {event['text']}"
    return ""


_REPORTERS: dict[str, OnEvent] = {"lines": _print_line, "json": _print_json}
STYLES = tuple(_REPORTERS)
