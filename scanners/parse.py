"""Bytes to a tree: size caps, encodings, newer syntax, and a named problem for what cannot be read."""

import ast
import io
import tokenize
import warnings
from dataclasses import dataclass
from typing import Final

from scanners.downlevel import downlevel
from scanners.finding import Problem

MAX_BYTES: Final = 1024 * 1024  # Bounds one parse to a few seconds and some 300 MB (docs/decisions).


@dataclass(frozen=True, slots=True)
class Parsed:
    """A tree with its text. `parser` is "ast", or "downlevel" for syntax newer than this interpreter."""

    tree: ast.Module
    source: str
    parser: str


class UnreadableError(Exception):
    """A file that cannot be read as Python, with what to show for it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def decode(raw: bytes) -> str:
    """Text of a Python file by its coding line or byte order mark. Raises UnreadableError."""
    if b"\0" in raw[:4096] and raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise UnreadableError(
            Problem("utf-16", "The bytes are UTF-16, which Python does not read.", "Save the file as UTF-8.")
        )
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        return raw.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except SyntaxError as error:
        if "unknown encoding" not in (error.msg or ""):
            raise UnreadableError(_NOT_UTF_8) from error
        problem = Problem(
            "unknown-coding", "Python does not know the coding that the file names.", "Name another, or use UTF-8.", 1
        )
        raise UnreadableError(problem) from error
    except (UnicodeDecodeError, LookupError) as error:
        raise UnreadableError(_NOT_UTF_8) from error


_NOT_UTF_8: Final = Problem(
    "not-utf-8",
    "The bytes are not UTF-8 and no coding line says what they are.",
    "Add a coding line, or save the file as UTF-8.",
)


def parse(raw: bytes) -> Parsed:
    """The tree of a Python file. Raises UnreadableError with the line and the next step."""
    if len(raw) > MAX_BYTES:
        message = f"The file has {len(raw):,} bytes, over the limit of {MAX_BYTES:,}."
        raise UnreadableError(Problem("too-large", message, "Split it, or exclude it if it holds data."))
    source = decode(raw)
    if "\0" in source:
        raise UnreadableError(
            Problem("null-byte", "The file holds a null byte.", "Remove it; Python refuses the file.")
        )
    try:
        return Parsed(_compile(source), source, "ast")
    except SyntaxError as error:
        return _parse_newer(source, error)
    except (RecursionError, MemoryError, ValueError) as error:
        raise UnreadableError(_too_deep()) from error


def _compile(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source, "<blob>")


def _parse_newer(source: str, error: SyntaxError) -> Parsed:
    older = downlevel(source)
    if older is not None:
        try:
            return Parsed(_compile(older), source, "downlevel")
        except SyntaxError as again:
            error = again
        except (ValueError, RecursionError, MemoryError):
            raise UnreadableError(_too_deep()) from error
    message = error.msg or "invalid syntax"
    if "nested" in message or "too many" in message:
        raise UnreadableError(_too_deep(error.lineno)) from error
    raise UnreadableError(_syntax(message, error.lineno)) from error


def _syntax(message: str, line: int | None) -> Problem:
    python2 = message.startswith(
        ("Missing parentheses in call to 'print'", "leading zeros", "multiple exception types")
    )
    if python2:
        return Problem("python-2", "This is Python 2.", "Port the file to Python 3, or exclude it.", line)
    return Problem("syntax-error", f"Python cannot parse it: {message}.", "Mend the syntax, or exclude the file.", line)


def _too_deep(line: int | None = None) -> Problem:
    return Problem("too-deep", "The code is nested too deeply to be parsed.", "Split the expression.", line)
