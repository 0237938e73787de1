import multiprocessing
import os
import shutil
import signal
import time
from functools import partial

from preprocessing.errors import DamagedError
from preprocessing.storage import (
    make_folder,
    pack,
    read_manifest,
    seal,
    unpack,
    unseal,
    verify,
    write_atomically,
)
from tests.crashes import killed_at_each_call

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def build(folder):
    (folder / "a.txt").write_text("content")
    return {"made": "once"}


def make_again(folder):
    return make_folder(folder, build)


def build_slowly(folder):
    with (folder.parent / "builds").open("a") as log:
        log.write("x")
    time.sleep(0.5)
    return build(folder)


def build_and_be_killed(folder):
    (folder / "a.txt").write_text("cont")
    os.kill(os.getpid(), signal.SIGKILL)


def start(build, target):
    process = multiprocessing.get_context("fork").Process(target=make_folder, args=(target, build))
    process.start()
    return process


def test_made_once_and_whole(tmp_path):
    target = tmp_path / "x" / "result"
    manifest = make_folder(target, build)
    assert manifest["made"] == "once"
    assert manifest["files"]["a.txt"]["bytes"] == 7
    assert make_folder(target, build_and_be_killed) == manifest
    verify(target)


def test_a_folder_that_lost_its_manifest_is_damaged_and_nothing_is_built_in_vain(tmp_path):
    (tmp_path / "whole").mkdir()
    packed = pack(make_again(tmp_path / "made") and tmp_path / "made")
    for make in (partial(make_folder, build=build_and_be_killed), partial(unpack, packed)):
        with pytest.raises(DamagedError, match=r"manifest\.json is damaged \(it is missing\)"):
            make(target=tmp_path / "whole")


def test_two_processes_build_once(tmp_path):
    processes = [start(build_slowly, tmp_path / "result") for _ in range(2)]
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert (tmp_path / "builds").read_text() == "x"
    verify(tmp_path / "result")


def test_killed_while_building_leaves_nothing_that_is_taken_for_whole(tmp_path):
    process = start(build_and_be_killed, tmp_path / "result")
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert not (tmp_path / "result").exists()
    make_folder(tmp_path / "result", build)
    assert (tmp_path / "result" / "a.txt").read_text() == "content"
    assert not list(tmp_path.glob("*.unfinished"))


def test_a_failed_build_is_cleared_away(tmp_path):
    def fail(folder):
        (folder / "a.txt").write_text("cont")
        raise OSError("12 requested and 4 written")  # as numpy says that a disk is full

    with pytest.raises(OSError, match=r"No space left on device: .*result"):
        make_folder(tmp_path / "result", fail)
    assert not [file for file in tmp_path.iterdir() if file.is_dir()]


def replace_by_link(folder):
    (folder / "a.txt").rename(folder.parent / "a.txt")
    (folder / "a.txt").symlink_to(folder.parent / "a.txt")


@pytest.mark.parametrize(
    ("damage", "check", "said"),
    [
        (lambda f: (f / "a.txt").write_text("conten"), read_manifest, "its size"),
        (lambda f: (f / "a.txt").unlink(), read_manifest, "it is missing"),
        (replace_by_link, read_manifest, "it is not a file"),
        (lambda f: (f / "manifest.json").write_text("{"), read_manifest, "Expecting"),
        (lambda f: (f / "manifest.json").write_text("[]"), read_manifest, "no hash of its own"),
        (lambda f: (f / "manifest.json").write_text("[" * 10**5), read_manifest, "too deep"),
        (lambda f: (f / "manifest.json").unlink(), read_manifest, "No such file"),
        (lambda f: (f / "a.txt").write_text("CONTENT"), verify, "its hash"),
        (lambda f: (f / "a.txt").write_text("CONTENT"), make_again, "its hash"),
    ],
)
def test_damage_is_found_and_said(tmp_path, damage, check, said):
    make_folder(tmp_path / "result", build)
    damage(tmp_path / "result")
    with pytest.raises(DamagedError, match=rf"is damaged \(.*{said}.*\); delete .*result and run"):
        check(tmp_path / "result")


@settings(deadline=None, derandomize=True, database=None)
@given(place=st.integers(0), bit=st.integers(0, 7))
def test_no_changed_bit_of_a_sealed_document_is_believed(place, bit):
    content = {"accuracy": 0.9177, "files": {"ä": [1, None, True]}, "nan": float("nan")}
    written = bytearray(seal(content).encode())
    written[place % len(written)] ^= 1 << bit
    try:
        read = unseal(bytes(written))
    except ValueError:
        return
    assert repr(read) == repr(content), "but for white space"


def test_atomic_writing_keeps_the_old_file_when_it_fails(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    file = tmp_path / "file"
    write_atomically(file, "old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=rf"No space left on device: '{file}'"):
        write_atomically(file, "new")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_writer_that_is_killed_at_any_call_leaves_the_old_or_the_new(tmp_path):
    def write():
        write_atomically(tmp_path / "file", "new")
        make_folder(tmp_path / "made", build)

    (tmp_path / "file").write_text("old")
    for _ in killed_at_each_call(write):
        assert (tmp_path / "file").read_text() in ("old", "new")
        if (tmp_path / "made").exists():
            verify(tmp_path / "made")
            shutil.rmtree(tmp_path / "made")
        (tmp_path / "file").write_text("old")
    assert (tmp_path / "file").read_text() == "new"
    verify(tmp_path / "made")
