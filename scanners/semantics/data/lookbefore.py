"""Rows that are made because a look found none: the look, what it asked for, and what is made after it."""

import ast
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, Final

from scanners.context import Context, per_file
from scanners.place import Place
from scanners.regex import regex
from scanners.semantics.data.updates import LOCKED
from scanners.semantics.orm import DJANGO, ONE, SQLALCHEMY, Query, query
from scanners.syntax import descendants, unparse

_HANDLED: Final = regex(
    r"IntegrityError|UniqueViolation|DuplicateKey|on_conflict|ignore_conflicts|update_conflicts|get_or_create|update_or_create|"
    r"for_update|[lL]ock|begin_nested|isolation_level|FlushError"
)
_STORING: Final = frozenset({"add", "save", "merge", "asave", "create", "acreate"})


def handles_conflicts(place: Place[Any], ctx: Context) -> bool:
    """Whether the function, or its transaction, has an answer to a row that another writer made first."""
    function = place.function
    if function is None or isinstance(function, ast.Lambda):
        return True
    text = "\n".join(ctx.source_lines[function.lineno - 1 : function.end_lineno])
    around = any(LOCKED.search(unparse(part)) for part in function.decorator_list)
    return around or _HANDLED.search(text) is not None


def checks(test: ast.expr, place: Place[Any], ctx: Context) -> Iterator[tuple[Query, bool]]:
    """The queries by key whose answer a test looks at, each with whether the test holds when there is no such row."""
    if isinstance(test, ast.BoolOp):
        for part in test.values:
            yield from checks(part, place, ctx)
        return
    absent, expr = False, test
    if isinstance(expr, ast.UnaryOp) and isinstance(expr.op, ast.Not):
        absent, expr = True, expr.operand
    elif isinstance(expr, ast.Compare) and len(expr.ops) == 1 and isinstance(expr.comparators[0], ast.Constant):
        if expr.comparators[0].value not in (None, 0):
            return
        absent, expr = isinstance(expr.ops[0], (ast.Is, ast.Eq)), expr.left
    expr = expr.value if isinstance(expr, ast.NamedExpr) else expr
    if isinstance(expr, ast.Call) and getattr(expr.func, "id", "") == "len" and expr.args:
        expr = expr.args[0]
    told = query(_given_last(expr, place), place.scope, ctx)
    if (
        told is not None
        and told.model
        and (told.many or told.one or told.last == "exists")
        and told.engine in (DJANGO, SQLALCHEMY)
    ):
        yield told, absent


def looked_for(place: Place[ast.If], ctx: Context) -> Iterator[tuple[Query, list[Any]]]:
    """The queries by key that an `if` looks at, each with the statements that run when there is no such row."""
    for told, absent in checks(place.node.test, place, ctx):
        if asked(told):
            leaves = isinstance(place.node.body[-1], (ast.Raise, ast.Return, ast.Continue))
            after = [*place.node.orelse, *(following(place) if leaves else ())]
            yield told, list(place.node.body) if absent else after


def not_found(place: Place[Any], ctx: Context) -> Iterator[tuple[Query, list[Any]]]:
    """The queries for one row in a short `try`, each with the body of the handler for a row that is not there."""
    for handler in place.node.handlers if len(place.node.body) <= 3 else ():
        caught = unparse(handler.type) if handler.type is not None else ""
        if not caught.endswith(("DoesNotExist", "NoResultFound")):
            continue
        for stmt in place.node.body:
            told = query(getattr(stmt, "value", None), place.scope, ctx)
            if told is not None and told.last in ("get", "one", "aget"):
                yield told, handler.body


def _given_last(expr: ast.expr, place: Place[Any]) -> ast.expr:
    """What a name was last given before a test: the branch below it may give it a new object."""
    if not isinstance(expr, ast.Name):
        return expr
    before = [binding for binding in place.scope.bindings(expr.id) if binding.line < place.line]
    last = max(before, key=lambda binding: binding.line, default=None)
    return last.value if last is not None and last.kind == "assign" and isinstance(last.value, ast.expr) else expr


def keys(told: Query) -> set[str]:
    """The names of the columns that a query asks for."""
    found: set[str] = set()
    for _, call in told.steps:
        for word in call.keywords if call is not None else []:
            found.add((word.arg or "").partition("__")[0])
        for part in call.args if call is not None else []:
            found |= {node.attr for node in descendants(part) if isinstance(node, ast.Attribute)}
    return found - {""}


def may_store(place: Place[Any], ctx: Context) -> bool:
    """A cheap test: whether anything may be made or stored from a place of a function on."""
    lines = _storing_lines(ctx)
    at = bisect_left(lines, place.line)
    return at < len(lines) and lines[at] <= place.function.end_lineno


@per_file
def _storing_lines(ctx: Context) -> list[int]:
    """The lines of all calls that may make or store a row, in order."""
    calls = descendants(ctx.tree, ast.Call) if ctx.tree is not None else ()
    return sorted(node.lineno for node in calls if getattr(node.func, "attr", "") in _STORING)


def creations(model: str, nodes: list[Any], ctx: Context) -> Iterator[tuple[ast.Call, set[str]]]:
    """Where some statements make and store a row of a model, with the names of what it is given."""
    found = [node for stmt in nodes for node in descendants(stmt) if isinstance(node, ast.Call)]
    stored = {
        part.id
        for node in found
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("add", "save", "merge", "asave")
        for part in [*node.args, node.func.value]
        if isinstance(part, ast.Name)
    }
    for node in found:
        words = {word.arg or f"**{root_of(word.value)}" for word in node.keywords} | _filled(node, nodes)
        text = unparse(node.func)
        made = text == model and words and (stored or any(_adds(other, node) for other in found))
        if made or text in (f"{model}.objects.create", f"{model}.objects.acreate", f"{model}.create"):
            yield node, words


def _filled(node: ast.Call, nodes: list[Any]) -> set[str]:
    """The attributes that a new object is given, one after the other."""
    stmts = [each for stmt in nodes for each in descendants(stmt, ast.Assign)]
    names = {getattr(each.targets[0], "id", "") for each in stmts if each.value is node} - {""}
    targets = (each.targets[0] for each in stmts) if names else ()
    return {each.attr for each in targets if isinstance(each, ast.Attribute) and root_of(each.value) in names}


def root_of(expr: ast.expr) -> str:
    """The name that an expression starts from: `data` of `data.dict()`; empty where it starts from none."""
    while isinstance(expr, (ast.Attribute, ast.Call)):
        expr = expr.func if isinstance(expr, ast.Call) else expr.value
    return expr.id if isinstance(expr, ast.Name) else ""


def is_asked_for(told: Query, given: set[str]) -> bool:
    """Whether a new row is given what a query asked for: a column of that name, or all of what the query looked at."""
    if given & keys(told):
        return True
    calls = (call for _, call in told.steps if call is not None)
    return any(f"**{node.id}" in given for call in calls for node in descendants(call, ast.Name))


def _adds(other: ast.Call, node: ast.Call) -> bool:
    return isinstance(other.func, ast.Attribute) and (
        (other.func.attr in ("add", "merge") and node in other.args)
        or (other.func.attr == "save" and other.func.value is node)
    )


def asked(told: Query) -> bool:
    """Whether a query asks for a row by something."""
    return bool(keys(told)) and (told.last in ONE[told.engine] or told.many)


def following(place: Place[ast.If]) -> list[ast.stmt]:
    """The statements after an `if` in its own suite."""
    for field in ("body", "orelse", "finalbody"):
        suite = getattr(place.block.node, field, [])
        if isinstance(suite, list) and place.node in suite:
            return suite[suite.index(place.node) + 1 :]
    return []
