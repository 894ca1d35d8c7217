"""Where a call goes: a host that is fixed in the text, or the variable, setting or constant that holds the address.

Nothing but hosts and names is kept of an address: no path, no query, no user, no password.
"""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.names import find
from scanners.regex import regex
from scanners.scopes import Binding, Scope
from scanners.semantics.boundaries.addresstexts import (
    COMPUTED,
    CONFIG,
    RELATIVE,
    SCHEME,
    Target,
    asked_for,
    config_name,
    imported,
    literal,
)
from scanners.semantics.boundaries.paramdefaults import default_of
from scanners.semantics.owncalls import own
from scanners.syntax import last_name, unparse

_DEPTH: Final = 7
_KEEPERS: Final = frozenset(
    "strip rstrip lstrip lower encode decode removesuffix removeprefix replace geturl unicode_string".split()
)
_JOINERS: Final = frozenset("urljoin join urlunparse URL str urlparse urlsplit Request Server quote cast".split())
_LATER: Final = regex(r"^[a-z][a-z0-9+.-]*://(?:[^/@]*@)?$", re.IGNORECASE)
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "SQLite file", "local socket"})
_HOLE: Final = regex(r"\{[^}]*\}|%\(?\w*\)?[sd]")
_TAIL: Final = regex(r"^([\w.-]*\.[a-z]{2,})(?=[/:?]|$)", re.IGNORECASE)


def target(expr: ast.expr | None, scope: Scope, ctx: Context, depth: int = 0) -> Target:
    """Where an address leads."""
    if expr is None:
        return Target("", "No address is given here.", relative=True)
    if depth > _DEPTH:
        return COMPUTED
    value = fold(expr, scope)
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, tuple) and value and isinstance(value[0], str):
        return literal(value[0])
    reader = _READERS_OF.get(type(expr))
    return reader(expr, scope, ctx, depth + 1) if reader is not None else COMPUTED


def web_address(expr: ast.expr, scope: Scope, ctx: Context) -> Target:
    """Where the address of an HTTP call leads: a text without a scheme is a path."""
    value = fold(expr, scope)
    return RELATIVE if isinstance(value, str) and "://" not in value else target(expr, scope, ctx)


def _name(expr: Any, scope: Scope, ctx: Context, depth: int) -> Target:
    found = find(expr.id, scope)
    if found is None:
        return COMPUTED
    bindings, holder = found
    if holder is scope and len(bindings) > 1:
        before = [binding for binding in bindings if binding.line <= expr.lineno]
        bindings = before[-1:] or bindings
    return _agreed([_binding(binding, expr.id, holder, ctx, depth) for binding in bindings if not _empty(binding)])


def _empty(binding: Binding) -> bool:
    return binding.kind == "assign" and isinstance(binding.value, ast.Constant) and not binding.value.value


def _binding(binding: Binding, name: str, holder: Scope, ctx: Context, depth: int) -> Target:
    if binding.kind == "import":
        return imported(binding.value)
    if binding.kind in ("assign", "with", "augmented") and isinstance(binding.value, ast.expr):
        if binding.kind == "augmented":
            return COMPUTED
        return target(binding.value, binding.scope, ctx, depth)
    if binding.kind == "param":
        default = default_of(name, binding.scope)
        known = target(default, holder.parent or holder, ctx, depth) if default is not None else COMPUTED
        told = known.name and known.name not in _LOCAL  # A default for trying it out says nothing of production.
        return known if told else Target("", f"The address is passed in as `{name}`.")
    if binding.kind == "for" and isinstance(binding.value, ast.expr):
        value = fold(binding.value, holder)
        if isinstance(value, tuple) and value and isinstance(value[0], str):
            return _agreed([literal(str(each)) for each in value])
    return COMPUTED


def _attribute(expr: Any, scope: Scope, ctx: Context, depth: int) -> Target:
    base = expr.value
    if isinstance(base, ast.Name) and base.id in ("self", "cls"):
        return _of_self(expr.attr, scope, ctx, depth)
    text = unparse(base)
    if CONFIG.search(text):
        return Target(f"{config_name(text)}.{expr.attr}")
    ref = ctx.resolve(expr, scope)
    if ref is not None and ref.via == "import" and ref.dotted.count(".") > 0 and not ref.dotted.endswith("()"):
        return imported(ref.dotted)
    return Target("", f"The address is what `{text[-40:]}.{expr.attr}` holds.")


def _of_self(attr: str, scope: Scope, ctx: Context, depth: int) -> Target:
    holder: Scope | None = scope
    while holder is not None and holder.kind != "class":
        holder = holder.parent
    if holder is None:
        return COMPUTED
    bindings = [*holder.attributes.get(attr, ()), *holder.names.get(attr, ())]
    found = [_binding(binding, attr, binding.scope, ctx, depth) for binding in bindings if not _empty(binding)]
    for binding in bindings:
        if binding.kind == "def":
            found = [_returned(binding.value, ctx, depth)]
    if found:
        return _agreed(found)
    return Target("", f"The address is what `self.{attr}` holds, which is set elsewhere.")


def _returned(function: Any, ctx: Context, depth: int) -> Target:
    """Where the address leads that a def of this file returns."""
    scope = ctx.module.functions.get(function)
    values = [node.value for node in own(function, ast.Return) if node.value is not None]
    if scope is None or not values:
        return COMPUTED
    return _agreed([target(value, scope, ctx, depth) for value in values])


def _subscript(expr: Any, scope: Scope, ctx: Context, depth: int) -> Target:
    key = fold(expr.slice, scope)
    if not isinstance(key, str):
        return COMPUTED if not isinstance(key, int) else target(expr.value, scope, ctx, depth)
    ref = ctx.resolve(expr.value, scope)
    if ref is not None and ref.dotted == "os.environ":
        return Target(f"${key}")
    text = unparse(expr.value)
    if CONFIG.search(text):
        return Target(f"{config_name(text)}.{key}")
    held = target(expr.value, scope, ctx, depth)
    if held.name and (held.given or isinstance(expr.value, (ast.Subscript, ast.Attribute))) and "." in held.name:
        return Target(f"{held.name}.{key}")
    return Target("", f"The address is the item `{key}` of `{text[-40:]}`.")


def _call(expr: Any, scope: Scope, ctx: Context, depth: int) -> Target:
    ref = ctx.resolve(expr.func, scope)
    last = last_name(expr.func)
    receiver = expr.func.value if isinstance(expr.func, ast.Attribute) else None
    asked = asked_for(expr, ref.dotted if ref is not None else "", receiver, scope)
    if asked:
        return Target(asked)
    if receiver is not None and last == "format":
        return _composed([receiver, *expr.args, *(word.value for word in expr.keywords)], scope, ctx, depth)
    if receiver is not None and last in _KEEPERS:
        return target(receiver, scope, ctx, depth)
    if last in _JOINERS and expr.args:
        return _composed(expr.args, scope, ctx, depth)
    made = ctx.definition(ref)
    if isinstance(made, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return _returned(made, ctx, depth)
    return COMPUTED


def _composed(parts: list[ast.expr], scope: Scope, ctx: Context, depth: int) -> Target:
    """An address put together from parts: what the first says of it, unless that is a scheme or a user alone."""
    parts = _after_user(parts, scope)
    for number, part in enumerate(parts):
        text = fold(part, scope)
        if isinstance(text, str):
            filled = _HOLE.sub("\0", text)
            head = filled.partition("\0")[0]
            if "\0" in filled and (_LATER.match(head) or not head):
                tail = _TAIL.match(filled[len(head) + 1 :])
                if tail and tail[1].startswith("."):
                    return Target(f"*{tail[1].lower()}")
                continue
            if not text or _LATER.match(head):
                ending = _ending(parts[number + 1 :])
                if ending:
                    return Target(f"*{ending.lower()}")
                continue
            return literal(head if "\0" in filled else text)
        return target(part.value if isinstance(part, ast.FormattedValue) else part, scope, ctx, depth)
    return COMPUTED


def _after_user(parts: list[ast.expr], scope: Scope) -> list[ast.expr]:
    """The parts of `scheme://user:password@host` from the host on."""
    first = fold(parts[0], scope) if parts else None
    template = first if isinstance(first, str) else ""
    if not SCHEME.match(template):
        return parts
    if "@" in template:
        holes = len(_HOLE.findall(template.rpartition("@")[0]))
        return [ast.Constant(template.rpartition("@")[2]), *parts[holes + 1 :]] if holes else parts
    for number, part in enumerate(parts[1:], 1):
        text = getattr(part, "value", None) if isinstance(part, ast.Constant) else None
        if isinstance(text, str) and "@" in text:
            rest = text.rpartition("@")[2]
            return [*([ast.Constant(rest)] if rest else []), *parts[number + 1 :]]
        if isinstance(text, str) and "/" in text:
            return parts
    return parts


def _ending(parts: list[ast.expr]) -> str:
    """The fixed end of a host whose first label is filled in: `.example.com`."""
    if len(parts) < 2 or not isinstance(parts[1], ast.Constant):
        return ""
    tail = _TAIL.match(str(parts[1].value))
    return tail[1] if tail and tail[1].startswith(".") else ""


def _joined(expr: Any, scope: Scope, ctx: Context, depth: int) -> Target:
    return _composed(list(expr.values), scope, ctx, depth)


def _binary(expr: Any, scope: Scope, ctx: Context, depth: int) -> Target:
    if isinstance(expr.op, (ast.Add, ast.Div)):
        return _composed(list(_flat(expr)), scope, ctx, depth)
    if isinstance(expr.op, ast.Mod):
        right = list(expr.right.elts) if isinstance(expr.right, ast.Tuple) else [expr.right]
        return _composed([expr.left, *right], scope, ctx, depth)
    return COMPUTED


def _flat(expr: Any) -> Iterator[ast.expr]:
    if isinstance(expr, ast.BinOp) and isinstance(expr.op, (ast.Add, ast.Div)):
        yield from _flat(expr.left)
        yield expr.right
    else:
        yield expr


def _either(expr: Any, scope: Scope, ctx: Context, depth: int) -> Target:
    sides = [expr.body, expr.orelse] if isinstance(expr, ast.IfExp) else list(expr.values)
    found = [target(side, scope, ctx, depth) for side in sides if not _is_empty(side)]
    if isinstance(expr, ast.BoolOp):
        return next((each for each in found if each.name), found[0] if found else COMPUTED)
    return _agreed(found)


def _is_empty(expr: ast.expr) -> bool:
    return isinstance(expr, ast.Constant) and not expr.value


def _inner(expr: Any, scope: Scope, ctx: Context, depth: int) -> Target:
    return target(expr.value, scope, ctx, depth)


def _items(expr: Any, scope: Scope, ctx: Context, depth: int) -> Target:
    first = expr.elts[0] if expr.elts else None
    if isinstance(first, ast.Dict):
        pairs = {getattr(key, "value", ""): value for key, value in zip(first.keys, first.values, strict=True)}
        first = pairs.get("host")
    return target(first, scope, ctx, depth) if first is not None else COMPUTED


def _agreed(found: list[Target]) -> Target:
    """What all say; of several addresses the first that is known, where the others say nothing."""
    names = {each.name for each in found if each.name}
    if len(names) == 1 and all(each.name for each in found):
        return next(each for each in found if each.name)
    if len(names) > 1:
        return Target("", f"One of {', '.join(sorted(names)[:4])}.")
    return next((each for each in found if not each.relative and each.why), found[0] if found else COMPUTED)


_READERS_OF: Final[dict[type[ast.AST], Any]] = {
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Call: _call,
    ast.JoinedStr: _joined,
    ast.BinOp: _binary,
    ast.BoolOp: _either,
    ast.IfExp: _either,
    ast.Await: _inner,
    ast.NamedExpr: _inner,
    ast.FormattedValue: _inner,
    ast.List: _items,
    ast.Tuple: _items,
}
