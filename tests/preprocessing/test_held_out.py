"""The originals of edited reviews are in nothing that a model learns from."""

import re

from preprocessing import held_out
from preprocessing.prepare import prepare
from preprocessing.sources.review import UNLABELLED, Review
from tests.conftest import archive_files, write_archive

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


def test_no_split_of_a_prepared_corpus_holds_one(tmp_path, monkeypatch):
    counts = {"train/pos": 8, "train/neg": 8, "test/pos": 3, "test/neg": 3, "train/unsup": 5}
    files = archive_files(counts)
    files["aclImdb/train/unsup/2_0.txt"] = files["aclImdb/train/pos/3_9.txt"]
    monkeypatch.setattr("preprocessing.sources.imdb.read.__defaults__", (counts,))
    monkeypatch.setattr(held_out, "names", lambda: frozenset({"train/pos/3_9"}))
    corpus = prepare("imdb", write_archive(tmp_path / "aclImdb.tar.gz", files), tmp_path)
    ids = (corpus.folder / "ids.txt").read_text().split()
    assert len(ids) == sum(counts.values()) - 2
    assert not {"train/pos/3_9", "train/unsup/2_0"} & set(ids)
