"""Bytes to a tree: encodings, hostile shapes, and a named problem for each file that cannot be read."""

import pytest

from scanners.parse import MAX_BYTES, UnreadableError, parse

HOSTILE = {
    "null-byte": b"a = 1\0\n",
    "utf-16": "a = 1\n".encode("utf-16"),
    "not-utf-8": b"name = 'caf\xe9'\n",
    "unknown-coding": b"# coding: klingon\na = 1\n",
    "slow-coding": b"# coding: PunyCode\n" + b"a = 1\n" * 20_000,
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


ENCODED = {
    "latin-1": b"# coding: latin-1\nx = '\xe9'\n",
    "cp1252": b"# -*- coding: cp1252 -*-\nx = '\x80'\n",
    "utf-8-sig": "# coding: utf-8-sig\nx = 'é'\n".encode(),
    "shift_jis": "# coding: shift_jis\nx = '表'\n".encode("shift_jis"),
    "gb2312": "# vim: set fileencoding=gb2312 :\nx = '表'\n".encode("gb2312"),
    "wrong cookie": "# coding: ascii\nx = 'é'\n".encode(),
    "cookie of a codec for bytes": b"# coding: rot13\nx = 1\n",
    "cookie that breaks": b"# coding: undefined\nx = 1\n",
    "cookie of two bytes a letter": b"# coding: utf-16\nx = 1\n",
    "cookie in line 2": b"#!/usr/bin/python\n# coding: latin-1\nx = '\xe9'\n",
    "cookie below code": b"x = 1\n# coding: latin-1\ny = '\xe9'\n",
    "cookie in line 3": b"#\n#\n# coding: latin-1\nx = '\xe9'\n",
    "cookie in a text": b"'coding: latin-1'\nx = '\xe9'\n",
    "two cookies": b"# coding: latin-1\n# coding: utf-8\nx = '\xe9'\n",
    "cookie after a form feed": b"\x0c# coding: latin-1\nx = '\xe9'\n",
    "cookie with a carriage return": b"# coding: latin-1\rx = '\xe9'\r",
    "cookie of Emacs": b"# -*- coding: latin-1-unix -*-\r\nx = '\xe9'\r\n",
    "mark": "\ufeffx = 'é'\n".encode(),
    "mark and cookie": "\ufeff# coding: UTF_8\nx = 'é'\n".encode(),
    "mark and another cookie": "\ufeff# coding: latin-1\nx = 'é'\n".encode(),
    "two marks": "\ufeff\ufeffx = 1\n".encode(),
    "mark alone": "\ufeff".encode(),
    "carriage returns, not UTF-8": b"# x\rx = '\xe9'\r",
    "mixed line ends": b"a = 1\r\nb = 2\rc = 3\nd = 4\n\r",
    "form feeds": b"\x0cx = 1\n\x0c\ndef f():\n\x0c    pass\n",
    "vertical tab": b"\x0bx = 1\n",
    "no line end": b"def f():\n    return 1",
    "comment alone": b"# only",
    "blank": b"\n\n   \n ",
    "odd bytes in a comment": b"# \xff\xfe\nx = 1\n",
    "odd bytes in a late comment": b"x = 1\n\n\n# \xff\n",
    "odd bytes in a late text": b"x = 1\n\n\ny = '\xff'\n",
    "surrogate as bytes": b"x = '\xed\xa0\x80'\n",
    "surrogate escaped": b"x = '\\ud800'\n",
    "late null byte": b"x = 1\n" * 2000 + b"\0",
    "UTF-16 without a mark": "x = 1\n".encode("utf-16-le"),
    "UTF-32": "x = 1\n".encode("utf-32"),
    "end of file of DOS": b"x = 1\n\x1a",
    "mixed tabs": b"if 1:\n\tx = 1\n        y = 2\n",
    "line separator": "x = '\u2028'\ny = 2\n".encode(),
}


@pytest.mark.parametrize("raw", ENCODED.values(), ids=ENCODED)
def test_a_file_is_read_exactly_when_python_takes_its_bytes(raw: bytes) -> None:
    try:
        taken = compile(raw, "<blob>", "exec", dont_inherit=True) is not None
    except (SyntaxError, ValueError):
        taken = False
    try:
        parse(raw)
        problem = None
    except UnreadableError as error:
        problem = error.problem
    assert (problem is None) == taken
    assert problem is None or problem.line


def test_lines_are_counted_as_python_counts_them() -> None:
    parsed = parse(b"a = 1\r\nb = '''\r'''\rc = '\x0c\xe2\x80\xa8'\nd = 4")
    assert [statement.lineno for statement in parsed.tree.body] == [1, 2, 4, 5]
    assert parsed.source.split("\n")[3:] == ["c = '\x0c\u2028'", "d = 4"]


@pytest.mark.parametrize(
    "line",
    ["exec 'x'", "raise E, 'x'", "print 'x' % y", "x = 0777", "x = `y`", "if a <> b: pass", "x = 10L", "x = ur'a'"],
)
def test_python_2_is_called_so(line: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        parse(f"y = 1\n{line}\n".encode())
    assert (caught.value.problem.code, caught.value.problem.line) == ("python-2", 2)


def test_the_line_of_a_syntax_error_is_said() -> None:
    with pytest.raises(UnreadableError) as caught:
        parse(b"a = 1\nb = 2\nc = = 3\n")
    assert caught.value.problem.line == 3
