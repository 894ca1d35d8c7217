"""Newer syntax gives the tree that the same code has in older syntax, on the same lines; all else stays as it is."""

import ast
import sys

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scanners.downlevel import downlevel
from scanners.literals import Interpolation, TemplateStr
from scanners.parse import UnreadableError, parse

SAME_TREE = {
    "def f[T: (int, str) = int](x: T) -> T:\n    return x\n": "def f(x: T) -> T:\n    return x\n",
    "def f[\n    T,  # any\n    *Ts, **P,\n](x): ...\n": "def f(x): ...\n",
    "async def f[T = 'a]b'](): pass\n": "async def f(): pass\n",
    "class A[T = int](Base): pass\n": "class A(Base): pass\n",
    "class A [\\\n T]: pass\n": "class A: pass\n",
    "type X = int\n": "X = int\n",
    "type X[T] = list[T]; type Y = int\n": "X = list[T]; Y = int\n",
    "type \\\n X = (\n  int)\n": "X = int\n",
    "type type = type\n": "type = type\n",
    "if a: type X = int\n": "if a: X = int\n",
    "try:\n    pass\nexcept A, B.C:\n    pass\n": "try:\n    pass\nexcept (A, B.C):\n    pass\n",
    "try:\n    pass\nexcept* A, B:\n    pass\n": "try:\n    pass\nexcept* (A, B):\n    pass\n",
    "try:\n    pass\nexcept A,:\n    pass\n": "try:\n    pass\nexcept (A,):\n    pass\n",
    "try:\n    pass\nexcept lambda: 1, f(x, y): pass\n": "try:\n    pass\nexcept (lambda: 1, f(x, y)): pass\n",
    "from socket import timeout\ntry: pass\nexcept A, timeout: pass\n": (
        "from socket import timeout\ntry: pass\nexcept (A, timeout): pass\n"
    ),
    "try: pass\nexcept *a, b: pass\n": "try: pass\nexcept* (a, b): pass\n",
    "try: pass\nexcept (a), B: pass\n": "try: pass\nexcept ((a), B): pass\n",
    "def f(a) -> int:\n    try: pass\n    except A, a: pass\n": (
        "def f(a) -> int:\n    try: pass\n    except (A, a): pass\n"
    ),
    "x = f'{a}'\ntry: pass\nexcept A, a: pass\n": "x = f'{a}'\ntry: pass\nexcept (A, a): pass\n",
    "lazy import json, a as b\n": "import json, a as b\n",
    "lazy from json import (loads,\n dumps)\n": "from json import loads, dumps\n",
    'x = f"{d["k"]}"\n': "x = f\"{d['k']}\"\n",
    'x = f"a {\n  b["x"]  # why "not"\n} c"\n': "x = f\"a {b['x']} c\"\n",
    'x = f"""{d["""a"""]} {\n 1 }"""\n': "x = f\"{d['a']} {1}\"\n",
    'x = f"{f"{1}" + "b"}"\n': "x = f\"{f'{1}' + 'b'}\"\n",
    'x = f"{{{a["b"]}}}"\n': "x = f\"{{{a['b']}}}\"\n",
    "x = f'{a:{b['c']}}'\n": "x = f\"{a:{b['c']}}\"\n",
    "x = f'{a['b'] = }{c = !s}{d=:>{e}}'\n": "x = f\"a['b'] = {a['b']!r}c = {c!s}d={d:>{e}}\"\n",
    "x = f'{a['b'], *c}{a,}{yield}{yield from d['e']}'\n": (
        "x = f\"{(a['b'], *c)}{(a,)}{(yield)}{(yield from d['e'])}\"\n"
    ),
    "x = ('a' f'{b['c']}'  # one\n  r'\\d' f'\\x41\\N{EN DASH}{{')\n": "x = f\"a{b['c']}\\\\d\\x41\\N{EN DASH}{{\"\n",
    "x = rf'\\{a['b']}\\d'\n": "x = rf\"\\{a['b']}\\d\"\n",
    "x = f'{a if b != c['d'] else e >= f}{g:=5}'\n": "x = f\"{a if b != c['d'] else e >= f}{g:=5}\"\n",
    "def f():\n    match x:\n        case 1:\n            return f'{z['q']}'\n": (
        "def f():\n    match x:\n        case 1:\n            return f\"{z['q']}\"\n"
    ),
}
SAME_TEXT = [
    "type = 3\ntype(x)\ntype in x[1]\ntype\n[x] = 1\ntype.x = 2\n",
    's = """\ntype X = int\ndef f[T](): pass\n"""\n',
    "# def f[T](): pass\n",
    "x[1] = 'a' 'b'\nlazy = 1\nlazy.x\n",
    "except_ = 1\n",
    "f'{{}}'\n",
    "[*a, *b]\nf(*a)\n{**a}\nf(*(a for a in b))\n",
    "x = ('def f[T]()'\n  'type X = int')\n",
]


def shape(tree: ast.AST) -> str:
    """A tree without its places."""
    return ast.dump(tree)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="This Python reads most of it by itself.")
@pytest.mark.parametrize(("newer", "older"), SAME_TREE.items(), ids=SAME_TREE)
def test_newer_syntax_has_the_tree_of_older_syntax_on_its_own_lines(newer: str, older: str) -> None:
    parsed = parse((newer + "last = 1\n").encode())
    assert parsed.parser == "downlevel"
    assert parsed.tree.body[-1].lineno == newer.count("\n") + 1
    assert shape(ast.Module(parsed.tree.body[:-1], [])) == shape(ast.parse(older))


@pytest.mark.parametrize("source", SAME_TEXT)
def test_older_syntax_is_left_alone(source: str) -> None:
    assert downlevel(source) is None


def places(source: str) -> dict[str, tuple[int, int]]:
    """Where each name stands in the tree of a text."""
    tree = parse(source.encode()).tree
    return {node.id: (node.lineno, node.col_offset) for node in ast.walk(tree) if isinstance(node, ast.Name)}


def test_names_in_fields_stand_where_they_are_written() -> None:
    text = "é = f'é{first['a']}' f'''{\n  second:{third}} {fourth\n!r}'''; fifth\n"
    assert places(text) | {"é": (1, 0)} == {
        "é": (1, 0),
        "first": (1, 10),
        "second": (2, 2),
        "third": (2, 10),
        "fourth": (2, 19),
        "fifth": (3, 8),
    }


def test_what_follows_newer_syntax_stays_in_its_column() -> None:
    text = (
        "def f[T: int](x): one\nlazy import a; two\ntry: pass\nexcept A, B.C,: three\nexcept \\\n D, E : four\n"
        "type X = five\ntype \\\n Y[T] = six\nlazy \\\n import b; seven\n"
    )
    found = places(text)
    assert [found[name] for name in ("one", "two", "three", "four")] == [(1, 18), (2, 15), (4, 16), (6, 8)]
    assert [found[name] for name in ("X", "five", "Y", "six", "seven")] == [(7, 5), (7, 9), (9, 1), (9, 8), (11, 11)]
    assert [found[name] for name in ("A", "B", "D", "E")] == [(4, 7), (4, 10), (6, 1), (6, 4)]


def test_stars_and_types_that_are_caught_stand_where_they_are_written() -> None:
    tree = parse(b"try: [*a for a in b]\nexcept A, B: pass\n").tree
    found = {type(node): (node.lineno, node.col_offset) for node in ast.walk(tree) if isinstance(node, ast.expr)}
    assert (found[ast.Starred], found[ast.Tuple]) == ((1, 6), (2, 7))


def test_a_t_string_is_no_f_string() -> None:
    value = parse(b"x = t'select {a!r} from {b:>{c}}' t'!'\n").tree.body[0].value  # type: ignore[attr-defined] # An assignment, as the text says.
    assert type(value) is TemplateStr
    kinds = [type(part) for part in value.values]
    assert kinds == [ast.Constant, Interpolation, ast.Constant, Interpolation, ast.Constant]
    assert [node.id for node in ast.walk(value) if isinstance(node, ast.Name)] == ["a", "b", "c"]


def test_what_an_older_f_string_cannot_hold_is_kept() -> None:
    source = "x = f'{'\\n'.join(a)} {y['\\''] + f'{z!r:>{w}}'}'\n"
    constants = [str(node.value) for node in ast.walk(parse(source.encode()).tree) if isinstance(node, ast.Constant)]
    assert sorted(constants) == ["\n", " ", "'", ">"]


def test_stars_unpack_in_comprehensions() -> None:
    tree = parse(b"[*a for a in b]\n{*a for a in b}\n{**a for a in b}\nf(*a for a in b)\n(*f'{a}' for a in b)\n").tree
    values = [statement.value for statement in tree.body]  # type: ignore[attr-defined] # Expressions, as the text says.
    assert [type(value) for value in values] == [ast.ListComp, ast.SetComp, ast.DictComp, ast.Call, ast.GeneratorExp]
    assert [type(node.elt) for node in (values[0], values[1], values[3].args[0], values[4])] == [ast.Starred] * 4


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("try:\n    pass\nexcept Error, e:\n    pass\n", "python-2"),
        ("try:\n    pass\nexcept Error, error:\n    pass\n", "python-2"),
        ("try:\n    pass\nexcept A, B as e:\n    pass\n", "syntax-error"),
        ("x = t'a' 'b'\n", "syntax-error"),
        ("x = f'{a}' b'b'\n", "syntax-error"),
        ("f'{a}' = 1\n", "syntax-error"),
        ("x = a f'{a['b']}'\n", "syntax-error"),
        ("x = f'{a['b']\n", "syntax-error"),
        ("x = f'{}' f'{a['b']}'\n", "syntax-error"),
        ("x = f'{a['b']}}'\n", "syntax-error"),
        ("x = f'\\N{no such thing}{a['b']}'\n", "syntax-error"),
        ("x = " + "f'{" * 200 + "1" + "}'" * 200 + "\n", "too-deep"),
        ("def f[T(): pass\n", "syntax-error"),
    ],
)
def test_what_no_python_takes_stays_refused(source: str, code: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        parse(source.encode())
    assert caught.value.problem.code == code


@given(st.text(alphabet="fFtr\"'{}[]()\\\n#:=! *,abdeftypxclasor", max_size=80))
def test_any_text_comes_to_an_end_with_its_lines(source: str) -> None:
    try:
        older = downlevel(source)
    except SyntaxError:
        return
    assert older is None or older.text.count("\n") == source.count("\n")


@given(st.lists(st.sampled_from(["f'{a}'", "'b'", "f'''{\nc}'''", '"d"', 'f"{e!r:>{f}}{g}"', "rf'\\{h}'"]), min_size=1))
def test_strings_come_back_as_they_were(pieces: list[str]) -> None:
    source = f"x = ({' '.join(pieces)})\n"
    older = downlevel(source)
    assume(older is not None)
    tree = ast.parse(older.text)
    older.restore(tree)
    assert shape(tree) == shape(ast.parse(source))
