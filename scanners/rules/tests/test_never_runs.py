import ast
from typing import Any

from scanners.context import Context
from scanners.facts.tests import Collection
from scanners.finding import Confidence, Severity
from scanners.place import Place
from scanners.rule import Example, Rule
from scanners.semantics.tests.testcode import is_case, is_test
from scanners.semantics.tests.unruntests import (
    count_tests,
    first_skip,
    is_constructor,
    is_generator,
    is_lost_coroutine,
    lost,
    nested_unused,
    reasonless,
)
from scanners.tree import Tree, TreeContext


class TestNeverRuns(Rule):
    """
    A test that the runner never starts is worse than none: everybody believes that it guards something.

    Looks at test files: a name that a later def or class of the same body takes, a test class with `__init__`, which
    pytest leaves out, an async test of a plain unittest case, a generator, a test inside a test that nobody calls, a skip without a
    reason, and classes and files whose names the runner does not look for. The names follow python_files and
    python_classes of the settings. Classes that others derive from and variants under if and else are good.
    """

    id = "test-never-runs"
    area = "tests"
    item = "X1"
    title = "Test that never runs"
    severity = Severity.MEDIUM
    fix = "Give each test a name of its own that the runner collects, and each skip a reason."
    classes = frozenset({"test"})
    bad = (
        Example(
            "a name used twice, a constructor, a lost coroutine and a nested test",
            {
                "tests/test_orders.py": "import unittest\n\ndef test_total():\n    assert 1\n\ndef test_total():\n    assert 2\n\n"
                "class TestOrder:\n    def __init__(self):\n        self.order = 1\n\n    def test_state(self):\n"
                "        assert self.order\n\nclass PayTests(unittest.TestCase):\n    async def test_pay(self):\n"
                "        self.assertTrue(await pay())\n\ndef test_outer():\n    def test_inner():\n        assert 0\n\n"
                "def test_each():\n    for order in (1, 2):\n        yield check, order\n"
            },
            at=[("tests/test_orders.py", line) for line in (3, 9, 17, 21, 24)],
        ),
        Example(
            "skipped, and nobody knows why",
            {
                "tests/test_orders.py": "import unittest\nimport pytest\n\n@pytest.mark.skip\ndef test_total():\n    assert 1\n\n"
                "@pytest.mark.skip()\ndef test_tax():\n    assert 1\n\n"
                "class OrderTests(unittest.TestCase):\n    @unittest.skip('')\n    def test_state(self):\n"
                "        self.fail()\n\ndef test_cancel():\n    pytest.skip()\n    assert 0\n"
            },
            at=[("tests/test_orders.py", line) for line in (4, 8, 13, 18)],
        ),
        Example(
            "names that the runner does not look for",
            {
                "tests/test_orders.py": "class OrderTests:\n    def test_total(self):\n        assert 1\n\n\ndef test_tax():\n    assert 1\n",
                "tests/payments.py": "def test_pay():\n    assert 1\n",
            },
            at=[("tests/payments.py", 1), ("tests/test_orders.py", 1)],
        ),
    )
    good = (
        Example(
            "names of their own, variants, and reasons",
            {
                "tests/test_orders.py": "import sys\nimport unittest\nimport pytest\n\n@pytest.mark.skip(reason='needs a printer')\n"
                "def test_print():\n    assert 1\n\n@pytest.mark.skipif(sys.platform == 'win32', reason='no fork')\n"
                "def test_fork():\n    assert 1\n\nif sys.platform == 'win32':\n    def test_path():\n        assert 1\n"
                "else:\n    def test_path():\n        assert 2\n\n"
                "class OrderTests(unittest.TestCase):\n    def __init__(self, name):\n        super().__init__(name)\n\n"
                "    def test_total(self):\n        self.assertEqual(1, 1)\n\n"
                "class AsyncTests(unittest.IsolatedAsyncioTestCase):\n    async def test_total(self):\n"
                "        self.assertEqual(1, 1)\n\ndef test_register():\n    def test_handler():\n        return 1\n"
                "    assert test_handler() == 1\n\n@inlineCallbacks\ndef test_slow():\n    assert (yield pay())\n"
            },
        ),
        Example(
            "a base for others, and names that the settings ask for",
            {
                "pyproject.toml": '[tool.pytest.ini_options]\npython_files = ["check_*.py", "test_*.py"]\npython_classes = ["*Checks"]\n',
                "tests/check_orders.py": "from tests.test_base import StoreContract\n\ndef test_total():\n    assert 1\n\n"
                "class OrderChecks:\n    def test_tax(self):\n        assert 1\n\nclass TestStore(StoreContract):\n    store = 1\n",
                "tests/test_base.py": "class StoreContract:\n    store = None\n\n    def test_get(self):\n        assert self.store\n",
            },
        ),
    )

    def visit_function_def(self, place: Place[Any], ctx: Context) -> None:
        node = place.node
        if not node.name.startswith("test"):
            return
        if place.function is not None:
            if nested_unused(place):
                ctx.report(place, f"`{node.name}` stands inside `{place.function.name}` and nothing calls it.")
            return
        if not is_test(place):
            return
        ctx.site(place)
        decorated = next(filter(None, map(reasonless, node.decorator_list)), None) if node.decorator_list else None
        if later := lost(place):
            message = f"`{node.name}` is defined again on line {later}, so this one never runs: give it another name."
            ctx.report(place, message, confidence=Confidence.HIGH)
        elif is_lost_coroutine(place):
            message = f"unittest.TestCase never awaits `{node.name}`: derive from IsolatedAsyncioTestCase."
            ctx.report(place, message, confidence=Confidence.HIGH)
        elif "yield" in ctx.source and is_generator(place):
            message = f"`{node.name}` yields, so calling it runs nothing: pytest no longer takes such tests."
            ctx.report(place, message, confidence=Confidence.MEDIUM)
        elif decorated is not None:
            ctx.report(Place(decorated, place.block, None), f"`{node.name}` is skipped without a reason.")
        elif (first := first_skip(node)) is not None and reasonless(first):
            ctx.report(Place(first, place.block, None), f"`{node.name}` skips itself without a reason.")

    def visit_class_def(self, place: Place[ast.ClassDef], ctx: Context) -> None:
        node = place.node
        tests = count_tests(node) if place.function is None else 0
        if not tests:
            return
        later = lost(place)
        if later:
            message = f"`{node.name}` is defined again on line {later}, so its {tests} tests never run."
            ctx.report(place, message, confidence=Confidence.HIGH)
        elif node.name.startswith("Test") and is_case(node, place) is False and any(map(is_constructor, node.body)):
            message = f"pytest does not collect `{node.name}`: it has a constructor; use a fixture or setup_method."
            ctx.report(place, message, confidence=Confidence.HIGH)
        for decorator in filter(None, map(reasonless, node.decorator_list)):
            ctx.report(Place(decorator, place.block, None), f"All tests of `{node.name}` are skipped without a reason.")

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        collection = Collection(tree)
        for fact in tree.facts("test-class", tests=True):
            ctx.site(fact.path, fact.line)
            if not collection.takes_class(fact):
                name = fact["name"]
                message = f"pytest collects classes named Test...: the {fact['count']} tests of `{name}` never run."
                ctx.report(fact.path, fact.line, message, anchor=name, confidence=Confidence.MEDIUM)
        for fact in collection.files_left_out():
            name = fact.path.rpartition("/")[2]
            message = f"pytest collects files named test_*.py or *_test.py: the tests of `{name}` never run."
            ctx.report(fact.path, fact["at"], message, anchor=name, confidence=Confidence.MEDIUM)
