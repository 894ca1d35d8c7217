import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Place
from scanners.rule import Example, Rule
from scanners.semantics.requestdata import taint
from scanners.semantics.responses import is_web
from scanners.syntax import descendants

_RIGHTS: Final = re.compile(r"^(is_(admin|staff|superuser|authenticated|owner|allowed|authori[sz]ed)|has_(perm|permission|perms|role|access|scope)\w*|can_[a-z]+\w*|check_(permission|access)\w*|is_permitted|(user_)?permissions|roles)$")
_ANSWERS: Final = re.compile(r"^_?(\w+_)?(r|res|resp|response|reply|answer)$")
_ANSWER_PARTS: Final = frozenset({"status_code", "ok", "status", "is_success"})


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
        if place.function is None or _is_fixed(test) or _is_test_help(place):
            return
        if any(_RIGHTS.match(name) for name in _names(test)):
            ctx.report(place, "A right is checked by an assertion: `python -O` lets everybody through.")
        elif _narrows(test):
            return
        elif is_web(ctx) and (what := _from_request(place, ctx)):
            ctx.report(place, f"`{what}` comes from the request and is checked by an assertion only, which `python -O` removes.")
        elif _is_answer(test, place):
            ctx.report(place, "The answer of another service is checked by an assertion only, which `python -O` removes.")
        elif name := _public(place):
            ctx.report(place, f"`{name}` is given by the caller and checked by an assertion only, which `python -O` removes.", confidence=_sure(place))


def _sure(place: Place[ast.Assert]) -> Confidence | None:
    """A method that asserts without a word for the caller states an invariant as likely as it checks."""
    return Confidence.LOW if place.node.msg is None and place.cls is not None else None


def _is_fixed(test: ast.expr) -> bool:
    return isinstance(test, ast.Constant) or (isinstance(test, ast.UnaryOp) and isinstance(test.operand, ast.Constant))


def _is_test_help(place: Place[Any]) -> bool:
    return bool(re.search(r"(^|[._])(test|assert|check_invariants?|verify_|mock)|Test(s|Case|Mixin|Helper)?(\.|$)", place.qualname))


def _narrows(test: ast.expr) -> bool:
    """Whether a test tells of types and presence only: isinstance, `is not None`, truth of a name."""
    if isinstance(test, ast.BoolOp):
        return all(_narrows(value) for value in test.values)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _narrows(test.operand)
    if isinstance(test, ast.Call):
        last = getattr(test.func, "attr", getattr(test.func, "id", ""))
        return last in ("isinstance", "issubclass", "callable", "hasattr", "iscoroutinefunction", "isclass", "all", "any", "type")
    if isinstance(test, ast.Compare):
        if any(isinstance(op, ast.Is | ast.IsNot) for op in test.ops):
            return True
        text = ast.unparse(test)
        return "type(" in text or "__class__" in text or " in (None" in text or "isinstance" in text or text.endswith("None")
    return isinstance(test, ast.Name | ast.Attribute | ast.NamedExpr) and not (isinstance(test, ast.Attribute) and test.attr == "ok")


def _names(test: ast.expr) -> Iterator[str]:
    for node in descendants(test):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def _from_request(place: Place[ast.Assert], ctx: Context) -> str:
    for node in descendants(place.node.test):
        if isinstance(node, ast.Name | ast.Subscript) or (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            found = taint(node, place, ctx)
            if found is not None and found.confidence is not Confidence.LOW:
                return found.what
    return ""


def _is_answer(test: ast.expr, place: Place[Any]) -> bool:
    for node in descendants(test):
        if isinstance(node, ast.Attribute) and node.attr in _ANSWER_PARTS:
            ref = place.resolve(node.value)
            made = ref.dotted if ref else ""
            if made.startswith(("requests.", "httpx.", "aiohttp.", "urllib3.")):
                return True
            if not made and isinstance(node.value, ast.Name) and _ANSWERS.match(node.value.id) and node.attr in ("status_code", "ok"):
                return True
    return False


def _public(place: Place[ast.Assert]) -> str:
    """The parameter of a public function whose value is compared before anything else is done; empty for all others."""
    function, qualname = place.function, place.qualname
    if isinstance(function, ast.Lambda) or any(part.startswith("_") and part != "__init__" for part in qualname.split(".")):
        return ""
    if place.block.node is not function or place.block.parent is None or place.block.parent.kind not in ("module", "class"):
        return ""
    for stmt in function.body:
        if stmt is place.node:
            break
        if not isinstance(stmt, ast.Assert) and not (isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Constant)):
            return ""
    test = place.node.test
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], ast.Gt | ast.GtE | ast.Lt | ast.LtE | ast.In | ast.NotIn | ast.Eq):
        return ""
    params = {arg.arg for arg in (*function.args.args, *function.args.kwonlyargs)} - {"self", "cls"}
    sides = [test.left, *test.comparators]
    inside = [side.args[0] if isinstance(side, ast.Call) and getattr(side.func, "id", "") == "len" and side.args else side for side in sides]
    named = [side.id for side in inside if isinstance(side, ast.Name) and side.id in params]
    fixed = any(isinstance(side, ast.Constant | ast.Tuple | ast.List | ast.Set | ast.UnaryOp) for side in sides)
    return named[0] if named and (fixed or len(named) == 1) and not _others(sides, params) else ""


def _others(sides: list[ast.expr], params: set[str]) -> bool:
    """Whether a test also asks the object itself: then it is about the state, not about what was given."""
    return any(isinstance(node, ast.Name) and node.id == "self" for side in sides for node in descendants(side)) or not params
