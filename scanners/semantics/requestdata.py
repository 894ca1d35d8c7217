"""Whether a value comes from the request: followed back through the def that uses it, and one call deep in its file.

What ends the way: numbers, UUIDs and enums; a lookup in a mapping; a check that leaves; the models of schemas; whatever
the asking rule names as its own cleaner.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence
from scanners.names import find, resolve
from scanners.place import Place
from scanners.scopes import Scope
from scanners.semantics.keeping import FIELDS, KEEPING, PASSING
from scanners.semantics.owncalls import arguments_of, calls_of, own
from scanners.semantics.reaching import reaching
from scanners.semantics.requestguards import is_checked_where_set, is_guarded
from scanners.semantics.requestsources import in_request_code, is_server_key, is_source, parameter_source
from scanners.syntax import unparse

_DEPTH: Final = 24


@dataclass(frozen=True, slots=True)
class Taint:
    """A value of the request. `source` is the node that reads it, `what` its text for a message."""

    source: ast.AST
    what: str
    confidence: Confidence


def taint(expr: ast.AST, place: Place[Any], ctx: Context, cleaners: frozenset[str] = frozenset()) -> Taint | None:
    """The request data that the value of `expr` holds at `place`; None when it holds none, or none that is unchecked.

    `cleaners` are last names of functions and attributes after which the value is good for the one who asks.
    """
    if not in_request_code(place, ctx) or not isinstance(expr, ast.expr):
        return None
    return _Trail(ctx, cleaners).follow(expr, _Spot(place.scope, _holder(place.scope)), 0)


def _holder(scope: Scope) -> ast.AST:
    """The def or lambda whose statements the scope holds."""
    current = scope
    while current.kind == "function" and isinstance(current.node, ast.Lambda) and current.parent is not None:
        current = current.parent
    return current.node


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where an expression is read. `given` are the arguments of the call that led into a def, with where they stand."""

    scope: Scope
    function: ast.AST
    hops: int = 1
    given: "tuple[dict[str, ast.expr], _Spot] | None" = None


class _Trail:
    """One question. Follows an expression back to what it was made of."""

    def __init__(self, ctx: Context, cleaners: frozenset[str]) -> None:
        self.ctx, self.cleaners = ctx, cleaners
        self.seen: set[tuple[int, int]] = set()

    def follow(self, expr: ast.AST | None, spot: _Spot, depth: int) -> Taint | None:
        """The request data in `expr`, or None."""
        if (
            depth > _DEPTH
            or expr is None
            or isinstance(expr, ast.Constant)
            or (id(expr), id(spot.function)) in self.seen
        ):
            return None
        method = getattr(self, f"_{type(expr).__name__.lower()}", None)
        return method(expr, spot, depth + 1) if method else None

    def _any(self, parts: Iterable[ast.AST | None], spot: _Spot, depth: int) -> Taint | None:
        return next((found for part in parts if (found := self.follow(part, spot, depth)) is not None), None)

    def _checked(self, subject: str, expr: ast.expr, spot: _Spot) -> bool:
        return is_guarded(subject, expr, spot.function, spot.scope, self.cleaners)

    def _checked_where_set(self, binding: Any, expr: ast.Name, spot: _Spot) -> bool:
        set_here = binding.kind == "assign" and binding.line < expr.lineno
        return set_here and is_checked_where_set(expr.id, binding.line, expr, spot.function, spot.scope, self.cleaners)

    # Names.

    def _name(self, expr: ast.Name, spot: _Spot, depth: int) -> Taint | None:
        self.seen.add((id(expr), id(spot.function)))
        found = find(expr.id, spot.scope)
        if found is None or found[1].kind != "function":
            return None
        bindings, holder = found
        if holder.node is spot.function and holder is spot.scope:
            bindings = reaching(bindings, spot.function, expr)
            here = spot
        else:
            here = replace(spot, scope=holder, function=_holder(holder))
        if here is spot:
            bindings = [each for each in bindings if not self._checked_where_set(each, expr, spot)]
        tainted = next((held for each in bindings if (held := self._bound(each, here, depth)) is not None), None)
        return None if tainted is None or self._checked(expr.id, expr, spot) else tainted

    def _bound(self, binding: Any, spot: _Spot, depth: int) -> Taint | None:
        if binding.kind == "param":
            return self._parameter(binding, spot, depth)
        if binding.kind in ("assign", "augmented", "unpack", "with", "for"):
            return self.follow(binding.value, spot, depth)
        return None

    def _parameter(self, binding: Any, spot: _Spot, depth: int) -> Taint | None:
        name = binding.value.arg
        if spot.given is not None:
            arguments, outside = spot.given
            return self.follow(arguments.get(name), outside, depth)
        sure = parameter_source(binding, self.ctx)
        if sure is not None:
            return Taint(binding.value, name, sure)
        return self._from_callers(name, spot, depth) if spot.hops and _may_hold_text(binding.value) else None

    def _from_callers(self, name: str, spot: _Spot, depth: int) -> Taint | None:
        for call, scope in calls_of(self.ctx, getattr(spot.function, "name", "")):
            argument = arguments_of(spot.function, call).get(name)
            caller = _Spot(scope, _holder(scope), spot.hops - 1)
            found = self.follow(argument, caller, depth) if argument is not None else None
            if found is not None:
                return replace(found, confidence=_lower(found.confidence))
        return None

    # Pieces of expressions.

    def _attribute(self, expr: ast.Attribute, spot: _Spot, depth: int) -> Taint | None:
        sure = is_source(expr, spot.scope, self.ctx)
        if sure is not None:
            return Taint(expr, unparse(expr), sure)
        if expr.attr in self.cleaners or expr.attr not in FIELDS:
            return None
        return self.follow(expr.value, spot, depth)

    def _subscript(self, expr: ast.Subscript, spot: _Spot, depth: int) -> Taint | None:
        if is_server_key(expr.slice) or ("basename" in self.cleaners and _is_last_part(expr)):
            return None
        kept = _literal_of(expr.value, spot.scope)
        if isinstance(kept, ast.Dict) and isinstance(expr.slice, ast.Constant):
            keys = [getattr(key, "value", None) for key in kept.keys]
            if expr.slice.value in keys:
                return self.follow(kept.values[keys.index(expr.slice.value)], spot, depth)
        found = self.follow(expr.value, spot, depth)
        return self._told(expr, found, spot)

    def _told(self, expr: ast.expr, found: Taint | None, spot: _Spot) -> Taint | None:
        """The same with the text of the whole read (`request.args["to"]`), unless that was checked."""
        if found is None or not _reads_directly(expr, found.source):
            return found
        text = unparse(expr)
        return None if self._checked(text, expr, spot) else replace(found, what=text if len(text) <= 60 else found.what)

    def _joinedstr(self, expr: ast.JoinedStr, spot: _Spot, depth: int) -> Taint | None:
        return self._any((part for part in expr.values if _is_open(part)), spot, depth)

    def _binop(self, expr: ast.BinOp, spot: _Spot, depth: int) -> Taint | None:
        if isinstance(expr.op, (ast.Add, ast.Mod, ast.Div)):
            return self._any((expr.left, expr.right), spot, depth)
        return self.follow(expr.left, spot, depth) if isinstance(expr.op, (ast.Mult, ast.BitOr)) else None

    def _boolop(self, expr: ast.BoolOp, spot: _Spot, depth: int) -> Taint | None:
        return self._any(expr.values, spot, depth)

    def _ifexp(self, expr: ast.IfExp, spot: _Spot, depth: int) -> Taint | None:
        fixed = expr.test.value if isinstance(expr.test, ast.Constant) else None
        parts = [expr.body, expr.orelse] if fixed is None else [expr.body if fixed else expr.orelse]
        return self._any(parts, spot, depth)

    def _await(self, expr: Any, spot: _Spot, depth: int) -> Taint | None:
        return self.follow(expr.value, spot, depth)

    _namedexpr = _starred = _formattedvalue = _await

    def _list(self, expr: Any, spot: _Spot, depth: int) -> Taint | None:
        return self._any(expr.elts, spot, depth)

    _tuple = _set = _list

    def _dict(self, expr: ast.Dict, spot: _Spot, depth: int) -> Taint | None:
        return self._any(expr.values, spot, depth)

    def _listcomp(self, expr: Any, spot: _Spot, depth: int) -> Taint | None:
        return self.follow(expr.elt, spot, depth)

    _setcomp = _generatorexp = _listcomp

    def _dictcomp(self, expr: ast.DictComp, spot: _Spot, depth: int) -> Taint | None:
        return self.follow(expr.value, spot, depth)

    # Calls.

    def _call(self, expr: ast.Call, spot: _Spot, depth: int) -> Taint | None:
        func = expr.func
        name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
        if name in self.cleaners or (name in ("get", "get_header") and expr.args and is_server_key(expr.args[0])):
            return None
        if name in ("get", "getlist") and any(word.arg == "type" and _is_number(word.value) for word in expr.keywords):
            return None
        ref = resolve(func, spot.scope, expr.lineno)
        if ref is not None and ref.dotted in PASSING:
            return self._any([*expr.args, *(word.value for word in expr.keywords)], spot, depth)
        if isinstance(func, ast.Attribute):
            found = self._method(expr, func, spot, depth)
            if found is not None:
                return found
        if ref is not None and ref.local and spot.hops and spot.given is None:
            return self._returned(expr, ref.dotted, spot, depth)
        return None

    def _method(self, expr: ast.Call, func: ast.Attribute, spot: _Spot, depth: int) -> Taint | None:
        sure = is_source(func, spot.scope, self.ctx)
        if sure is not None:
            return self._told(expr, Taint(func, f"{unparse(func)}()", sure), spot)
        if func.attr not in KEEPING:
            return None
        if func.attr in ("format", "join", "joinpath", "format_map", "get", "replace"):
            parts = [*expr.args, *(word.value for word in expr.keywords)]
            found = self._any(parts[1:] if func.attr in ("get", "replace") else parts, spot, depth)
            if found is not None:
                return found
        return self._told(expr, self.follow(func.value, spot, depth), spot)

    def _returned(self, expr: ast.Call, dotted: str, spot: _Spot, depth: int) -> Taint | None:
        """What a def of this file gives back for these arguments."""
        function = self._definition(dotted)
        scope = self.ctx.module.functions.get(function) if function is not None else None
        if scope is None:
            return None
        inner = _Spot(scope, scope.node, 0, (arguments_of(scope.node, expr), replace(spot, hops=0)))
        return self._any((node.value for node in own(scope.node, ast.Return)), inner, depth)

    def _definition(self, dotted: str) -> ast.AST | None:
        return next((node for node, scope in self.ctx.module.functions.items() if scope.qualname == dotted[1:]), None)


def _is_open(part: ast.expr) -> bool:
    """Whether an f-string's part can hold any text; `{n:d}` and its like cannot."""
    if not isinstance(part, ast.FormattedValue):
        return False
    spec = part.format_spec
    last = spec.values[-1] if isinstance(spec, ast.JoinedStr) and spec.values else None
    return not (isinstance(last, ast.Constant) and str(last.value)[-1:] in "bdeEfFgGnoxX%" and last.value)


def _is_number(kind: ast.expr) -> bool:
    """Whether `request.args.get("page", type=int)` gives nothing but a number, or a value of a fixed form."""
    return unparse(kind).rpartition(".")[2] in ("int", "float", "bool", "UUID", "Decimal")


def _is_last_part(expr: ast.Subscript) -> bool:
    """Whether it is what follows the last dot or slash: `name.rsplit(".", 1)[-1]`."""
    cut = expr.value if isinstance(expr.value, ast.Call) else None
    method = cut.func.attr if cut is not None and isinstance(cut.func, ast.Attribute) else ""
    mark = cut.args[0] if cut is not None and cut.args else None
    wanted = ("-1", "1") if method == "rsplit" else ("-1",)
    known = isinstance(mark, ast.Constant) and mark.value in (".", "/")
    return known and method in ("split", "rsplit", "rpartition") and unparse(expr.slice) in wanted


def _may_hold_text(arg: ast.arg) -> bool:
    written = unparse(arg.annotation).strip("'\"") if arg.annotation is not None else ""
    return written.partition("[")[2].rstrip("]") not in ("int", "float") and written not in (
        "int",
        "float",
        "bool",
        "UUID",
    )


def _reads_directly(expr: Any, source: ast.AST) -> bool:
    while expr is not None and expr is not source:
        expr = expr.func if isinstance(expr, ast.Call) else getattr(expr, "value", None)
    return expr is source


def _literal_of(expr: ast.expr, scope: Scope) -> ast.AST | None:
    found = find(expr.id, scope) if isinstance(expr, ast.Name) else None
    return found[0][0].value if found and len(found[0]) == 1 and found[0][0].kind == "assign" else None


def _lower(confidence: Confidence) -> Confidence:
    return Confidence.MEDIUM if confidence is Confidence.HIGH else confidence
