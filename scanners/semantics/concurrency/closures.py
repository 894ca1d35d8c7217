"""Closures that read the variable of a loop, and whether they live longer than the turn that made them."""

import ast
from collections.abc import Iterator
from typing import Any, Final

from scanners.place import Place
from scanners.scopes import arguments
from scanners.semantics.containers import spelled
from scanners.syntax import children, descendants, last_name

_KEEPS: Final = frozenset({"append", "appendleft", "insert", "add", "setdefault", "put", "put_nowait"})
_LATER: Final = frozenset(
    "submit call_later call_soon call_soon_threadsafe add_done_callback on_commit Thread Timer Process add_job "
    "register add_handler add_callback call_at add_listener add_event_listener subscribe apply_async every after_idle "
    "addCleanup deferToThread callLater addCallback addErrback add_url_rule spawn spawn_later start_new_thread".split()
)
_LATER_WORDS: Final = frozenset({"command", "callback", "on_click", "target", "on_change", "handler"})
_COMPREHENSIONS: Final = (ast.ListComp, ast.DictComp, ast.SetComp)
_ENDS: Final = frozenset({"result", "join", "get", "wait"})


def free_names(function: Any) -> set[str]:
    """The names that a def or lambda reads and does not bind itself; defaults are read when it is made."""
    own = {arg.arg for arg in arguments(function)}
    read: set[str] = set()
    body = function.body if isinstance(function.body, list) else [function.body]
    for node in (node for part in body for node in descendants(part)):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else own).add(node.id)
        elif isinstance(node, ast.arg):
            own.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            own.add(node.name)
    return read - own


def targets(target: ast.expr) -> Iterator[str]:
    """The names that a loop gives a value to."""
    return (node.id for node in descendants(target) if isinstance(node, ast.Name))


def escapes(node: ast.AST, place: Place[Any], loop: Any) -> str:
    """How a closure outlives the turn of the loop: "kept", "later", "attribute"; empty when it does not seem to.

    `node` is the lambda, or a name that stands for the def, in the statement of `place`.
    """
    above = place.parent(node)
    while isinstance(above, (ast.IfExp, ast.Tuple, ast.List, ast.Dict, ast.BoolOp)) or _is_partial(above, node):
        node, above = above, place.parent(above)  # type: ignore[assignment]  # the loop ends at None
    if isinstance(above, ast.keyword):
        call = place.parent(above)
        late = isinstance(call, ast.Call) and (last_name(call.func) in _LATER or above.arg in _LATER_WORDS)
        return "later" if late and not _waited(call, place) else ""
    if isinstance(above, ast.Call) and above.func is not node:
        if isinstance(above.func, ast.Attribute) and above.func.attr in _KEEPS:
            return "kept" if not _made_inside(above.func.value, loop) else ""
        return "later" if last_name(above.func) in _LATER and not _waited(above, place) else ""
    if isinstance(above, ast.Assign) and above.value is node:
        for target in above.targets:
            if isinstance(target, ast.Attribute) and _is_item(target.value, loop):
                return "attribute"
            if isinstance(target, (ast.Subscript, ast.Attribute)) and not _made_inside(target.value, loop):
                return "kept" if isinstance(target, ast.Subscript) else "attribute"
    return ""


def _is_item(expr: ast.expr, loop: Any) -> bool:
    """Whether an object is the item itself that a loop is at: it lives on, with what it was given."""
    return isinstance(expr, ast.Name) and expr.id in set(targets(loop.target))


def comprehension_of(place: Place[ast.Lambda]) -> Any:
    """The comprehension whose element is the lambda itself, or what runs it later (`pool.submit(f)`); None for none."""
    node: ast.AST = place.node
    above = place.parent()
    while isinstance(above, (ast.Tuple, ast.List, ast.IfExp, ast.Call, ast.keyword)):
        if isinstance(above, ast.Call) and (last_name(above.func) not in _LATER or above.func is node):
            return None
        node, above = above, place.parent(above)
    is_element = isinstance(above, _COMPREHENSIONS) and node in (
        getattr(above, "elt", None),
        getattr(above, "value", None),
    )
    return above if is_element else None


def _is_partial(above: ast.AST | None, node: ast.AST) -> bool:
    return isinstance(above, ast.Call) and above.func is not node and last_name(above.func) in ("wraps", "staticmethod")


def _waited(call: ast.AST | None, place: Place[Any]) -> bool:
    """Whether the turn waits for the end of what it started: `submit(f).result()`, an await, a join below."""
    above = place.parent(call)
    if isinstance(above, ast.Await) or (isinstance(above, ast.Attribute) and above.attr in _ENDS):
        return True
    name = ""
    if isinstance(above, ast.Assign) and isinstance(above.targets[0], ast.Name):
        name = above.targets[0].id
    loop = next((block.node for block in place.within("for", "while")), None)
    if not name or loop is None:
        return False
    return any(
        isinstance(node, ast.Attribute) and node.attr in _ENDS and spelled(node.value) == name
        for node in descendants(loop)
    ) or any(isinstance(node, ast.Await) and spelled(node.value) == name for node in descendants(loop))


def _made_inside(expr: ast.expr, loop: Any) -> bool:
    """Whether a container or object is made anew in each turn, the loop's own variable among them."""
    root: ast.AST = expr
    while isinstance(root, (ast.Attribute, ast.Subscript, ast.Call)):
        root = root.func if isinstance(root, ast.Call) else root.value
    if not isinstance(root, ast.Name):
        return True
    stored = (part for stmt in (loop.target, *loop.body) for part in descendants(stmt))
    return any(isinstance(part, ast.Name) and part.id == root.id and _is_store(part) for part in stored)


def _is_store(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def uses_of(name: str, loop: Any) -> Iterator[tuple[ast.Name, ast.stmt]]:
    """Where the body of a loop reads a name, each with its statement."""
    stack: list[tuple[Any, Any]] = [(stmt, stmt) for stmt in loop.body]
    while stack:
        node, stmt = stack.pop()
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            yield node, stmt
        stack += [(child, child if isinstance(child, ast.stmt) else stmt) for child in children(node)]
