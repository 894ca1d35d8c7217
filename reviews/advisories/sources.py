"""
Where advisories are read from: a folder, an archive, one file, or a git mirror.

    with opened("https://git.example.org/advisory-database.git", tick) as source:
        for name, raw in source.files:      # bytes, or None for what is too large to be a record
            ...

Nothing is unpacked or checked out: members and blobs are read one by one. Links, hidden files and paths that lead out
of the source are passed over. Raises LoadError, SourceError of `scanners.git`, and OSError.
"""

import bz2
import gzip
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import IO, Any

from django.conf import settings

from reviews.advisories.errors import LoadError
from reviews.sources import policy
from scanners.git.address import parse_source
from scanners.git.fetch import fetch
from scanners.git.scratch import scratch_dir
from scanners.git.store import Store

SUFFIXES = (".json", ".yaml", ".yml")
LARGEST = 5_000_000
MOST_FILES = 500_000
MOST_BYTES = 1024 * 1024 * 1024
LARGEST_LIST = 200 * 1024 * 1024
_DOWNLOADS = (".zip", ".tar", ".tgz", ".gz", ".xz", ".json")
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile)
_OPENERS: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}

Files = Iterator[tuple[str, bytes | None]]


@dataclass(frozen=True)
class Opened:
    """A source being read. `is_whole`: it holds all that its keepers publish; `is_live`: they keep it up to date there.

    `day` and `commit` are those of a mirror's newest commit.
    """

    name: str
    files: Files
    is_whole: bool = True
    is_live: bool = False
    day: date | None = None
    commit: str = ""


@contextmanager
def opened(source: str, tick: Callable[[], None]) -> Iterator[Opened]:
    """Open a source by its path or URL; `tick` is called while a mirror is fetched, and what it raises ends that."""
    try:
        if "://" in source:
            with _mirror(source, tick) as mirror:
                yield mirror
        else:
            yield _of_disk(Path(source).expanduser().resolve())
    except _BROKEN as error:
        raise LoadError("archive_broken", source=source) from error


@contextmanager
def _mirror(url: str, tick: Callable[[], None]) -> Iterator[Opened]:
    if not url.startswith("file:") and PurePosixPath(url).suffix in _DOWNLOADS:
        raise LoadError("source_is_no_git", source=url)
    rules = policy()
    place = parse_source(url, rules)
    with scratch_dir(settings.SCRATCH_DIR) as scratch:
        fetched = fetch(place, "HEAD", scratch, policy=rules, tick=tick)
        with Store(fetched.git_dir, rules) as store:
            commit = store.commit(fetched.commit)
            files = _counted(place.url, _blobs(store, fetched.commit))
            yield Opened(place.url, files, is_live=True, day=commit.authored_at.date(), commit=commit.sha)


def _blobs(store: Store, commit: str) -> Files:
    for entry in store.entries(commit):
        if entry.mode.startswith("100") and _is_record(entry.path):
            yield entry.path, store.read(entry.sha)


def _of_disk(path: Path) -> Opened:
    name = str(path)
    if path.is_dir():
        return Opened(name, _counted(name, _folder(path)))
    if not path.is_file():
        raise LoadError("source_missing", source=name)
    if path.suffix in SUFFIXES:
        whole = path.read_bytes() if path.stat().st_size <= LARGEST_LIST else None
        return Opened(name, iter([(path.name, whole)]), is_whole=False)
    return Opened(name, _counted(name, _zipped(path) if zipfile.is_zipfile(path) else _tarred(path)))


def _folder(folder: Path) -> Files:
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(here, name)
            found = file.lstat()
            if stat.S_ISREG(found.st_mode) and _is_record(name):
                path = file.relative_to(folder).as_posix()
                yield path, file.read_bytes() if found.st_size <= LARGEST else None


def _zipped(path: Path) -> Files:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if _is_record(member.filename) and not stat.S_ISLNK(member.external_attr >> 16):
                yield member.filename, _member(archive, member)


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes | None:
    """What a member holds, never more than it says; None when that is too much, or locked."""
    try:
        return archive.read(member) if member.file_size <= LARGEST else None
    except (RuntimeError, NotImplementedError):  # a password, or a method that nobody here knows
        return None


def _tarred(path: Path) -> Files:
    with path.open("rb") as file:
        opener = _OPENERS.get(file.read(2))
    with opener(path) if opener else path.open("rb") as stream:
        bounded: Any = _Bounded(stream, str(path))
        with tarfile.open(fileobj=bounded, mode="r|") as archive:
            for member in archive:
                if member.isreg() and _is_record(member.name):
                    held = archive.extractfile(member) if member.size <= LARGEST else None
                    yield member.name, held.read() if held else None


class _Bounded:
    """A stream that gives out only so much, because a packed one may hold a thousand times its size."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream = stream
        self._name = name
        self._left = MOST_BYTES

    def read(self, size: int) -> bytes:
        """As of files. Raises LoadError source_too_large."""
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise _too_large(self._name)
        return data


def _counted(name: str, files: Files) -> Files:
    left = MOST_BYTES
    for number, (path, raw) in enumerate(files):
        left -= LARGEST if raw is None else len(raw)
        if number >= MOST_FILES or left < 0:
            raise _too_large(name)
        yield path, raw


def _too_large(name: str) -> LoadError:
    return LoadError("source_too_large", source=name, files=MOST_FILES, mib=MOST_BYTES // 1024**2)


def _is_record(path: str) -> bool:
    parts = PurePosixPath(path).parts
    plain = not any(part.startswith(".") for part in parts if part != ".")
    return plain and path.endswith(SUFFIXES)
