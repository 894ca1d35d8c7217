import ast
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.tests.emptyassertions import (
    after_raise,
    is_assertion,
    is_wide,
    misspelt,
    of_assert,
    of_call,
    takes_all,
    uncalled,
)
from scanners.syntax import unparse

_RAISES: Final = ("pytest.raises", "assertRaises", "assertRaisesRegex")


class AssertionProvesNothing(Rule):
    """
    An assertion that cannot fail looks like a check in the report and in review, and guards nothing.

    Looks at the assertions of test files: a tuple or another value that is always true, something compared with itself,
    two fixed values, an attribute of a mock that nothing sets, an assertion of a mock that is named but not called or
    misspelt, `assertTrue(a, b)`, one whose failure an `except` takes, a comparison whose result is dropped,
    `raises(Exception)` that takes any error, and assertions after what raises in the same block. A test of equality may
    compare a thing with itself.
    """

    id = "assertion-proves-nothing"
    area = "tests"
    item = "X2"
    title = "Assertion that cannot fail"
    severity = Severity.LOW
    fix = "Compare what the code gives with a value written out: `assert total == 42`, `assertEqual(total, 42)`, `raises(ValueError, match=...)`."
    classes = frozenset({"test"})
    bad = (
        Example(
            "always true",
            {
                "tests/test_orders.py": "from unittest import TestCase, mock\nfrom shop.orders import load, pay, total\n\n"
                "def test_total():\n    order = load(1)\n    assert (total(order) == 3, 'wrong total')\n    assert True\n"
                "    assert order == order\n    assert 'done'\n    assert (line.ok for line in order.lines)\n"
                "    total(order) == 3\n    assert order.state == 'open' or 'paid'\n    assert len(order.lines) >= 0\n\n"
                "def test_pay():\n    gateway = mock.Mock()\n    pay()\n    assert gateway.paid\n"
                "    gateway.charge.assert_called_once_with\n    assert gateway.charge.called_once_with(3)\n\n"
                "class OrderTests(TestCase):\n    def test_lines(self):\n        order = load(1)\n"
                "        self.assertTrue(len(order.lines), 3)\n        self.assertEqual(order, order)\n"
                "        self.assertTrue(True)\n        try:\n            assert total(order) == 3\n"
                "            self.assertEqual(total(order), 3)\n        except AssertionError:\n            pass\n"
            },
            at=[("tests/test_orders.py", line) for line in (*range(6, 14), 18, 19, 20, 25, 26, 27, 29, 30)],
        ),
        Example(
            "any error will do, and checks that are never reached",
            {
                "tests/test_orders.py": "import pytest\nfrom unittest import TestCase\nfrom shop.orders import load\n\n"
                "def test_missing():\n    with pytest.raises(Exception):\n        load(0)\n\n"
                "def test_text():\n    with pytest.raises(ValueError) as caught:\n        load(-1)\n"
                "        assert 'negative' in str(caught.value)\n\n"
                "class OrderTests(TestCase):\n    def test_none(self):\n        with self.assertRaises(Exception):\n"
                "            load(None)\n"
            },
            at=[("tests/test_orders.py", line) for line in (6, 12, 16)],
        ),
    )
    good = (
        Example(
            "assertions that can fail",
            {
                "tests/test_orders.py": "import pytest\nfrom unittest import TestCase, mock\nfrom shop.orders import load, pay, total\n\n"
                "def test_total():\n    order = load(1)\n    assert total(order) == 3, 'wrong total'\n"
                "    assert order in (load(1), load(2))\n    assert all(line.ok for line in order.lines)\n"
                "    if not order.lines:\n        assert False, 'no lines'\n\n"
                "def test_order_equality():\n    order = load(1)\n    assert order == order\n\n"
                "def test_pay():\n    gateway = mock.Mock()\n    gateway.paid = False\n    pay(gateway)\n"
                "    assert gateway.paid\n    assert gateway.charge.called\n    gateway.charge.assert_called_once_with(3)\n\n"
                "class OrderTests(TestCase):\n    def test_lines(self):\n        message = 'no lines'\n"
                "        self.assertTrue(load(1).lines, message)\n        self.assertTrue(load(1).lines, 'no lines')\n"
            },
        ),
        Example(
            "expected errors that are looked at",
            {
                "tests/test_orders.py": "import pytest\nfrom shop.orders import Order, load\n\n"
                "def test_missing():\n    with pytest.raises(Exception, match='no order 0'):\n        load(0)\n\n"
                "def test_text():\n    with pytest.raises(Exception) as caught:\n        load(-1)\n"
                "    assert 'negative' in str(caught.value)\n\n"
                "def test_compare():\n    with pytest.raises(TypeError):\n        load(1) < 'a'\n\n"
                "def test_asserts():\n    with pytest.raises(AssertionError):\n        order = load(1)\n"
                "        assert order.is_paid()\n\n"
                "def test_frozen():\n    order = load(1)\n    with pytest.raises(AttributeError):\n        order.state = 'paid'\n"
            },
        ),
    )
    calls = (
        "pytest.raises",
        "*.assertRaises",
        *("*.assertTrue", "*.assertFalse", "*.assertEqual", "*.assertEquals", "*.assertIs"),
    )

    def visit_assert(self, place: Place[ast.Assert], ctx: Context) -> None:
        ctx.site(place)
        empty = of_assert(place.node.test, place)
        if empty is not None:
            ctx.report(place, empty[0], confidence=empty[1])

    def visit_call(self, call: Call, ctx: Context) -> None:
        ctx.site(call)
        if call.last in ("raises", "assertRaises"):
            if takes_all(call):
                message = "Any error passes, a TypeError in the test itself too: name the error, or match its text."
                ctx.report(call, message)
            return
        empty = of_call(call.node, call)
        if empty is not None:
            ctx.report(call, empty[0], confidence=empty[1])

    def visit_expr(self, place: Place[ast.Expr], ctx: Context) -> None:
        value: Any = place.node.value
        kind = type(value)
        if kind is ast.Call:
            if name := misspelt(value, place):
                ctx.report(place, f"`{name}` is no assertion of a mock: call `assert_{name}`.")
        elif kind is ast.Compare:
            if place.function is not None and not any(place.within("with", "try")):
                ctx.report(place, "The result of this comparison is dropped: `assert` is missing.")
        elif kind is ast.Attribute and uncalled(value):
            ctx.report(place, f"`{uncalled(value)}` is named and not called, so it checks nothing.")

    def visit_with(self, place: Place[Any], ctx: Context) -> None:
        body = place.node.body
        if len(body) < 2 or not any(map(is_assertion, body[1:])):
            return
        for item in place.node.items:
            made = item.context_expr
            if isinstance(made, ast.Call) and (place.name(made.func) or getattr(made.func, "attr", "")).endswith(
                _RAISES
            ):
                if any("AssertionError" in unparse(arg) or is_wide(arg) for arg in made.args[:1]):
                    continue
                for stmt in after_raise(item, place.node.body):
                    message = "This is never reached: what stands before it in the block is expected to raise."
                    ctx.report(Place(stmt, place.block, stmt), message, confidence=Confidence.MEDIUM)
