import ast

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Place
from scanners.rule import Example, Rule
from scanners.semantics.api.asserted import (
    RIGHTS,
    is_answer,
    is_fixed,
    is_test_help,
    names_in,
    narrows,
    public_parameter,
)
from scanners.semantics.api.responses import is_web
from scanners.semantics.requestdata import taint
from scanners.syntax import descendants


class AssertAsValidation(Rule):
    """
    `python -O` takes assertions away, and with them the check: what was to be refused goes through. Where they stay, the
    caller sees a server error without a text.

    Looks at assertions of service code about request data, rights, answers of other services, and the values of the
    parameters of public functions. What tells a type checker about a type, and what states an invariant, is left.
    """

    id = "assert-as-validation"
    area = "api"
    item = "A1"
    title = "Assertion used as a check of input"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.MINUTES
    fix = "Raise an exception that says what is wrong: ValueError, PermissionError, or the framework's 4xx."
    classes = frozenset({"service"})
    bad = [
        Example("request data", {"app.py": "from flask import Flask, request\napp = Flask(__name__)\n\n\n@app.post('/orders')\ndef order():\n    amount = request.get_json()['amount']\n    assert amount > 0\n    return 'ok'\n"}, at=[("app.py", 8)]),
        Example("rights", {"views.py": "from django.http import HttpResponse\n\n\ndef close(request):\n    assert request.user.is_staff, 'staff only'\n    return HttpResponse()\n", "jobs.py": "def close(user, order):\n    assert user.has_perm('orders.close')\n    order.close()\n"}, at=[("jobs.py", 2), ("views.py", 5)]),
        Example("the answer of another service", {"pay.py": "import requests\n\n\ndef pay(url):\n    response = requests.post(url, timeout=5)\n    assert response.status_code == 200\n    return response.json()\n"}, at=[("pay.py", 6)]),
        Example("parameters of a public function", {"shop.py": "def transfer(source, target, amount):\n    assert amount > 0, 'amount must be positive'\n    assert len(source) == 22\n    source.take(amount)\n"}, at=[("shop.py", 2), ("shop.py", 3)]),
    ]  # fmt: skip
    good = [
        Example("types are narrowed", {"shop.py": "def name_of(order, kind):\n    assert order is not None\n    assert isinstance(kind, str)\n    assert order.customer\n    assert callable(kind)\n    return order.customer.name\n"}),
        Example("what cannot be reached", {"shop.py": "def kind_of(order):\n    if order.paid:\n        return 'paid'\n    assert False, 'unknown kind'\n"}),
        Example("an invariant of a private function", {"shop.py": "def _split(rows):\n    assert len(rows) > 1\n    return rows[0], rows[1:]\n\n\nclass Queue:\n    def run(self, rows):\n        done = self.work(rows)\n        assert len(done) == self.expected\n"}),
        Example("tests", {"tests/test_shop.py": "def test_total():\n    assert total([1]) == 1\n"}),
        Example("a check that raises", {"shop.py": "def transfer(source, target, amount):\n    if amount <= 0:\n        raise ValueError('amount must be positive')\n"}),
    ]  # fmt: skip

    def visit_assert(self, place: Place[ast.Assert], ctx: Context) -> None:
        test = place.node.test
        ctx.site(place)
        if place.function is None or is_fixed(test) or is_test_help(place):
            return
        if any(RIGHTS.match(name) for name in names_in(test)):
            ctx.report(place, "A right is checked by an assertion: `python -O` lets everybody through.")
        elif narrows(test):
            return
        elif is_web(ctx) and (what := _from_request(place, ctx)):
            ctx.report(
                place,
                f"`{what}` comes from the request and is checked by an assertion only, which `python -O` removes.",
            )
        elif is_answer(test, place):
            ctx.report(
                place, "The answer of another service is checked by an assertion only, which `python -O` removes."
            )
        elif name := public_parameter(place):
            ctx.report(
                place,
                f"`{name}` is given by the caller and checked by an assertion only, which `python -O` removes.",
                confidence=_sure(place),
            )


def _sure(place: Place[ast.Assert]) -> Confidence | None:
    """A method that asserts without a word for the caller states an invariant as likely as it checks."""
    test = place.node.test
    chosen = (
        isinstance(test, ast.Compare)
        and isinstance(test.ops[0], ast.In)
        and isinstance(test.comparators[0], (ast.Tuple, ast.Set, ast.List))
    )
    return Confidence.LOW if place.node.msg is None and place.cls is not None and not chosen else None


def _from_request(place: Place[ast.Assert], ctx: Context) -> str:
    for node in descendants(place.node.test):
        if isinstance(node, (ast.Name, ast.Subscript)) or (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        ):
            found = taint(node, place, ctx)
            if found is not None and found.confidence is not Confidence.LOW:
                return found.what
    return ""
