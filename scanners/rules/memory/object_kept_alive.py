import ast

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.hot import is_hot
from scanners.semantics.memory.keptalive import (
    in_cycle,
    is_attribute,
    is_bound,
    is_false,
    is_kept,
    is_trace,
    is_undone,
    listed,
)
from scanners.syntax import descendants


class ObjectKeptAlive(Rule):
    """
    What is registered for the end of the program, or with a signal that holds on to its receivers, lives until the end: one
    object per request is a leak. A stored traceback keeps every local variable of every frame.

    Looks at bound methods and closures in `atexit.register`, `connect(..., weak=False)` and lists of the module that nothing
    takes out again, at `__del__` of objects that keep themselves in a cycle, at tracebacks kept in attributes, and at
    `gc.collect` and `gc.disable` in code that runs per request. Registrations of the module body, those that the class itself
    undoes and weak references are good.
    """

    id = "object-kept-alive"
    area = "memory"
    item = "M1"
    title = "Object that is kept alive by a registration"
    severity = Severity.LOW
    confidence = Confidence.LOW
    fix = "Register a function of the module or a weakref, undo it in `close`; keep the text of a traceback, not the frames."
    bad = (
        Example(
            "registered for ever, frames, the collector by hand",
            {
                "shop/job.py": """\
import atexit
import gc
import sys
class Job:
    def __init__(self, signal):
        atexit.register(self.stop)
        signal.connect(self.changed, weak=False)
    def run(self):
        try:
            self.work()
        except ValueError as error:
            self.trace = error.__traceback__
            self.info = sys.exc_info()
async def handle(request):
    gc.collect()
"""
            },
            at=[("shop/job.py", 6), ("shop/job.py", 7), ("shop/job.py", 12), ("shop/job.py", 13), ("shop/job.py", 15)],
        ),
    )
    good = (
        Example(
            "of the module, undone, as text",
            {
                "shop/job.py": """\
import atexit
import gc
import traceback
def stop_all():
    pass
atexit.register(stop_all)
class Job:
    def __init__(self, signal):
        signal.connect(self.changed)
        atexit.register(self.stop)
    def close(self):
        atexit.unregister(self.stop)
    def run(self):
        try:
            self.work()
        except ValueError:
            self.trace = traceback.format_exc()
def main():
    gc.collect()
"""
            },
        ),
    )
    calls = ("atexit.register", "*.connect", "gc.collect", "gc.disable", "sys.exc_info")

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.dotted.startswith("gc."):
            freed = "empty_cache(" in ctx.source  # The memory of a graphics card, after a model was let go.
            self._say(
                call,
                is_hot(call, ctx) and not freed,
                f"`{call.dotted}` stops everything each time that this runs.",
                ctx,
            )
        elif call.dotted == "sys.exc_info":
            if is_kept(call):
                ctx.report(call, "The frames of the traceback, and all that they hold, live as long as the object.")
        elif call.dotted == "atexit.register":
            given = call.argument(0, "func")
            if given is not None and call.function is not None:
                undone = "atexit.unregister" in ctx.source and is_undone(call, "unregister", ctx)
                self._say(call, is_bound(given) and not undone, "The object lives until the program ends.", ctx)
        elif is_false(call.keyword("weak")) and call.function is not None:
            given = call.argument(0, "receiver")
            undone = ".disconnect(" in ctx.source and is_undone(call, "disconnect", ctx)
            is_bad = given is not None and is_bound(given) and not undone
            self._say(call, is_bad, "The signal keeps the object for ever: nothing disconnects it.", ctx)

    def visit_except_handler(self, place: Place[ast.ExceptHandler], ctx: Context) -> None:
        name = place.node.name
        if not name or "__traceback__" not in ctx.source:
            return
        for node in (node for stmt in place.node.body for node in descendants(stmt)):
            if isinstance(node, ast.Assign) and is_attribute(node.targets) and is_trace(node.value, name):
                at = Place(node, place.block, node)
                ctx.report(at, "The frames of the traceback, and all that they hold, live as long as the object.")

    def visit_class_def(self, place: Place[ast.ClassDef], ctx: Context) -> None:
        final = next((part for part in place.node.body if getattr(part, "name", "") == "__del__"), None)
        if final is None:
            return
        ctx.site(final)
        if in_cycle(place.node):
            at: Place[ast.AST] = Place(final, place.block, final)
            ctx.report(at, "The object is part of a cycle, so `__del__` runs when the collector gets to it, or never.")

    def visit_module(self, ctx: Context) -> None:
        for name, place in listed(ctx) if ".append(self." in ctx.source else ():
            ctx.report(place, f"`{name}` keeps the object for ever: nothing takes it out.")

    def _say(self, call: Call, is_bad: bool, message: str, ctx: Context) -> None:
        if is_bad:
            ctx.report(call, message)
        else:
            ctx.site(call)
