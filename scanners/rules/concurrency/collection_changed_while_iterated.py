import ast
from typing import Any

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Place
from scanners.rule import Example, Rule
from scanners.semantics.concurrency.iteration import SAFE, bound_again, by_index_fault, fault, is_view, iterated
from scanners.semantics.containers import CHANGING, changes, kind_of, leaves_after, spelled
from scanners.semantics.handlers import inner, short


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
        held, by_index = iterated(loop.iter)
        if not held:
            return
        ctx.site(place)
        text = spelled(held)
        changed = list(changes(inner(loop.body, *CHANGING), text))
        if not changed or place.name(held) in SAFE or bound_again(loop, text):
            return
        kind = kind_of(held, place.scope) or ("dict" if is_view(loop.iter) else "")
        for change in changed:
            sure = by_index_fault(change, loop) if by_index else fault(change, kind, loop, text)
            if sure is not None and is_view(loop.iter) and not kind_of(held, place.scope):
                sure = Confidence.LOW  # The keys of what is no dict may well be a list of their own.
            if sure is not None and not leaves_after(change.node, loop):
                message = f"`{short(change.node)}` changes `{text}` while the loop of line {loop.lineno} goes over it."
                ctx.report(Place(change.node, place.block, change.node), message, confidence=sure)
