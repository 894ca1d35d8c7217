import ast
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Place
from scanners.rule import Example, Rule
from scanners.semantics.containers import SHRINKING, Change, changes, kind_of, leaves_after, spelled
from scanners.semantics.handlers import inner, short

_VIEWS: Final = frozenset({"items", "keys", "values"})
_SAFE: Final = frozenset({"os.environ"})  # Python 3.14: iterating it goes over a list of its keys.


class CollectionChangedWhileIterated(Rule):
    """
    A dict or set that changes under a loop raises RuntimeError, a list silently skips the element after each one removed. It
    works with the data of the test and fails, or loses rows, with the data of production.

    Looks at `for` loops over a name, an attribute or a view of one that remove, delete or add in their own body, and at loops
    over `range(len(x))` that delete by index. A copy (`list(x)`, `x[:]`), a loop that ends with the change, a key that is
    there already and a name bound again are good. Appending to a list that the loop works off is of low confidence.
    """

    id = "collection-changed-while-iterated"
    area = "concurrency"
    item = "K4"
    title = "Collection changed while a loop goes over it"
    severity = Severity.HIGH
    fix = "Iterate over a copy (`list(x)`), or build a new collection with a comprehension and keep that."
    bad = (
        Example(
            "dicts, sets and lists that shrink or grow",
            {
                "shop/stock.py": """\
def expire(sessions, now):
    for key, session in sessions.items():
        if session.end < now:
            del sessions[key]
class Registry:
    def __init__(self):
        self.clients = set()
        self.rows = []
    def sweep(self):
        for client in self.clients:
            if client.closed:
                self.clients.discard(client)
        for row in self.rows:
            if row.stale:
                self.rows.remove(row)
def lower(headers: dict[str, str]):
    for name in headers:
        headers[name.lower()] = headers[name]
def trim(rows):
    for index in range(len(rows)):
        if not rows[index]:
            del rows[index]
def spread(names):
    seen = set(names)
    for name in seen:
        seen.add(name + "s")
def forget(cache):
    for key in cache.keys():
        cache.pop(key)
"""
            },
            at=[("shop/stock.py", line) for line in (4, 12, 15, 18, 22, 26, 29)],
        ),
    )
    good = (
        Example(
            "copies, loops that end, keys that are there",
            {
                "shop/stock.py": """\
import os
def expire(sessions, now, wanted):
    for key, session in list(sessions.items()):
        if session.end < now:
            del sessions[key]
    for key in tuple(sessions):
        sessions.pop(key)
    for key in sessions:
        if key == wanted:
            sessions.pop(key)
            break
    for key, session in sessions.items():
        sessions[key] = session.renewed()
    for name in os.environ:
        if name.startswith("SHOP_"):
            del os.environ[name]
    others = {}
    for key in sessions:
        others.pop(key, None)
def take(rows, wanted):
    for row in rows:
        if row.id == wanted:
            rows.remove(row)
            return row
    for row in rows[:]:
        rows.remove(row)
    for row in reversed(rows):
        rows.remove(row)
    for index in range(len(rows) - 1, -1, -1):
        del rows[index]
    for row in rows:
        rows = [other for other in rows if other is not row]
        rows.append(row.next)
    raise LookupError(wanted)
"""
            },
        ),
    )

    def visit_for(self, place: Place[Any], ctx: Context) -> None:
        loop = place.node
        if isinstance(loop, ast.AsyncFor):
            return
        held, by_index = _iterated(loop.iter)
        if not held:
            return
        ctx.site(place)
        text = spelled(held)
        if place.name(held) in _SAFE or _bound_again(loop, text):
            return
        kind = kind_of(held, place.scope) or ("dict" if _is_view(loop.iter) else "")
        for change in changes(inner(loop.body), text):
            sure = _by_index(change, loop) if by_index else _fault(change, kind, loop, text)
            if sure is not None and not leaves_after(change.node, loop):
                message = f"`{short(change.node)}` changes `{text}` while the loop of line {loop.lineno} goes over it."
                ctx.report(Place(change.node, place.block, change.node), message, confidence=sure)


def _iterated(expr: ast.expr) -> tuple[ast.expr | None, bool]:
    """The container that a loop goes over, and whether it goes over its indexes."""
    if isinstance(expr, ast.Call):
        name = expr.func.id if isinstance(expr.func, ast.Name) else ""
        if _is_view(expr):
            return expr.func.value, False  # type: ignore[attr-defined]
        if name == "enumerate" and expr.args:
            return _iterated(expr.args[0])
        if name == "range" and len(expr.args) == 1 and isinstance(expr.args[0], ast.Call):
            measured = expr.args[0]
            if isinstance(measured.func, ast.Name) and measured.func.id == "len" and len(measured.args) == 1:
                return (measured.args[0], True) if spelled(measured.args[0]) else (None, False)
        return None, False
    return (expr, False) if spelled(expr) else (None, False)


def _is_view(expr: ast.expr) -> bool:
    is_method = isinstance(expr, ast.Call) and isinstance(expr.func, ast.Attribute) and not expr.args
    return is_method and expr.func.attr in _VIEWS and bool(spelled(expr.func.value))  # type: ignore[attr-defined]


def _bound_again(loop: ast.For, text: str) -> bool:
    """Whether the body gives the name, or what it hangs on, another value: then the loop keeps the old object."""
    targets = [node for node in inner(loop.body) if isinstance(node, ast.Name | ast.Attribute)]
    stores = [spelled(node) for node in targets if isinstance(node.ctx, ast.Store)]
    bound = [spelled(node) for node in inner([loop.target]) if isinstance(node, ast.Name)]
    return any(text == name or text.startswith(f"{name}.") for name in (*stores, *bound) if name)


def _by_index(change: Change, loop: ast.For) -> Confidence | None:
    is_index = isinstance(change.key, ast.Name) and spelled(loop.target) == change.key.id
    return Confidence.MEDIUM if change.how in ("del", "pop") and is_index else None


def _fault(change: Change, kind: str, loop: ast.For, text: str) -> Confidence | None:
    """How sure it is that a change disturbs the loop; None when it does not."""
    how = change.how
    if how == "augment" or (how == "set" and kind in ("list", "set")) or text in ("self", "cls"):
        return None
    if how == "set":
        return _new_key(change.key, loop) if kind == "dict" else None
    if how in ("append", "appendleft", "extend"):
        return Confidence.LOW if kind == "list" else None
    if how in ("update", "setdefault"):
        return Confidence.LOW if kind == "dict" else Confidence.HIGH if kind == "set" and how == "update" else None
    if how == "del" or how in SHRINKING:
        if kind == "dict" and how in ("remove", "discard", "popleft"):
            return None
        return Confidence.HIGH if kind or how in ("remove", "discard") else Confidence.MEDIUM
    return Confidence.HIGH if kind == "set" or (kind == "list" and how == "insert") else None


def _new_key(key: ast.expr | None, loop: ast.For) -> Confidence | None:
    """A key that is made from the loop's own is likely a new one."""
    target = loop.target.elts[0] if isinstance(loop.target, ast.Tuple) and loop.target.elts else loop.target
    if key is None or isinstance(key, ast.Name | ast.Constant) or not isinstance(target, ast.Name):
        return None
    is_made = isinstance(key, ast.Call | ast.BinOp | ast.JoinedStr)
    uses = any(isinstance(node, ast.Name) and node.id == target.id for node in inner([key]))
    return Confidence.MEDIUM if is_made and uses else None
