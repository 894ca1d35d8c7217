"""
What a piece of evidence in a file says, so that a later version of the file can be held against it.

    piece = read("pay.py", content, 40, 48)         # digest, lines to show, and what the digest covers
    again(piece.place("pay.py"), later)             # the same piece later, wherever it is now; None when it changed

The digest of Python is over the syntax of the smallest def or class around the lines, or of the statements on them:
formatting, comments and the place in the file make no difference, names and logic do. Of other text it is over the
lines that are not blank, with their depth in place of their white space; of anything else, over the bytes.
"""

import ast
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import NamedTuple, TypeVar

from scanners.canonical import Definition, definitions, first_line, hashed, last_line, syntax
from scanners.finding import Problem
from scanners.parse import MAX_BYTES, UnreadableError, parse

MOST_ROWS = 12
MOST_WIDTH = 300
MOST_LINES = 500
MOST_PARTS = 20_000
MOST_PLACES = 100
_HEAD = 16
Row = tuple[int, str, bool]
_Part = TypeVar("_Part")
_WHOLE = "Name the file as a whole."


class _Line(NamedTuple):
    number: int
    level: int
    text: str


class EvidenceError(Exception):
    """A file that cannot serve as evidence as it was asked for, with what to show for it."""

    def __init__(self, code: str, message: str, next_step: str) -> None:
        super().__init__(message)
        self.problem = Problem(code, message, next_step)


@dataclass(frozen=True, slots=True)
class Place:
    """What of a file a digest covers: lines from 1, a def or class by its dotted name, or so many statements or lines.

    Without lines it is the whole file.
    """

    path: str
    line: int | None = None
    end_line: int | None = None
    qualname: str = ""
    parts: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A place as it was read. `rows` are (line, text, whether it was asked for), at most 12."""

    place: Place
    rows: tuple[Row, ...]


def digest(path: str, content: bytes, line: int | None = None, end_line: int | None = None) -> str:
    """The digest of some lines of a file, or of all of it. Raises EvidenceError."""
    return read(path, content, line, end_line).place.digest


def snippet(content: bytes, line: int | None = None, end_line: int | None = None) -> tuple[Row, ...]:
    """The lines to show: those asked for, at most 12, or the first of the file; none of a binary file."""
    lines = _lines(_text(content) or "")
    first = line or 1
    last = min(end_line or line or len(lines), first + MOST_ROWS - 1, len(lines))
    return tuple((number, lines[number - 1][:MOST_WIDTH], line is not None) for number in range(first, last + 1))


def read(path: str, content: bytes, line: int | None = None, end_line: int | None = None) -> Piece:
    """Read some lines of a file, or all of it when `line` is None. Raises EvidenceError, which says what to do."""
    if len(content) > MAX_BYTES:
        advice = "Attach the part that matters as an upload."
        raise EvidenceError("too-large", f"The file is larger than {MAX_BYTES:,} bytes.", advice)
    file = _File(path, content)
    if line is None:
        place = Place(path, digest=file.whole())
    else:
        last = end_line or line
        file.check(line, last)
        place = file.place(line, last)
    return _piece(place, content)


def again(known: Place, content: bytes) -> Piece | None:
    """Find what was read once in a later version of its file; None where it differs now."""
    if len(content) > MAX_BYTES:
        return None
    if known.line is None:
        whole = read(known.path, content)
        return whole if whole.place.digest == known.digest else None
    file = _File(known.path, content)
    found = next((place for place in file.like(known) if place.digest == known.digest), None)
    return _piece(found, content) if found else None


def _piece(place: Place, content: bytes) -> Piece:
    return Piece(place, snippet(content, place.line, place.end_line))


def moved(known: Place, content: bytes) -> Piece:
    """Read what a place stands for in another version of its file: its def or class by name, or else its lines.

    Raises EvidenceError.
    """
    if not known.qualname or len(content) > MAX_BYTES:
        return read(known.path, content, known.line, known.end_line)
    found = next(_File(known.path, content).like(known), None)
    return _piece(found, content) if found else read(known.path, content, known.line, known.end_line)


class _File:
    """One version of a file: as syntax, as lines, or as bytes."""

    def __init__(self, path: str, content: bytes) -> None:
        self._path = path
        self._content = content
        self._text = _text(content)
        self._tree = _tree(path, content)

    @cached_property
    def _lines(self) -> list[_Line]:
        return _leveled(_lines(self._text or ""))

    def check(self, line: int, end_line: int) -> None:
        """Raise EvidenceError unless the file has these lines."""
        if self._text is None:
            raise EvidenceError("not-text", "The file is not UTF-8 text, so it has no lines.", "Name it as a whole.")
        count = len(_lines(self._text))
        if not 1 <= line <= end_line:
            raise EvidenceError(
                "lines-malformed", "The last line comes before the first.", "Name the first line first."
            )
        if end_line > count:
            message = f"The file has {count:,} lines at this commit."
            raise EvidenceError("past-the-end", message, f"Name lines from 1 to {count:,}." if count else _WHOLE)
        if end_line - line >= MOST_LINES:
            raise EvidenceError("too-many-lines", f"These are more than {MOST_LINES} lines.", _WHOLE)

    def whole(self) -> str:
        """The digest of all of it."""
        if self._tree is not None:
            return hashed("python", *syntax(self._tree))
        if self._text is not None:
            return hashed("lines", *_relative(self._lines))
        return hashed("bytes", hashlib.sha256(self._content).hexdigest())

    def place(self, line: int, end_line: int) -> Place:
        """What the lines stand for."""
        for qualname, node in reversed(list(definitions(self._tree))):
            if first_line(node) <= line and end_line <= last_line(node):
                return replace(self._definition(qualname, node), line=line, end_line=end_line)
        body = self._tree.body if self._tree else []
        found = [node for node in body if first_line(node) <= end_line and line <= last_line(node)]
        if found:
            return replace(self._statements(found), line=line, end_line=end_line)
        lines = [one for one in self._lines if line <= one.number <= end_line]
        if not lines:
            raise EvidenceError("blank", "There is nothing on these lines.", "Name lines with content.")
        return replace(self._window(lines), line=line, end_line=end_line)

    def like(self, known: Place) -> Iterator[Place]:
        """All places that may be what was known: of the same name, or of as many statements or lines."""
        if known.qualname:
            yield from (
                self._definition(name, node) for name, node in definitions(self._tree) if name == known.qualname
            )
            return
        body = self._tree.body if self._tree else []
        yield from map(self._statements, _windows(body, known, self._words))
        yield from map(self._window, _windows(self._lines, known, lambda line: line.text))

    def _definition(self, qualname: str, node: Definition) -> Place:
        made = hashed("definition", qualname, *syntax(node))
        return Place(self._path, first_line(node), last_line(node), qualname, digest=made)

    def _statements(self, found: Sequence[ast.stmt]) -> Place:
        words = [self._words(node) for node in found]
        return Place(
            self._path, first_line(found[0]), last_line(found[-1]), parts=len(found), digest=_joined(words[0], words)
        )

    def _words(self, node: ast.stmt) -> str:
        return hashed(*syntax(node))

    def _window(self, lines: Sequence[_Line]) -> Place:
        made = _joined(lines[0].text, _relative(lines))
        return Place(self._path, lines[0].number, lines[-1].number, parts=len(lines), digest=made)


def _text(content: bytes) -> str | None:
    """The content as text; None for a binary file."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _tree(path: str, content: bytes) -> ast.Module | None:
    if not path.endswith((".py", ".pyi")):
        return None
    try:
        return parse(content).tree
    except UnreadableError:
        return None


def _lines(text: str) -> list[str]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _leveled(lines: Sequence[str]) -> list[_Line]:
    """The lines that are not blank, with their depth in place of their white space."""
    found: list[_Line] = []
    indents = [0]
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if text:
            expanded = line.expandtabs()
            indent = len(expanded) - len(expanded.lstrip())
            while indents[-1] > indent:
                indents.pop()
            if indents[-1] < indent:
                indents.append(indent)
            found.append(_Line(number, len(indents), text))
    return found


def _relative(lines: Sequence[_Line]) -> Iterator[str]:
    least = min((line.level for line in lines), default=0)
    return (f"{line.level - least} {line.text}" for line in lines)


def _joined(first: str, parts: Iterable[str]) -> str:
    """The digest of parts in a row, which begins with that of the first: what is like it is found by this alone."""
    return hashed(first)[:_HEAD] + hashed(*parts)[_HEAD:]


def _windows(parts: Sequence[_Part], known: Place, text: Callable[[_Part], str]) -> Iterator[Sequence[_Part]]:
    """As many parts in a row as are known, wherever the first one is the same; a few, and none of a gigantic file."""
    size, most = known.parts, len(parts) - known.parts + 1
    starts = range(most if size and len(parts) <= MOST_PARTS else 0)
    same = (start for start in starts if known.digest.startswith(hashed(text(parts[start]))[:_HEAD]))
    return (parts[start : start + size] for start in islice(same, MOST_PLACES))
