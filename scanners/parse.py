"""Bytes to a tree: size caps, encodings, newer syntax, and a named problem for what cannot be read."""

import ast
import codecs
import io
import tokenize
import warnings
from dataclasses import dataclass
from typing import Final

from scanners.downlevel import downlevel
from scanners.finding import Problem
from scanners.regex import regex

MAX_BYTES: Final = 1024 * 1024  # Bounds one parse to a few seconds and some 300 MB (docs/decisions).
_OLD_MESSAGES: Final = ("Missing parentheses in call to", "leading zeros", "multiple exception types")
_OLD: Final = regex(r"^\s*(?:raise\s+[\w.]+\s*,|exec\s+['\w]|print\s+['\w])|`|<>|\b0[0-7]+L?\b|\b\d+L\b|\bur'")
_TEXTS: Final = regex(r"""'[^']*'|"[^"]*"|#.*""")
_NAMED: Final = regex(r"\bas\b")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A tree with its text. `parser` is "ast", or "downlevel" for syntax newer than this interpreter.

    `older` is the text with newer syntax rewritten, line by line, for tools that know none of it.
    """

    tree: ast.Module
    source: str
    parser: str
    older: str


class UnreadableError(Exception):
    """A file that cannot be read as Python, with what to show for it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def decode(raw: bytes) -> str:
    """Text of a Python file by its coding line or byte order mark, its lines as Python counts them.

    Raises UnreadableError.
    """
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise UnreadableError(
            Problem("utf-16", "The bytes are UTF-16, which Python does not read.", "Save the file as UTF-8.", 1)
        )
    if b"\0" in raw:
        line = _lines(raw[: raw.index(b"\0")]).count(b"\n") + 1
        raise UnreadableError(
            Problem("null-byte", "The file holds a null byte.", "Remove it; Python refuses the file.", line)
        )
    raw = _lines(raw)
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        if len(raw) > _SLOW_BYTES and codecs.lookup(encoding).name in _SLOW_CODINGS:
            raise UnreadableError(_SLOW)
        return raw.decode(encoding)
    except SyntaxError as error:
        return _undecoded(error.msg or "", raw)
    except UnicodeDecodeError as error:
        return _with_odd_comments(raw, error)
    except (LookupError, ValueError) as error:
        raise UnreadableError(_UNKNOWN_CODING) from error


def _with_odd_comments(raw: bytes, error: UnicodeDecodeError) -> str:
    """The text of a file that Python imports although its comments are not UTF-8. Raises UnreadableError."""
    try:
        _compile(raw)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UnreadableError(_not_its_coding(error, raw)) from error
    return raw.decode("utf-8", "replace")


def _lines(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in raw else raw


_SLOW_CODINGS: Final = frozenset({"idna", "punycode"})
_SLOW_BYTES: Final = 64 * 1024  # Their time is quadratic: a megabyte takes a minute.
_SLOW: Final = Problem(
    "slow-coding", "The coding is one for names of domains, too slow for a file of this size.", "Save it as UTF-8.", 1
)
_UNKNOWN_CODING: Final = Problem(
    "unknown-coding", "Python does not know the coding that the file names.", "Name another, or use UTF-8.", 1
)


def _undecoded(message: str, raw: bytes) -> str:
    if "encoding problem" in message:
        text = "The file starts with the byte order mark of UTF-8 and names another coding."
        raise UnreadableError(Problem("unknown-coding", text, "Remove the mark, or the coding line.", 1))
    if "unknown encoding" not in message:
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            return _with_odd_comments(raw, error)
    raise UnreadableError(_UNKNOWN_CODING)


def _not_its_coding(error: UnicodeDecodeError, raw: bytes) -> Problem:
    line = raw.count(b"\n", 0, error.start) + 1
    if error.encoding.startswith("utf-8"):
        text = "The bytes are not UTF-8 and no coding line says what they are."
        return Problem("not-utf-8", text, "Add a coding line, or save the file as UTF-8.", line)
    text = f"The bytes are not {error.encoding}, which the coding line says they are."
    return Problem("not-its-coding", text, "Name the coding that the bytes are in, or save the file as UTF-8.", line)


def parse(raw: bytes) -> Parsed:
    """The tree of a Python file. Raises UnreadableError with the line and the next step."""
    if len(raw) > MAX_BYTES:
        message = f"The file has {len(raw):,} bytes, over the limit of {MAX_BYTES:,}."
        raise UnreadableError(Problem("too-large", message, "Split it, or exclude it if it holds data."))
    source = decode(raw)
    try:
        return Parsed(_compile(source), source, "ast", source)
    except SyntaxError as error:
        return _parse_newer(source, error)
    except (RecursionError, MemoryError, ValueError) as error:
        raise UnreadableError(_too_deep()) from error


def _compile(source: str | bytes) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source, "<blob>")


def _parse_newer(source: str, error: SyntaxError) -> Parsed:
    try:
        older = downlevel(source)
        if older is not None:
            tree = _compile(older.text)
            older.restore(tree)
            return Parsed(tree, source, "downlevel", older.text)
    except SyntaxError as again:
        error = again
    except (ValueError, RecursionError, MemoryError):
        raise UnreadableError(_too_deep()) from error
    raise UnreadableError(_syntax(error, source)) from error


def _syntax(error: SyntaxError, source: str) -> Problem:
    message, line = error.msg or "invalid syntax", error.lineno
    if "nested" in message or "too many" in message:
        return _too_deep(line)
    text = source.split("\n")[line - 1][:200] if line and line <= source.count("\n") + 1 else ""
    old = message.startswith(_OLD_MESSAGES) and not ("multiple" in message and _NAMED.search(text))
    if old or _OLD.search(_TEXTS.sub("''", text)):
        return Problem("python-2", "This is Python 2.", "Port the file to Python 3, or exclude it.", line)
    return Problem("syntax-error", f"Python cannot parse it: {message}.", "Mend the syntax, or exclude the file.", line)


def _too_deep(line: int | None = None) -> Problem:
    return Problem("too-deep", "The code is nested too deeply to be parsed.", "Split the expression.", line)
