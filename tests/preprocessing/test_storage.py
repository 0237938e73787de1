import multiprocessing
import os
import signal
import time

from preprocessing.errors import UserError
from preprocessing.storage import make_folder, read_manifest, verify, write_atomically

import pytest


def build(folder):
    (folder / "a.txt").write_text("content")
    return {"made": "once"}


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
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        make_folder(tmp_path / "result", fail)
    assert not [file for file in tmp_path.iterdir() if file.is_dir()]


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        (lambda f: (f / "a.txt").write_text("conten"), read_manifest),
        (lambda f: (f / "a.txt").unlink(), read_manifest),
        (lambda f: (f / "manifest.json").write_text("{"), read_manifest),
        (lambda f: (f / "manifest.json").write_text("[]"), read_manifest),
        (lambda f: (f / "a.txt").write_text("CONTENT"), verify),
    ],
)
def test_damage_is_found_and_said(tmp_path, damage, check):
    make_folder(tmp_path / "result", build)
    damage(tmp_path / "result")
    with pytest.raises(UserError, match=r"is damaged; delete .*result and run again"):
        check(tmp_path / "result")


def test_atomic_writing_keeps_the_old_file_when_it_fails(tmp_path, monkeypatch):
    def fail_half_way(path, content):
        path.write_text("ne")
        raise OSError(28, "No space left on device")

    file = tmp_path / "file"
    write_atomically(file, "old")
    monkeypatch.setattr(type(file), "write_bytes", fail_half_way)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(file, "new")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]
