"""Download one file: with a progress bar; resumes where it stopped; verified before use."""

import hashlib
import urllib.error
import urllib.request
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from preprocessing.errors import UserError

from filelock import FileLock
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

TIMEOUT_SECONDS = 20
BLOCK_BYTES = 1 << 18


def download(url: str, target: Path, size: int, checksum: str, algorithm: str = "md5") -> Path:
    """Download `url` to `target`, which is there whole and verified or not at all.

    What has arrived is kept beside it as ``*.part`` and the next call goes on from there.

    Args:
        url: the address.
        target: the file to make.
        size: its length in bytes.
        checksum: its published checksum, in hexadecimal.
        algorithm: what the checksum is, as hashlib names it.

    Raises:
        UserError: the address cannot be reached, or what arrived is not what was published.
    """
    if target.exists():  # perhaps where nothing can be written, not even a lock
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    with FileLock(f"{target}.lock"):
        if target.exists():
            return target
        try:
            _fetch(url, part, size)
        except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
            raise UserError(f"{url}: {getattr(error, 'reason', error)}") from error
        content = part.read_bytes()
        digest = hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()
        if digest != checksum:
            part.unlink()
            raise UserError(f"{url}: checksum is {digest}, published is {checksum}; download again")
        part.replace(target)
    return target


def _fetch(url: str, part: Path, size: int) -> None:
    have = part.stat().st_size if part.exists() else 0
    if have >= size:
        return
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
        resumed = response.status == 206
        columns = ("{task.description}", BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with part.open("ab" if resumed else "wb") as file, Progress(*columns) as progress:
            task = progress.add_task(
                f"downloading {part.stem}", total=size, completed=have if resumed else 0
            )
            while block := _block(response):
                file.write(block)
                progress.advance(task, len(block))
    if part.stat().st_size < size:
        raise ConnectionError(f"connection ended after {part.stat().st_size:,} of {size:,} bytes")


def _block(response: HTTPResponse) -> bytes:
    """Return the next block; none at the end.

    Raises:
        ConnectionError: the network failed, however the system calls that.
    """
    try:
        return response.read(BLOCK_BYTES)
    except OSError as error:
        raise ConnectionError(str(error)) from error
