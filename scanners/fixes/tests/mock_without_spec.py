import ast
from collections.abc import Iterator
from typing import Any, Final

import libcst as cst

from scanners.fixes.arguments import refuse_unpacked, with_keyword
from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot
from scanners.regex import regex
from scanners.scopes import arguments
from scanners.semantics.tests.mocks import is_bare, replacement, target_of
from scanners.syntax import descendants

_METHOD: Final = regex(r"\.[A-Z]\w*\.[a-z_]\w*$")
_ASKED: Final = regex(r"called_(once_)?with|assert_any_call|assert_has_calls|call_args|mock_calls|side_effect")


class PatchWithAutospec(Fix):
    """
    Passes `autospec=True` to the patch, so that names and arguments which the real thing lacks fail. A test that
    relied on
    such a name fails then, which a person has to look at.

    Not offered for mocks that are made by hand: what they stand for is not written there; for methods, which are given
    self then, where the file asserts calls; and where the test calls the mock itself.
    """

    rule = "mock-without-spec"
    bulk = False
    says = "Pass autospec=True to the patch."
    examples = (
        Change(
            "a decorator and a with",
            'from unittest import mock\n\n\n@mock.patch("shop.bank.Client")\ndef test_pay(client):\n'
            '    with mock.patch("shop.mail.Mailer") as mailer:\n        assert pay(client, mailer)\n',
            'from unittest import mock\n\n\n@mock.patch("shop.bank.Client", autospec=True)\ndef test_pay(client):\n'
            '    with mock.patch("shop.mail.Mailer", autospec=True) as mailer:\n        assert pay(client, mailer)\n',
            path="tests/test_pay.py",
        ),
    )
    declined = (
        Declined(
            "a method whose arguments are asserted",
            'from unittest import mock\n\n\n@mock.patch("requests.Session.get")\ndef test_pay(get):\n'
            "    pay()\n    get.assert_called_once_with(1)\n",
            "is given self",
            path="tests/test_pay.py",
        ),
        Declined(
            "called by the test",
            'from unittest import mock\n\n\n@mock.patch("shop.bank.Client")\ndef test_pay(client):\n'
            "    client().pay.side_effect = OSError\n    assert pay()\n",
            "calls the mock itself",
            path="tests/test_pay.py",
        ),
        Declined(
            "made by hand",
            "from unittest.mock import Mock\n\n\ndef test_pay():\n    client = Mock()\n"
            "    client.pay.return_value = 3\n"
            "    assert pay(client)\n",
            "is not written here",
            path="tests/test_pay.py",
        ),
        Declined(
            "what may be missing",
            "from unittest import mock\n\n\n@mock.patch('shop.bank.Client', create=True)\ndef test_pay(client):\n"
            "    assert pay(client)\n",
            "may be missing",
            path="tests/test_pay.py",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Add the keyword."""
        node = spot.node(cst.Call)
        if is_bare(spot.call) or replacement(spot.call) is not None:
            raise NotOfferedError("What the mock stands for is not written here: pass spec_set=TheClass.")
        if spot.call.keyword("create") is not None:
            raise NotOfferedError("What is patched may be missing: there is nothing to take the shape of.")
        refuse_unpacked(node)
        if _METHOD.search(target_of(spot.call)) and _ASKED.search(spot.ctx.source):
            raise NotOfferedError("With autospec the mock of a method is given self, which the asserted calls lack.")
        if any(_calls_mock(function) for function in _tests(spot)):
            raise NotOfferedError("The test calls the mock itself, and may not pass what the real thing wants.")
        spot.change(node, with_keyword("autospec", spot.expression("True")))


def _tests(spot: Spot) -> Iterator[Any]:
    """The def that the patch stands in, and the one that it decorates."""
    if spot.place.function is not None:
        yield spot.place.function
    tree = spot.ctx.tree
    functions = descendants(tree, ast.FunctionDef, ast.AsyncFunctionDef) if tree is not None else ()
    yield from (function for function in functions if spot.call.node in function.decorator_list)


def _calls_mock(function: Any) -> bool:
    """Whether a test calls one of its parameters, or what a `with` gives a name to."""
    names = {arg.arg for arg in arguments(function)}
    given = [item.optional_vars for item in descendants(function, ast.withitem)]
    names |= {name.id for name in given if isinstance(name, ast.Name)}
    return any(isinstance(node.func, ast.Name) and node.func.id in names for node in descendants(function, ast.Call))
