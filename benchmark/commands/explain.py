"""Why saved models answer as they do, shaded in the terminal, as a page or as JSON."""

import argparse
import json
from pathlib import Path

from benchmark.commands.options import check_file_target
from benchmark.commands.predict import add_model_options, find
from benchmark.rows import saved
from preprocessing.storage import write_atomically

from rich.console import Console


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the models, the text, and where to write."""
    add_model_options(parser)
    parser.add_argument("text", metavar="TEXT", help="the text to explain the answer to")
    parser.add_argument(
        "--html", type=Path, metavar="FILE", help="also write a page with the words shaded"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of shaded words")


def main(options: argparse.Namespace) -> None:
    """Print what each model says and why.

    Raises:
        UserError: a model cannot be used, or the text has no words.
    """
    from benchmark.analysis import reasons
    from benchmark.report import explanation

    reasons.check_text(options.text)
    if options.html:
        check_file_target("--html", options.html)
    folders = find(options.model, options.cache, options.dataset)
    found = {}
    with Console(stderr=True).status("loading") as status:
        for name, folder in folders.items():
            status.update(f"loading {name}")
            model = saved.load(folder)

            def tell(done: int, of: int, name: str = name) -> None:
                status.update(f"{name}: {done} of {of} texts")

            found[name] = reasons.explain(model, options.text, tell)
    if options.html:
        write_atomically(options.html, explanation.as_html("Why models answer as they do", found))
    if options.json:
        print(json.dumps({name: one.as_json() for name, one in found.items()}, indent=2))
        return
    console = Console(soft_wrap=True, highlight=False)
    for name, one in found.items():
        console.print(explanation.for_terminal(name, one), end="")
