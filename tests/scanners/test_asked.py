"""A text that keeps what it was asked says what any text says, and it is such a text that rules ask."""

import ast
import re

from scanners.asked import Asked
from scanners.context import Context
from scanners.scopes import Scope


class Expression:
    """Counts how often it looks."""

    def __init__(self, text: str) -> None:
        self._compiled, self.searches = re.compile(text, re.MULTILINE), 0

    def search(self, text: str) -> re.Match[str] | None:
        self.searches += 1
        return self._compiled.search(text)


def test_the_answers_are_those_of_the_text() -> None:
    text = "import atomic\nx = 'É'\n"
    asked = Asked(text)
    words = ("atomic", "É", "", "none")
    for _ in range(2):
        assert [word in asked for word in words] == [word in text for word in words]
    assert (asked, hash(asked), asked.split("\n"), asked[:6]) == (text, hash(text), text.split("\n"), "import")


def test_an_expression_is_looked_for_once() -> None:
    asked = Asked("import atomic\n")
    found, missed = Expression(r"at\w+c$"), Expression(r"^atomic")
    for _ in range(2):
        assert (asked.finds(found), asked.finds(missed)) == (True, False)
    assert (found.searches, missed.searches) == (1, 1)


def test_the_source_and_its_small_letters_are_asked_by_rules() -> None:
    ctx = Context("A = 1\n", "service", "", Scope(ast.Module([], []), "module", None, ""))
    assert (type(ctx.source), type(ctx.lowered), ctx.lowered) == (Asked, Asked, "a = 1\n")
