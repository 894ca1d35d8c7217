"""Bytes to a tree: encodings, hostile shapes, and a named problem for each file that cannot be read."""

import pytest

from scanners.parse import MAX_BYTES, UnreadableError, parse

HOSTILE = {
    "null-byte": b"a = 1\0\n",
    "utf-16": "a = 1\n".encode("utf-16"),
    "not-utf-8": b"name = 'caf\xe9'\n",
    "unknown-coding": b"# coding: klingon\na = 1\n",
    "python-2": b"print 'hello'\n",
    "syntax-error": b"def f(:\n",
    "too-large": b"#" * (MAX_BYTES + 1),
    "too-deep": b"x = " + b"(" * 10_000 + b")" * 10_000,
}


@pytest.mark.parametrize(("code", "raw"), HOSTILE.items(), ids=HOSTILE)
def test_a_file_that_cannot_be_read_has_a_named_problem_with_a_next_step(code: str, raw: bytes) -> None:
    with pytest.raises(UnreadableError) as caught:
        parse(raw)
    assert caught.value.problem.code == code
    assert caught.value.problem.next_step


@pytest.mark.parametrize(
    "raw",
    [
        "a = 'ü'\n".encode("utf-8-sig"),
        "# -*- coding: latin-1 -*-\na = 'ü'\n".encode("latin-1"),
        b"a = 1\r\nb = 2\r\n",
        b"a = 1\rb = 2\r",
        b"\x0ca = 1\n",
        b"",
        b"x = '''" + b"y" * 500_000 + b"'''\n",
        b"x = a" + b".b" * 900 + b"\n",
    ],
    ids=["bom", "latin-1", "crlf", "cr", "form feed", "empty", "long text", "long chain"],
)
def test_odd_but_valid_files_are_read(raw: bytes) -> None:
    assert parse(raw).parser == "ast"


@pytest.mark.parametrize("text", ["x = " + "1 + " * 50_000 + "1", "x = " + "-" * 5_000_000 + "1", "[" * 90_000])
def test_hostile_nesting_ends_in_a_problem(text: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        parse(text.encode())
    assert caught.value.problem.code in ("too-deep", "too-large", "syntax-error")


def test_the_line_of_a_syntax_error_is_said() -> None:
    with pytest.raises(UnreadableError) as caught:
        parse(b"a = 1\nb = 2\nc = = 3\n")
    assert caught.value.problem.line == 3
