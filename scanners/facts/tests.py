"""What tests a repository has, what they import and patch, and which of them the runner collects."""

import ast
import re
from fnmatch import fnmatch
from typing import Any, Final

from scanners.context import Context
from scanners.modules import module_of
from scanners.place import Place
from scanners.regex import regex
from scanners.rule import Collector
from scanners.semantics.tests.imported import imported
from scanners.semantics.tests.testcode import is_case, is_mixin, is_test, may_collect
from scanners.semantics.tests.unruntests import count_tests
from scanners.syntax import statements
from scanners.text import TextFile, matches
from scanners.tree import Fact, Tree

TEST: Final = frozenset({"test"})
_COLLECTED: Final = ("test*.py", "*_test.py")  # pytest asks for test_*.py, Django for test*.py.
_OPTION: Final = regex(
    r"^[^\S\n]*+(python_files|python_classes|python_functions|testpaths|test_patterns)\s*+=\s*(.*)$", re.MULTILINE
)
_DRIVERS: Final = ("client.", "app.", "browser.", "page.")
_DRIVES: Final = regex(
    r"(?:(?<!\w)|(?<=\bapi_)(?=client)|(?<=\btest_)(?=client))[a-z]+\.(?:get|post|put|delete|goto|open)\("
)
_NAMES: Final = regex(r"[\w*.?/\[\]-]+")


class Tests(Collector):
    """Facts: `test-file` (one a file with tests: how many, the first in the module), `test-class` (one with tests that
    is neither named Test... nor a test case), `test-imports` (one a file: the dotted names that it imports) and
    `test-urls` (a file that drives an application by URL).
    """

    classes = TEST

    def visit_function_def(self, place: Place[Any], ctx: Context) -> None:
        if not is_test(place):
            return
        if "test-file" not in ctx.facts:
            ctx.fact("test-file", place, count=0, function="", at=0)
        fact = ctx.facts["test-file"][0]
        fact["count"] += 1
        if not fact["function"] and place.cls is None and _asserts(place.node):
            fact["function"], fact["at"] = place.node.name, place.line

    def visit_class_def(self, place: Place[ast.ClassDef], ctx: Context) -> None:
        node = place.node
        if node.name.startswith("Test") or node.decorator_list or place.function is not None or is_mixin(node.name):
            return
        tests = count_tests(node)
        if tests and is_case(node, place) is False and may_collect(node):
            ctx.fact("test-class", place, name=node.name, count=tests, used=_is_named_again(node.name, ctx.source))

    def visit_import(self, place: Place[ast.Import], ctx: Context) -> None:
        for alias in place.node.names:
            _imports(ctx).append(alias.name)

    def visit_import_from(self, place: Place[ast.ImportFrom], ctx: Context) -> None:
        source = "." * place.node.level + (place.node.module or "")
        joint = "" if source.endswith(".") else "."
        for alias in place.node.names:
            _imports(ctx).append(f"{source}{joint}{alias.name}")

    def visit_module(self, ctx: Context) -> None:
        if _drives(ctx.source):
            ctx.fact("test-urls", 1)


def _drives(source: str) -> bool:
    """Whether a file asks an application for URLs."""
    return any(True for driver in _DRIVERS for _ in matches(_DRIVES, driver, source))


def _asserts(node: ast.AST) -> bool:
    return any(type(stmt) is ast.Assert for stmt in statements(node))


def _is_named_again(name: str, source: str) -> bool:
    """Whether a word stands at least twice in a text."""
    seen, at = 0, source.find(name)
    while at >= 0 and seen < 2:
        end = at + len(name)
        around = source[at - 1 : at] + source[end : end + 1]
        seen += not any(letter.isalnum() or letter == "_" for letter in around)
        at = source.find(name, end)
    return seen > 1


def _imports(ctx: Context) -> list[str]:
    """The list of imported names of the file's one fact."""
    if "test-imports" not in ctx.facts:
        ctx.fact("test-imports", 1, names=[])
    names: list[str] = ctx.facts["test-imports"][0]["names"]
    return names


class TestOptions(Collector):
    """Fact `test-options`: what the settings of pytest say of the names of tests."""

    files = ("pyproject", "setup-cfg", "config-file")

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        if "pytest" not in text.text and "python_" not in text.text:
            return
        if text.kind == "pyproject":
            tool = text.toml.get("tool", {})
            found: dict[str, Any] = tool.get("pytest", {}).get("ini_options", {}) if isinstance(tool, dict) else {}
            options = {key: value for key, value in found.items() if key.startswith(("python_", "testpaths"))}
        else:
            options = {match[1]: match[2] for match in _OPTION.finditer(text.text)}
        for name, value in options.items():
            said = " ".join(value) if isinstance(value, list) else str(value)
            ctx.fact("test-options", 1, option=name, values=_NAMES.findall(said))


class Collection:
    """What the runner collects, by the settings of pytest and by what other test files import."""

    def __init__(self, tree: Tree) -> None:
        self._options: dict[str, list[str]] = {}
        for fact in tree.facts("test-options", tests=True):
            self._options.setdefault(fact["option"], []).extend(fact["values"])
        self.imported = {name for names in imported(tree).values() for name in names}
        self._files = tree.facts("test-file", tests=True)

    def takes_class(self, fact: Fact) -> bool:
        """Whether a class is collected by its name, or is there for others to derive from."""
        name, wanted = fact["name"], self._options.get("python_classes", [])
        derived = fact["used"] or any(known.endswith(f".{name}") for known in self.imported)
        return derived or any(fnmatch(name, pattern) or name.startswith(pattern) for pattern in wanted)

    def takes_file(self, fact: Fact) -> bool:
        """Whether a file is collected by its name."""
        name, patterns = fact.path.rpartition("/")[2], [*self._options.get("python_files", []), *_COLLECTED]
        return any(fnmatch(fact.path if "/" in pattern else name, pattern) for pattern in patterns)

    def files_left_out(self) -> list[Fact]:
        """Files with tests in the module itself that nothing collects or imports.

        None where no file at all has a name to be collected: another runner is at work.
        """
        if not any(map(self.takes_file, self._files)):
            return []
        return [
            fact for fact in self._files if fact["function"] and not self.takes_file(fact) and not self._spared(fact)
        ]

    def _spared(self, fact: Fact) -> bool:
        module = module_of(fact.path)
        return fact.path.endswith(("/__init__.py", "conftest.py")) or any(
            f"{name}.".startswith(f"{module}.") or module.endswith(f".{name}") for name in self.imported
        )
