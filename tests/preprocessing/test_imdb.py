import re
import shutil
import tarfile

from preprocessing.errors import UserError
from preprocessing.sources import imdb
from tests.conftest import COUNTS, archive_files, run_python, write_archive

import pytest


def unpack(files, folder):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_archive_and_folders_hold_the_same_reviews(tmp_path):
    files = archive_files()
    archive = write_archive(tmp_path / "a.tar.gz", dict(reversed(files.items())))
    parent = unpack(files, tmp_path / "unpacked")
    from_archive = imdb.read(archive, COUNTS)
    assert imdb.read(parent, COUNTS) == imdb.read(parent / "aclImdb", COUNTS) == from_archive
    assert {part: len(reviews) for part, reviews in from_archive.items()} == {
        "train": 8,
        "test": 6,
        "unsup": 5,
    }
    first = from_archive["train"][0]
    assert first == (
        "train/neg/0_2", "A neg review, number 0 of train.<br />Naïve &amp; short!",
        0, 2, "http://film/train0/",
    )  # fmt: skip
    assert [review.label for review in from_archive["train"]] == [0] * 4 + [1] * 4
    assert {review.label for review in from_archive["unsup"]} == {-1}


def test_members_it_does_not_know_are_not_read(tmp_path):
    files = archive_files()
    more = files | {"aclImdb/train/pos/notes.txt": b"\xff", "aclImdb/train/labeledBow.feat": b"1"}
    read = [imdb.read(write_archive(tmp_path / "a.tar.gz", f), COUNTS) for f in (files, more)]
    assert read[0] == read[1]


@pytest.mark.parametrize("entry", ["../../evil", "/etc/evil", "aclImdb/../../evil", "evil/x.txt"])
def test_entries_outside_of_the_folder_are_refused(tmp_path, entry):
    archive = write_archive(tmp_path / "a.tar.gz", {entry: b"boo"} | archive_files())
    process = run_python("-m", "preprocessing", "--data", archive, "--cache", tmp_path / "cache")
    assert process.returncode == 2
    assert f"refused: {entry!r} in it lies outside" in process.stderr
    assert not list(tmp_path.rglob("evil"))


def test_links_are_refused(tmp_path):
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        link = tarfile.TarInfo("aclImdb/train/pos/0_9.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(UserError, match="not a plain file"):
        imdb.read(path, COUNTS)


def test_a_truncated_archive(run_here, tmp_path):
    whole = write_archive(tmp_path / "a.tar.gz", archive_files()).read_bytes()
    for share in (0.5, 0.95):
        cut = tmp_path / "cut.tar.gz"
        cut.write_bytes(whole[: int(len(whole) * share)])
        process = run_here("preprocessing", "--data", cut, "--cache", tmp_path / "cache")
        assert process.returncode == 2
        assert re.fullmatch(r"error: \S+cut.tar.gz is truncated or not a .*\n", process.stderr)
        assert not list((tmp_path / "cache").glob("imdb*"))


def test_missing_reviews_and_films_are_named(tmp_path):
    files = archive_files()
    del files["aclImdb/test/neg/1_2.txt"]
    files["aclImdb/train/urls_pos.txt"] = b"http://film/0/\n"
    with pytest.raises(UserError, match=r"test/neg has 2 of 3; train/urls_pos\.txt names 1 films"):
        imdb.read(write_archive(tmp_path / "a.tar.gz", files), COUNTS)


@pytest.mark.parametrize(
    ("content", "said"), [(b"caf\xe9", "is not UTF-8 (byte 3)"), (b" \n", "is empty")]
)
def test_a_damaged_review_is_named(run_here, tmp_path, content, said):
    files = archive_files() | {"aclImdb/train/pos/2_9.txt": content}
    archive = write_archive(tmp_path / "a.tar.gz", files)
    process = run_here("preprocessing", "--data", archive, "--cache", tmp_path / "cache")
    assert process.returncode == 2
    assert f"train/pos/2_9.txt {said}" in process.stderr


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "no such file or folder"),
        (lambda path: path.mkdir(), "nor train/ and test/ in it, but nothing"),
        (lambda path: path.write_text("hello"), "data is plain text: "),
        (lambda path: path.write_text(""), "data is empty; --data reads"),
        (lambda path: unpack(archive_files(), path), "train/pos has 4 of 12,500"),
    ],
)
def test_what_is_no_data_set_is_said_in_one_line(run_here, tmp_path, make, said):
    make(tmp_path / "data")
    process = run_here(
        "models/majority.py", "--data", tmp_path / "data", "--cache", tmp_path / "cache"
    )
    assert process.returncode == 2
    assert said in process.stderr
    assert process.stderr.count("\n") == 1


def test_fingerprint_follows_the_content(tmp_path):
    folder = unpack(archive_files(), tmp_path / "unpacked")
    before = imdb.fingerprint(folder)
    assert imdb.fingerprint(folder) == before
    shutil.copy(folder / "aclImdb/test/pos/0_9.txt", folder / "aclImdb/test/pos/9_9.txt")
    assert imdb.fingerprint(folder) != before
