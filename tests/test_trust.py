"""No file that the project reads is believed after a bit of it was changed, or its end was lost.

Each kind of file is made once, damaged by chance and read as programs read it. What must come out
is one line that says so, or exactly what came out before. To look longer, and count both::

    TRUST_EXAMPLES=1100 python -m pytest tests/test_trust.py -rP
"""

import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.analysis import leaderboard
from benchmark.rows import catalogue, saved
from benchmark.rows.hyperparameters import plain
from benchmark.rows.training_data import TrainingData
from preprocessing import evaluation_sets
from preprocessing.corpus import SPLITS, Corpus
from preprocessing.errors import UserError
from preprocessing.evaluation_sets import PublishedFile, PublishedSet
from preprocessing.prepare import Settings, prepare
from preprocessing.sources import imdb
from preprocessing.storage import sha256, verify
from preprocessing.subwords.ids import subword_ids
from preprocessing.subwords.training import learn_word_pieces
from preprocessing.word_vectors import Word2VecSettings, word_vectors
from tests.benchmark.made_up_runs import a_record, of_pairs, put
from tests.conftest import COUNTS, archive_files, write_archive

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("TRUST_EXAMPLES", 200))
TEXTS = ["A wonderful film.", "Dull, long and not funny."]


class Kind(NamedTuple):
    """A kind of file.

    Attributes:
        folder: all that is read; a copy of it is damaged.
        files: the pattern of the files that are damaged.
        read: reads the copy, and returns what must not change.
    """

    folder: Path
    files: str
    read: Callable[[Path], Any]


def read_corpus(folder: Path) -> Any:
    """Open a corpus as a run does."""
    (corpus,) = (Corpus(path) for path in folder.glob("sample-*"))
    verify(corpus.folder)
    parts = [corpus.reviews(split) for split in SPLITS]
    return corpus.hash, [
        (part.texts.values.tobytes(), part.words.values.tobytes(), part.vocabulary)
        for part in parts
    ]


def vectors_of(folder: Path) -> np.ndarray:
    (path,) = folder.glob("sample-*")
    return word_vectors(Corpus(path), 0, Word2VecSettings(dimensions=4, epochs=1))[0]


def subwords_of(folder: Path) -> np.ndarray:
    (path,) = folder.glob("sample-*")
    texts = Corpus(path).reviews("train").texts
    tokenizer = learn_word_pieces(iter(["a film of the year"] * 3), 30)
    return subword_ids(texts, tokenizer).ids.values


def prepared(folder: Path) -> str:
    return prepare("sample", None, folder, Settings(limit=40)).hash


def results_of(folder: Path) -> str:
    table = leaderboard.build(folder, "imdb")
    return table.to_csv()


def answers_of(folder: Path) -> bytes:
    keras.utils.clear_session()
    return np.round(saved.load(folder / "model").predict(TEXTS), 5).tobytes()


def published_set(folder: Path) -> str:
    return evaluation_sets.load("made_up", folder, folder).hash


@pytest.fixture(scope="module")
def kinds(tmp_path_factory) -> dict[str, Kind]:
    """One of each kind."""

    def new(name: str) -> Path:
        return tmp_path_factory.mktemp(name)

    archive = new("archive")
    write_archive(archive / "a.tar.gz", archive_files())

    corpus = prepare("sample", None, new("corpus"), Settings(limit=40))
    vectors, subwords = new("vectors"), new("subwords")
    for folder in (vectors, subwords):
        shutil.copytree(corpus.folder.parent, folder, dirs_exist_ok=True)
    vectors_of(vectors)
    subwords_of(subwords)

    results = new("results")
    put(results, answered={"products": of_pairs([1, 1], [0, 1])})
    put(results, seed=1)

    models = {}
    for name, options in (
        ("tfidf_logreg", {}),
        ("bag_of_words", {"trees": 3}),
        ("cnn", {"epochs": 1, "least_steps": 1, "filters": 1, "vectors": "random"}),
    ):
        row = catalogue.load(name)
        chosen = row.hyperparameters(**options)
        fitted = row.fit(chosen, TrainingData.of(corpus, 0), lambda event: None)
        record = a_record(model=name, hyperparameters=plain(chosen)).as_json()
        models[name] = new(name)
        saved.save(models[name] / "model", fitted, corpus, record)

    texts = new("texts")
    (texts / "texts.tsv").write_text("A fine film.\nA dull film.\n")
    file = PublishedFile("texts.tsv", "https://example.org", 26, sha256(texts / "texts.tsv"))
    evaluation_sets.PUBLISHED["made_up"] = PublishedSet(
        "made_up",
        (file,),
        lambda content: [
            (text, label, -1, False)
            for text, label in zip(content.decode().split("\n")[:2], (1, 0), strict=True)
        ],
    )
    kinds = {
        "archive": Kind(archive, "*.gz", lambda folder: imdb.read(folder / "a.tar.gz", COUNTS)),
        "corpus": Kind(corpus.folder.parent, "sample-*/*", read_corpus),
        "note of a source": Kind(corpus.folder.parent, "sources/*", prepared),
        "word vectors": Kind(vectors, "sample-*/word2vec-*/*", vectors_of),
        "subwords": Kind(subwords, "sample-*/subwords-*/*", subwords_of),
        "records": Kind(results, "runs/**/*.json", results_of),
        "predictions": Kind(results, "runs/**/*.npz", results_of),
        "evaluation set": Kind(texts, "*.tsv", published_set),
    }
    for name, folder in models.items():
        kinds[f"saved {name}"] = Kind(folder, "model/*", answers_of)
    yield kinds
    del evaluation_sets.PUBLISHED["made_up"]


NAMES = (
    "archive", "corpus", "note of a source", "word vectors", "subwords", "records", "predictions",
    "evaluation set", "saved tfidf_logreg", "saved bag_of_words", "saved cnn",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_believed_after_it_was_damaged(kinds, name, tmp_path_factory):
    kind = kinds[name]
    files = [file for file in sorted(kind.folder.glob(kind.files)) if file.is_file()]
    files = [file for file in files if file.stat().st_size]
    assert files
    before = kind.read(kind.folder)
    copy = tmp_path_factory.mktemp("copy") / "damaged-copy"
    shutil.copytree(kind.folder, copy)
    np.testing.assert_equal(kind.read(copy), before)
    counted: Counter[str] = Counter()

    @settings(
        max_examples=max(10, EXAMPLES // len(NAMES)),
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(files), st.floats(0, 1, exclude_max=True), st.integers(-1, 7))
    def damage(file: Path, share: float, bit: int) -> None:
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(kind.folder, copy)
        damaged = copy / file.relative_to(kind.folder)
        content = bytearray(file.read_bytes())
        place = int(share * len(content))
        if bit < 0:
            del content[place:]
        else:
            content[place] ^= 1 << bit
        damaged.write_bytes(content)
        try:
            after, said = kind.read(copy), ""
        except UserError as error:
            after, said = before, str(error)
        counted["told" if said else "harmless"] += 1
        assert "\n" not in said
        assert not said or damaged.name in said or damaged.parent.name in said
        np.testing.assert_equal(after, before)

    damage()
    print(name, dict(counted))
