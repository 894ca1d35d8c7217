"""What a name in a file stands for: imports, assignments, parameters, attributes of `self`. Nothing is run.

A resolved name is dotted as it would be imported: `s.get` is `requests.Session.get` after `s = requests.Session()`.
Names that the file itself defines start with a dot (`.Client.fetch`).
"""

import ast
import builtins
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from scanners.scopes import Binding, Scope
from scanners.wellknown import CANONICAL, PARTS, RETURNS, SECURE

BUILTINS: Final = frozenset(dir(builtins))


class Ref(NamedTuple):
    """What an expression stands for. `origin` is the call that made the object, `via` how its last name was bound.

    A parameter with an annotation resolves with via "param": its type is known, how it was made is not.
    """

    dotted: str
    origin: ast.Call | None = None
    via: str = "import"

    @property
    def local(self) -> bool:
        """Whether the file itself defines it."""
        return self.dotted.startswith(".")


def canonical(dotted: str) -> str:
    """The public spelling of a dotted name."""
    if dotted in CANONICAL:
        return CANONICAL[dotted]
    head, _, last = dotted.rpartition(".")
    return f"{CANONICAL[head]}.{last}" if head in CANONICAL else dotted


_DEPTH: Final = 12  # Longer chains of assignments than this are data, not code.


class _Chain:
    """How deep the resolving under way has gone."""

    __slots__ = ("deepest",)

    def __init__(self) -> None:
        self.deepest = 0


_CHAIN: Final = _Chain()


def resolve(expr: Any, scope: Scope, line: int, depth: int = 0) -> Ref | None:
    """What `expr` stands for where it is used, or None when that cannot be told. To ask again costs next to nothing.

    An answer is kept with its scope, and with how deep it went below itself: it holds wherever that stays within the
    limit. One that met the limit holds at its own depth alone, and is kept with that.
    """
    resolver = _RESOLVERS.get(type(expr))
    if resolver is None:
        return None
    key: Any = (expr, line)
    if resolver is _resolve_name:
        key = expr.id if len(scope.bindings(expr.id)) < 2 else (expr.id, line)
    refs = scope.refs
    found: Ref | None
    found, below, only = refs.get(key, _NOTHING)
    if depth + below <= _DEPTH or depth == only:
        _CHAIN.deepest = max(_CHAIN.deepest, depth + below)
        return found
    if depth > _DEPTH:
        _CHAIN.deepest = depth
        return None
    before, _CHAIN.deepest = _CHAIN.deepest, depth
    found = resolver(expr, scope, line, depth)
    below = _CHAIN.deepest - depth if _CHAIN.deepest <= _DEPTH else _UNBOUNDED
    refs[key] = found, below, depth
    _CHAIN.deepest = max(before, _CHAIN.deepest)
    return found


_UNBOUNDED: Final = 2 * _DEPTH
_NOTHING: Final[tuple[None, int, int]] = (None, _UNBOUNDED, -1)


def _may_go_on(depth: int) -> bool:
    """Whether the limit leaves room for one step more."""
    _CHAIN.deepest = max(_CHAIN.deepest, depth + 1)
    return depth < _DEPTH


def _is_none(expr: ast.AST) -> bool:
    return isinstance(expr, ast.Constant) and expr.value is None


def _agreed(refs: list[Ref | None]) -> Ref | None:
    first = refs[0] if refs else None
    if first is None or len(refs) == 1 or all(ref and ref.dotted == first.dotted for ref in refs):
        return first
    secure = SECURE.get(first.dotted, first.dotted)
    if any(ref is None or SECURE.get(ref.dotted, ref.dotted) != secure for ref in refs):
        return None
    return next((ref for ref in refs if ref and ref.dotted == secure), None)


def find(name: str, scope: Scope) -> tuple[list[Binding], Scope] | None:
    """The bindings of `name` that code in `scope` sees, and where. A def does not see the class body around it."""
    current: Scope | None = scope
    while current is not None:
        if current is scope or current.kind != "class":
            found = current.bindings(name)
            if found:
                return found, current
        current = current.parent
    return None


def _resolve_name(expr: Any, scope: Scope, line: int, depth: int) -> Ref | None:
    name = expr.id
    found = find(name, scope)
    if found is None:
        return Ref(name, via="builtin") if name in BUILTINS else None
    bindings, holder = found
    if name == "self" and bindings[0].kind == "param":
        return _self(scope)
    if holder is scope and len(bindings) > 1:
        before = [binding for binding in bindings if binding.line <= line]
        bindings = before[-1:] or bindings
    return _agreed([_resolve_binding(binding, name, depth) for binding in bindings if not _is_none_binding(binding)])


def _is_none_binding(binding: Binding) -> bool:
    return binding.kind == "assign" and _is_none(binding.value)


def _self(scope: Scope) -> Ref | None:
    current: Scope | None = scope
    while current is not None and current.kind != "class":
        current = current.parent
    return Ref(f".{current.qualname}", via="self") if current else None


def _resolve_binding(binding: Binding, name: str, depth: int) -> Ref | None:
    holder = binding.scope
    if binding.kind == "import":
        return Ref(canonical(binding.value))
    if binding.kind in ("def", "class"):
        prefix = f"{holder.qualname}." if holder.qualname else ""
        return Ref(f".{prefix}{name}", via=binding.kind)
    if binding.kind in ("assign", "with"):
        ref = resolve(binding.value, holder, binding.line, depth + 1)
        return Ref(ref.dotted, ref.origin, binding.kind) if ref else None
    if binding.kind == "unpack" and isinstance(binding.value, ast.Call):
        made = resolve(binding.value.func, holder, binding.line, depth + 1)
        return Ref(PARTS[made.dotted], binding.value, "unpack") if made and made.dotted in PARTS else None
    if binding.kind == "param" and binding.value.annotation is not None:
        return annotated(binding.value.annotation, holder.parent or holder, binding.line, depth)
    if binding.kind == "declared":
        return annotated(binding.value, holder, binding.line, depth)
    return None


def annotated(annotation: ast.AST, scope: Scope, line: int, depth: int = 0) -> Ref | None:
    """The type that an annotation names, through quotes, Optional, `| None` and Annotated."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        quoted = _quoted(annotation.value)
        if quoted is None:
            return None
        annotation = quoted
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        sides = [side for side in (annotation.left, annotation.right) if not _is_none(side)]
        return annotated(sides[0], scope, line, depth + 1) if len(sides) == 1 and _may_go_on(depth) else None
    if isinstance(annotation, ast.Subscript):
        outer = resolve(annotation.value, scope, line, depth + 1)
        inner = (
            annotation.slice.elts[0]
            if isinstance(annotation.slice, ast.Tuple) and annotation.slice.elts
            else annotation.slice
        )
        if (
            outer
            and outer.dotted.rpartition(".")[2] in ("Optional", "Annotated", "Final", "ClassVar")
            and _may_go_on(depth)
        ):
            return annotated(inner, scope, line, depth + 1)
        return Ref(outer.dotted, via="param") if outer else None
    ref = resolve(annotation, scope, line, depth + 1)
    return Ref(ref.dotted, via="param") if ref else None


def _quoted(text: str) -> ast.expr | None:
    """An annotation in quotes."""
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return None


def _resolve_attribute(expr: ast.Attribute, scope: Scope, line: int, depth: int) -> Ref | None:
    base = resolve(expr.value, scope, line, depth + 1)
    if base is None:
        return None
    if not base.local:
        return Ref(canonical(f"{base.dotted}.{expr.attr}"), base.origin, base.via)
    holder = class_scope(base.dotted, scope)
    if holder is None:
        return Ref(f"{base.dotted}.{expr.attr}", base.origin, base.via)
    return member(holder, expr.attr, scope, depth, base)


def class_scope(dotted: str, scope: Scope) -> Scope | None:
    """The scope of a class of this file, by its local dotted name."""
    return scope.module.classes.get(dotted[1:])


def member(holder: Scope, attr: str, scope: Scope, depth: int, base: Ref) -> Ref | None:
    """What `instance.attr` is for a class of this file: an attribute, a method, or what a base class brings."""
    if attr in holder.attributes or attr in holder.names:
        bindings = holder.attributes.get(attr, []) + holder.names.get(attr, [])
        return _agreed([_resolve_binding(found, attr, depth + 1) for found in bindings if not _is_none_binding(found)])
    for parent in getattr(holder.node, "bases", []):
        ref = resolve(parent, holder.parent or scope, getattr(parent, "lineno", 0), depth + 1)
        if ref is None:
            continue
        if not ref.local:
            return Ref(canonical(f"{ref.dotted}.{attr}"), base.origin, "base")
        above = class_scope(ref.dotted, scope)
        if above is not None and above is not holder and _may_go_on(depth):
            return member(above, attr, scope, depth + 1, base)
    return Ref(f".{holder.qualname}.{attr}", via="unknown")


def _resolve_call(expr: ast.Call, scope: Scope, line: int, depth: int) -> Ref | None:
    made = resolve(expr.func, scope, line, depth + 1)
    if made is None:
        return None
    dotted = RETURNS.get(made.dotted)
    if dotted is None:
        last = made.dotted.rpartition(".")[2]
        dotted = made.dotted if last[:1].isupper() else f"{made.dotted}()"
    return Ref(dotted, expr, "call")


def _resolve_binary(expr: ast.BinOp, scope: Scope, line: int, depth: int) -> Ref | None:
    left = resolve(expr.left, scope, line, depth + 1) if type(expr.op) is ast.Div else None
    return left if left and left.dotted == "pathlib.Path" else None


def _resolve_inner(expr: ast.Await | ast.NamedExpr, scope: Scope, line: int, depth: int) -> Ref | None:
    return resolve(expr.value, scope, line, depth + 1)


def _resolve_either(expr: ast.BoolOp | ast.IfExp, scope: Scope, line: int, depth: int) -> Ref | None:
    sides = [expr.body, expr.orelse] if isinstance(expr, ast.IfExp) else _alternatives(expr)
    return _agreed([resolve(side, scope, line, depth + 1) for side in sides if not _is_none(side)])


def _alternatives(expr: ast.BoolOp) -> list[ast.expr]:
    return expr.values if type(expr.op) is ast.Or else []


_RESOLVERS: Final[dict[type[ast.AST], Callable[[Any, Scope, int, int], Ref | None]]] = {
    ast.Name: _resolve_name,
    ast.Attribute: _resolve_attribute,
    ast.Call: _resolve_call,
    ast.BinOp: _resolve_binary,
    ast.Await: _resolve_inner,
    ast.NamedExpr: _resolve_inner,
    ast.BoolOp: _resolve_either,
    ast.IfExp: _resolve_either,
}
