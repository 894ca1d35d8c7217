import re
from typing import Final

from scanners.finding import Confidence, Effort, Severity
from scanners.modules import absolute, module_of
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.tests.imported import imported
from scanners.tree import Fact, Tree, TreeContext

_EDGE: Final = regex(
    r"now|today|time|clock|date|sleep|wait|random|uuid|token|secret|nonce|seed|setting|config|conf$|env|version|host|path|locale|lang"
    r"|fetch|request|send|post|put|call|upload|download|connect|client|session|http|api|url|web|publish|notif|mail|query|execute|sql|db"
    r"|load|read|write|save|store|open|file|run|exec|spawn|process|shell|command|log|print|echo|pager|prompt|input|cache|redis|s3|bucket|remote|socket"
    r"|stream|poll|listen|enqueue|delay|apply|dispatch|schedul|task|queue|login|auth|user|main|exit|thread|signal|import|pull|push|git|ssh"
    r"|docker|sync|serve|start|stop|get_|delete|create|update|insert|lookup|resolve|dns|ping|check|is_|has_|exist|submit|copy|broadcast|register|debug|capture|from_pid",
    re.IGNORECASE,
)

_AWAY: Final = ("outward", "reaching")


class OwnCodeMocked(Rule):
    """
    A test that replaces part of the module that it tests proves that the mock works: the real part may be broken.

    Looks at patches and monkeypatch.setattr whose target is a function or method that the repository itself defines, in
    the test file of that very module (by its name, or because it imports from it alone). Clocks, randomness, settings
    and functions that work on files, sockets or processes or are named like one that does may be replaced. One that other
    tests of the same file run is only suspected.
    """

    id = "own-code-mocked"
    area = "tests"
    item = "X3"
    title = "Test replaces the code that it tests"
    severity = Severity.LOW
    confidence = Confidence.MEDIUM
    effort = Effort.HOUR
    fix = "Call the real function and replace only the edge behind it, or pass the part in as a parameter."
    bad = (
        Example(
            "a function and a method of the module under test",
            {
                "shop/orders.py": "class Order:\n    def discount(self):\n        return 3\n\n\ndef tax(order):\n    return 1\n\n\n"
                "def total(order):\n    return tax(order) + order.discount()\n",
                "tests/test_orders.py": "from unittest.mock import patch\n\nfrom shop.orders import Order, total\n\n\n"
                "@patch('shop.orders.tax', return_value=2)\ndef test_total(tax):\n"
                "    with patch.object(Order, 'discount', return_value=1):\n        assert total(Order()) == 3\n\n\n"
                "def test_other(monkeypatch):\n    monkeypatch.setattr('shop.orders.tax', lambda order: 5)\n    assert total(Order()) == 8\n",
            },
            at=[("tests/test_orders.py", 6), ("tests/test_orders.py", 8), ("tests/test_orders.py", 13)],
        ),
    )
    good = (
        Example(
            "the clock, a setting, a wrapper around the network, and another module",
            {
                "shop/orders.py": "import requests\nfrom shop.rates import convert\n\n\ndef utcnow():\n    return 3\n\n\n"
                "def rates():\n    return requests.get('https://rates.example', timeout=3).json()\n\n\n"
                "def stock():\n    with open('/proc/stock') as file:\n        return len(file.readlines())\n\n\n"
                "def total(order):\n    return convert(rates()) if stock() else {}\n",
                "shop/rates.py": "def convert(rates):\n    return rates\n",
                "tests/test_orders.py": "from unittest.mock import patch\n\nfrom shop.orders import total\n\n\n"
                "@patch('shop.orders.stock', return_value=2)\n@patch('shop.orders.utcnow', return_value=2)\n@patch('shop.orders.rates', return_value={})\n"
                "@patch('shop.orders.requests.get')\n@patch('shop.rates.convert')\ndef test_total(convert, get, rates, now, stock):\n"
                "    assert total(1) == {}\n",
                "tests/conftest.py": "from shop.orders import total\n\n\ndef cheap(monkeypatch):\n"
                "    monkeypatch.setattr('shop.orders.total', lambda order: 5)\n",
            },
        ),
    )

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        defined = tree.once("names defined", lambda: _defined(tree), lasts=True)
        owned: dict[str, set[str]] = {}
        outward = {(module_of(fact.path), fact["name"]) for kind in _AWAY for fact in tree.facts(kind)}
        imports = imported(tree)
        for patch in tree.facts("patch", tests=True):
            target = absolute(patch["target"], patch.path)
            module, name = _split(target, defined)
            if not module or name not in defined[module]:
                continue
            last = name.rpartition(".")[2]
            ctx.site(patch.path, patch.line)
            edge = _EDGE.search(last) or (module, name) in outward or last.startswith("__")
            if patch.path not in owned:
                owned[patch.path] = _owned(imports.get(patch.path, frozenset()), defined)
            if edge or not _tests(patch, module, imports.get(patch.path, frozenset()), owned[patch.path]):
                continue
            message = f"`{last}` is part of `{module}`, which this file tests: what it really does is not run."
            sure = Confidence.LOW if patch["spies"] or patch["runs"] else Confidence.MEDIUM  # Another test runs it.
            ctx.report(
                patch.path,
                patch.line,
                message,
                anchor=f"{patch['test']}:{target}",
                text=patch["text"],
                confidence=sure,
            )


def _split(target: str, defined: dict[str, frozenset[str]]) -> tuple[str, str]:
    """The module of the repository that a target is in, and the rest of it."""
    parts = target.split(".")
    for count in range(len(parts) - 1, 0, -1):
        module = ".".join(parts[:count])
        if module in defined:
            return module, ".".join(parts[count:])
    return "", ""


def _defined(tree: Tree) -> dict[str, frozenset[str]]:
    return {module_of(fact.path): frozenset(fact["names"]) for fact in tree.facts("defined")}


def _owned(names: frozenset[str], defined: dict[str, frozenset[str]]) -> set[str]:
    """The modules of the repository that a file imports, or names of."""
    return {found for name in names if (found := name if name in defined else _split(name, defined)[0])}


def _tests(patch: Fact, module: str, names: frozenset[str], own: set[str]) -> bool:
    """Whether the file is the test of the module: by its name, or because it imports from no other."""
    if patch.path.endswith("conftest.py"):
        return False  # It serves many tests.
    stem = patch.path.rpartition("/")[2].removesuffix(".py").removeprefix("test_").removesuffix("_test")
    if stem == module.rpartition(".")[2] or stem == "_".join(module.split(".")[-2:]):
        return True
    packages = {name for name in names if name != module and module.startswith(f"{name}.")}
    return own | packages == {module}
