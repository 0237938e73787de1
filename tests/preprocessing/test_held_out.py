"""The originals of edited reviews are in nothing that a model learns from."""

import re

from preprocessing import held_out
from preprocessing.prepare import Settings, prepare
from preprocessing.sources.review import UNLABELLED, Review
from tests.conftest import archive_files, write_archive

import pytest

NAME = re.compile(r"train/(neg|pos|unsup)/\d+_\d+")


def review(identifier, text, label=0):
    return Review(identifier, text, label, 3, "a film")


def test_the_list_names_files_of_the_training_part_alone():
    names = held_out.names()
    assert all(NAME.fullmatch(name) for name in names)
    assert sum("/unsup/" not in name for name in names) == 740


def test_originals_and_all_copies_of_their_texts_are_left_out():
    reviews = {
        "train": [
            review("train/neg/1_2", "An original, <br />edited later."),
            review("train/neg/2_2", "Another one."),
            review("train/neg/3_2", "an ORIGINAL edited later!"),
        ],
        "test": [review("test/neg/4_2", "An original, edited later.")],
        "unsup": [
            review("train/unsup/5_0", "An original, edited later.", UNLABELLED),
            review("train/unsup/6_0", "Free.", UNLABELLED),
        ],
    }
    kept = held_out.without_originals(reviews, frozenset({"train/neg/1_2"}))
    assert [r.id for r in kept["train"]] == ["train/neg/2_2"]
    assert [r.id for r in kept["unsup"]] == ["train/unsup/6_0"]
    assert kept["test"] == reviews["test"]


COUNTS = {"train/pos": 16, "train/neg": 16, "test/pos": 3, "test/neg": 3, "train/unsup": 5}


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """An archive of which one review is an original, with a copy among those without labels."""
    files = archive_files(COUNTS)
    files["aclImdb/train/unsup/2_0.txt"] = files["aclImdb/train/pos/3_9.txt"]
    monkeypatch.setattr("preprocessing.sources.imdb.read.__defaults__", (COUNTS,))
    monkeypatch.setattr(held_out, "names", lambda: frozenset({"train/pos/3_9"}))
    return write_archive(tmp_path / "aclImdb.tar.gz", files)


def test_no_split_of_a_prepared_corpus_holds_one(archive, tmp_path):
    corpus = prepare("imdb", archive, tmp_path)
    ids = (corpus.folder / "ids.txt").read_text().split()
    assert len(ids) == sum(COUNTS.values()) - 2
    assert not {"train/pos/3_9", "train/unsup/2_0"} & set(ids)


def test_with_originals_they_are_there_under_another_name_and_hash(archive, tmp_path):
    corpus = prepare("imdb", archive, tmp_path)
    whole = prepare("imdb", archive, tmp_path, Settings(with_originals=True))
    ids = (whole.folder / "ids.txt").read_text().split()
    assert len(ids) == sum(COUNTS.values())
    assert {"train/pos/3_9", "train/unsup/2_0"} <= set(ids)
    assert (corpus.name, whole.name) == ("imdb", "imdb-with-originals")
    assert whole.hash != corpus.hash


@pytest.mark.parametrize("more", [(), ("--with-originals",)])
def test_runs_at_once_are_refused_where_times_count(archive, tmp_path, run_here, more):
    (tmp_path / "no sets").mkdir()
    done = run_here(
        "run_all.py", "majority", "--data", archive, "--cache", tmp_path / "cache",
        "--results", tmp_path / "results", "--evaluation-data", tmp_path / "no sets", "--jobs", "2",
        *more,
    )  # fmt: skip
    assert done.returncode == 2
    assert "parallel runs distort timings" in done.stderr
    assert not list(tmp_path.rglob("seed-*.json"))
