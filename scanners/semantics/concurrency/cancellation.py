"""Where a coroutine meets its own cancellation, and what becomes of it there."""

import ast
from typing import Any, Final

from scanners.context import Context
from scanners.names import resolve
from scanners.place import Place
from scanners.scopes import Scope
from scanners.semantics.handlers import breadth, caught, inner
from scanners.semantics.hot import runs_once

TIMEOUTS: Final = frozenset(
    "asyncio.timeout asyncio.timeout_at anyio.fail_after anyio.move_on_after trio.fail_after trio.move_on_after "
    "async_timeout.timeout".split()
)
"""Scopes that end what is awaited inside them."""
_SCOPES: Final = TIMEOUTS | {
    "anyio.CancelScope",
    "trio.CancelScope",
    "anyio.create_task_group",
    "trio.open_nursery",
    "asyncio.TaskGroup",
}
_CANCELLED: Final = frozenset(
    {"asyncio.CancelledError", "asyncio.exceptions.CancelledError", "trio.Cancelled", "anyio.get_cancelled_exc_class()"}
)
_LEAVES: Final = frozenset({"exit", "_exit", "abort", "uncancel", "cancelling", "exit_gracefully"})
_ENDLESS: Final = frozenset({"asyncio.Future", "anyio.sleep_forever", "trio.sleep_forever"})
_MANAGERS: Final = frozenset(
    {"contextlib.asynccontextmanager", "pytest.fixture", "pytest_asyncio.fixture", "anyio.fixture"}
)


def waits_inside(body: list[Any], *, generators: bool = False) -> bool:
    """Whether something is awaited in these statements; with `generators`, whether they may also be left by `yield`."""
    for node in inner(body):
        if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)):
            return True
        if isinstance(node, ast.comprehension) and node.is_async:
            return True
        if generators and isinstance(node, ast.Yield):
            return True
    return False


def yields_inside(body: list[Any]) -> bool:
    """Whether these statements yield to a caller."""
    return any(isinstance(node, ast.Yield) for node in inner(body))


def catches_cancellation(handler: ast.ExceptHandler, scope: Scope) -> str:
    """How a clause catches CancelledError: "named", "all" (bare, BaseException), or ""."""
    types = caught(handler.type, scope)
    for expr in types:
        ref = resolve(expr, scope, handler.lineno)
        if ref is not None and ref.dotted in _CANCELLED:
            return "named"
    return "all" if breadth(types, scope) == "all" else ""


def fate(node: Any, place: Place[Any], how: str) -> str:
    """What becomes of a cancellation in a clause, or in a `suppress`.

    "kept" when it goes on, or was meant for a task that was cancelled here; "used" when the exception is handed on;
    "end" when the coroutine ends at once in an orderly way; else "fault".
    """
    catches = isinstance(node, ast.ExceptHandler)
    body = node.body if catches else []
    nodes = list(inner(body))
    if any(isinstance(found, ast.Raise) or _last(found) in _LEAVES for found in nodes):
        return "kept"
    if _cancels(place) or is_manager_def(place.function, place) or _raised_around(place) or _is_meant(place):
        return "kept"
    if any("cancel" in getattr(target, "id", "") for found in nodes for target in getattr(found, "targets", ())):
        return "used"  # A flag, which is looked at later.
    name = getattr(node, "name", None)
    if name and any(isinstance(found, ast.Name) and found.id == name for found in _handed(nodes)):
        return "used"
    return "end" if how == "named" and catches and _ends(place, nodes) else "fault"


def _is_meant(place: Place[Any]) -> bool:
    """Whether only a cancellation ends the wait, as the sign to clean up, or it shields the end of a `finally`.

    What is being raised when a `finally` starts goes on after it.
    """
    around = place.node if isinstance(place.node, ast.Try) else place.stmt
    waits = [node.value for node in inner(getattr(around, "body", [])) if isinstance(node, ast.Await)]
    if len(waits) != 1 or not isinstance(waits[0], ast.Call):
        return False
    called, name = waits[0].func, place.name(waits[0].func)
    if place.in_loop or name == "asyncio.shield":
        return name == "asyncio.shield" and any(True for _ in place.within("finally"))
    return name in _ENDLESS or (name == "asyncio.Event.wait" and isinstance(getattr(called, "value", None), ast.Call))


def waits_for_own(place: Place[Any]) -> bool:
    """Whether all that is awaited are tasks which the object keeps, and which another of its methods may cancel."""
    around = place.node if isinstance(place.node, ast.Try) else place.stmt
    waits = [node.value for node in inner(getattr(around, "body", [])) if isinstance(node, ast.Await)]
    return bool(waits) and all(_is_own_task(wait) for wait in waits)


def _is_own_task(wait: ast.expr) -> bool:
    held: list[ast.expr] = [wait]
    if isinstance(wait, ast.Call) and _last(wait) in ("gather", "wait"):
        held = [arg.value if isinstance(arg, ast.Starred) else arg for arg in wait.args]
    return all(isinstance(part, ast.Attribute) and getattr(part.value, "id", "") == "self" for part in held)


def _raised_around(place: Place[Any]) -> bool:
    """Whether the clause cleans up inside another clause, which raises at its end."""
    outer = place.handler if not isinstance(place.node, ast.ExceptHandler) else _outer_clause(place)
    return outer is not None and isinstance(outer.body[-1], ast.Raise)


def _outer_clause(place: Place[Any]) -> ast.ExceptHandler | None:
    return next((block.node for block in place.within("except") if block.node is not place.node), None)


def _handed(nodes: list[Any]) -> list[Any]:
    """What is passed to calls that are no logging, stored or returned."""
    found: list[Any] = []
    for node in nodes:
        if isinstance(node, ast.Call) and _last(node) not in (
            "debug",
            "info",
            "warning",
            "error",
            "exception",
            "critical",
            "log",
            "print",
            "str",
            "repr",
            "type",
            "isinstance",
        ):
            found += [*node.args, *(word.value for word in node.keywords)]
        elif isinstance(node, (ast.Return, ast.Assign)) and node.value is not None:
            found += [node.value, *getattr(node.value, "elts", ())]
    return found


def _cancels(place: Place[Any]) -> bool:
    """Whether the def cancels something itself, whose end it may then wait for."""
    return any("cancel" in _last(node).lower() and _last(node) != "cancelled" for node in inner(place.function.body))


def _ends(place: Place[Any], handled: list[Any]) -> bool:
    """Whether the coroutine comes to its end after the clause, outside of any loop that would go on."""
    leaves = any(isinstance(node, (ast.Return, ast.Break)) for node in handled)
    if any(True for _ in place.within("for", "while")):
        return leaves
    return leaves or _is_last(place.function.body, place)


def _is_last(body: list[Any], place: Place[Any]) -> bool:
    """Whether nothing comes after the statement of a place at the end of these statements, or of a suite there."""
    last = body[-1] if body else None
    if last is None or last is place.node or last is place.stmt:
        return last is not None
    if not isinstance(last, (ast.With, ast.AsyncWith, ast.Try, ast.If, ast.ExceptHandler)):
        return False
    parts = [last.body, getattr(last, "orelse", []), *(handler.body for handler in getattr(last, "handlers", ()))]
    return any(_is_last(part, place) for part in parts)


def scopes_of(place: Place[Any]) -> list[str]:
    """The timeouts, cancel scopes and task groups that a `with` opens."""
    names = [place.name(item.context_expr.func) for item in place.node.items if isinstance(item.context_expr, ast.Call)]
    return [name for name in names if name in _SCOPES]


def is_manager(place: Place[Any], ctx: Context) -> bool:
    """Whether the def around is a context manager, a fixture, or a hook that runs once."""
    scope = ctx.module.functions.get(place.function)
    return is_manager_def(place.function, place) or (scope is not None and runs_once(place.function, scope, ctx))


def is_manager_def(function: Any, place: Place[Any]) -> bool:
    """Whether a def is decorated as a context manager or a fixture."""
    for decorator in getattr(function, "decorator_list", ()):
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = place.name(called)
        if name in _MANAGERS or name.rpartition(".")[2] in ("asynccontextmanager", "fixture"):
            return True
    return False


def _last(node: ast.AST) -> str:
    func = node.func if isinstance(node, ast.Call) else None
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
