"""What other files may reach through a file though it is not defined there: imports, instances, bases, results."""

import ast
from collections.abc import Iterator, Set
from typing import Any, Final

from scanners.context import Context
from scanners.facts.callgraph import names_of, target_of
from scanners.names import Ref, annotated, member, resolve
from scanners.rule import Collector
from scanners.scopes import Scope
from scanners.semantics.concurrency.blocking import BLOCKING
from scanners.semantics.handlers import inner
from scanners.syntax import last_name

_SESSIONS: Final = frozenset(
    {"sqlalchemy.orm.sessionmaker()", "sqlalchemy.orm.session.sessionmaker()", "sqlalchemy.orm.scoped_session()"}
)
_HOLDERS: Final = frozenset(
    ".".join(parts[:cut]) for parts in (name.split(".") for name in BLOCKING) for cut in range(1, len(parts))
)
"""What blocking calls are made on: `requests.Session`, `redis.Redis`, `boto3.client()`."""

_HELD: Final = (ast.Call, ast.Name, ast.BoolOp, ast.IfExp)


class HandedOn(Collector):
    """Facts `handed-on`: under which name (that of the file, `Class.attribute`, `def()`) which target is found.

    `base` says that the target is a base class, of which `own` are overridden.
    """

    def visit_module(self, ctx: Context) -> None:
        """Record what the names of a file stand for elsewhere."""
        known = names_of(ctx)
        for name, scope in ctx.module.classes.items():
            for base in getattr(scope.node, "bases", ()):
                target = _named(resolve(base, scope.parent or ctx.module, base.lineno), known)
                if target:
                    own = sorted(key for key, bindings in scope.names.items() if bindings[-1].kind == "def")
                    ctx.fact("handed-on", scope.node, name=name, target=target, base=True, own=own)
            for attr, target in _attributes(scope, known):
                ctx.fact("handed-on", scope.node, name=f"{name}.{attr}", target=target, base=False)
        for name, target in (*_globals(ctx, known), *_results(ctx, known)):
            ctx.fact("handed-on", 1, name=name, target=target, base=False)


def _named(ref: Ref | None, known: Set[str]) -> str:
    """The target of what an instance is of: a class of the repository, or one whose calls block."""
    if ref is None or ref.via == "unknown":
        return ""
    if ref.dotted in _SESSIONS:
        return "sqlalchemy.orm.Session"
    return ref.dotted if ref.dotted in _HOLDERS else target_of(ref, known)


def _attributes(scope: Scope, known: Set[str]) -> Iterator[tuple[str, str]]:
    """What the attributes of a class hold, as far as its own file tells."""
    for attr in dict.fromkeys((*scope.attributes, *scope.names)):
        bindings = scope.attributes.get(attr, []) + scope.names.get(attr, [])
        if any(_holds(binding) for binding in bindings):
            found = member(scope, attr, scope, 0, Ref(f".{scope.qualname}")) or _made_unless_given(bindings)
            target = _named(found, known)
            if target:
                yield attr, target


def _made_unless_given(bindings: list[Any]) -> Ref | None:
    """What `given or Client()` makes: most callers give nothing."""
    for binding in bindings:
        value = binding.value
        if isinstance(value, (ast.BoolOp, ast.IfExp)):
            sides = value.values[-1:] if isinstance(value, ast.BoolOp) else [value.body, value.orelse]
            for side in sides:
                if isinstance(side, ast.Call):
                    return resolve(side, binding.scope, binding.line)
    return None


def _holds(binding: Any) -> bool:
    return binding.kind == "declared" or (binding.kind == "assign" and isinstance(binding.value, _HELD))


def _globals(ctx: Context, known: Set[str]) -> Iterator[tuple[str, str]]:
    """Imports of a package, and instances."""
    for name, bindings in ctx.module.names.items():
        last = bindings[-1]
        if last.kind == "import" and ctx.role == "init":
            target = target_of(Ref(last.value), known)
        elif last.kind == "assign" and isinstance(last.value, ast.Call):
            target = _named(resolve(last.value, ctx.module, last.line), known)
        elif last.kind == "declared":
            target = _named(annotated(last.value, ctx.module, last.line), known)
        else:
            continue
        if target:
            yield name, target


def _results(ctx: Context, known: Set[str]) -> Iterator[tuple[str, str]]:
    """What calls of plain defs give: by their annotation, else where all their returns agree."""
    for function, scope in ctx.module.functions.items():
        if isinstance(function, ast.FunctionDef) and scope.qualname:
            target = _named(_result(function, scope), known)
            if target and target != f":{scope.qualname}()":
                yield f"{scope.qualname}()", target


def _result(function: ast.FunctionDef, scope: Scope) -> Ref | None:
    if function.returns is not None:
        return annotated(function.returns, scope.parent or scope, function.lineno)
    given = [node.value for node in inner(function.body, ast.Return)]
    if len(given) != 1 or not isinstance(given[0], (ast.Name, ast.Call, ast.Attribute)):
        return None
    holder = scope.parent
    if (
        isinstance(given[0], ast.Call)
        and holder is not None
        and holder.kind == "class"
        and last_name(given[0].func) == "cls"
    ):
        return Ref(f".{holder.qualname}", given[0], "call")  # A class method that makes one of its own.
    return resolve(given[0], scope, given[0].lineno)
