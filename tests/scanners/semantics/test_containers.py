"""Containers as they are made and changed, and loops that end with a change."""

import ast

import pytest

from scanners.scopes import Scope
from scanners.semantics.containers import changes, leaves_after, made, spelled


@pytest.mark.parametrize(
    ("source", "kind"),
    [("[]", "list"), ("{}", "dict"), ("{1}", "set"), ("set()", "set"), ("tuple()", ""), ("()", ""), ("f()", "")],
)
def test_what_an_expression_makes(source: str, kind: str) -> None:
    module = Scope(ast.Module([], []), "module", None, "")
    assert made(ast.parse(source, mode="eval").body, module) == kind


def test_changes_are_told_by_how_and_where() -> None:
    tree = ast.parse("a.b.pop(1)\ndel a.b[2]\na.b[3] = 4\na.b[3] += 4\na.c.pop()\nb.pop()\n")
    assert [(change.how, change.node.lineno) for change in changes(iter(ast.walk(tree)), "a.b")] == [
        ("del", 2),
        ("set", 3),
        ("augment", 4),
        ("pop", 1),
    ]


@pytest.mark.parametrize(
    ("body", "ends"),
    [
        ("x.pop()\nbreak", True),
        ("return x.pop()", True),
        ("if a:\n    x.pop()\nbreak", True),
        ("if a:\n    x.pop()\n    break", True),
        ("if a:\n    x.pop()\n    continue\nbreak", False),
        ("for b in c:\n    x.pop()\n    break", False),
        ("x.pop()\nif a:\n    break", False),
    ],
)
def test_whether_a_loop_ends_with_a_change(body: str, ends: bool) -> None:
    indented = "".join(f"        {line}\n" for line in body.splitlines())
    loop = ast.parse(f"def f():\n    for a in x:\n{indented}").body[0].body[0]  # type: ignore[attr-defined]  # the source above is known
    change = next(node for node in ast.walk(loop) if isinstance(node, ast.Call) and spelled(node.func) == "x.pop")
    assert leaves_after(change, loop) is ends
