"""What holds a client in a file, however it came there: own methods that make it once, branches, annotations, bases."""

import ast
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from scanners.context import Context
from scanners.names import canonical, find
from scanners.scopes import Binding, Scope
from scanners.semantics.boundaries.libraries import CLIENTS, MORE_HTTP, Library
from scanners.semantics.boundaries.opened import SQL_ROOTS, typed
from scanners.semantics.boundaries.ownclasses import class_around, given_to, own_class
from scanners.semantics.owncalls import own
from scanners.syntax import last_name

_DEPTH: Final = 9
GIVES: Final = frozenset(
    "pipeline multi_exec pubsub lock cursor connection connect acquire getconn transaction begin session start_session "
    "get_database get_collection channel apply_async delay client resource s si signature clone set".split()
)
"""Methods whose result goes to the same peer."""
_STARTED: Final = frozenset({"apply_async", "delay", "send_task"})
_BATCHES: Final = frozenset({"pipeline", "multi_exec"})
_SIGNATURES: Final = frozenset({"subtask", "si", "signature"})
THREADS: Final = frozenset("run_in_executor to_thread sync_to_async run_in_threadpool run_sync".split())
"""What runs a function elsewhere and gives what it gives."""
_CANVAS: Final = frozenset("chain group chord signature subtask chunks xmap starmap".split())
CELERY: Final = Library("broker", "celery")


class Held(NamedTuple):
    """A client: `made` is what makes it in this file, None where it is passed in; `via` says how it is known.

    `via` is "own" for an own subclass, "batch" for what collects commands, "result" for what Celery gives back.
    `names` are what an own subclass defines itself.
    """

    library: Library
    made: ast.Call | None = None
    via: str = ""
    names: frozenset[str] = frozenset()


class Subclass(NamedTuple):
    """A class of the file that is a client of a library, with the names that it and its other bases define."""

    library: Library
    names: frozenset[str]


class HeldClients:
    """The clients of a file by the expressions that stand for them."""

    def __init__(self, ctx: Context, made: Mapping[int, Library]) -> None:
        self._ctx = ctx
        self._made = made
        self._celery = ctx.imports("celery")
        self._kept: dict[tuple[int, str], Held | None] = {}
        self.bases = dict(_subclasses(ctx))

    def of(self, expr: Any, scope: Scope, depth: int = 0) -> Held | None:
        """The client that an expression stands for, None where it is none or cannot be told."""
        if depth > _DEPTH:
            return None
        if type(expr) is ast.Name:
            return self._name(expr.id, scope, depth)
        if isinstance(expr, (ast.Await, ast.NamedExpr)):
            return self.of(expr.value, scope, depth)
        if isinstance(expr, (ast.IfExp, ast.BoolOp)):
            sides = [expr.body, expr.orelse] if isinstance(expr, ast.IfExp) else expr.values
            return next((held for side in sides if (held := self.of(side, scope, depth + 1))), None)
        if isinstance(expr, ast.Attribute):
            owner = own_class(expr.value, scope, self._ctx)
            return self._attribute(expr.attr, owner, depth) if owner is not None else None
        return self._call(expr, scope, depth) if isinstance(expr, ast.Call) else None

    def _call(self, call: ast.Call, scope: Scope, depth: int) -> Held | None:
        if id(call) in self._made:
            return Held(self._made[id(call)], call)
        func = call.func
        if last_name(func) in THREADS:
            return self._in_thread(call, scope, depth)
        if isinstance(func, ast.Attribute):
            owner = own_class(func.value, scope, self._ctx)
            if owner is not None:
                return self._attribute(func.attr, owner, depth, called=True)
            if self._celery and func.attr in _SIGNATURES:
                return Held(CELERY)
            if func.attr not in GIVES:
                return None
            held = self.of(func.value, scope, depth + 1)
            return held._replace(via=_given(func.attr, held)) if held is not None else None
        if not isinstance(func, ast.Name):
            return None
        return self._by_name(call, func, scope, depth)

    def _in_thread(self, call: ast.Call, scope: Scope, depth: int) -> Held | None:
        """What a function gives that is handed to a thread: `run_in_executor(None, self.connect)`."""
        for given in call.args[:2]:
            if isinstance(given, (ast.Name, ast.Attribute)):
                held = self.of(ast.copy_location(ast.Call(given, [], []), call), scope, depth + 1)
                if held is not None:
                    return held
        return None

    def _by_name(self, call: ast.Call, func: ast.Name, scope: Scope, depth: int) -> Held | None:
        found = find(func.id, scope)
        binding = found[0][-1] if found is not None else None
        if binding is None:
            return None
        if binding.kind == "def":
            return self._returned(binding.value, depth)
        if binding.kind == "class" and func.id in self.bases:
            return Held(self.bases[func.id].library, call, "own", self.bases[func.id].names)
        if binding.kind != "import":
            return None
        root, _, last = binding.value.rpartition(".")
        if self._celery and root.startswith("celery") and (last in _CANVAS or last == "AsyncResult"):
            return Held(CELERY, None, "result" if last == "AsyncResult" else "")
        sent = MORE_HTTP.get(f"{canonical(binding.value)}.send")
        return Held(sent) if sent is not None and sent.kind == "mail" else None

    def _attribute(self, name: str, owner: Scope, depth: int, *, called: bool = False) -> Held | None:
        key = (id(owner), f"{name}()" if called else name)
        if key in self._kept:
            return self._kept[key]
        self._kept[key] = None  # What comes back to itself says nothing.
        bindings = [*owner.names.get(name, ()), *owner.attributes.get(name, ())]
        if any(binding.kind == "def" for binding in bindings):
            bindings = [binding for binding in bindings if binding.kind == "def"]
            if called == _is_property(bindings[-1].value):
                return None
        elif called:
            return None
        found = next((held for binding in bindings if (held := self._binding(binding, depth))), None)
        self._kept[key] = found
        return found

    def _name(self, name: str, scope: Scope, depth: int) -> Held | None:
        found = find(name, scope)
        if found is None:
            return None
        bindings, holder = found
        key = (id(holder), name)
        if key not in self._kept:
            self._kept[key] = None
            self._kept[key] = next((held for each in bindings if (held := self._binding(each, depth))), None)
        return self._kept[key]

    def _binding(self, binding: Binding, depth: int) -> Held | None:
        value = binding.value
        if binding.kind == "def":
            return self._returned(value, depth)
        if binding.kind == "param":
            library = typed(value.annotation, self._ctx, binding.scope)
            return Held(library) if library is not None else self._argument(value, binding.scope, depth)
        if binding.kind in ("assign", "with") and isinstance(value, ast.expr):
            return self.of(value, binding.scope, depth + 1)
        return None

    def _argument(self, param: ast.arg, scope: Scope, depth: int) -> Held | None:
        """The client that the file itself gives to a parameter without a type."""
        if param.annotation is not None:
            return None
        given = given_to(param.arg, scope, self._ctx)
        return next((held for expr, where in given if (held := self.of(expr, where, depth + 1))), None)

    def _returned(self, function: Any, depth: int) -> Held | None:
        """The client that a def gives: by what it returns or yields, else by what it says that it returns."""
        scope = self._ctx.module.functions.get(function)
        if scope is None:
            return None
        for node in own(function, ast.Return, ast.Yield):
            if node.value is not None and (held := self.of(node.value, scope, depth + 1)):
                return held
        library = typed(getattr(function, "returns", None), self._ctx, scope)
        return Held(library) if library is not None else None

    def self_of(self, scope: Scope) -> Subclass | None:
        """The class around, where it is itself a client by its base."""
        owner = class_around(scope) if self.bases else None
        return self.bases.get(owner.qualname) if owner is not None else None


def _given(method: str, held: Held) -> str:
    """What a method gives back: what collects commands, the result of a task, else the same sort of client."""
    if method in _BATCHES:
        return "batch"
    return "result" if held.library is CELERY and method in _STARTED else ""


def _is_property(function: Any) -> bool:
    return any("property" in last_name(each) for each in function.decorator_list)


def _subclasses(ctx: Context) -> Iterator[tuple[str, Subclass]]:
    """The classes of the file that have a client of a library as their base."""
    for scope in ctx.module.classes.values():
        bases = [base for base in getattr(scope.node, "bases", ()) if isinstance(base, (ast.Name, ast.Attribute))]
        for base in bases:
            ref = ctx.resolve(base, ctx.module)
            library = CLIENTS.get(ref.dotted) if ref is not None else None
            if library is not None and library.name in _CLASSES:
                others = [ctx.module.classes.get(last_name(each)) for each in bases]
                names = {name for each in (scope, *others) if each is not None for name in each.names}
                yield scope.qualname, Subclass(library, frozenset(names))


_CLASSES: Final = frozenset({"smtplib", "imaplib", "poplib", "ftplib", "xmlrpc", *SQL_ROOTS})
