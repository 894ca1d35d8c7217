"""What is listed, written out or found once a file is the same as what plain walks and patterns give."""

import ast
import re
from collections.abc import Iterator

import pytest

from scanners import syntax
from scanners.listing import Listing
from scanners.text import words_before

SOURCE = """
import os

class Box(base.Thing):
    size: int = 3

    @property
    def area(self, *, by=lambda side: side ** 2):
        for side in self.sides[1:]:
            if side.open():
                yield by(side)
            else:
                continue
        try:
            return {**self.kept, 'a': os.path.join('x', f'{self.name!r:>3}')}
        except (KeyError, ValueError) as error:
            raise Lost(-1 .real) from error

async def main():
    async with lock, other as held:
        await held.run(lambda: (yield))
    match held:
        case [1, *rest] if rest:
            print(rest)
"""


@pytest.fixture
def tree() -> Iterator[ast.Module]:
    made = ast.parse(SOURCE)
    listing = Listing()
    listing.read(made)
    syntax.open_file(listing)
    yield made
    syntax.forget()


def test_the_listing_holds_what_a_plain_walk_finds(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        listed = set(syntax.descendants(node, ast.Call, ast.Name))
        assert listed == {part for part in ast.walk(node) if isinstance(part, ast.Call | ast.Name)}


def test_a_copy_of_a_suite_is_as_good_as_the_suite(tree: ast.Module) -> None:
    suites = [node.body for node in ast.walk(tree) if isinstance(getattr(node, "body", None), list)]
    for body in suites:
        whole = list(syntax.suite(body))
        assert list(syntax.suite([*body])) == whole
        assert [part for stmt in body for part in syntax.suite([stmt])] == whole


def test_statements_are_those_of_a_plain_walk(tree: ast.Module) -> None:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    assert set(syntax.statements(tree)) == set(found)


def test_syntax_is_written_out_as_python_writes_it(tree: ast.Module) -> None:
    parts = [node for node in ast.walk(tree) if isinstance(node, ast.expr | ast.stmt)]
    for node in parts * 2:
        assert syntax.unparse(node) == ast.unparse(node)


@pytest.mark.parametrize(
    "text",
    ["a.close(); b.c.close()", "x.close.close.close", ".close", "é1.close\n .close x.closed", "a.close.close()"],
)
def test_words_before_a_match_are_those_of_one_pattern(text: str) -> None:
    found = list(words_before(re.compile(r"\.close\b"), text))
    assert found == re.findall(r"(\w+)\.close\b", text)
