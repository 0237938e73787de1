"""What several tests need: a small archive in the published layout, the sample, a program run."""

import gc
import io
import os
import runpy
import shutil
import subprocess
import sys
import tarfile
from importlib import import_module
from pathlib import Path
from types import ModuleType

from preprocessing.corpus import Corpus
from preprocessing.prepare import Settings, prepare

import pytest

ROOT = Path(__file__).resolve().parent.parent
COUNTS = {"train/pos": 4, "train/neg": 4, "test/pos": 3, "test/neg": 3, "train/unsup": 5}

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
"""It asks nothing of the network; Playwright adds --headless."""


def pytest_collection_finish():
    """Leave what was imported out of garbage collection, which statsmodels asks for at each call.

    With Keras imported that takes a third of a second each time.
    """
    gc.collect()
    gc.freeze()


def archive_files(counts: dict[str, int] = COUNTS) -> dict[str, bytes]:
    """Return the files of a data set in the published layout, by their name in the archive."""
    files = {"aclImdb/README": b"about", "aclImdb/imdb.vocab": b"the\n"}
    for group, count in counts.items():
        part, label = group.split("/")
        rating = {"pos": 9, "neg": 2, "unsup": 0}[label]
        for number in range(count):
            text = f"A {label} review, number {number} of {part}.<br />Naïve &amp; short!"
            files[f"aclImdb/{group}/{number}_{rating}.txt"] = text.encode()
        films = "".join(f"http://film/{part}{number // 2}/\n" for number in range(count))
        files[f"aclImdb/{part}/urls_{label}.txt"] = films.encode()
    return files


def write_archive(path: Path, files: dict[str, bytes]) -> Path:
    """Write a .tar.gz with the files."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def unpack(files: dict[str, bytes], folder: Path) -> Path:
    """Write the files into a folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def run_python(*arguments: str | Path, cwd: Path = ROOT, **environment: str):
    """Run Python as a user would, without IMDB_DATA; return the finished process."""
    clean = {key: value for key, value in os.environ.items() if key != "IMDB_DATA"}
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd, env=clean | environment, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip


@pytest.fixture
def run_here(monkeypatch, capsys):
    """Run a program as `run_python` does, but in this process: for those that end at once."""

    def run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess:
        monkeypatch.delenv("IMDB_DATA", raising=False)
        monkeypatch.setattr(sys, "argv", [program, *map(str, arguments)])
        start = runpy.run_path if program.endswith(".py") else runpy.run_module
        with pytest.raises(SystemExit) as end:
            start(str(ROOT / program) if program.endswith(".py") else program, run_name="__main__")
        return subprocess.CompletedProcess(sys.argv, end.value.code, *capsys.readouterr())

    return run


@pytest.fixture
def checkout(tmp_path):
    """A copy of the code, with the floor as its only row."""
    copy = tmp_path / "checkout"
    for folder in ("preprocessing", "benchmark"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "models").mkdir()
    for file in ("run_all.py", "models/__init__.py", "models/majority.py"):
        shutil.copy(ROOT / file, copy / file)
    return copy


@pytest.fixture
def eagerly(monkeypatch):
    """Let Keras make no graphs: tracing takes seconds for a network, and two steps need none."""
    import benchmark  # noqa: F401 - sets what Keras's backends read at import

    import keras

    always = property(lambda model: True, lambda model, value: None)
    monkeypatch.setattr(keras.Model, "run_eagerly", always)


@pytest.fixture(scope="session")
def cache(tmp_path_factory) -> Path:
    """A folder for prepared corpora that all tests share."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def sample(cache) -> Corpus:
    """The whole embedded corpus."""
    return prepare("sample", None, cache)


@pytest.fixture(scope="session")
def small(cache) -> Corpus:
    """Its first reviews."""
    return prepare("sample", None, cache, Settings(limit=100))


def needs(package: str) -> ModuleType:
    """Return a package; without it, what asks for it is skipped, or fails in CI."""
    if os.environ.get("SKIP_NOTHING"):
        return import_module(package)
    return pytest.importorskip(package)


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium or Chrome; without one, tests are skipped, or fail in CI."""
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        end = pytest.fail if os.environ.get("SKIP_NOTHING") else pytest.skip
        end("no Chromium or Chrome on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield browser
        browser.close()
