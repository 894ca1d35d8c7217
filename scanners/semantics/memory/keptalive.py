"""What keeps an object alive longer than it is wanted: registrations, lists of the module, cycles, frames."""

import ast
from collections.abc import Iterator
from typing import Any

from scanners.context import Context
from scanners.place import Block, Call, Place
from scanners.semantics.containers import SHRINKING, changes, made, spelled
from scanners.semantics.owncalls import own
from scanners.syntax import descendants


def is_trace(value: ast.expr, name: str) -> bool:
    """Whether it is the traceback of the error that a handler names so."""
    held = value.value if isinstance(value, ast.Attribute) and value.attr == "__traceback__" else None
    return isinstance(held, ast.Name) and held.id == name


def is_attribute(targets: list[ast.expr]) -> bool:
    """Whether an attribute of the object at hand is bound."""
    return any(
        isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self"
        for target in targets
    )


def is_kept(call: Call) -> bool:
    """Whether what a call returns is kept in an attribute."""
    above: Any = call.parent()
    return isinstance(above, ast.Assign) and above.value is call.node and is_attribute(above.targets)


def is_bound(given: ast.expr) -> bool:
    """Whether it is a method of the object at hand, or a lambda that reads it."""
    return any(isinstance(node, ast.Name) and node.id == "self" for node in descendants(given))


def is_false(value: ast.expr | None) -> bool:
    """Whether it is written False."""
    return isinstance(value, ast.Constant) and value.value is False


def is_undone(call: Call, how: str, ctx: Context) -> bool:
    """Whether the class around a registration, or the file for one outside a class, takes it out again by `how`."""
    where: Any = call.cls or ctx.tree
    return where is not None and any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == how
        for node in descendants(where)
    )


def listed(ctx: Context) -> Iterator[tuple[str, Place[Any]]]:
    """Where `__init__` puts a bound method into a list of the module that nothing ever shrinks, with its name."""
    lists = {
        name
        for name, bound in ctx.module.names.items()
        if len(bound) == 1 and bound[0].kind == "assign" and made(bound[0].value, ctx.module) == "list"
    }
    if not lists:
        return
    for function, scope in ctx.module.functions.items():
        if getattr(function, "name", "") == "__init__":
            for node in own(function):
                name = _takes_method(node)
                if name in lists and not _shrinks(name, ctx):
                    yield name, Place(node, Block("function", function, None, scope), node)


def _takes_method(node: Any) -> str:
    """The list that is given a method of the object at hand, empty for any other node."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "append":
        return ""
    given = node.args[0] if node.args else None
    return spelled(node.func.value) if isinstance(given, ast.Attribute) and is_bound(given) else ""


def _shrinks(name: str, ctx: Context) -> bool:
    nodes = descendants(ctx.tree) if ctx.tree is not None else []
    return any(change.how == "del" or change.how in SHRINKING for change in changes(iter(nodes), name))


def in_cycle(cls: ast.ClassDef) -> bool:
    """Whether `__init__` makes a cycle: the object keeps its own method, or gives itself to what it keeps."""
    start = next((part for part in cls.body if getattr(part, "name", "") == "__init__"), None)
    if not isinstance(start, ast.FunctionDef):
        return False
    methods = {part.name for part in cls.body if isinstance(part, ast.FunctionDef) and not part.decorator_list}
    nodes = list(own(start))
    kept = {spelled(node.value) for node in nodes if isinstance(node, ast.Assign) and is_attribute(node.targets)} | {
        "self"
    }
    for node in nodes:
        bound = node.value if isinstance(node, ast.Assign) and is_attribute(node.targets) else None
        if bound is not None and (spelled(bound).partition("self.")[2] in methods or _gives_itself(bound)):
            return True
        called = spelled(node.func) if _gives_itself(node) else ""
        if called.endswith(".append") and called.partition(".")[0] in kept:
            return True
    return False


def _gives_itself(value: ast.AST) -> bool:
    return isinstance(value, ast.Call) and any(spelled(arg) == "self" for arg in value.args)
