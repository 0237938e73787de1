"""What the page says of a model when its name is opened: one line, its paper, its file."""

import ast
import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from benchmark.rows import catalogue
from preprocessing.program import ROOT

_LINK = re.compile(r"https://[^\s,;)]+")


@dataclass(frozen=True)
class Part:
    """Some text, and where it leads; empty for nowhere."""

    text: str
    href: str = ""


@dataclass(frozen=True)
class About:
    """What a line of the leaderboard is.

    Attributes:
        parts: what its file says of it first; papers are links.
        file: its file below the repository's root.
        href: where the page finds that file; empty where it cannot.
        command: what runs it.
        change: what it changes in a simpler model; empty for the simplest.
    """

    parts: tuple[Part, ...]
    file: str
    href: str
    command: str
    change: str


def all_lines(page: Path) -> dict[str, About]:
    """Return what there is to say of each line of the catalogue, by name.

    Args:
        page: the folder of the page, for links to files of the checkout.
    """
    found = {}
    for name, line in catalogue.lines().items():
        file = f"{line.module.replace('.', '/')}.py"
        variant = ["--variant", line.variant] if line.variant else []
        found[name] = About(
            parts=_parts(ROOT / file),
            file=file,
            href=_relative(ROOT / file, page),
            command=shlex.join(["python", file, *variant]),
            change=f"Compared with {line.step.before}: {line.step.change}." if line.step else "",
        )
    return found


def _parts(file: Path) -> tuple[Part, ...]:
    """Return the first paragraph of a file's docstring; empty where there is none to be read."""
    try:
        said = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    except (SyntaxError, ValueError, OSError):
        return ()
    text, parts, place = " ".join(said.partition("\n\n")[0].split()), [], 0
    for link in _LINK.finditer(text):
        parts += [Part(text[place : link.start()]), Part(link[0].removeprefix("https://"), link[0])]
        place = link.end()
    return (*parts, Part(text[place:]))


def _relative(file: Path, page: Path) -> str:
    """Return the way from a page to a file if both are in the checkout."""
    if not page.resolve().is_relative_to(ROOT):
        return ""
    return Path(os.path.relpath(file, page.resolve())).as_posix()
