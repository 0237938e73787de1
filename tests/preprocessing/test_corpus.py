import argparse
import hashlib
import os
import re

from preprocessing import prepare as module
from preprocessing.corpus import Corpus, withholding_test
from preprocessing.errors import DamagedError, UserError
from preprocessing.options import DataOptions
from preprocessing.prepare import Settings, open_corpus, prepare
from preprocessing.sources import imdb
from preprocessing.sources.review import Review
from preprocessing.storage import seal, unseal
from preprocessing.text import words
from preprocessing.vocabulary import choose_words
from preprocessing.word_vectors import Word2VecSettings, word_vectors
from tests.conftest import COUNTS, archive_files, run_python, unpack, write_archive

import numpy as np
import pytest


def reviews_of(words_of: dict[str, list[str]]) -> dict[str, list[Review]]:
    """Return reviews with the given texts: a pos and a neg one of each, every one its own film."""
    return {
        part: [
            Review(f"{part}/{label}/{i}_0", text, label if part != "unsup" else -1, 0, f"{part}{i}")
            for i, text in enumerate(texts)
            for label in (0, 1)
        ]
        for part, texts in words_of.items()
    }


@pytest.fixture
def prepare_texts(monkeypatch, tmp_path):
    """Prepare texts as if they were the sample."""

    def prepare_them(train, test, unsup=("filler",), cache="cache"):
        source = reviews_of({"train": train, "test": test, "unsup": unsup})
        monkeypatch.setattr(module.sample, "read_sample", lambda: source)
        return prepare("sample", None, tmp_path / cache)

    return prepare_them


def test_words_survive_the_way_through_ids(sample):
    for split in ("train", "validation", "test", "unsup"):
        reviews = sample.reviews(split)
        for i, found in zip(range(20), reviews.word_lists(), strict=False):
            raw = words(bytes(reviews.texts[i]).decode())
            assert len(raw) == len(found)
            assert all(a == b or b == "<unknown>" for a, b in zip(raw, found, strict=True))


def test_reviews_read_by_several_processes_make_the_same_corpus(tmp_path, monkeypatch):
    alone = prepare("sample", None, tmp_path / "alone", Settings(limit=40))
    monkeypatch.setattr(module, "_CHUNK", 40)  # of 120 reviews
    several = prepare("sample", None, tmp_path / "several", Settings(limit=40))
    for name in ("words.npy", "word_offsets.npy", "vocabulary.txt"):
        assert (several.folder / name).read_bytes() == (alone.folder / name).read_bytes()


def test_the_vocabulary_is_in_order_and_no_larger_than_asked_for():
    counts = {"b": 3, "a": 3, "c": 2, "d": 1}
    assert choose_words(counts, 2, 9) == ["<padding>", "<unknown>", "a", "b", "c"]
    assert choose_words(counts, 2, 4) == ["<padding>", "<unknown>", "a", "b"]


def test_the_environment_names_the_reviews_unless_an_option_does(tmp_path, monkeypatch):
    archive = write_archive(tmp_path / "a.tar.gz", archive_files())
    monkeypatch.setenv("IMDB_DATA", str(archive))

    def data(**given):
        return DataOptions.of(argparse.Namespace(**vars(DataOptions(**given)))).data

    assert data() == archive
    assert data(data=tmp_path / "other") == tmp_path / "other"
    assert data(dataset="sample") is None


def test_only_train_and_validation_come_with_labels(sample):
    assert sample.reviews("train").labels is not None
    assert sample.reviews("validation").labels is not None
    assert sample.reviews("test").labels is None
    assert sample.reviews("unsup").labels is None


def test_validation_is_balanced_and_shares_no_film_with_training(sample):
    labels = sample.column("labels", "validation")
    assert len(labels) == 200
    assert labels.sum() == 100
    films = {split: set(sample.column("films", split)) for split in ("train", "validation")}
    assert not films["train"] & films["validation"]


def test_vocabulary_and_vectors_know_nothing_of_validation_or_test(prepare_texts):
    train = [f"good{i} film{i} film{i}" for i in range(10)]
    one = prepare_texts(train, ["secret secret secret"], cache="one")
    other = prepare_texts(train, ["another thing another thing"], cache="other")
    assert one.vocabulary == other.vocabulary
    assert one.hash != other.hash
    settings = Word2VecSettings(dimensions=4, epochs=1)
    vectors = [word_vectors(corpus, 0, settings)[0] for corpus in (one, other)]
    assert (vectors[0] == vectors[1]).all()
    held_out = {
        word for words in one.reviews("validation").word_lists() for word in words if word != "good"
    }
    assert held_out == {"<unknown>"}, "a validation word occurs in no training review here"


def test_vocabulary_by_hand(prepare_texts):
    corpus = prepare_texts(["b b a", "b c", "b a", "b", "b"], ["a z"])
    in_training = " ".join(w for words in corpus.reviews("train").word_lists() for w in words)
    assert corpus.vocabulary[:3] == ["<padding>", "<unknown>", "b"]
    assert set(corpus.vocabulary[2:]) == {w for w in in_training.split() if w != "<unknown>"}
    assert corpus.reviews("train").words.values.dtype == np.uint8
    assert next(corpus.reviews("test").word_lists())[1] == "<unknown>"


def test_awkward_reviews_are_prepared(prepare_texts):
    long = "word " * 1_000_000
    corpus = prepare_texts(["fine", "good", "?", ".", long], ["...", "--", "é", long])
    lengths = corpus.reviews("test").words.lengths
    assert lengths.tolist() == [1, 1, 0, 0, 1, 1, 1_000_000, 1_000_000]


def test_the_same_reviews_have_one_address_wherever_they_come_from(tmp_path, monkeypatch):
    monkeypatch.setattr(imdb.read, "__defaults__", (COUNTS,))
    files = archive_files()
    archive = write_archive(tmp_path / "a.tar.gz", files)
    other = write_archive(tmp_path / "b.tar.gz", files | {"aclImdb/notes": b"x"})
    cache = tmp_path / "cache"
    first = prepare("imdb", archive, cache)
    assert prepare("imdb", other, cache).hash == first.hash
    assert prepare("imdb", None, cache).hash == first.hash, "what is prepared needs no source"
    assert prepare("imdb", archive, cache, Settings(minimum_count=1)).hash != first.hash
    limited = prepare("imdb", archive, cache, Settings(limit=2))
    assert limited.hash != first.hash
    assert limited.name == "imdb-limit-2"
    assert len(limited.reviews("test")) == 2


def test_without_a_source_the_newest_prepared_corpus_is_taken_and_named(tmp_path, monkeypatch):
    counts = COUNTS | {"train/unsup": 6}
    cache = tmp_path / "cache"
    corpora = []
    for kind in (COUNTS, counts):
        monkeypatch.setattr(imdb.read, "__defaults__", (kind,))
        archive = write_archive(tmp_path / f"{kind['train/unsup']}.tar.gz", archive_files(kind))
        corpora.append(prepare("imdb", archive, cache))
    assert prepare("imdb", None, cache).hash == corpora[1].hash
    older = corpora[0].folder / "manifest.json"
    os.utime(older, (older.stat().st_atime, older.stat().st_mtime + 60))
    now_newest = open_corpus(DataOptions(cache=cache))
    assert now_newest.hash == corpora[0].hash
    assert "2 prepared corpora" in now_newest.notes[-1]
    assert corpora[0].folder.name in now_newest.notes[-1]


def test_reviews_that_stand_unpacked_in_the_cache_come_before_what_was_prepared(
    tmp_path, monkeypatch
):
    cache = tmp_path / "cache"
    counts = COUNTS | {"train/unsup": 6}
    monkeypatch.setattr(imdb.read, "__defaults__", (COUNTS,))
    prepare("imdb", write_archive(tmp_path / "a.tar.gz", archive_files(COUNTS)), cache)
    monkeypatch.setattr(imdb.read, "__defaults__", (counts,))
    unpack(archive_files(counts), cache)
    assert len(prepare("imdb", None, cache).reviews("unsup")) == 6


def test_the_test_reviews_are_withheld_and_given_again(sample):
    with withholding_test():
        with pytest.raises(RuntimeError, match="withheld"):
            sample.reviews("test")
        with withholding_test():
            pass
        with pytest.raises(RuntimeError, match="withheld"):
            sample.column("labels", "test")
        assert len(sample.reviews("unsup")) > 0
    assert len(sample.reviews("test")) == len(sample.column("labels", "test"))


def test_duplicates_are_counted(sample):
    audit = sample.manifest["audit"]
    assert audit["texts in both train and test"] == 5
    assert sample.column("also_in_train", "test").sum() == 5
    assert audit["films in both train and test"] == 0


def test_arrays_cannot_be_changed_and_are_not_read_on_opening(sample):
    array = sample.reviews("train").words.values
    assert isinstance(array, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1


def test_the_words_of_the_sample_are_always_the_same(sample):
    """Where this changes, so must `VERSION` in preprocessing/corpus.py: no hash would tell."""
    found = hashlib.sha256()
    for split in ("train", "validation", "test", "unsup"):
        for words_of_one in sample.reviews(split).word_lists():
            found.update((" ".join(words_of_one) + "\n").encode())
    assert found.hexdigest()[:16] == "b3608b83d04ef18e"
    vocabulary = hashlib.sha256("\n".join(sample.vocabulary).encode())
    assert vocabulary.hexdigest()[:16] == "eea47dfa7ab787e4"
    assert sample.hash == "f118caf2c7171192", "also the default settings"


def test_word_vectors_are_reproducible_and_kept(small, tmp_path):
    settings = Word2VecSettings(dimensions=8, epochs=2)
    vectors, seconds = word_vectors(small, 3, settings)
    assert vectors.shape == (len(small.vocabulary), 8)
    assert (vectors[0] == 0).all()
    assert word_vectors(small, 3, settings)[1] == seconds, "kept, not learned again"
    again = prepare("sample", None, tmp_path, Settings(limit=100))
    assert (word_vectors(again, 3, settings)[0] == vectors).all()
    assert (word_vectors(again, 4, settings)[0] != vectors).any()


def test_preparing_from_the_command_line(tmp_path):
    arguments = ("-m", "preprocessing", "--dataset", "sample", "--cache", tmp_path)
    first, second = run_python(*arguments), run_python(*arguments)
    assert first.returncode == second.returncode == 0, first.stderr
    assert "sample (synthetic), hash" in first.stdout
    assert "texts in both train and test: 5" in first.stdout.replace("\n", " ")
    assert re.search(r"prepared in \d+\.\d s", first.stdout)
    assert first.stdout == second.stdout, "the second time it is opened, not made"


def test_a_full_disk_is_one_line_and_leaves_nothing_half_made(tmp_path):
    """A limit on the size of files stands in for the full disk."""
    program = (
        "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000));"
        f"sys.argv = ['prepare', '--dataset', 'sample', '--cache', {str(tmp_path)!r}];"
        "runpy.run_module('preprocessing', run_name='__main__')"
    )
    process = run_python("-c", program)
    assert process.returncode == 74
    assert process.stderr.startswith("error: cannot use")
    assert process.stderr.count("\n") == 1
    assert not [folder for folder in tmp_path.glob("*sample*") if folder.is_dir()]
    healthy = run_python("-m", "preprocessing", "--dataset", "sample", "--cache", tmp_path)
    assert healthy.returncode == 0


def test_a_damaged_corpus_is_said_in_one_line(run_here, tmp_path):
    corpus = prepare("sample", None, tmp_path, Settings(limit=40))
    file = corpus.folder / "words.npy"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    process = run_here("preprocessing", "--dataset", "sample", "--limit", "40", "--cache", tmp_path)
    assert process.returncode == 2
    assert f"{file} is damaged (its hash is not the one in the manifest)" in process.stderr
    assert f"delete {corpus.folder} and run again to rebuild it\n" in process.stderr


@pytest.mark.parametrize("program", [["models/majority.py"], ["run_all.py", "majority"]])
def test_nothing_is_trained_on_a_damaged_corpus(run_here, tmp_path, program):
    corpus = prepare("sample", None, tmp_path / "cache", Settings(limit=40))
    file = corpus.folder / "words.npy"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    process = run_here(
        *program, "--dataset", "sample", "--limit", "40", "--cache", tmp_path / "cache",
        "--results", tmp_path / "results",
    )  # fmt: skip
    assert process.returncode == 2
    assert f"{file} is damaged" in process.stderr
    assert not list(tmp_path.rglob("seed-*.json"))


def with_manifest(corpus, change):
    """Change the manifest, and renew its own hash."""
    file = corpus.folder / "manifest.json"
    manifest = unseal(file.read_bytes())
    change(manifest)
    file.write_text(seal(manifest))
    return corpus.folder


@pytest.mark.parametrize(
    "splits",
    [
        {"train": [0, 50]},
        {"train": [0, 30]},
        {"test": [36, 80], "unsup": [80, 120]},
        {"unsup": [80, 119]},
        {"validation": [40, 36]},
    ],
)
def test_splits_that_do_not_tile_the_reviews_are_refused(tmp_path, splits):
    corpus = prepare("sample", None, tmp_path, Settings(limit=40))
    folder = with_manifest(corpus, lambda manifest: manifest["splits"].update(splits))
    with pytest.raises(DamagedError, match=r"manifest.json is damaged .* delete"):
        Corpus(folder)


def test_a_manifest_is_that_of_its_folder(tmp_path):
    corpus = prepare("sample", None, tmp_path, Settings(limit=40))
    other = corpus.folder.rename(tmp_path / "sample-limit-40-0123456789abcdef")
    with pytest.raises(DamagedError, match="is of another corpus"):
        Corpus(other)


def test_a_note_that_was_changed_is_not_followed(tmp_path):
    corpus = prepare("sample", None, tmp_path, Settings(limit=40))
    other = prepare("sample", None, tmp_path, Settings(limit=50))
    note, others = sorted((tmp_path / "sources").iterdir(), key=lambda file: file.stat().st_mtime)
    note.write_bytes(others.read_bytes())
    assert prepare("sample", None, tmp_path, Settings(limit=40)).hash == corpus.hash
    note.write_bytes(b"\xff")
    assert prepare("sample", None, tmp_path, Settings(limit=40)).hash == corpus.hash
    assert corpus.hash != other.hash


def test_zeroed_word_vectors_are_not_used(tmp_path):
    corpus = prepare("sample", None, tmp_path, Settings(limit=40))
    settings = Word2VecSettings(dimensions=4, epochs=1)
    word_vectors(corpus, 0, settings)
    (file,) = corpus.folder.glob("word2vec-*/vectors.npy")
    content = file.read_bytes()
    file.write_bytes(content[:200] + bytes(len(content) - 200))
    with pytest.raises(DamagedError, match=r"vectors.npy is damaged \(its hash"):
        word_vectors(corpus, 0, settings)


def test_other_reviews_than_the_published_ones_are_said(tmp_path):
    archive = write_archive(tmp_path / "a.tar.gz", archive_files())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(imdb.read, "__defaults__", (COUNTS,))
        corpus = prepare("imdb", archive, tmp_path, Settings(validation_fraction=0.5))
    assert any("is not the published data set" in note for note in corpus.notes)


@pytest.mark.parametrize("named", ["nowhere", "films.csv", "notes.txt"])
def test_an_environment_that_names_no_imdb_is_said(tmp_path, monkeypatch, named):
    (tmp_path / "films.csv").write_text("text,label\ngood,good\n")
    (tmp_path / "notes.txt").write_text("a note\n")
    monkeypatch.setenv("IMDB_DATA", str(tmp_path / named))
    with pytest.raises(UserError, match=rf"IMDB_DATA=.*{named} is not IMDB's \.tar\.gz"):
        DataOptions.of(argparse.Namespace(**vars(DataOptions())))
