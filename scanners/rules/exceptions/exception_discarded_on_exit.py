import ast
from collections.abc import Iterator
from typing import Any

from scanners.context import Context
from scanners.finding import Effort, Severity
from scanners.place import Place
from scanners.rule import Example, Rule
from scanners.semantics.handlers import inner
from scanners.syntax import descendants

_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_NAMES = {ast.Return: "return", ast.Break: "break", ast.Continue: "continue"}


class ExceptionDiscardedOnExit(Rule):
    """
    Leaving a `finally` by return, or an `__exit__` that always answers true, throws away the exception on its way:
    errors, cancellation and Ctrl-C vanish without a trace.

    Looks at finally blocks (return, break and continue that leave them) and at `__exit__` and `__aexit__` (a true
    result whatever the type). Inner loops and nested functions are left alone, and so is an `__exit__` that looks at
    what it is given before it decides.
    """

    id = "exception-discarded-on-exit"
    area = "exceptions"
    item = "E3"
    title = "Exception thrown away on the way out"
    severity = Severity.HIGH
    effort = Effort.MINUTES
    fix = "Move the return below the try statement, or return True from __exit__ for the expected type only."
    bad = (
        Example(
            "return in finally",
            {
                "lock.py": "def save(lock, row):\n    lock.take()\n    try:\n        row.save()\n    finally:\n"
                "        lock.free()\n        return row\n"
            },
            at=[("lock.py", 7)],
        ),
        Example(
            "break and continue in finally",
            {
                "poll.py": "def poll(feeds, stop):\n    for feed in feeds:\n        try:\n            feed.read()\n"
                "        finally:\n            if stop.is_set():\n                break\n    for feed in feeds:\n"
                "        try:\n            feed.close()\n        finally:\n            continue\n"
            },
            at=[("poll.py", 7), ("poll.py", 12)],
        ),
        Example(
            "__exit__ that is always true",
            {
                "span.py": "class Span:\n    def __enter__(self):\n        return self\n\n"
                "    def __exit__(self, *exc):\n        self.end()\n        return True\n\n\nclass AsyncSpan:\n"
                "    async def __aexit__(self, kind, error, trace):\n        await self.end()\n        return True\n"
            },
            at=[("span.py", 7), ("span.py", 13)],
        ),
    )
    good = (
        Example(
            "an inner loop and a nested def",
            {
                "lock.py": "def save(lock, rows, hooks):\n    try:\n        rows.save()\n    finally:\n"
                "        for hook in hooks:\n            if hook.done:\n                break\n\n        def undo():\n"
                "            return rows\n\n        lock.free(undo)\n    return rows\n"
            },
        ),
        Example(
            "__exit__ that looks first",
            {
                "span.py": "class Ignored:\n    def __exit__(self, kind, error, trace):\n        if kind is None:\n"
                "            return False\n        return issubclass(kind, KeyError)\n\n\nclass Missing:\n"
                "    def __exit__(self, kind, error, trace):\n        if isinstance(error, KeyError):\n"
                "            return True\n        return None\n"
            },
        ),
    )

    def visit_try(self, place: Place[ast.Try], ctx: Context) -> None:
        if not place.node.finalbody:
            return
        leaving = list(_leaving(place.node.finalbody, in_loop=False))
        if not leaving:
            ctx.site(place.node.finalbody[0])
        for node in leaving:
            word = _NAMES[type(node)]
            message = f"This {word} in `finally` throws away any exception that is on its way out of the try."
            ctx.report(Place(node, place.block, node), message)

    def visit_function_def(self, place: Place[ast.FunctionDef], ctx: Context) -> None:
        if place.node.name not in ("__exit__", "__aexit__") or place.block.kind != "class":
            return
        found = None if _looks(place.node) else _always_true(place.node.body)
        if found is None:
            ctx.site(place)
        else:
            message = f"{place.node.name} answers true whatever was raised, so no exception ever leaves the with block."
            ctx.report(Place(found, place.block, found), message)


def _leaving(body: list[Any], *, in_loop: bool) -> Iterator[Any]:
    """The statements that leave a finally block."""
    for stmt in body:
        if isinstance(stmt, ast.Return) or (isinstance(stmt, (ast.Break, ast.Continue)) and not in_loop):
            yield stmt
        elif not isinstance(stmt, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for name in ("body", "orelse", "finalbody"):
                yield from _leaving(
                    getattr(stmt, name, []), in_loop=in_loop or (name == "body" and isinstance(stmt, _LOOPS))
                )
            for part in [*getattr(stmt, "handlers", []), *getattr(stmt, "cases", [])]:
                yield from _leaving(part.body, in_loop=in_loop)


def _looks(function: ast.FunctionDef) -> bool:
    """Whether a condition on what the method is given decides how it ends."""
    args = function.args
    names = {arg.arg for arg in [*args.args[1:], *args.kwonlyargs, *([args.vararg] if args.vararg else [])]}
    for node in inner([*function.body]):
        test = node.test if isinstance(node, ast.If) else node.subject if isinstance(node, ast.Match) else None
        tested = {part.id for part in descendants(test) if isinstance(part, ast.Name)} if test is not None else set()
        if tested & names and any(isinstance(part, (ast.Return, ast.Raise)) for part in inner([node])):
            return True
    return False


def _always_true(body: list[ast.stmt]) -> ast.Return | None:
    """The unconditional `return True` that ends a method, also inside with and finally."""
    for stmt in body:
        if isinstance(stmt, ast.Return) and isinstance(stmt.value, ast.Constant) and stmt.value.value:
            return stmt
        if isinstance(stmt, (ast.With, ast.AsyncWith)):
            found = _always_true(stmt.body)
        elif isinstance(stmt, ast.Try):
            found = _always_true(stmt.finalbody) or _always_true(stmt.orelse)
        else:
            continue
        if found is not None:
            return found
    return None
