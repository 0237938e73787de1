import gzip
import io
import re
import shutil
import tarfile

from preprocessing.errors import UserError
from preprocessing.sources import imdb
from tests.conftest import COUNTS, archive_files, run_python, unpack, write_archive

import pytest


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
        assert re.fullmatch(r"error: \S+cut.tar.gz is damaged or not a .*\n", process.stderr)
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


def test_fingerprint_follows_the_content(tmp_path):
    folder = unpack(archive_files(), tmp_path / "unpacked")
    before = imdb.fingerprint(folder)
    assert imdb.fingerprint(folder) == before
    shutil.copy(folder / "aclImdb/test/pos/0_9.txt", folder / "aclImdb/test/pos/9_9.txt")
    assert imdb.fingerprint(folder) != before


def test_a_changed_byte_anywhere_in_an_archive_is_found_or_harmless(tmp_path):
    """Most texts survive a changed byte as other texts; only gzip's checksum tells."""
    good = write_archive(tmp_path / "a.tar.gz", archive_files())
    content, reviews = good.read_bytes(), imdb.read(good, COUNTS)
    flipped = tmp_path / "flipped.tar.gz"
    harmless = 0
    for place in range(0, len(content), 3):
        flipped.write_bytes(content[:place] + bytes([content[place] ^ 128]) + content[place + 1 :])
        try:
            read = imdb.read(flipped, COUNTS)
        except UserError:
            continue
        assert read == reviews, place
        harmless += 1
    assert harmless < 10, "gzip's header has a few bytes without a meaning"


def test_what_follows_the_last_review_is_read_for_its_checksum(tmp_path):
    content = bytearray(write_archive(tmp_path / "a.tar.gz", archive_files()).read_bytes())
    content[-6] ^= 1  # in the checksum
    (tmp_path / "a.tar.gz").write_bytes(content)
    with pytest.raises(UserError, match=r"is damaged .*CRC"):
        imdb.read(tmp_path / "a.tar.gz", COUNTS)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("train/pos/1_8.txt", "two reviews of train/pos have the number 1"),
        ("train/pos/000001_9.txt", "train/pos/000001_9.txt is not how a review is named"),
        ("train/pos/9_3.txt", "train/pos/9_3.txt has the rating of another class"),
        ("train/neg/9_5.txt", "train/neg/9_5.txt has the rating of another class"),
        ("train/pos/9_11.txt", "train/pos/9_11.txt has the rating of another class"),
        ("train/unsup/9_1.txt", "train/unsup/9_1.txt has the rating of another class"),
    ],
)
def test_reviews_that_contradict_their_name_or_one_another_are_refused(tmp_path, name, said):
    files = archive_files() | {f"aclImdb/{name}": b"A film."}
    with pytest.raises(UserError, match=f"refused: {said}"):
        imdb.read(write_archive(tmp_path / "a.tar.gz", files), COUNTS)
    with pytest.raises(UserError, match=f"refused: {said}"):
        imdb.read(unpack(files, tmp_path / "unpacked"), COUNTS)


def test_the_same_entry_twice_is_refused(tmp_path):
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for text in (b"A fine film.", b"A dull film."):
            member = tarfile.TarInfo("aclImdb/train/pos/1_9.txt")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    with pytest.raises(UserError, match="two reviews of train/pos have the number 1"):
        imdb.read(path, COUNTS)


def header(name, size, kind=tarfile.REGTYPE, **more):
    member = tarfile.TarInfo(name)
    member.size, member.type = size, kind
    return member.tobuf(**more)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (header("aclImdb/train/pos/0_9.txt", 1_500_000), "1,500,000 bytes; 1,000,000 at most"),
        (header("aclImdb/train/large.feat", 8 * 10**9), "8,000,000,000 bytes; 100,000,000 at most"),
        (header("extension", 2**31, tarfile.XHDTYPE), "2,147,483,648 bytes; 1,000,000 at most"),
        (header("name", 2**31, tarfile.GNUTYPE_LONGNAME), "2,147,483,648 bytes; 1,000,000 at"),
    ],
)
def test_what_is_too_large_is_refused_at_its_header(tmp_path, entry, said):
    """Nothing of the content is there, so that whoever tried to read it would find out."""
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(entry))
    with pytest.raises(UserError, match=said) as refused:
        imdb.read(path, COUNTS)
    assert "\n" not in str(refused.value)


def test_a_sparse_member_that_claims_ten_gigabytes_is_refused(tmp_path):
    sparse = tarfile.TarInfo("aclImdb/train/pos/0_9.txt")
    sparse.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1",
                          "GNU.sparse.name": sparse.name, "GNU.sparse.size": str(10**10),
                          "GNU.sparse.map": f"{10**10},0"}  # fmt: skip
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(sparse)
    with pytest.raises(UserError, match=r"not a plain file|bytes are in it"):
        imdb.read(path, COUNTS)


def test_a_million_members_are_refused_early(tmp_path, monkeypatch):
    monkeypatch.setattr(imdb, "MOST_MEMBERS", 10)
    with pytest.raises(UserError, match="refused: more than 10 files"):
        imdb.read(write_archive(tmp_path / "a.tar.gz", archive_files()), COUNTS)
