"""The Large Movie Review Dataset (Maas et al., ACL 2011): find it, verify it, read it."""

import gzip
import hashlib
import re
import tarfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from preprocessing.errors import UserError
from preprocessing.sources.download import download
from preprocessing.sources.review import PARTS, UNLABELLED, Review
from preprocessing.storage import sha256

URL = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
BYTES = 84_125_825
MD5 = "7c2ac02c03563afcf9b574c7e56c153a"
ARCHIVE = "aclImdb_v1.tar.gz"
FOLDER = "aclImdb"

MOST_MEMBERS = 110_000
LARGEST_REVIEW = 1_000_000
LARGEST_OTHER = 100_000_000
LARGEST = 1_000_000_000
"""Bytes, unpacked, of a review, of another file and of all: far above what is published."""

PUBLISHED_COUNTS = {
    "train/pos": 12_500,
    "train/neg": 12_500,
    "test/pos": 12_500,
    "test/neg": 12_500,
    "train/unsup": 50_000,
}
_REVIEW = re.compile(r"((?:train|test)/(?:pos|neg)|train/unsup)/(\d{1,6})_(\d{1,2})\.txt")
_FILMS = re.compile(r"(train|test)/urls_(pos|neg|unsup)\.txt")
_RATINGS = {"pos": range(7, 11), "neg": range(1, 5), "unsup": range(1)}
_LABELS = {"pos": 1, "neg": 0, "unsup": UNLABELLED}


def in_cache(cache: Path) -> Path | None:
    """Return the archive or the unpacked folder in `cache`; None if neither is there."""
    return next((one for one in (cache / ARCHIVE, cache / FOLDER) if one.exists()), None)


def locate(data: Path | None, cache: Path) -> Path:
    """Return the path of the archive or of its unpacked folder.

    `data` is what the user named; without it, a copy in `cache` is taken, else the archive is
    downloaded there from `URL`.

    Raises:
        UserError: nothing is there, or nothing can be downloaded.
    """
    if data is not None:
        if not data.exists():
            raise UserError(f"{data}: no such file or folder; give the archive or {FOLDER}/")
        return data
    if found := in_cache(cache):
        return found
    try:
        return download(URL, cache / ARCHIVE, size=BYTES, checksum=MD5)
    except UserError as error:
        raise UserError(
            f"the IMDB reviews are not here and cannot be downloaded ({error}); either pass a copy "
            f"with --data PATH, or fetch {URL} by hand into {cache}/, or try --dataset sample"
        ) from error


def fingerprint(path: Path) -> str:
    """Return a hash that changes when the source does, without reading 100,000 files.

    An archive is hashed whole (0.1 s); an unpacked folder by its files' names, sizes and times.
    """
    if not path.is_dir():
        return sha256(path)
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*.txt")):
        state = file.stat()
        digest.update(f"{file.relative_to(path)} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def read(path: Path, counts: dict[str, int] = PUBLISHED_COUNTS) -> dict[str, list[Review]]:
    """Read all reviews from the archive or from its unpacked folder.

    Every byte of an archive is read, so that gzip's own checksum is compared, too.

    Returns the reviews of `train`, `test` and `unsup`, each sorted by class (neg, pos) and number,
    so that the order is the same wherever they were read from.

    Raises:
        UserError: the source is damaged, incomplete, or no such data set.
    """
    films: dict[str, list[str]] = {}
    found: dict[str, dict[int, tuple[int, str]]] = {group: {} for group in counts}
    for name, content in _folder_files(path) if path.is_dir() else _archive_files(path):
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            raise UserError(
                f"{path}: {name} is not UTF-8 (byte {error.start}); get a fresh copy"
            ) from None
        if match := _FILMS.fullmatch(name):
            films[f"{match[1]}/{match[2]}"] = text.splitlines()
            continue
        if not text.strip():
            raise UserError(f"{path}: {name} is empty; get a fresh copy of the data set")
        review = _REVIEW.fullmatch(name)
        assert review  # other files were passed over
        group, number, rating = review[1], int(review[2]), int(review[3])
        if rating not in _RATINGS[group.partition("/")[2]]:
            raise UserError(f"{path}: refused: {name} has the rating of another class")
        if name != f"{group}/{number}_{rating}.txt":
            raise UserError(f"{path}: refused: {name} is not how a review is named")
        if number in found[group]:
            raise UserError(f"{path}: refused: two reviews of {group} have the number {number}")
        found[group][number] = (rating, text)
    _check(path, found, films, counts)

    reviews: dict[str, list[Review]] = {part: [] for part in PARTS}
    for group in sorted(found):
        part, label = group.split("/")
        for number, (rating, text) in sorted(found[group].items()):
            reviews["unsup" if label == "unsup" else part].append(
                Review(
                    id=f"{group}/{number}_{rating}",
                    text=text,
                    label=_LABELS[label],
                    rating=rating,
                    film=films[group][number],
                )
            )
    return reviews


def _check(path: Path, found: dict, films: dict, counts: dict[str, int]) -> None:
    missing = [
        f"{group} has {len(found[group]):,} of {count:,}"
        for group, count in counts.items()
        if len(found[group]) != count
    ]
    missing += [
        f"{part}/urls_{label}.txt names {len(films.get(group, ())):,} films of {count:,}"
        for group, count in counts.items()
        for part, label in [group.split("/")]
        if len(films.get(group, ())) <= max(found[group], default=count - 1)
    ]
    if missing:
        raise UserError(f"{path} is not the whole IMDB data set: {'; '.join(missing)}")


def _folder_files(path: Path) -> Iterator[tuple[str, bytes]]:
    root = path / FOLDER if (path / FOLDER).is_dir() else path
    if not (root / "train").is_dir() or not (root / "test").is_dir():
        raise UserError(f"{path} is not an IMDB folder: there is no train/ and test/ inside")
    for group in ("train", "test"):
        for file in sorted((root / group).glob("urls_*.txt")):
            yield f"{group}/{file.name}", file.read_bytes()
    for group in PUBLISHED_COUNTS:
        for file in sorted((root / group).glob("*.txt")):
            if _REVIEW.fullmatch(name := f"{group}/{file.name}"):
                yield name, file.read_bytes()


class _Member(tarfile.TarInfo):
    """An entry of the archive, refused by its header if it says that it is too large.

    tarfile reads the headers of long names and of extensions whole, however long they are.
    """

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_Member":
        member = super().frombuf(buf, encoding, errors)
        is_content = member.type in (*tarfile.REGULAR_TYPES, tarfile.DIRTYPE)
        _check_size(member, LARGEST_OTHER if is_content else LARGEST_REVIEW)
        return member


def _check_size(member: tarfile.TarInfo, largest: int) -> None:
    """Raise `_RefusedError` if a member of the archive is larger than it can be."""
    if member.size > largest:
        raise _RefusedError(f"{member.name!r} in it has {member.size:,} bytes; {largest:,} at most")


class _RefusedError(Exception):
    """Why an archive is not read."""


def _archive_files(path: Path) -> Iterator[tuple[str, bytes]]:
    seen: Counter[str] = Counter()
    members = size = 0
    try:
        with (
            gzip.open(path) as content,
            tarfile.open(fileobj=content, mode="r:", tarinfo=_Member) as archive,
        ):
            for member in archive:
                members, size = members + 1, size + member.size
                if members > MOST_MEMBERS or size > LARGEST:
                    raise _RefusedError(
                        f"more than {MOST_MEMBERS:,} files or {LARGEST:,} bytes are in it"
                    )
                entry = PurePosixPath(member.name)
                if entry.is_absolute() or ".." in entry.parts or entry.parts[:1] != (FOLDER,):
                    raise _RefusedError(f"{member.name!r} in it lies outside {FOLDER}/")
                name = "/".join(entry.parts[1:])
                is_review = _REVIEW.fullmatch(name)
                if not (is_review or _FILMS.fullmatch(name)):
                    continue
                if not member.isfile() or member.issparse():
                    raise _RefusedError(f"{member.name!r} in it is not a plain file")
                _check_size(member, LARGEST_REVIEW if is_review else LARGEST_OTHER)
                seen[name.rpartition("/")[0]] += 1
                file = archive.extractfile(member)
                assert file  # it is one
                yield name, file.read()
            while content.read(1 << 20):  # the checksum stands at the end
                pass
    except _RefusedError as error:
        raise UserError(f"{path}: refused: {error}") from None
    except (EOFError, tarfile.TarError, gzip.BadGzipFile, zlib.error) as error:
        raise UserError(
            f"{path} is damaged or not a .tar.gz archive ({error}); "
            f"read {seen.total():,} files before that; get a fresh copy"
        ) from None
