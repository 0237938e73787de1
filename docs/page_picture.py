"""Take the picture of the page for README.md: a pair of texts that tells kept models apart.

    python docs/page_picture.py
    python docs/page_picture.py --model naive_bayes_svm --model cnn --model attention_lstm \\
        --pair "I wanted to hate it, but it is a gem." "I wanted to love it, but it is a bore."

Without --pair, it is the one of the embedded sample's on which the models differ most: some get
both texts right, by a wide margin, and others do not. Texts of published sets are never shown.
Needs requirements/test.txt, and Chromium or Chrome.
"""

import argparse
import shutil
import threading
import time
from io import BytesIO
from pathlib import Path

from benchmark.app import library as models
from benchmark.app import pairs, server
from benchmark.app.page import address_of
from benchmark.app.pairs import Pair
from benchmark.commands.options import add_kept_models_option, add_results_option
from benchmark.runs import kept_models
from preprocessing.errors import UserError
from preprocessing.program import ROOT, Parser, run_program

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SIZE = {"width": 1150, "height": 900}
SCALE = 1.5


def main() -> None:
    """Take the picture."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", help="the data set of the kept models")
    parser.add_argument("--model", action="append", help="three to show; otherwise it chooses")
    parser.add_argument(
        "--pair", nargs=2, metavar="TEXT", help="a text, and the same with the opposite verdict"
    )
    add_kept_models_option(parser)
    add_results_option(parser)
    parser.add_argument("--to", type=Path, default=ROOT / "results" / "figures" / "page.png")
    options = parser.parse_args()
    dataset = options.dataset or kept_models.any_dataset(options.cache)
    library = models.Library(models.listed(options.cache, options.results, dataset))
    unknown = set(options.model or ()) - set(library.models)
    if unknown:
        raise UserError(f"no model of {sorted(unknown)[0]!r} is kept")
    names = options.model or list(library.models)[:3]
    if options.pair:
        pair = Pair("given", *options.pair, positive=True)
    else:
        pair = choose(library, names, pairs.embedded(options.cache))
    options.to.write_bytes(picture(library, names, pair))
    print(f"{options.to}: {pair.original!r} and {pair.edited!r}")


def choose(library: models.Library, names: list[str], examples: list[Pair]) -> Pair:
    """Return the pair on which models differ most in whether they get both texts right.

    A pair's margin is how sure a model is of the side that is right of the text that it is less
    sure of; what counts is the largest margin of a model less the smallest of another.
    """
    texts = [text for pair in examples for text in (pair.original, pair.edited)]
    answers = np.array([library.get(name).predict(texts) for name in names])
    originals, edits = answers[:, ::2], answers[:, 1::2]
    positive = np.array([pair.positive for pair in examples])
    sides = np.where(positive, 1, -1)
    margins = np.minimum((originals - 0.5) * sides, (0.5 - edits) * sides)
    return examples[int(np.argmax(margins.max(axis=0) - margins.min(axis=0)))]


def picture(library: models.Library, names: list[str], pair: Pair) -> bytes:
    """Return the page's answers to both texts of a pair, one below the other, as a PNG."""
    import uvicorn

    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        raise UserError("no Chromium or Chrome is on this machine")
    listening = server.listen("127.0.0.1", 0)
    config = uvicorn.Config(server.application(library, [pair]), log_level="warning")
    running = uvicorn.Server(config)
    threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True).start()
    while not running.started:
        time.sleep(0.05)
    address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, device_scale_factor=SCALE)
        page.goto(f"{address}#{address_of(pair.original, names)}")
        first = _shot(page, names, "#answers .note")
        page.click("#flip")
        page.wait_for_function(
            "was => document.querySelector('#text textarea').value != was", arg=pair.original
        )
        second = _shot(page, names, "#ask, #flip")
        browser.close()
    running.should_exit = True
    whole = Image.new("RGB", (first.width, first.height + second.height), "white")
    whole.paste(first, (0, 0))
    whole.paste(second, (0, first.height))
    content = BytesIO()
    whole.quantize(64).save(content, "PNG", optimize=True)
    return content.getvalue()


def _shot(page: Page, names: list[str], without: str) -> Image.Image:
    """Return text and answers, without some elements, when all models have answered."""
    hidden = f".form:has(#example), #models, #copy, .answer details, {without}"
    style = page.add_style_tag(content=f"{hidden} {{ display: none !important; }}")
    for name in names:
        page.wait_for_selector(f"[data-model='{name}'] ul.strongest", timeout=120_000)
    page.wait_for_function(
        """() => !document.querySelector('#answers .waiting') && document.querySelector(
            '#text textarea').value === new URLSearchParams(location.hash.slice(1)).get('text')""",
        timeout=60_000,
    )
    page.mouse.move(0, 0)
    top, bottom = (page.locator(one).bounding_box() for one in ("#text", "#answers"))
    assert top
    assert bottom
    clip = {
        "x": 0, "y": top["y"] - 10, "width": SIZE["width"],
        "height": bottom["y"] + bottom["height"] - top["y"] + 20,
    }  # fmt: skip
    shot = Image.open(BytesIO(page.screenshot(clip=clip, full_page=True)))
    style.evaluate("one => one.remove()")
    return shot


if __name__ == "__main__":
    run_program(main)
