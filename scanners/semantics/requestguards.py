"""Checks that a value of the request went through before it is used: `if x not in ALLOWED: abort(400)` and its like."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.names import find
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.reaching import Path, layout
from scanners.syntax import descendants, unparse

_LEAVERS: Final = frozenset("abort exit _exit fail bail error send_error redirect raise_for".split())
_MATCHERS: Final = frozenset("fullmatch match isdigit isalnum isidentifier isnumeric isdecimal isalpha isascii".split())
_DERIVES: Final = frozenset(
    "urlparse urlsplit URL parse_url realpath abspath normpath resolve commonpath commonprefix absolute strip lower "
    "Path PurePath join joinpath getaddrinfo gethostbyname ip_address tldextract extract relpath str rstrip".split()
)
_HOSTS: Final = frozenset("netloc hostname".split())
_PARTS: Final = frozenset("netloc hostname host scheme port parents parent".split())
_VALIDATOR: Final = regex(
    r"^_?(is|check|has|validate|verify|ensure|assert|require|allow)[a-z]*_\w*"
    r"(safe|valid|allow|permit|trust|path|url|uri|name|host|host|local|target|redirect|inside|within|whitelist"
    r"|public|ip)"
    r"|^_?(validate|sanitize|sanitise|is_valid|is_safe|is_allowed|is_trusted|allowed|safe|valid)(_\w+)?$"
    r"|^_?(allowed|safe|valid|trusted)_\w+$",
    re.IGNORECASE,
)


def is_guarded(subject: str, expr: ast.expr, function: ast.AST, scope: Scope, cleaners: frozenset[str]) -> bool:
    """Whether `function` checks `subject` (a name, or the source of an expression) before `expr` reads it."""
    rows = layout(function)
    stmt, path = rows.at(expr.lineno)
    check = _Check(subject, scope, cleaners)
    if stmt is None:
        return False
    for other, where in rows.guards:
        if other.lineno > expr.lineno:
            continue
        if other is not stmt and _guards_after(other, where, path, expr.lineno, check):
            return True
        if isinstance(other, (ast.If, ast.While)) and _guards_inside(other, path, check):
            return True
    return _guarded_in_place(stmt, expr, check)


def is_checked_where_set(
    subject: str, line: int, expr: ast.expr, function: ast.AST, scope: Scope, cleaners: frozenset[str]
) -> bool:
    """Whether a check follows in the branch that sets `subject` on `line`: what `expr` reads from there passed it."""
    rows = layout(function)
    path, check = rows.at(line)[1], _Check(subject, scope, cleaners)
    later = ((other, where) for other, where in rows.guards if line < other.lineno <= expr.lineno)
    return any(_guards_after(other, where, path, expr.lineno, check) for other, where in later)


class _Check:
    """Whether a condition says something of a value: that it is in a set, that it matches, that a cleaner takes it."""

    def __init__(self, subject: str, scope: Scope, cleaners: frozenset[str]) -> None:
        self.subject, self.scope, self.cleaners = subject, scope, cleaners

    def concerns(self, node: ast.AST, depth: int = 0) -> bool:
        """Whether an expression holds the value, or a name derived from it by parsing."""
        return any(
            isinstance(inner, (ast.Name, ast.Subscript, ast.Call, ast.Attribute)) and self._is(inner, depth)
            for inner in descendants(node)
        )

    def _is(self, inner: ast.expr, depth: int) -> bool:
        if isinstance(inner, ast.Name):
            return inner.id == self.subject or (depth < 2 and self._derived(inner.id, depth))
        return not self.subject.isidentifier() and unparse(inner) == self.subject

    def _derived(self, name: str, depth: int) -> bool:
        found = find(name, self.scope)
        if found is None or len(found[0]) > 3:
            return False
        return any(
            binding.kind in ("assign", "unpack")
            and isinstance(binding.value, ast.expr)
            and _derives(binding.value)
            and self.concerns(binding.value, depth + 1)
            for binding in found[0]
        )

    def says(self, test: ast.expr) -> str:
        """ "yes" where a true test means a checked value, "no" where a false one does, "both" for either, else ""."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return {"yes": "no", "no": "yes"}.get(inner := self.says(test.operand), inner)
        if isinstance(test, ast.BoolOp):
            return next(filter(None, map(self.says, test.values)), "")
        if isinstance(test, ast.Compare):
            return self._compared(test)
        if isinstance(test, ast.NamedExpr):
            return self.says(test.value)
        if isinstance(test, ast.Name) and test.id != self.subject:
            return self._kept(test.id)
        if isinstance(test, ast.Attribute) and test.attr in _HOSTS:  # What names no host stays where it is.
            return "no" if self.concerns(test.value) else ""
        return "both" if self._called(test) else ""

    def _kept(self, name: str) -> str:
        """What a flag says that holds the outcome of a check."""
        found = find(name, self.scope)
        value = found[0][0].value if found and len(found[0]) == 1 and found[0][0].kind == "assign" else None
        return self.says(value) if isinstance(value, (ast.Compare, ast.Call, ast.BoolOp, ast.UnaryOp)) else ""

    def _compared(self, test: ast.Compare) -> str:
        left, right, op = test.left, test.comparators[0], test.ops[0]
        if isinstance(op, (ast.In, ast.NotIn)):
            marks = (
                isinstance(left, ast.Constant)
                and isinstance(left.value, str)
                and left.value in ("..", "/", "\\", "://")
            )
            if marks and self.cleaners and self.concerns(right):
                return "both"
            if isinstance(right, ast.Attribute) and right.attr == "parents" and self.concerns(right):
                return "yes" if isinstance(op, ast.In) else "no"
            if _is_text(right) or not self.concerns(left):
                return ""
            return "yes" if isinstance(op, ast.In) else "no"
        if (
            isinstance(op, (ast.Eq, ast.NotEq))
            and _fixed(right, left)
            and (self.concerns(left) or self.concerns(right))
        ):
            return "yes" if isinstance(op, ast.Eq) else "no"
        return "both" if self._called(left) or self._called(right) else ""

    def _called(self, test: ast.expr) -> bool:
        for inner in descendants(test):
            if isinstance(inner, ast.Call) and self.concerns(inner):
                name = getattr(inner.func, "attr", getattr(inner.func, "id", ""))
                if name in _MATCHERS or name in self.cleaners or _VALIDATOR.search(name):
                    return True
        return False


def _is_text(expr: ast.expr) -> bool:
    return isinstance(expr, ast.JoinedStr) or (isinstance(expr, ast.Constant) and isinstance(expr.value, str))


def _fixed(right: ast.expr, left: ast.expr) -> bool:
    """Whether a comparison is with something that is fixed, and not merely with nothing."""
    empty = isinstance(right, ast.Constant) and not right.value
    whole = isinstance(left, (ast.Name, ast.Subscript)) or getattr(left, "attr", "") in _PARTS
    empty = empty and getattr(left, "attr", "") not in _HOSTS
    return not empty and (whole or (isinstance(left, ast.Call) and _derives(left)))


def _derives(value: ast.expr) -> bool:
    if isinstance(value, ast.Attribute):
        return value.attr in _PARTS or _derives(value.value)
    if isinstance(value, ast.BinOp):
        return True
    if isinstance(value, ast.Call):
        return getattr(value.func, "attr", getattr(value.func, "id", "")) in _DERIVES
    return isinstance(value, (ast.Name, ast.Subscript, ast.BoolOp))


def _guards_after(other: Any, where: Path, path: Path, line: int, check: _Check) -> bool:
    """Whether a statement before the use lets only checked values pass."""
    if path[: len(where)] != where or (other.end_lineno or 0) >= line:
        return False
    if isinstance(other, ast.If):
        said = check.says(other.test)
        return (said in ("no", "both") and _ends(other.body, check)) or (
            said in ("yes", "both") and bool(other.orelse) and _ends(other.orelse, check)
        )
    if isinstance(other, ast.Assert):
        return check.says(other.test) in ("yes", "both")
    calls: Iterator[Any] = iter(())
    if isinstance(other, ast.Expr):
        calls = iter([other.value.value if isinstance(other.value, ast.Await) else other.value])
    elif isinstance(other, ast.Try):
        calls = (stmt.value for stmt in other.body if isinstance(stmt, ast.Expr))
    return any(isinstance(call, ast.Call) and _validates(call, check) for call in calls)


def _validates(call: ast.Call, check: _Check) -> bool:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    known = name in check.cleaners or _VALIDATOR.search(name) is not None or name in ("int", "UUID", "validate")
    return known and check.concerns(call)


def _guards_inside(other: Any, path: Path, check: _Check) -> bool:
    """Whether the use stands in the branch that only checked values reach."""
    branch = next((suite for number, suite in path if number == id(other)), "")
    said = check.says(other.test) if branch else ""
    return bool(said) and (said == "both" or said == {"body": "yes", "orelse": "no"}.get(branch))


def _ends(body: list[ast.stmt], check: _Check) -> bool:
    """Whether a branch leaves, or gives the name another value."""
    last = body[-1]
    if isinstance(last, (ast.Return, ast.Raise, ast.Continue, ast.Break)):
        return True
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        return getattr(last.value.func, "attr", getattr(last.value.func, "id", "")) in _LEAVERS
    return any(
        isinstance(stmt, ast.Assign) and any(getattr(target, "id", "") == check.subject for target in stmt.targets)
        for stmt in body
    )


def _guarded_in_place(stmt: Any, expr: ast.expr, check: _Check) -> bool:
    """Whether a conditional expression, an `and` or the filter of a comprehension around the use checks it."""
    for node in descendants(stmt):
        if isinstance(node, ast.IfExp):
            said = check.says(node.test)
            branch = node.body if said in ("yes", "both") else node.orelse if said == "no" else None
            if branch is not None and any(inner is expr for inner in descendants(branch)):
                return True
        elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
            if any(check.says(value) in ("yes", "both") for value in node.values[:-1]):
                return any(inner is expr for inner in descendants(node.values[-1]))
        elif isinstance(node, ast.comprehension) and any(check.says(test) in ("yes", "both") for test in node.ifs):
            return True
    return False
