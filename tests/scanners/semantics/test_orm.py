"""Queries are told by their shape, and what only looks like one is not."""

import ast

import pytest

from scanners.context import Context
from scanners.index import Index
from scanners.semantics.orm import query
from scanners.walk import Walk

HEAD = """\
from django.db import models
from sqlalchemy import select
from sqlalchemy.orm import Session
from shop.models import Order, Line
session: Session
open_orders = Order.objects.filter(open=True)
narrowed = Order.objects.all()
narrowed = narrowed.filter(late=True)
words = ["a"]
"""


def told(expression: str) -> tuple[str, str, str] | None:
    tree = ast.parse(f"{HEAD}asked = {expression}\n")
    walk = Walk(Index([], "service"))
    walk.run(tree)
    found = query(tree.body[-1].value, walk.module, Context(ast.unparse(tree), "service", "", walk.module, tree))
    return (found.engine, found.root, found.last) if found else None


QUERIES = {
    "Order.objects.filter(pk=1)": ("django", "manager", "filter"),
    "Order.objects.get(pk=1)": ("django", "manager", "get"),
    "open_orders.count()": ("django", "manager", "count"),
    "narrowed.exists()": ("django", "manager", "exists"),
    "session.query(Order).filter_by(pk=1).first()": ("sqlalchemy", "session", "first"),
    "session.get(Order, 1)": ("sqlalchemy", "session", "get"),
    "session.scalars(select(Order)).all()": ("sqlalchemy", "session", "all"),
    "select(Order).where(Order.pk == 1)": ("sqlalchemy", "statement", "where"),
    "Line.query.filter_by(pk=1)": ("sqlalchemy", "manager", "filter_by"),
}


@pytest.mark.parametrize(("expression", "answer"), list(QUERIES.items()))
def test_a_query_is_told_by_its_shape(expression: str, answer: tuple[str, str, str]) -> None:
    assert told(expression) == answer


@pytest.mark.parametrize("expression", ["words.count(1)", "words", "dict(a=1).get(2)", "models.filter()"])
def test_what_only_looks_like_a_query_is_none(expression: str) -> None:
    assert told(expression) is None
