"""Run the console examples of README.md and docs/, and write what they print.

    python docs/examples.py                                 those that take seconds
    IMDB_DATA=aclImdb_v1.tar.gz python docs/examples.py     also those that need the real reviews

An example is a block of commands below one of three comments, which say when it is run and how its
output is compared:

    <!-- example -->             writes no file, and prints the same everywhere
    <!-- example: trained -->    trains on synthetic reviews: numbers up to rounding
    <!-- example: imdb -->       needs the reviews: run by this program alone, not by the tests

The commands of an example run in a copy of the checkout. Where a document shows no output below a
command, it stays so. Seconds and the machine's name are kept from the first time, as long as all
else agrees.
"""

import math
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from preprocessing.sources.sample import read_sample

import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
PAGES = tuple(f"docs/{page.name}" for page in sorted(ROOT.glob("docs/*.md")))
DOCUMENTS = ("README.md", "CONTRIBUTING.md", *PAGES)
WIDTH = "80"
"""Columns of the terminal."""

CODE = ("preprocessing", "benchmark", "models", "bert_family")

_EXAMPLE = re.compile(r"<!-- example(?:: (\w+))? -->\n```console\n(.*?)```", re.DOTALL)
_COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*\n)((?:(?!\$ ).*\n)*)", re.MULTILINE)
_SECONDS = re.compile(r"\b[\d.,]+ s\b(?: on .*)?")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


@dataclass(frozen=True)
class Example:
    """A block of commands and their output in a document.

    Attributes:
        document: the document's path below the repository's root.
        kind: empty, "trained" or "imdb".
        body: what stands between the fences.
    """

    document: str
    kind: str
    body: str

    def commands(self) -> list[tuple[str, str]]:
        """Return each command as it is written, and the output below it."""
        return _COMMAND.findall(self.body)

    def run(self, execute: Callable[[list[str]], str]) -> str:
        """Run the commands and return the block as it should be.

        Args:
            execute: takes a command's words and returns what it prints.
        """
        body = ""
        for command, shown in self.commands():
            output = execute(shlex.split(command.replace("\\\n", " "), comments=True))
            lines = output.splitlines() if shown.strip() else ()
            body += f"$ {command}" + "".join(f"{line.rstrip()}\n" for line in lines)
        return body

    def run_in_copy(self) -> str:
        """Run the commands in a copy of the checkout; see `run`.

        Raises:
            RuntimeError: a command fails.
        """
        with tempfile.TemporaryDirectory() as folder:
            checkout = make_checkout(Path(folder) / "checkout")
            return self.run(lambda words: _output(words, checkout))

    def agrees(self, body: str) -> bool:
        """Tell whether the document's block says the same as `body`."""
        old, new = (_SECONDS.sub("N s", text).rstrip() for text in (self.body, body))
        if self.kind != "trained":
            return old == new
        words = [_NUMBER.sub("", text).split() for text in (old, new)]
        numbers = [[float(n.replace(",", "")) for n in _NUMBER.findall(t)] for t in (old, new)]
        if words[0] != words[1] or len(numbers[0]) != len(numbers[1]):
            return False
        return all(math.isclose(*pair, rel_tol=0.01) for pair in zip(*numbers, strict=True))


def examples(document: str) -> list[Example]:
    """Return the marked examples of a document."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return [Example(document, kind or "", body) for kind, body in _EXAMPLE.findall(text)]


def make_checkout(folder: Path) -> Path:
    """Copy the code and the records into a folder that is not there yet, and return it."""
    for name in CODE:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "results" / "runs" / "imdb", folder / "results" / "runs" / "imdb")
    shutil.copy(ROOT / "results" / "leaderboard.csv", folder / "results")
    write_table_of_texts(folder / "films.csv")
    return folder


def write_table_of_texts(path: Path) -> None:
    """Write labelled texts as somebody may have them: 2,000 good rows, and two that are not."""
    moods = {0: "angry", 1: "happy"}
    rows = [
        (review.text, moods[review.label])
        for review in sorted(read_sample()["train"], key=lambda review: review.id)
    ]
    rows[500:500] = [("", "happy"), ("Neither good nor bad.", "bored")]
    pd.DataFrame(rows, columns=["review", "mood"]).to_csv(path, index=False)


def _output(words: list[str], checkout: Path) -> str:
    """Run a command in the checkout and return what it prints, paths below the checkout."""
    if words[0] == "python":
        words = [sys.executable, *words[1:]]
    # Importing Keras sets it here; the program would take it for a wish to see TensorFlow's log.
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    environment |= {"PYTHONPATH": str(checkout), "COLUMNS": WIDTH}
    done = subprocess.run(
        words, cwd=checkout, env=environment, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{shlex.join(words)}: exit code {done.returncode}: {done.stdout}")
    return done.stdout.replace(f"{checkout}/", "")


def main() -> None:
    """Run the examples and write what has changed."""
    kinds = {"", "trained"} | ({"imdb"} if os.environ.get("IMDB_DATA") else set())
    for document in DOCUMENTS:
        for example in examples(document):
            if example.kind in kinds and not example.agrees(body := example.run_in_copy()):
                text = (ROOT / document).read_text(encoding="utf-8")
                text = text.replace(example.body, body)
                (ROOT / document).write_text(text, encoding="utf-8")
                print(f"{document}: {example.body.splitlines()[0]}")


if __name__ == "__main__":
    main()
