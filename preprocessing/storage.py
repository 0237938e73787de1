"""Folders that are there whole or not at all, and that know when they were damaged.

A folder is built under another name and renamed when it is complete, so a process that is killed
leaves nothing that could be mistaken for a result. Its ``manifest.json`` holds the size and the
SHA-256 of every other file.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from preprocessing.errors import UserError

from filelock import FileLock

MANIFEST = "manifest.json"


def make_folder(target: Path, build: Callable[[Path], dict]) -> dict:
    """Build the folder `target` unless it is there, and return its manifest.

    Args:
        target: the folder to make; processes that want it at the same time wait for one another.
        build: writes files into the folder it is given and returns what to say in the manifest.
    """
    if not (target / MANIFEST).exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.parent / f".{target.name}.lock"):
            if not (target / MANIFEST).exists():
                unfinished = target.parent / f".{target.name}.unfinished"
                shutil.rmtree(unfinished, ignore_errors=True)
                unfinished.mkdir()
                try:
                    manifest = build(unfinished)
                    files = sorted(file for file in unfinished.rglob("*") if file.is_file())
                    manifest["files"] = {
                        file.relative_to(unfinished).as_posix(): {
                            "bytes": file.stat().st_size, "sha256": sha256(file)
                        }
                        for file in files
                    }  # fmt: skip
                    (unfinished / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
                    unfinished.rename(target)
                finally:
                    shutil.rmtree(unfinished, ignore_errors=True)
    return read_manifest(target)


def read_manifest(folder: Path) -> dict:
    """Return the manifest, having checked that every file is there in its full size.

    Raises:
        UserError: the folder is damaged.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        for name, file in manifest["files"].items():
            if (folder / name).stat().st_size != file["bytes"]:
                raise _damaged(folder, name)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(folder, MANIFEST) from error
    return manifest


def verify(folder: Path) -> None:
    """Read every file and compare its hash with the manifest.

    Raises:
        UserError: a file is not what was written.
    """
    for name, file in read_manifest(folder)["files"].items():
        if sha256(folder / name) != file["sha256"]:
            raise _damaged(folder, name)


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        unfinished.write_bytes(content.encode() if isinstance(content, str) else content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _damaged(folder: Path, name: str) -> UserError:
    return UserError(f"{folder / name} is damaged; delete {folder} and run again to rebuild it")
