"""Mended files as one patch that `git apply` takes."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def patch(mended: Iterable[tuple[str, Mapping[str, Any]]], prefix: str = "") -> bytes:
    """A patch of all files that changed, as (path, what the child said), in order of path.

    `prefix` is the folder below the root of the repository that the paths start from.
    """
    parts = []
    for path, said in sorted(mended, key=lambda pair: pair[0]):
        if not said["problem"] and said["hunks"]:
            whole = f"{prefix.strip('/')}/{path}".lstrip("/")
            old, new = _quoted(f"a/{whole}"), _quoted(f"b/{whole}")
            parts.append(b"diff --git %s %s\n--- %s\n+++ %s\n" % (old, new, _named(old), _named(new)))
            parts.append(said["hunks"].encode("latin-1"))
    return b"".join(parts)


def _quoted(name: str) -> bytes:
    """As git writes names: plain where it can, in quotes with escapes for control signs, quotes and backslashes."""
    raw = name.encode("utf-8", "surrogateescape")
    if all(sign >= 32 and sign not in b'"\\\x7f' for sign in raw):
        return raw
    escaped = b"".join(
        b"\\%03o" % sign if sign < 32 or sign == 127 else b"\\" + bytes([sign]) if sign in b'"\\' else bytes([sign])
        for sign in raw
    )
    return b'"%s"' % escaped


def _named(quoted: bytes) -> bytes:
    """In the lines of names a tab ends a name with spaces."""
    return quoted + b"\t" if b" " in quoted and not quoted.startswith(b'"') else quoted


def hunks(before: bytes, after: bytes) -> Iterator[bytes]:
    """The unified diff of two files, without its two lines of names."""
    old, new = _lines(before), _lines(after)
    for number, line in enumerate(difflib.diff_bytes(difflib.unified_diff, old, new)):
        if number >= 2:
            yield line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n"


def _lines(text: bytes) -> list[bytes]:
    """The lines as git counts them: splitlines would end one at a bare carriage return as well."""
    *lines, last = text.split(b"\n")
    return [line + b"\n" for line in lines] + ([last] if last else [])
