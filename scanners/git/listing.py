"""Lists the files of a tree as git knows them, however many, deep or oddly named they are."""

import hashlib
import os
import re
import selectors
import subprocess
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from scanners.git.environment import clean_environment
from scanners.git.errors import error
from scanners.git.policy import MIB, Policy
from scanners.git.process import Limits, git, kill_tree, opened, start
from scanners.regex import regex

CHUNK = 64 * 1024
MAX_RECORD = MIB
KEPT_OF_LONG_PATH = 200
# Control and format characters, lone surrogates (bytes that are not UTF-8), line and paragraph separators.
ESCAPED = {"Cc", "Cf", "Cs", "Zl", "Zp"}

_PLAIN = regex(rb"[ -\[\]-~]+")  # Printable ASCII without the backslash: nearly every path there is.
_RECORD = regex(rb"(\d{6}) ([a-z]+) ([0-9a-f]{40,64}) +(\S+)\t(.+)", re.DOTALL)


class Entry(NamedTuple):
    """One file of a commit. `mode` is git's: 100644 or 100755 file, 120000 symbolic link, 160000 submodule.

    `size` is in bytes; None when the blob was left out of the store for its size, and for a submodule.
    """

    path: str
    sha: str
    mode: str
    size: int | None


class Record(NamedTuple):
    """One line of git's list: a file, or a folder, whose entry has no more than its id."""

    path: bytes
    entry: Entry
    is_folder: bool


def list_tree(git_dir: Path, tree: str, policy: Policy) -> Iterator[Entry]:
    """Yield the files below a tree, in git's order, paths relative to it. Raises as `list_records` does."""
    return (record.entry for record in list_records(git_dir, tree, policy) if not record.is_folder)


def list_records(git_dir: Path, tree: str, policy: Policy) -> Iterator[Record]:
    """Yield the files and folders below a tree likewise, a folder before what is in it.

    Raises SourceError too_many_files, listing_too_slow (only time spent waiting for git counts), malformed_repository.
    """
    files = 0
    for record in _records(git_dir, tree, policy):
        parsed = _RECORD.fullmatch(record)
        if parsed is None:
            raise error("malformed_repository")
        mode, kind, sha, size, path = parsed.groups()
        is_folder = kind == b"tree"
        files += not is_folder
        if files > policy.max_entries:
            raise error("too_many_files", limit=policy.max_entries)
        shown = "" if is_folder else shown_path(path, policy.max_path_bytes)
        entry = Entry(shown, sha.decode(), mode.decode(), int(size) if size.isdigit() else None)
        yield Record(path, entry, is_folder)


def shown_path(raw: bytes, max_bytes: int) -> str:
    r"""Turn a path's bytes into text that can be stored and shown; two different paths never become the same text.

    Backslashes, invisible characters and bytes that are not UTF-8 are written as \\, \n, \x1b, \u202e. A text longer
    than `max_bytes` is cut and ends in \... and a digest of the whole.
    """
    if len(raw) <= max_bytes:
        if _PLAIN.fullmatch(raw):
            return raw.decode("ascii")
        text = _escaped(raw)
        if len(text.encode()) <= max_bytes:
            return text
    return rf"{_escaped(raw[:KEPT_OF_LONG_PATH])}\...{hashlib.sha256(raw).hexdigest()}"


def _escaped(raw: bytes) -> str:
    return "".join(map(_escape, raw.decode("utf-8", "surrogateescape")))


def _escape(character: str) -> str:
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    if character == "\\" or unicodedata.category(character) in ESCAPED:
        return character.encode("unicode_escape").decode("ascii")
    return character


def _records(git_dir: Path, tree: str, policy: Policy) -> Iterator[bytes]:
    allowed = Limits(memory=policy.max_memory_bytes, file_size=0, cpu=policy.cpu_seconds)
    command = [git(), f"--git-dir={git_dir}", "ls-tree", "-r", "-t", "-z", "-l", tree]
    process = start(command, allowed, clean_environment())
    rest = b""
    try:
        for data in _chunks(process, policy.list_seconds):
            *records, rest = (rest + data).split(b"\0")
            yield from records
            if len(rest) > MAX_RECORD:
                raise error("malformed_repository")
        if process.wait() != 0:
            raise error("resource_limit" if process.returncode < 0 else "malformed_repository")
    finally:
        kill_tree(process)
        opened(process.stdout).close()


def _chunks(process: subprocess.Popen[bytes], seconds: float) -> Iterator[bytes]:
    pipe = opened(process.stdout).fileno()
    left = seconds
    with selectors.DefaultSelector() as waiting:
        waiting.register(pipe, selectors.EVENT_READ)
        while True:
            began = time.monotonic()
            if left <= 0 or not waiting.select(left):
                raise error("listing_too_slow", seconds=round(seconds))
            data = os.read(pipe, CHUNK)
            left -= time.monotonic() - began
            if not data:
                return
            yield data
