"""Files and folders that are there whole or not at all, and that detect changes.

A folder is built under another name and renamed when it is complete, so a process that is killed
leaves nothing that could be mistaken for a result. Its ``manifest.json`` holds the size and the
SHA-256 of every other file. A manifest, like every document that `seal` writes, ends with its own
hash. Hashes find what a disk, a copy or an editor has changed; they do not keep out a person who
computes them again.
"""

import errno
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from preprocessing.errors import DamagedError
from preprocessing.wording import one_line

from filelock import FileLock

MANIFEST = "manifest.json"
UNFINISHED = ".unfinished"  # ends the names of what is being written, which begin with a dot

_SEAL = "sha256"
_SECONDS_TO_OUTLIVE = 60


def make_folder(target: Path, build: Callable[[Path], dict]) -> dict:
    """Build the folder `target` unless it is there, and return its manifest.

    A folder that is there is read once, to compare it with its hashes.

    Args:
        target: the folder to make; processes that want it at the same time wait for one another.
        build: writes files into the folder it is given and returns what to say in the manifest.

    Raises:
        DamagedError: the folder is there, and was changed.
    """
    with _whole_or_absent(target) as unfinished:
        if unfinished is not None:
            manifest = build(unfinished)
            files = sorted(file for file in unfinished.rglob("*") if file.is_file())
            manifest["files"] = {
                file.relative_to(unfinished).as_posix(): size_and_hash(file) for file in files
            }
            (unfinished / MANIFEST).write_text(seal(manifest))
    return verify(target) if unfinished is None else read_manifest(target)


@contextmanager
def _whole_or_absent(target: Path) -> Iterator[Path | None]:
    """Give the block a folder to fill that becomes `target` at its end; None if that is there.

    Processes that want the same folder at the same time wait for one another.

    Raises:
        DamagedError: a folder without a manifest is there.
    """
    if (target / MANIFEST).exists():
        yield None
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.parent / f".{target.name}.lock"):
        if (target / MANIFEST).exists():
            yield None
            return
        if target.exists():
            raise damaged(target, MANIFEST, "it is missing")
        unfinished = target.parent / f".{target.name}{UNFINISHED}"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        try:
            with _named(target):
                yield unfinished
            unfinished.rename(target)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)


def read_manifest(folder: Path) -> dict:
    """Return the manifest, having checked that every file is there in its full size.

    Raises:
        DamagedError: the manifest was changed, or a file is missing or of another size.
    """
    try:
        manifest = unseal((folder / MANIFEST).read_bytes())
    except (OSError, ValueError) as error:
        raise damaged(folder, MANIFEST, error) from error
    for name, file in manifest["files"].items():
        path = folder / name
        if path.is_symlink() or not path.is_file():
            raise damaged(folder, name, "it is not a file" if path.exists() else "it is missing")
        if path.stat().st_size != file["bytes"]:
            raise damaged(folder, name, "its size is not the one in the manifest")
    return manifest


def verify(folder: Path) -> dict:
    """Read every file, compare its hash with the manifest, and return the manifest.

    Raises:
        DamagedError: something is not what was written.
    """
    manifest = read_manifest(folder)
    for name, file in manifest["files"].items():
        if sha256(folder / name) != file["sha256"]:
            raise damaged(folder, name, "its hash is not the one in the manifest")
    return manifest


def pack(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder that `make_folder` made by their names, for `unpack`.

    Folders inside that have a manifest of their own are left out.

    Raises:
        DamagedError: the folder was changed.
    """
    names = [*verify(folder)["files"], MANIFEST]
    return {name: (folder / name).read_bytes() for name in names}


def unpack(files: Mapping[str, bytes], target: Path) -> None:
    """Make the folder `target` of what `pack` returned, unless it is there.

    Raises:
        DamagedError: the files are not what was packed.
    """
    with _whole_or_absent(target) as unfinished:
        if unfinished is not None:
            for name, content in files.items():
                path = unfinished / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            verify(unfinished)


def seal(content: dict[str, Any], indent: int | None = 1) -> str:
    """Return a document as JSON that ends with its own hash, for `unseal`.

    Args:
        content: what JSON can hold.
        indent: spaces a level; None for one line.
    """
    return json.dumps(content | {_SEAL: _digest(content)}, indent=indent) + "\n"


def unseal(written: bytes) -> dict[str, Any]:
    """Return the content of a document that `seal` wrote, without the hash.

    Raises:
        ValueError: it is no such document, or was changed.
    """
    try:
        content = json.loads(written)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if not isinstance(content, dict) or _SEAL not in content:
        raise ValueError("it has no hash of its own; earlier versions wrote none")
    if content.pop(_SEAL) != _digest(content):
        raise ValueError("it was changed: its hash is not its own")
    return content


def _digest(content: dict[str, Any]) -> str:
    """Return the SHA-256 of a document, whatever its spaces, line breaks and order."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never a part.

    After a power cut, too, the file is whole: it has the new content or the old.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")
    try:
        with _named(path), unfinished.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def remove_unfinished(folder: Path) -> None:
    """Remove what killed processes have left of `write_atomically` in a folder and below.

    Files of the last minute stay: they may be those of another machine that shares the disk.
    """
    for file in folder.rglob(f".*{UNFINISHED}"):
        number = file.name.split(".")[-2]
        try:
            is_left = number.isdigit() and not _is_running(int(number))
            if is_left and time.time() - file.stat().st_mtime > _SECONDS_TO_OUTLIVE:
                file.unlink()
        except FileNotFoundError:  # its process lives, and is done
            continue


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def size_and_hash(path: Path) -> dict[str, int | str]:
    """Return what a manifest says of a file."""
    return {"bytes": path.stat().st_size, "sha256": sha256(path)}


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Let an error of the system in the block name the file that was to be made.

    numpy gives no error number when a disk is full, and a failed write gives no name.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename is None:
            number = error.errno or errno.ENOSPC
            raise OSError(number, os.strerror(number), str(path)) from error
        raise


def damaged(folder: Path, name: str, what: Exception | str) -> DamagedError:
    """Return the error that says that a file in a folder of `make_folder` is damaged."""
    said = getattr(what, "strerror", None) or one_line(what)
    return DamagedError(
        f"{folder / name} is damaged ({said}); delete {folder} and run again to rebuild it"
    )
