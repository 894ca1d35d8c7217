"""Calls that a def makes only until what it keeps is there."""

import ast

import pytest

from scanners.semantics.concurrency.lazily import filled_once

ONCE = {
    "under a question for None": "def f(self):\n    if self.x is None:\n        self.x = go()\n    return self.x\n",
    "under not": "def f(self):\n    if not self.x:\n        self.x = go()\n    return self.x\n",
    "after an early return": (
        "def f():\n    global _x\n    if _x is not None:\n        return _x\n    _x = go()\n    return _x\n"
    ),
}
AGAIN = {
    "no question": "def f(self):\n    self.x = go()\n",
    "a question for an argument": "def f(x=None):\n    if x is None:\n        x = go()\n    return x\n",
    "a question for the time as well": (
        "def f(self):\n    if not self.x or self.now > self.end:\n        self.x = go()\n    return self.x\n"
    ),
    "an early return while it is fresh": (
        "def f(self):\n    if self.x and self.now < self.end:\n        return self.x\n    self.x = go()\n"
    ),
    "a question for something else": "def f(self):\n    if self.y is None:\n        self.x = go()\n",
}


def calls_once(source: str) -> bool:
    """Whether the only call in the def is made on its first call only."""
    function = ast.parse(source).body[0]
    (call,) = (node for node in ast.walk(function) if isinstance(node, ast.Call))
    return id(call) in filled_once(function)


@pytest.mark.parametrize("source", ONCE.values(), ids=ONCE)
def test_what_fills_a_kept_value_is_called_once(source: str) -> None:
    assert calls_once(source)


@pytest.mark.parametrize("source", AGAIN.values(), ids=AGAIN)
def test_anything_else_is_called_again(source: str) -> None:
    assert not calls_once(source)
