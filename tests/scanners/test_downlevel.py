"""Newer syntax becomes older syntax of the same shape on the same lines; everything else stays as it is."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.downlevel import downlevel

NEWER = [
    "def f[T: (int, str) = int](x: T) -> T:\n    return x\n",
    "def f[\n    T,\n](x): ...\n",
    "async def f[T](): pass\n",
    "class A[T = int](Base): pass\n",
    "type X = int\n",
    "type X[T] = list[T]\n",
    "try:\n    pass\nexcept A, B.C:\n    pass\n",
    "try:\n    pass\nexcept* A, B:\n    pass\n",
    'x = t"a {b}"\n',
    "lazy import json\n",
    "lazy from json import loads\n",
    'x = f"{d["k"]}"\n',
    'x = f"{"\\n".join(a)} {x:#06x} {y!r:>{w}}"\n',
    'x = f"a {\n  b["x"]\n} c"\n',
    'x = f"""{d["""a"""]} {\n 1 }"""\n',
    'x = f"{f"{1}" + "b"}"\n',
    'x = f"{{{a["b"]}}}"\n',
    "x = f'{a:{b['c']}}'\n",
    "def f():\n    match x:\n        case 1:\n            return f'{z['q']}'\n",
]

SAME = [
    "type = 3\ntype(x)\n",
    's = """\ntype X = int\ndef f[T](): pass\n"""\n',
    "# def f[T](): pass\n",
    "x[1] = f'{a}'\nlazy = 1\n",
    "except_ = 1\n",
    "a = rf'{x}\\d'\n",
    "x = f'{x:#x}'\n",
]


@pytest.mark.parametrize("source", NEWER)
def test_newer_syntax_parses_afterwards_and_keeps_its_lines(source: str) -> None:
    older = downlevel(source + "last = 1\n")
    assert older is not None
    assert ast.parse(older).body[-1].lineno == source.count("\n") + 1


@pytest.mark.parametrize("source", SAME)
def test_older_syntax_is_left_alone(source: str) -> None:
    assert downlevel(source) is None


def test_python_2_is_not_taken_for_new_syntax() -> None:
    assert downlevel("try:\n    pass\nexcept Error, e:\n    pass\n") is None


@given(st.text(alphabet="fFtr\"'{}[]()\\\n#:= abdeftyp", max_size=80))
def test_any_text_comes_to_an_end_with_its_lines(source: str) -> None:
    assert (downlevel(source) or source).count("\n") == source.count("\n")
