"""Locks of threads: how they are made, taken and given back."""

import ast
from typing import Any, Final

from scanners.place import Call, Place
from scanners.semantics.containers import spelled
from scanners.semantics.handlers import inner
from scanners.syntax import descendants, unparse

LOCKS: Final = ("threading.Lock", "threading.RLock", "multiprocessing.Lock", "multiprocessing.RLock")
GATES: Final = ("threading.Semaphore", "threading.BoundedSemaphore", "threading.Condition")
ACQUIRES: Final = tuple(f"{kind}.acquire" for kind in (*LOCKS, *GATES[:2]))
"""Calls that take a lock or a place."""


def is_used_up_here(call: Call) -> bool:
    """Whether a lock is made and taken by the same def, so that nobody else can ever hold it."""
    above = call.parent()
    if isinstance(above, ast.withitem):
        return call.function is not None
    if call.function is None or not isinstance(above, ast.Assign) or len(above.targets) != 1:
        return False
    target = above.targets[0]
    if not isinstance(target, ast.Name):
        return False
    return _only_taken(target.id, call.function)


def is_own(call: Call) -> bool:
    """Whether the lock that is taken was made by the very def that takes it, and nobody else gets to see it."""
    name = getattr(call.receiver, "id", "")
    if not name or call.function is None or not _only_taken(name, call.function):
        return False
    return any(node is call.origin for node in inner(list(call.function.body)))


def _only_taken(name: str, function: Any) -> bool:
    """Whether all that a def does with a lock is to take it: nothing nested, nobody else gets to see it."""
    own = {id(node) for node in inner(list(function.body))}
    taken = False
    for above in descendants(function):
        for field in ast.iter_child_nodes(above):
            if not isinstance(field, ast.Name) or field.id != name or not isinstance(field.ctx, ast.Load):
                continue
            is_taking = isinstance(above, ast.withitem) or (isinstance(above, ast.Attribute) and above.attr in _TAKES)
            if not is_taking or id(field) not in own:
                return False
            taken = True
    names = [node for node in descendants(function) if isinstance(node, ast.Name) and node.id == name]
    if sum(1 for node in names if isinstance(node.ctx, ast.Store)) != 1:
        return False  # It stands in for another guard where there is none.
    outer = any(isinstance(node, (ast.Global, ast.Nonlocal)) and name in node.names for node in inner(function.body))
    return taken and not outer


_TAKES: Final = frozenset({"acquire", "release", "locked"})


def release_of(call: Call) -> str:
    """How the def that takes a lock gives it back: "finally", "later" (an exception skips it), "elsewhere"."""
    name = spelled(call.receiver) if call.receiver is not None else ""
    if not name or call.function is None:
        return "elsewhere"
    releases = [node for node in inner(list(call.function.body)) if _is_release(node, name)]
    if not releases:
        return "elsewhere"
    for node in inner(list(call.function.body)):
        if isinstance(node, ast.Try):
            cleanup = [part for stmt in (*node.finalbody, *node.handlers) for part in descendants(stmt)]
            if any(part in releases for part in cleanup):
                return "finally"
    held = _held_after(list(call.function.body), call, releases)
    risky = any(isinstance(node, (ast.Call, ast.Raise, ast.Await, ast.Subscript)) for node in held)
    return "later" if risky else "finally"


def stands_in(call: Call) -> bool:
    """Whether the def that takes a lock is a part of another lock: its `__enter__` or `acquire`."""
    return getattr(call.function, "name", "").strip("_") in ("enter", "acquire", "lock", "aenter", "start")


def _held_after(body: list[Any], call: Call, releases: list[ast.AST]) -> list[Any]:
    """What runs after a lock was taken and before it is given back, on every way through these statements."""
    last = max(release.lineno for release in releases)  # type: ignore[attr-defined]  # they are calls of methods
    found: list[Any] = []
    for stmt in body:
        if getattr(stmt, "end_lineno", 0) <= call.line or stmt.lineno > last:
            continue
        suites = [part for name in ("body", "orelse", "finalbody") if (part := getattr(stmt, name, []))]
        if not suites and stmt.lineno > call.line:
            if any(node in releases for node in inner([stmt])):
                break
            found += inner([stmt])
        for suite in suites:
            found += _held_after(suite, call, releases)
    return found


def taken_until(call: Call) -> list[ast.stmt]:
    """The statements that run while a lock is held which `acquire` takes right before a `try` that gives it back."""
    name = spelled(call.receiver) if call.receiver is not None else ""
    if not name or call.function is None or not isinstance(call.stmt, ast.Expr):
        return []
    for node in inner(list(call.function.body)):
        follows = isinstance(node, ast.Try) and 0 < node.lineno - (call.stmt.end_lineno or 0) <= 2
        if follows and any(_is_release(part, name) for part in inner(list(node.finalbody))):
            return list(node.body)
    return []


def _is_release(node: ast.AST, name: str) -> bool:
    is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    return is_call and node.func.attr == "release" and spelled(node.func.value) == name  # type: ignore[attr-defined]  # they are calls of methods


def held_lock(item: ast.withitem, place: Place[Any]) -> str:
    """How the lock that a `with` takes is written; empty when it is none of `threading`."""
    expr = item.context_expr
    return unparse(expr) if place.name(expr) in LOCKS[:2] and not isinstance(expr, ast.Call) else ""
