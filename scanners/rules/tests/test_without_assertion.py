import ast
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Place
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.tests.assertions import DOUBT, NOTHING, called, has_plain_bases, proof, refused, remarks
from scanners.semantics.tests.testcode import decorators, gives_back, is_mixin, is_test, last_name, parameters

_SMOKE: Final = regex(
    r"(?i)smoke|(no|not|n_?t|without|never)_?(raise|crash|fail|error|throw|exception|explode|blow|break)|import|instantiat|construct"
    r"|noop|no_op|idempotent|ignor|tolera|accept|allow|valid|pass(es)?$|works?$|runs?$|can_|surviv|handles|robust|(hash|pickl|copy|call|serializ|iter)(e?able|ible)|init|benchmark|perf|leak|stress"
)
_SURVIVES: Final = regex(r"(?i)smoke|(not|n't|without|no) (\w+ )?(rais|crash|fail|error|exception|throw|explo|break)")


class TestWithoutAssertion(Rule):
    """
    A test that asserts nothing passes whatever the code returns: it counts as coverage, and the fault goes out.

    Looks at the tests of test files: an assertion is `assert`, `raises`, `warns`, an `assert*` of unittest, a mock or a
    library, a raise, a wait that fails in the end, a snapshot, or a helper of the same file that holds one within two
    calls. Helpers from other test modules and fixtures that are called are unresolved. A test named after what it must
    survive (smoke, import, does not raise) is a minor finding of low confidence.
    """

    id = "test-without-assertion"
    area = "tests"
    item = "X2"
    title = "Test that asserts nothing"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    fix = "Assert what the call returns or changes. If not raising is the point, say so in the name and assert the state after it."
    classes = frozenset({"test"})
    bad = (
        Example(
            "calls without a check, and an empty body",
            {
                "tests/test_orders.py": "import unittest\nfrom shop.orders import Order, total\n\n"
                "def test_total():\n    order = Order(lines=[3, 4])\n    result = total(order)\n    print(result)\n\n"
                "def test_discount():\n    pass\n\n"
                "async def test_create(client):\n    await client.post('/orders', json={'sku': 'a'})\n\n"
                "class OrderTests(unittest.TestCase):\n    def test_cancel(self):\n        order = self.make()\n"
                "        order.cancel()\n\n    def make(self):\n        return Order(lines=[])\n\ndef test_sum():\n    return total(Order(lines=[3])) == 3\n"
            },
            at=[("tests/test_orders.py", line) for line in (4, 9, 12, 16, 23)],
        ),
        Example(
            "named after what it survives",
            {
                "tests/test_cli.py": "import shop.cli\n\ndef test_smoke():\n    shop.cli.main([])\n\n"
                "def test_key_is_hashable():\n    {shop.cli.key(): 1}\n\ndef test_main():\n    # Smoke test.\n    shop.cli.main([])\n"
            },
            at=[("tests/test_cli.py", 3), ("tests/test_cli.py", 6), ("tests/test_cli.py", 9)],
        ),
    )
    good = (
        Example(
            "assertions of all sorts",
            {
                "tests/test_orders.py": "import unittest\nfrom unittest import mock\nimport numpy as np\nimport pytest\n"
                "from shop.orders import notify, total\n\ndef test_total():\n    assert total([3]) == 3\n\n"
                "def test_bad():\n    with pytest.raises(ValueError, match='empty'):\n        total([])\n\n"
                "def test_sent():\n    peer = mock.Mock()\n    notify(peer)\n    peer.send.assert_called_once_with('a')\n\n"
                "def test_matrix():\n    np.testing.assert_allclose(total([1]), 1)\n\n"
                "@pytest.mark.xfail(reason='rounding')\ndef test_cents():\n    total([0.1])\n\n"
                "def test_page(page):\n    expect(page).to_have_title('Shop')\n\n"
                "def test_export(data_regression):\n    data_regression.check(total([1]))\n\n"
                "class OrderTests(unittest.TestCase):\n    def test_one(self):\n        self.assertEqual(total([1]), 1)\n\n"
                "    def test_never(self):\n        try:\n            total(None)\n        except TypeError:\n"
                "            return\n        self.fail('no error')\n"
            },
        ),
        Example(
            "the counterpart of a refusal, and a status that the client checks",
            {
                "tests/test_rules.py": "import pytest\n\ndef test_short():\n    with pytest.raises(ValueError, match='short'):\n"
                "        password('a')\n\ndef test_missing(app):\n    app.get('/x', status=404)\n"
            },
        ),
        Example(
            "helpers that assert, two calls deep, and fixtures",
            {
                "tests/test_api.py": "import pytest\nfrom tests.helpers import place_order\n\n"
                "def status_is(response, code):\n    assert response.status_code == code\n\n"
                "def fetch(client, path):\n    response = client.get(path)\n    status_is(response, 200)\n    return response\n\n"
                "@pytest.fixture\ndef queue():\n    made = []\n    yield made\n    assert made == []\n\n"
                "def test_home(client):\n    fetch(client, '/')\n\ndef test_drained(queue):\n    queue.append(1)\n"
                "    queue.pop()\n\ndef test_order(client):\n    place_order(client)\n\n"
                "@pytest.mark.parametrize('expectation', [pytest.raises(KeyError)])\ndef test_each(expectation):\n"
                "    with expectation:\n        {}['a']\n\n"
                "@pytest.mark.skip(reason='needs a printer')\ndef test_print():\n    pass\n\n"
                "def test_speed(benchmark):\n    benchmark(sum, [1])\n"
            },
        ),
    )

    def visit_function_def(self, place: Place[Any], ctx: Context) -> None:
        if not is_test(place) or _is_skipped(place):
            return
        found = proof(place, ctx)
        if found == DOUBT:
            ctx.unresolved(place, "A helper or fixture from elsewhere may assert.")
        elif found == NOTHING and place.cls is not None and is_mixin(place.cls.name):
            ctx.unresolved(place, "Classes that derive from this one may add what it calls.")
        elif found == NOTHING:
            _tell(place, ctx)
        else:
            ctx.site(place)


def _tell(place: Place[Any], ctx: Context) -> None:
    node = place.node
    body = [stmt for stmt in node.body if not _is_filler(stmt)]
    if (not body or isinstance(body[0], ast.Return)) and place.cls and not has_plain_bases(place.cls, place, ctx):
        ctx.unresolved(place, "It may switch off a test of a base class.")
    elif not body and (parameters(node) or "usefixtures" in decorators(node)):
        ctx.unresolved(place, "Its fixtures may be what is tested.")
    elif body and gives_back(body[-1]):
        ctx.unresolved(place, "It gives something back: what calls it may judge that.")
    elif not body:
        ctx.report(place, f"`{node.name}` has no body: it passes without running anything.")
    elif (
        _SMOKE.search(node.name.removeprefix("test"))
        or _SURVIVES.search(remarks(node, ctx))
        or (not isinstance(body[-1], ast.Try) and not refused(ctx).isdisjoint(called(body[-1])))
    ):
        message = f"`{node.name}` fails only if the code raises; what it returns or changes is not checked."
        ctx.report(place, message, severity=Severity.LOW, confidence=Confidence.LOW)
    else:
        ctx.report(place, f"`{node.name}` asserts nothing, so it passes whatever the code returns or changes.")


def _is_filler(stmt: ast.stmt) -> bool:
    return type(stmt) is ast.Pass or (type(stmt) is ast.Expr and type(stmt.value) is ast.Constant)


def _is_skipped(place: Place[Any]) -> bool:
    """Whether it never gets as far as asserting, on purpose."""
    node, cls = place.node, place.cls
    for name in map(last_name, node.decorator_list + cls.decorator_list if cls is not None else node.decorator_list):
        if name.lower().startswith("skip") and name not in ("skipif", "skipIf", "skipUnless"):
            return True
    for stmt in node.body:
        if not _is_filler(stmt):
            value = getattr(stmt, "value", None)
            return type(value) is ast.Call and last_name(value) in ("skip", "skipTest", "SkipTest", "importorskip")
    return False
