"""A patch as rows of a page. Pure; what is not UTF-8 is shown with a mark in its place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

MOST_ROWS = 800
MOST_COPIED = 100_000  # Bytes that a button may put on the clipboard.
_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPED = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_KINDS = {b"+": "add", b"-": "del", b" ": "same", b"\\": "note"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line: `kind` is add, del, same, note, or hunk for the head of one. `number` is that of its own side."""

    kind: str
    number: int | None
    text: str


@dataclass(frozen=True, slots=True)
class FileDiff:
    """What a patch changes in one file."""

    path: str
    rows: tuple[Row, ...]


def files(body: bytes, most: int = MOST_ROWS) -> list[FileDiff]:
    """The files of a patch, as many as fit into so many rows. The last one may be cut."""
    found: list[FileDiff] = []
    left = most
    for path, rows in _files(body):
        if left <= 0:
            break
        shown = tuple(islice(rows, left))
        left -= len(shown)
        found.append(FileDiff(path, shown))
    return found


def copied(body: bytes) -> str:
    """The patch as a browser can copy it; empty for one that would not come out the same."""
    if len(body) > MOST_COPIED or b"\r" in body:
        return ""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return ""


def _files(body: bytes) -> Iterator[tuple[str, list[Row]]]:
    lines = iter(body.split(b"\n"))
    path, rows = "", list[Row]()
    for line in lines:
        head = _HUNK.match(line)
        if head:
            rows.append(Row("hunk", None, _text(line)))
            rows += _hunk(lines, *(int(part or 1) for part in head.groups()))
        elif line.startswith(b"+++ "):
            path = _name(line[4:])
        elif line.startswith(b"diff --git ") and path:
            yield path, rows
            path, rows = "", []
    if path:
        yield path, rows


def _hunk(lines: Iterator[bytes], old: int, olds: int, new: int, news: int) -> Iterator[Row]:
    """The rows of one hunk: as many lines of each side as its head says."""
    last_old, last_new = old + olds, new + news
    while old < last_old or new < last_new:
        line = next(lines, None)
        if line is None:
            return
        kind = _KINDS.get(line[:1], "same")
        yield Row(kind, {"del": old, "note": None}.get(kind, new), _text(line[1:]))
        old += kind in ("del", "same")
        new += kind in ("add", "same")


def _name(named: bytes) -> str:
    raw = named.rstrip(b"\t")
    if raw.startswith(b'"'):
        raw = _ESCAPED.sub(_plain, raw[1:-1])
    return _text(raw).removeprefix("b/")


def _plain(found: re.Match[bytes]) -> bytes:
    sign = found.group(1)
    return bytes([int(sign, 8)]) if len(sign) == 3 else sign


def _text(raw: bytes) -> str:
    return raw.rstrip(b"\r").decode("utf-8", "replace")
