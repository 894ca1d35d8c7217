"""Handlers that answer with rows: where they get all of them, and whether these get into the answer."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.regex import regex
from scanners.syntax import descendants, unparse

_ANSWERS: Final = regex(
    r"Response|jsonify|^list$|dumps?$|^json|serializ|Serializer|from_orm|^map$|to_dict|tuple|sorted|validate_python|text|^data$",
    re.IGNORECASE,
)
_MANAGED: Final = frozenset({"values", "filter", "exclude", "order_by", "select_related", "prefetch_related"})
_MANAGER: Final = regex(r"\.objects(\.(all|values|filter|exclude|order_by|select_related|prefetch_related)\(.*\))?$")
SEARCHED: Final = r"__(icontains|contains|istartswith|startswith|iregex|regex)\b"
_NARROWED: Final = regex(rf"\b(filter|exclude)\((?!\)|\w+{SEARCHED})|\[")


def is_unbounded(node: ast.ClassDef) -> bool:
    """Whether a view lists a whole table: no get_queryset narrows it to one user or parent."""
    own = next((stmt for stmt in node.body if isinstance(stmt, ast.FunctionDef) and stmt.name == "get_queryset"), None)
    return own is None or not re.search(r"filter|request|kwargs|exclude", unparse(own))


def fetches(call: ast.Call, *, last: bool) -> bool:
    """Whether a call, `last` of its chain or not, gets all rows: `.all()` of a query, or those of a manager."""
    func = call.func
    if isinstance(func, ast.Attribute) and func.attr in _MANAGED:
        return last and _MANAGER.search(unparse(func.value)) is not None and not _NARROWED.search(unparse(call))
    if not isinstance(func, ast.Attribute) or call.args:
        return False
    text = unparse(func.value)
    if func.attr == "all":
        return bool(
            re.search(r"\.query\b|\bquery\(|\bexecute\(|scalars\(|\bselect\(|\bexec\(|\.objects$|result|rows", text)
        )
    return func.attr == "fetchall"


def is_answered(call: ast.Call, body: list[Any]) -> bool:
    """Whether the rows get into the answer: in the return itself, or by a name that the return shows."""
    named = {
        target.id
        for stmt in body
        if isinstance(stmt, ast.Assign) and any(each is call for each in descendants(stmt.value))
        for target in stmt.targets
        if isinstance(target, ast.Name)
    }
    for _ in range(2):
        named |= {
            target.id
            for stmt in body
            if isinstance(stmt, ast.Assign) and _iterates(stmt.value, named)
            for target in stmt.targets
            if isinstance(target, ast.Name)
        }
    for stmt in body:
        if isinstance(stmt, ast.Return) and stmt.value is not None:
            calls = {
                getattr(each.func, "id", getattr(each.func, "attr", ""))
                for each in descendants(stmt.value)
                if isinstance(each, ast.Call)
            }
            outer = stmt.value.func if isinstance(stmt.value, ast.Call) else None
            if isinstance(stmt.value, ast.Call) and any(getattr(arg, "id", "") == "request" for arg in stmt.value.args):
                continue  # A helper that may read the page from the request.
            if (
                outer is not None
                and stmt.value is not call
                and not _ANSWERS.search(getattr(outer, "attr", getattr(outer, "id", "")))
            ):
                continue
            if calls & {"len", "sum", "count", "any", "max", "min", "StreamingHttpResponse", "first", "one", "get"}:
                continue
            if any(
                each is call or (isinstance(each, ast.Name) and each.id in named) for each in descendants(stmt.value)
            ):
                return True
    return False


def _iterates(value: ast.expr, named: set[str]) -> bool:
    return isinstance(value, (ast.ListComp, ast.Call)) and any(
        isinstance(each, ast.Name) and each.id in named for each in descendants(value)
    )


def chain(call: ast.Call, body: list[Any]) -> str:
    """The text of the query, with the statements that built it."""
    text = unparse(call)
    names = set(re.findall(r"\b[a-z_]\w*\b", text))
    built = [
        unparse(stmt)
        for stmt in body
        if isinstance(stmt, ast.Assign) and isinstance(stmt.targets[0], ast.Name) and stmt.targets[0].id in names
    ]
    return " ".join([text, *built])


def words_in(node: ast.AST) -> Iterator[str]:
    """The names of a node, and what it does to rows: `slice`, `yield`."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.Slice):
        yield "slice"
    elif isinstance(node, ast.Yield):
        yield "yield"
