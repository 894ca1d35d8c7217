"""Whether a test can fail by what it finds: assertions in it, in the helpers that it calls, and what may hold some."""

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context, per_file
from scanners.place import Place
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.tests.testcode import (
    LIBRARIES,
    class_named,
    decorators,
    from_helpers,
    function_named,
    is_case,
    last_name,
    methods,
    parameters,
)
from scanners.syntax import descendants

ASSERTS, DOUBT, NOTHING = "asserts", "doubt", "nothing"

_SURE: Final = regex(
    r"assert|^_*(expects?|fail|failIf|failUnless\w*|raises?|warns|deprecated_call|xfail|ok_|eq_|ne_|is_|in_|eq|ok|neq|equals?"
    r"|should|snapshot|raise_for_status|check_call|check_output|testmod|testfile|run_docstring_examples|reveal_type|that|exit|(post|put|patch|delete)_json)$"
    r"|^_*(expect_|to_(be|have|equal|contain|match)_?|should_|must_|wait_(for|until)|wait_till|fnmatch_lines|verify_expect)"
    r"|^expect[A-Z]|_(regression|raises|equals?|snapshot|must_be)$|^(until|until_not|doctest)$"
)
_SOFT: Final = regex(
    r"^_*(check|verif|ensure|validat|compare|match|confirm|same|must|should|do_test|run_test|test|_?do_|perform|expect|exercise"
    r"|gradcheck|inspect|require|diff)|_(check|test|matches|ok)$"
)
_MARKS: Final = regex(
    r"xfail|expected_?failure|raises|expect|snapshot|compar|benchmark|given|assert|verif|check|regression|mpl_image|approv",
    re.IGNORECASE,
)
_FIXTURES: Final = regex(
    r"benchmark|snapshot|regression|assert|verif|check|approv|golden|expect|no_(log|warn|error|leak)"
)
_TEARDOWN: Final = ("tearDown", "asyncTearDown", "teardown_method", "teardown", "tearDownClass", "teardown_class")
_STATES: Final = regex(r"^(status(_code)?|expect\w*|should_\w+)$")
_STRICT: Final = ("check", "raise_on_error", "raise_error", "raise_exception", "raises", "throw", "assert_all_called")


def proof(place: Place[Any], ctx: Context) -> str:
    """Whether a test can fail by what it finds, as far as this file tells."""
    node, cls = place.node, place.cls
    if _asserts(node):
        return ASSERTS
    if any(_is_mark(name) for name in decorators(node) | (decorators(cls) if cls else set())):
        return ASSERTS
    if any(_is_fixture(name) for name in parameters(node)) or _strict_warnings(node, ctx):
        return ASSERTS
    own = methods(cls, ctx) if cls else {}
    starts = [node, *(own[name] for name in _TEARDOWN if name in own)]
    starts += [fixture for name in parameters(node) if (fixture := function_named(name, ctx.module)) is not None]
    starts += [helper for name in decorators(node) if (helper := function_named(name, ctx.module)) is not None]
    look = _Look(place, ctx, own)
    found = _best(look.of(start, 0, node) for start in starts)
    yields = any(isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Yield) for stmt in node.body)
    if found == NOTHING and (yields or any(_is_foreign(decorator, place) for decorator in node.decorator_list)):
        return DOUBT
    return found


def _best(found: Iterator[str]) -> str:
    best = NOTHING
    for one in found:
        if one == ASSERTS:
            return ASSERTS
        best = DOUBT if one == DOUBT else best
    return best


_PLAIN: Final = frozenset({ast.Assert, ast.Raise})
_HOLDING: Final = frozenset({ast.With, ast.AsyncWith, ast.For, ast.AsyncFor, ast.If, ast.Try})
_REFUSING: Final = frozenset({ast.With, ast.Call})
_TELLING: Final = frozenset({ast.withitem, ast.Call, ast.Name, ast.Attribute})


class _Look:
    """What a test and the helpers that it names may assert. Each def is looked at once."""

    def __init__(self, place: Place[Any], ctx: Context, own: dict[str, Any]) -> None:
        self.place, self.ctx, self.own = place, ctx, own
        self.seen: set[ast.AST] = set()

    @cached_property
    def open(self) -> bool:
        """Whether the class may bring helpers from other files."""
        cls = self.place.cls
        return cls is not None and not has_plain_bases(cls, self.place, self.ctx)

    def of(self, node: ast.AST, depth: int, test: Any) -> str:
        """The best that can be said of a def, two calls deep."""
        if node in self.seen:
            return NOTHING
        self.seen.add(node)
        if node is not test and _asserts(node):
            return ASSERTS
        parts = descendants(node)
        given = set(parameters(test)) | _imported_in(parts)
        return _best(self._part(part, depth, given, test) for part in parts if type(part) in _TELLING)

    def _part(self, part: Any, depth: int, given: set[str], test: Any) -> str:
        kind = type(part)
        if kind is ast.Call:
            return self._call(part, given)
        if kind is ast.withitem:
            return ASSERTS if getattr(part.context_expr, "id", None) in given else NOTHING
        return self._named(part, depth, test) if type(part.ctx) is ast.Load else NOTHING

    def _call(self, call: ast.Call, given: set[str]) -> str:
        name = last_name(call)
        if _is_sure(name) or any(_states(word, self.place) for word in call.keywords):
            return ASSERTS
        if not name or (isinstance(call.func, ast.Name) and name in given):
            return DOUBT
        on_self = isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") in ("self", "cls")
        if on_self and name not in self.own and (self.open or _is_soft(name)):
            return DOUBT
        return DOUBT if _is_soft(name) and not on_self and function_named(name, self.ctx.module) is None else NOTHING

    def _named(self, part: Any, depth: int, test: Any) -> str:
        if isinstance(part, ast.Attribute):
            if "assert" in part.attr or part.attr in ("should", "should_not"):
                return ASSERTS
            helper = self.own.get(part.attr) if getattr(part.value, "id", "") in ("self", "cls", "super") else None
            return self.of(helper, depth + 1, test) if helper is not None and depth < 2 else NOTHING
        if part.id not in self.ctx.module.names:
            return NOTHING
        helper = function_named(part.id, self.ctx.module) or class_named(part.id, self.ctx.module)
        if helper is not None:
            return self.of(helper, depth + 1, test) if depth < 2 else DOUBT
        return DOUBT if _is_helper(part.id, self.ctx.module) else NOTHING


def _asserts(node: Any) -> bool:
    """Whether a def or class asserts by itself, as most tests do."""
    if _asserts_openly(node.body):
        return True
    for part in descendants(node):
        kind = type(part)
        if kind in _PLAIN or (kind is ast.Call and _is_sure(last_name(part))):
            return True
    return False


def _asserts_openly(body: list[Any]) -> bool:
    """Whether a statement is an assertion: most tests end with one, and need no longer look."""
    for stmt in body[::-1]:
        kind = type(stmt)
        if kind is ast.Expr:
            if type(stmt.value) is ast.Call and _is_sure(last_name(stmt.value)):
                return True
        elif kind in _PLAIN or (
            kind in _HOLDING and (_asserts_openly(stmt.body) or any(map(_expects_openly, getattr(stmt, "items", ()))))
        ):
            return True
    return False


def _expects_openly(item: ast.withitem) -> bool:
    return type(item.context_expr) is ast.Call and _is_sure(last_name(item.context_expr))


@lru_cache(maxsize=8192)
def _is_sure(name: str) -> bool:
    return _SURE.search(name) is not None


@lru_cache(maxsize=8192)
def _is_soft(name: str) -> bool:
    return _SOFT.search(name) is not None


@lru_cache(maxsize=8192)
def _is_mark(name: str) -> bool:
    return _MARKS.search(name) is not None


@lru_cache(maxsize=8192)
def _is_fixture(name: str) -> bool:
    return _FIXTURES.search(name) is not None


def _states(word: ast.keyword, place: Place[Any]) -> bool:
    """Whether a keyword says what must come out: `status=404` of WebTest, `check=True` of subprocess."""
    if word.arg is None:
        return False
    return _STATES.match(word.arg) is not None or (word.arg in _STRICT and fold(word.value, place.scope) is True)


@per_file
def refused(ctx: Context) -> set[str]:
    """What the tests of this file call where they expect an error: the same call elsewhere shows that none comes."""
    found: set[str] = set()
    nodes = descendants(ctx.tree) if ctx.tree is not None and "raises" in ctx.lowered else ()
    for node in [node for node in nodes if type(node) in _REFUSING]:
        if type(node) is ast.With:
            if any(_expects(item.context_expr) for item in node.items):
                found = found.union(*map(called, node.body))
        elif len(node.args) > 1 and _expects(node):
            found.add(last_name(node.args[1]))
    return found


def called(stmt: ast.stmt) -> set[str]:
    """The last names of what a statement calls."""
    return {last_name(part) for part in descendants(stmt) if type(part) is ast.Call}


def remarks(node: Any, ctx: Context) -> str:
    """What a test says of itself: its docstring and the comments in its body."""
    lines = ctx.source_lines[node.lineno - 1 : node.end_lineno]
    return "\n".join([ast.get_docstring(node) or "", *(line.partition("# ")[2] for line in lines)])


def _expects(expr: ast.expr) -> bool:
    return isinstance(expr, ast.Call) and "raises" in last_name(expr).lower()


def _strict_warnings(node: ast.AST, ctx: Context) -> bool:
    """Whether warnings are errors in the test."""
    return _mentions_filters(ctx) and any(
        last_name(part) in ("simplefilter", "filterwarnings")
        and [getattr(arg, "value", None) for arg in part.args[:1]] == ["error"]
        for part in descendants(node, ast.Call)
    )


@per_file
def _mentions_filters(ctx: Context) -> bool:
    return "simplefilter" in ctx.source or "filterwarnings" in ctx.source


def _is_foreign(decorator: ast.expr, place: Place[Any]) -> bool:
    """Whether a decorator comes from neither this file nor a known library: it may do anything with the test."""
    name = place.name(decorator.func if isinstance(decorator, ast.Call) else decorator)
    return name == "" or (not name.startswith(".") and name.partition(".")[0] not in LIBRARIES) or from_helpers(name)


def has_plain_bases(cls: ast.ClassDef, place: Place[Any], ctx: Context) -> bool:
    """Whether the class brings no helpers from other files: its bases are in this one or of a known framework."""
    for base in cls.bases:
        name = place.name(base)
        above = class_named(getattr(base, "id", ""), ctx.module)
        if above is not None and above is not cls:
            if not has_plain_bases(above, place, ctx):
                return False
        elif name != "object" and not (
            name.startswith(("unittest.", "django.test.", "rest_framework.test.")) and is_case(cls, place)
        ):
            return False
    return True


def _imported_in(parts: Sequence[Any]) -> set[str]:
    """Names that some code imports from what looks like helpers of tests."""
    return {
        alias.asname or alias.name
        for part in parts
        if type(part) is ast.ImportFrom and (part.level or from_helpers(f"{part.module}.{alias_of(part)}"))
        for alias in part.names
    }


def alias_of(part: ast.ImportFrom) -> str:
    """The first name that is imported."""
    return part.names[0].name


def _is_helper(name: str, module: Scope) -> bool:
    if not name.islower():
        return name[:1].isupper() and "est" in name and _from(name, module)
    return _from(name, module)


def _from(name: str, module: Scope) -> bool:
    return any(binding.kind == "import" and from_helpers(binding.value) for binding in module.names.get(name, ()))
