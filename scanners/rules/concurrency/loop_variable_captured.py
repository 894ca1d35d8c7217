import ast
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Place
from scanners.rule import Example, Rule
from scanners.semantics.concurrency.closures import comprehension_of, escapes, free_names, targets, uses_of
from scanners.semantics.containers import leaves_after

_BODIES: Final = frozenset({"module", "class", "function"})


class LoopVariableCaptured(Rule):
    """
    A closure looks its names up when it runs. One that outlives the turn of the loop that made it sees the last value of the
    loop's variable, so all handlers, callbacks and tasks work on the last row.

    Looks at lambdas and defs in `for` loops and comprehensions that read the loop's variable and are kept in a container or an
    attribute, or handed to something that runs them later (`submit`, `on_commit`, `Thread`, `call_later`, callbacks). Called
    at once (`key=`, `map` in the turn), bound by a default or `partial`, awaited in the turn, and a loop that ends there are
    good; what an unknown call does with it is unresolved.
    """

    id = "loop-variable-captured"
    area = "concurrency"
    item = "K4"
    title = "Closure reads a loop variable after the loop went on"
    severity = Severity.MEDIUM
    fix = "Bind the value when the closure is made: `functools.partial(f, row)`, `lambda row=row: ...`, or a def that makes it."
    bad = (
        Example(
            "closures that run later",
            {
                "shop/handlers.py": """\
from concurrent.futures import ThreadPoolExecutor
from django.db import transaction
from threading import Thread
def build(names, rows, pool, loop, registry):
    handlers = []
    for name in names:
        handlers.append(lambda event: print(name, event))
    for row in rows:
        transaction.on_commit(lambda: send(row.id))
    for row in rows:
        def work():
            return row.total()
        pool.submit(work)
    for key, value in rows:
        registry[key] = lambda: value
    for row in rows:
        Thread(target=lambda: row.save()).start()
    for row in rows:
        loop.call_later(5, lambda: row.expire())
        row.on_change = lambda event: row.save(event)
    jobs = [pool.submit(lambda: row.save()) for row in rows]
    return jobs, handlers, [lambda: name.upper() for name in names], {n: lambda: n for n in names}
"""
            },
            at=[("shop/handlers.py", line) for line in (7, 9, 11, 15, 17, 19, 20, 21, 22, 22)],
        ),
    )
    good = (
        Example(
            "called in the turn, bound, or handed on as a value",
            {
                "shop/handlers.py": """\
from functools import partial
from django.db import transaction
async def build(names, rows, pool, loop, registry):
    handlers = []
    for name in names:
        handlers.append(lambda event, name=name: print(name, event))
        handlers.append(partial(print, name))
        rows.sort(key=lambda row: row.rank(name))
        best = max(rows, key=lambda row: row[name])
        kept = [row for row in filter(lambda row: row.name == name, rows)]
    for row in rows:
        pool.submit(lambda: row.save()).result()
        await loop.run_in_executor(None, lambda: row.load())
    for row in rows:
        def total():
            return row.total()
        print(total(), best, kept)
    for row in rows:
        if row.late:
            transaction.on_commit(lambda: send(row.id))
            break
    for row in rows:
        turn = []
        turn.append(lambda: row.id)
        print([f() for f in turn])
    for name in names:
        registry[name] = lambda name: name.upper()
    return [(lambda: name.upper())() for name in names], sorted(names, key=lambda name: name.lower())
"""
            },
        ),
    )

    def visit_lambda(self, place: Place[ast.Lambda], ctx: Context) -> None:
        loops = [block.node for block in place.within("for")]
        made_by = comprehension_of(place)
        if not loops and made_by is None:
            return
        read = free_names(place.node)
        if made_by is not None:
            name = next((name for part in made_by.generators for name in targets(part.target) if name in read), "")
            if name:
                self._report(place, name, "kept", ctx)
            return
        for loop in loops:
            name = next((name for name in targets(loop.target) if name in read), "")
            if name:
                self._weigh(place, name, escapes(place.node, place, loop), loop, ctx)
                return

    def visit_function_def(self, place: Place[Any], ctx: Context) -> None:
        if place.block.kind in _BODIES:
            return
        loop = next((block.node for block in place.within("for")), None)
        if loop is None:
            return
        read = free_names(place.node)
        name = next((name for name in targets(loop.target) if name in read), "")
        if not name:
            return
        uses = list(uses_of(place.node.name, loop))
        ways = [escapes(node, Place(node, place.block, stmt), loop) for node, stmt in uses]
        self._weigh(place, name, next((way for way in ways if way), ""), loop, ctx)

    def _weigh(self, place: Place[Any], name: str, way: str, loop: Any, ctx: Context) -> None:
        if way and not leaves_after(place.node, loop):
            self._report(place, name, way, ctx)
        else:
            ctx.site(place)

    def _report(self, place: Place[Any], name: str, way: str, ctx: Context) -> None:
        sure = Confidence.MEDIUM if way == "attribute" else None
        later = "runs later" if way == "later" else "is kept"
        ctx.report(place, f"It reads `{name}` and {later}: by then `{name}` is that of the last turn.", confidence=sure)
