"""Evaluation sets: read as published, checked by hash, pairs joined by what joins them."""

import difflib
import errno
import hashlib
import os
import shutil
from dataclasses import replace

from preprocessing import evaluation_sets
from preprocessing.errors import UserError
from preprocessing.evaluation_sets import PUBLISHED, UNPAIRED, load

import numpy as np
import pytest

FILES = {
    "contrast/test_original.tsv": (
        'Sentiment\tText\nNegative\t"He said ""no"".<br />\tAwful."\nPositive\tGood.\n'
        "Negative\tThe same words\n"
    ),
    "contrast/test_contrast.tsv": (
        'Sentiment\tText\nPositive\t"He said ""yes"".<br />\tLovely."\nNegative\tNot good.\n'
        "Positive\tthe same words!\n"
    ),
    "counterfactual/test_paired.tsv": (
        "Sentiment\tText\tbatch_id\nNegative\tBad one\t7\nPositive\tGood two\t9\n"
        "Positive\tGood one\t7\nNegative\tBad two\t9\n"
        "Negative\tUnedited\t4\nPositive\tUnedited\t4\n"
    ),
    "sentences/rt-polarity.neg": "dull café\nbad\n",
    "sentences/rt-polarity.pos": "fine\nfunny\n",
    "products/reference.0": "it broke in num_num days .\tit lasted for years.\n",
    "products/reference.1": "works well .\tworks badly.\nlove it\thate it\n",
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder in the published layout, and its files' hashes as the published ones."""
    for name, content in FILES.items():
        path = tmp_path / "sets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        encoding = "latin-1" if name.startswith("sentences") else "utf-8"
        path.write_bytes(content.encode(encoding))
    for name, published in PUBLISHED.items():
        files = tuple(
            replace(
                file,
                sha256=hashlib.sha256((tmp_path / "sets" / file.path).read_bytes()).hexdigest(),
            )
            for file in published.files
        )
        monkeypatch.setitem(PUBLISHED, name, replace(published, files=files))
    return tmp_path / "sets"


def test_pairs_are_joined_by_their_batch_and_not_by_their_place(folder):
    found = load("counterfactual", folder, folder)
    assert found.ids == [
        "counterfactual/7/original", "counterfactual/9/original",
        "counterfactual/7/edited", "counterfactual/9/edited",
    ]  # fmt: skip
    assert found.labels.tolist() == [0, 1, 1, 0]
    assert found.is_paired


def test_a_pair_of_one_text_with_two_labels_is_dropped(folder):
    assert not [i for i in load("counterfactual", folder, folder).ids if "/4/" in i]
    assert set(load("contrast", folder, folder).pairs) == {0, 1}


def test_quotes_tabs_and_line_breaks_are_read_as_they_stand_in_the_file(folder):
    found = load("contrast", folder, folder)
    assert found.texts[:2] == ['He said "no".<br />\tAwful.', 'He said "yes".<br />\tLovely.']
    assert found.edited.tolist() == [False, True, False, True]
    assert found.labels.tolist() == [0, 1, 1, 0]


def test_sentences_are_latin_1_and_stand_alone(folder):
    found = load("sentences", folder, folder)
    assert found.texts == ["dull café", "bad", "fine", "funny"]
    assert (found.pairs == UNPAIRED).all()
    assert not found.is_paired


def test_a_rewrite_has_the_opposite_label(folder):
    found = load("products", folder, folder)
    assert found.texts[:2] == ["it broke in num_num days .", "it lasted for years."]
    assert found.labels.tolist() == [0, 1, 1, 0, 1, 0]
    assert found.pairs.tolist() == [0, 0, 1, 1, 2, 2]
    for pair in set(found.pairs):
        assert found.labels[found.pairs == pair].sum() == 1


def test_the_hash_names_texts_labels_and_pairs(folder):
    found = load("products", folder, folder)
    assert load("products", folder, folder).hash == found.hash
    others = (
        replace(found, texts=[*found.texts[:-1], "hate It"]),
        replace(found, labels=1 - found.labels),
        replace(found, pairs=found.pairs[::-1]),
        replace(found, edited=~found.edited),
    )
    assert len({found.hash, *(other.hash for other in others)}) == 5


def test_a_file_that_was_changed_or_is_missing_is_named(folder):
    file = folder / "products" / "reference.1"
    file.write_text("works well .\tworks badly !\n")
    with pytest.raises(UserError, match=r"reference\.1 is not the published file"):
        load("products", folder, folder)
    file.unlink()
    with pytest.raises(UserError, match=r"reference\.1: no such file; it is published at https"):
        load("products", folder, folder)


def test_without_a_folder_the_files_are_downloaded_and_kept(folder, tmp_path, monkeypatch):
    asked = []

    def fetch(url, target, size, checksum, algorithm):
        asked.append(url)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((folder / "/".join(target.parts[-2:])).read_bytes())
        return target

    monkeypatch.setattr(evaluation_sets, "download", fetch)
    found = load("sentences", None, tmp_path / "cache")
    assert len(found) == 4
    assert all("23e0e1f7355705bb083043fda05c031b15acb38c" in url for url in asked)
    assert np.array_equal(found.labels, [0, 0, 1, 1])


def test_the_sample_has_edited_pairs_and_other_texts():
    (edits, things), missing = evaluation_sets.built_in("sample", None, None)
    assert not missing
    assert edits.is_paired
    assert not things.is_paired
    for pair in set(edits.pairs):
        original, edit = np.flatnonzero(edits.pairs == pair)
        assert edits.labels[original] != edits.labels[edit]
        before, after = edits.texts[original].split(), edits.texts[edit].split()
        assert before != after
        assert difflib.SequenceMatcher(None, before, after).ratio() > 0.75, "most words stay"
    assert things.labels.mean() == edits.labels.mean() == 0.5
    assert not {"film", "picture", "movie"} & set(" ".join(things.texts).lower().split())


def test_sets_that_are_not_at_hand_are_named_and_the_others_read(folder):
    (folder / "products" / "reference.0").unlink()
    found, missing = evaluation_sets.built_in("imdb", folder, folder)
    assert [one.name for one in found] == ["contrast", "counterfactual", "sentences"]
    assert len(missing) == 1
    assert missing[0].startswith("evaluation set products is left out:")
    assert evaluation_sets.built_in("own-films", folder, folder) == ([], [])


def test_sets_that_were_fetched_are_read_where_another_cannot_be(folder, tmp_path, monkeypatch):
    asked = []

    def silent(url, target, *about):
        if not target.exists():
            asked.append(target.name)
            raise UserError("no answer")
        return target

    monkeypatch.setattr(evaluation_sets, "download", silent)
    for name in ("counterfactual", "products"):
        shutil.copytree(folder / name, tmp_path / "cache" / "evaluation" / name)
    found, missing = evaluation_sets.built_in("imdb", None, tmp_path / "cache")
    assert [one.name for one in found] == ["counterfactual", "products"]
    assert missing == [
        "evaluation set contrast is left out: no answer",
        "evaluation set sentences is left out, too",
    ]
    assert asked == ["test_original.tsv"], "a silent host is asked once"


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_sets_are_left_out_where_the_cache_can_only_be_read(tmp_path, monkeypatch, number):
    def refused(url, target, *about):
        raise OSError(number, os.strerror(number), str(target))

    monkeypatch.setattr(evaluation_sets, "download", refused)
    found, missing = evaluation_sets.built_in("imdb", None, tmp_path)
    assert not found
    assert missing[0].startswith("evaluation set contrast is left out: ")
    assert missing[0].endswith(f"test_original.tsv: {os.strerror(number)}")


def test_a_full_disk_ends_the_fetching_of_sets(tmp_path, monkeypatch):
    def full(url, target, *about):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    monkeypatch.setattr(evaluation_sets, "download", full)
    with pytest.raises(OSError, match="No space left"):
        evaluation_sets.built_in("imdb", None, tmp_path)


def table(tmp_path, text, name="mine.csv"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_a_table_of_ones_own_with_pairs(tmp_path):
    found = evaluation_sets.from_table(
        table(tmp_path, "text,label,pair\nbad,neg,a\nok,pos,b\ngood,pos,a\nnot ok,neg,b\n")
    )
    assert found.name == "mine"
    assert found.is_paired
    assert found.labels.tolist() == [0, 1, 1, 0]
    assert found.pairs.tolist() == [0, 1, 0, 1]
    assert found.edited.tolist() == [False, False, True, True]


def test_labels_may_be_numbers(tmp_path):
    lines = '{"text": "bad", "label": 0}\n{"text": "good", "label": 1}\n'
    found = evaluation_sets.from_table(table(tmp_path, lines, "mine.jsonl"))
    assert found.labels.tolist() == [0, 1]
