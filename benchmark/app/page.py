"""The page: a text, models to choose, and side by side what they say and what that hangs on."""

import logging
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode

from benchmark.analysis import reasons
from benchmark.app.library import Library
from benchmark.app.pairs import Pair, flipped
from benchmark.report import explanation
from benchmark.report.rendering import render
from preprocessing.errors import UserError

import gradio as gr

WAITING = 100
"""Questions that wait for their turn; further ones are refused."""

_log = logging.getLogger(__name__)

_REMEMBER = """(text, ...groups) => {
    const state = new URLSearchParams([["text", text], ...groups.flat().map(m => ["model", m])]);
    history.replaceState(null, "", "#" + state);
"""
_SHOW = """
    const answers = document.getElementById("answers");
    if (answers.getBoundingClientRect().top > 0.7 * innerHeight) answers.scrollIntoView();
"""
_COPY = """
    const byHand = "Copy it from the address bar";
    if (!navigator.clipboard) return byHand;  // only https and this machine have one
    return navigator.clipboard.writeText(location.href).then(() => "Copied", () => byHand);
"""
_START = """() => {
    const answers = document.getElementById("answers");
    answers.setAttribute("aria-live", "polite");
    answers.setAttribute("role", "region");
    answers.setAttribute("aria-label", "Answers");
    document.documentElement.lang = "en";
    addEventListener("hashchange", () => location.reload());
    return location.hash.slice(1);
}"""


class Asker:
    """Answers the page's questions; one at a time, since models share the machine."""

    def __init__(self, library: Library):
        self.library = library

    def ask(self, text: str, *groups: list[str]) -> Iterator[str]:
        """Yield the answers as HTML, each time that there is more to show.

        Args:
            text: what is asked about.
            groups: the models that are chosen in each family.
        """
        chosen = {name for group in groups for name in group or ()}
        names = [name for name in self.library.models if name in chosen]
        try:
            reasons.check_text(text)
            if not names:
                raise UserError("choose a model")
        except UserError as error:
            _log.warning("refused: %s", error)
            problem = "type a text" if not text.strip() else str(error)
            yield render("problem.html", problem=problem)
            return
        cards = {name: {"name": name, "waiting": "waiting"} for name in names}
        for name in names:
            for card in self._answer(name, text):
                cards[name] = card
                yield render("answers.html", cards=list(cards.values()))

    def _answer(self, name: str, text: str) -> Iterator[dict[str, Any]]:
        """Yield what the page shows of a model: it loads, it has answered, and why."""
        try:
            if name not in self.library.loaded:
                yield {"name": name, "waiting": "loading"}
                self.library.get(name).predict([text])  # a network's first answer takes longer
            model = self.library.get(name)
            start = time.perf_counter()
            positive = float(model.predict([text])[0])
            milliseconds = round(1000 * (time.perf_counter() - start))
            about = {"milliseconds": milliseconds}
            yield about | {
                "name": name, "waiting": "leaving out words one by one", "positive": positive,
            }  # fmt: skip
            yield explanation.card(name, reasons.explain(model, text), **about)
        except UserError as error:
            _log.warning("%s: %s", name, error)
            folder = self.library.models[name].folder
            yield {"name": name, "problem": str(error).replace(f"{folder.parent}/", "")}
        except Exception:  # the page goes on, whatever a library raises
            _log.exception("%s", name)
            yield {"name": name, "problem": "could not answer; the server's log says why"}


def build(library: Library, pairs: list[Pair]) -> gr.Blocks:
    """Return the page.

    Args:
        library: the models to choose from; the first of each of three families are chosen.
        pairs: examples, of which there may be none.
    """
    asker = Asker(library)
    families: dict[str, list[tuple[str, str]]] = {}
    for one in library.models.values():
        families.setdefault(one.family, []).append((one.label, one.name))
    first = [models[0][1] for models in families.values()][:3]
    by_name = {one.name: one for one in pairs}

    def restored(address: str) -> list[Any]:
        """Return text and models of an address, or what a new page shows."""
        state = parse_qs(address)
        text = state.get("text", [pairs[0].original if pairs else ""])[0]
        chosen = state.get("model", [] if "text" in state else first)
        return [
            text,
            *([name for _, name in models if name in chosen] for models in families.values()),
        ]

    def ask_if_restored(address: str, text: str, *chosen: list[str]) -> Iterator[str]:
        """Answer at once what a shared address asks."""
        if "text" in parse_qs(address):
            yield from asker.ask(text, *chosen)
        else:
            yield ""

    def other_text(text: str, example: str | None) -> str:
        """Return the other text of a pair, of the chosen one if it can be: sets share originals."""
        chosen = [by_name[example]] if example in by_name else []
        other = flipped(text, [*chosen, *pairs])
        if other is None:
            raise gr.Error("This text is not one of a pair: choose an example.", duration=5)
        return other

    with gr.Blocks(title="Ask the models", analytics_enabled=False, fill_width=True) as page:
        gr.HTML(render("page_head.html"))
        address = gr.Textbox(visible=False)
        text = gr.Textbox(label="Text", lines=3, max_lines=12, elem_id="text")
        with gr.Row():
            ask = gr.Button("Ask the models", variant="primary", elem_id="ask", min_width=120)
            flip = gr.Button("Flip", elem_id="flip", min_width=80, visible=bool(pairs))
            copy = gr.Button("Copy a link to this", elem_id="copy", min_width=120)
        example = gr.Dropdown(
            list(by_name), value=None, label="Examples: “Flip” turns the verdict around",
            elem_id="example", visible=bool(pairs),
        )  # fmt: skip
        with gr.Accordion("Models", open=True, elem_id="models"):
            groups = [
                gr.CheckboxGroup(models, label=family, value=[n for _, n in models if n in first])
                for family, models in families.items()
            ]
        answers = gr.HTML(elem_id="answers")

        asked: dict[str, Any] = {
            "outputs": answers, "concurrency_id": "models", "concurrency_limit": 1,
            "show_progress": "hidden",
        }  # fmt: skip
        remember: dict[str, Any] = {
            "fn": None,
            "inputs": [text, *groups],
            "js": f"{_REMEMBER}{_SHOW}}}",
        }
        hidden: Any = {"api_visibility": "private", "show_progress": "hidden"}
        gr.on([ask.click, text.submit], asker.ask, [text, *groups], api_name="ask", **asked).then(
            **remember
        )
        flip.click(other_text, [text, example], text, **hidden).success(
            asker.ask, [text, *groups], api_visibility="private", **asked
        ).then(**remember)
        example.input(
            lambda name: by_name[name].original if name in by_name else "", example, text, **hidden
        )
        copy.click(
            None, [text, *groups], copy,
            js=_REMEMBER + _COPY + "}",
        )  # fmt: skip
        page.load(lambda given: given, address, address, js=_START, **hidden).then(
            restored, address, [text, *groups], **hidden
        ).then(ask_if_restored, [address, text, *groups], api_visibility="private", **asked)
    return page.queue(max_size=WAITING)


def address_of(text: str, names: list[str]) -> str:
    """Return what stands behind the "#" of the address of a question."""
    return urlencode([("text", text), *(("model", name) for name in names)])
