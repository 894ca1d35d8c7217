"""A text that keeps what it was asked says what any text says, and it is such a text that rules ask."""

import ast
import re

from scanners.asked import Asked
from scanners.context import Context
from scanners.scopes import Scope


def test_a_word_is_looked_for_once_and_the_answers_are_those_of_the_text() -> None:
    text = "import atomic\nx = 'É'\n"
    asked = Asked(text)
    words = ("atomic", "É", "", "none")
    for _ in range(2):
        assert [word in asked for word in words] == [word in text for word in words]
    assert (asked, hash(asked), asked.split("\n"), asked[:6]) == (text, hash(text), text.split("\n"), "import")


def test_an_expression_is_found_as_in_any_text() -> None:
    asked = Asked("import atomic\n")
    found, missed = re.compile(r"at\w+c$", re.M), re.compile(r"^atomic")
    assert [asked.finds(found), asked.finds(missed)] * 2 == [asked.finds(one) for one in (found, missed) * 2]
    assert (asked.finds(found), asked.finds(missed)) == (True, False)


def test_the_source_and_its_small_letters_are_asked_by_rules() -> None:
    ctx = Context("A = 1\n", "service", "", Scope(ast.Module([], []), "module", None, ""))
    assert (type(ctx.source), type(ctx.lowered), ctx.lowered) == (Asked, Asked, "a = 1\n")
