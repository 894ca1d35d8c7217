"""Anchors are of syntax alone: the same however it is written down, and whatever interpreter reads it."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scanners.canonical import anchor_of

ROOT = Path(__file__).parents[2]
SOURCE = """\
async def f(a, /, *b: int, c=1, **d) -> None:
    "A text."
    x = f"{a!r:>{c}} and {c=}" "tail"
    with open(a, encoding="utf-8") as one, (yield): pass
    return {**d, 1: u"x", "big": 10**5000, (lambda: 0): -1j, None: ...}[a:b, ::2]
try: del (x), y
except* (OSError, ValueError) as error: raise error from None
match x:
    case {"a": [1, *_], **rest} | str(): print(*rest, sep="", end="\\n")
class C(list, metaclass=type): names: list[int] = [*range(3)]
"""


def anchor(source: str) -> str:
    """Of the first statement; of the first in its body when that is a def."""
    stmt = ast.parse(source).body[0]
    return anchor_of(stmt.body[0] if isinstance(stmt, ast.FunctionDef) else stmt)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("get('a', b)", 'get(\n    ("a"),\n    b,\n)'),
        ("x = 'one' 'two'", 'x = ("one"\n     "two")'),
        ("x = f'a{b}' 'c'", "x = (f'a{b}'\n     f'c')"),
        ("x = u'a'", 'x = "a"'),
        ("x = 0XFF, 1_000", "x = (255, 1000)"),
        ("for x, y in z: pass", "for (x, y) in (z):\n    other()"),
        ("def f():\n    'One.\\n\\n    Two.'", 'def f():\n        """One.\n\n        Two.\n        """'),
        ("with a as b, c: pass", "with (\n    a as b,\n    c,\n): more()"),
    ],
)
def test_layout_is_no_part_of_it(one: str, other: str) -> None:
    assert anchor(one) == anchor(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("get(a)", "get(b)"),
        ("get('1')", "get(1)"),
        ("x = f'{a}b'", "x = f'{a}c'"),
        ("x = 'a'", "x = b'a'"),
        ("if a: pass", "while a: pass"),
        ("with a as b: pass", "with a as c: pass"),
        ("async def f(): pass", "def f(): pass"),
        ("x = 1", "x = True"),
    ],
)
def test_what_the_program_says_is(one: str, other: str) -> None:
    assert anchor(one) != anchor(other)


def test_fields_that_an_interpreter_leaves_out_are_no_part_of_it() -> None:
    """Some give an empty list or None for what others do not have at all."""
    tree = ast.parse(SOURCE)
    before = [anchor_of(node) for node in ast.walk(tree)]
    for node in ast.walk(tree):
        for name in [name for name, value in ast.iter_fields(node) if value is None or value == []]:
            delattr(node, name)
        node._fields = (*[name for name in node._fields if hasattr(node, name)],)
    assert [anchor_of(node) for node in ast.walk(tree)] == before


def _answers(python: str | None) -> bool:
    """Whether it is an interpreter: the shim of a version manager may stand for one that is not there."""
    return python is not None and subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


def test_every_interpreter_of_this_machine_says_the_same() -> None:
    """F-strings have empty pieces in some, which are nodes of their own there: statements are compared as wholes."""
    code = (
        "import ast, sys; from scanners.canonical import anchor_of; "
        "print([anchor_of(node) for node in ast.walk(ast.parse(sys.argv[1])) if isinstance(node, ast.stmt)])"
    )
    others = filter(_answers, map(shutil.which, ("python3.11", "python3.12", "python3.13", "python3.14")))
    said = [
        subprocess.run([python, "-c", code, SOURCE], cwd=ROOT, capture_output=True, check=True, timeout=60).stdout
        for python in (sys.executable, *others)
    ]
    assert set(said) == {said[0]}
