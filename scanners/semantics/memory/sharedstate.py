"""What becomes of a container that all calls of a def, or all objects of a class, have in common."""

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from scanners.context import Context
from scanners.names import resolve
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.containers import CHANGING, GROWING, Change, changes, made, spelled
from scanners.syntax import descendants, unparse

MEANT: Final = regex(r"^_|cache|memo|registry|seen|visited|shared|instances|pool", re.IGNORECASE)
_MADE: Final = regex(r"(^|\.)(dataclass|define|frozen|mutable|attrs)$|^attr\.(s|ib)")
_RECORDS: Final = regex(r"(^|\.)(BaseModel|SQLModel|Struct|NamedTuple|Document|\w*Schema)$")
SAID: Final = {
    "changed": "`{}` is changed, and all calls without it share the one object that the def line made.",
    "returned": "`{}` is returned: what a caller does to it, the next call without it starts with.",
    "stored": "`{}` is kept: all objects made without it hold the same one.",
}
_FIXED: Final = frozenset({ast.Constant, ast.Name, ast.Attribute, type(None)})
_COPIED: Final = ("pydantic.", "pydantic_settings.", "sqlmodel.", "msgspec.", "ninja.", "strawberry.", "langchain")


def mutable_defaults(function: Any, scope: Scope) -> Iterator[tuple[ast.arg, ast.expr]]:
    """The parameters of a def whose default is a list, dict or set."""
    args: ast.arguments = function.args
    if all(type(default) in _FIXED for default in (*args.defaults, *args.kw_defaults)):
        return
    plain = [*args.posonlyargs, *args.args]
    pairs = [*zip(plain[len(plain) - len(args.defaults) :], args.defaults, strict=True)]
    pairs += [(arg, default) for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True) if default]
    for arg, default in pairs:
        if made(default, scope):
            yield arg, default


def fate_of(name: str, function: Any) -> str:
    """What a def does with a parameter's own object: changed, returned, stored, copied or read."""
    nodes = [node for stmt in function.body for node in descendants(stmt)]
    bound = [node.lineno for node in nodes if isinstance(node, ast.Name) and node.id == name and _is_store(node)]
    augmented = [node for node in nodes if isinstance(node, ast.AugAssign) and spelled(node.target) == name]
    own = [line for line in bound if line not in {node.lineno for node in augmented}]
    until = min(own, default=10**9)
    if any(change.node.lineno < until for change in changes(iter(nodes), name)):
        return "changed"
    if any(node.lineno < until for node in augmented):
        return "changed"
    return _handed_on(name, nodes, until) or ("copied" if own else "read")


def _is_store(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _handed_on(name: str, nodes: list[Any], until: int) -> str:
    for node in nodes:
        if getattr(node, "lineno", until) >= until:
            continue
        if isinstance(node, (ast.Return, ast.Yield)) and spelled(node.value or node) == name:
            return "returned"
        kept = node.targets if isinstance(node, ast.Assign) and spelled(node.value) == name else ()
        if any(isinstance(target, (ast.Attribute, ast.Subscript)) for target in kept):
            return "stored"
    return ""


def class_containers(cls: ast.ClassDef, scope: Scope) -> dict[str, ast.stmt]:
    """The lists, dicts and sets that stand in the body of a class, those marked ClassVar left out."""
    found: dict[str, ast.stmt] = {}
    for stmt in cls.body:
        if isinstance(stmt, ast.Assign) and len(stmt.targets) == 1 and isinstance(stmt.targets[0], ast.Name):
            if made(stmt.value, scope):
                found[stmt.targets[0].id] = stmt
        elif isinstance(stmt, ast.AnnAssign) and isinstance(stmt.target, ast.Name) and made(stmt.value, scope):
            found |= {} if "ClassVar" in unparse(stmt.annotation) else {stmt.target.id: stmt}
    return found


def lineage(scope: Scope, depth: int = 0) -> tuple[list[Scope], list[str]]:
    """A class and its bases of the same file, and the dotted names of the bases from elsewhere ("" when unknown)."""
    own, outside = [scope], []
    for base in getattr(scope.node, "bases", []) if depth < 5 else []:
        ref = resolve(base, scope.parent or scope, base.lineno)
        above = scope.module.classes.get(ref.dotted[1:]) if ref and ref.local else None
        if above is not None and above is not scope:
            more, others = lineage(above, depth + 1)
            own += more
            outside += others
        elif ref is None or ref.dotted != "object":
            outside.append(ref.dotted if ref else "")
    return own, outside


def is_copied(outside: list[str], cls: ast.ClassDef, place: Place[Any]) -> bool:
    """Whether a base class, or a decorator, gives each object its own copy of a default."""
    marks = [place.name(mark.func if isinstance(mark, ast.Call) else mark) for mark in cls.decorator_list]
    return any(name.startswith(_COPIED) for name in outside) or any(
        "dataclass" in mark or mark.startswith(("attr", "pydantic")) for mark in marks
    )


def changed_through_self(cls: ast.ClassDef, names: dict[str, ast.stmt]) -> dict[str, ast.AST]:
    """Which of these attributes the methods change through their own object, with where; deliberate ones left out."""
    found: dict[str, ast.AST] = {}
    shared: set[str] = set()
    for method in cls.body:
        if not isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)) or not method.args.args:
            continue
        attributes = descendants(method, ast.Attribute)
        named = {node.attr for node in attributes}
        if named.isdisjoint(names):
            continue
        nodes = descendants(method, *CHANGING)
        me = method.args.args[0].arg
        for name in names.keys() & named:
            if any(True for _ in changes(nodes, f"{cls.name}.{name}")) or _through_class(attributes, name):
                shared.add(name)
            change = next(_changes_in(nodes, f"{me}.{name}"), None)
            if change is not None:
                of_class = me == "cls" or any(spelled(mark) == "classmethod" for mark in method.decorator_list)
                (shared.add(name) if of_class else found.setdefault(name, change.node))
    return {name: node for name, node in found.items() if name not in shared}


def _changes_in(nodes: Sequence[Any], text: str) -> Iterator[Change]:
    """Where a container changes in place, or what stands under a key of it does (`self.rows[key].append(row)`)."""
    yield from changes(nodes, text)
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in GROWING:
            held = node.func.value
            if isinstance(held, ast.Subscript) and spelled(held.value) == text:
                yield Change(node, node.func.attr, held.slice)
        elif isinstance(node, ast.AugAssign) and spelled(node.target) == text:
            yield Change(node, "augment", None)


def _through_class(attributes: Sequence[Any], name: str) -> bool:
    return any(
        node.attr == name
        and (
            (isinstance(node.value, ast.Attribute) and node.value.attr == "__class__")
            or (isinstance(node.value, ast.Call) and spelled(node.value.func) == "type")
        )
        for node in attributes
    )


def is_single(cls: ast.ClassDef, ctx: Context) -> bool:
    """Whether there is one object of a class: it makes itself once, or the module makes it and nobody else."""
    if any(isinstance(part, ast.FunctionDef) and part.name == "__new__" for part in cls.body):
        return True
    bound = [made for held in ctx.module.names.values() for made in held if made.kind == "assign"]
    if any(isinstance(made.value, ast.Call) and spelled(made.value.func) == cls.name for made in bound):
        return True
    return any(spelled(base).endswith("Singleton") for base in cls.bases) or any(
        "ingleton" in unparse(word.value) for word in cls.keywords
    )


def evaluated_once(call: Call) -> str:
    """Where a call runs only once though its value is wanted each time; empty for any other place."""
    node, above = call.node, call.parent()
    inner: ast.AST = node
    while above is not None and not isinstance(above, (ast.Lambda, ast.GeneratorExp, ast.ListComp)):
        if isinstance(above, ast.arguments):
            return "when the def line is read"
        if isinstance(above, ast.keyword) and above.arg in ("default", "onupdate") and inner is above.value:
            holder = call.parent(above)
            in_body = call.block.kind == "class" and isinstance(call.stmt, (ast.Assign, ast.AnnAssign))
            if in_body and isinstance(holder, ast.Call):
                return "when the class is made"
        if isinstance(above, ast.AnnAssign) and call.block.kind == "class" and _is_record(above, call.block.node):
            return "when the class is made"
        inner, above = above, call.parent(above)
    return ""


def _is_record(stmt: ast.AnnAssign, cls: Any) -> bool:
    """Whether a line of a class is a field that each object of it gets its own value of."""
    heads = [part.func if isinstance(part, ast.Call) else part for part in cls.decorator_list]
    told = any(_MADE.search(unparse(head)) for head in heads) or any(
        _RECORDS.search(unparse(base)) for base in cls.bases
    )
    return told and "ClassVar" not in unparse(stmt.annotation)
