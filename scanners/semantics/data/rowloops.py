"""Loops over rows, ids or other things, and what of their bodies hangs on the item at hand."""

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from scanners.constants import UNKNOWN, fold
from scanners.context import Context
from scanners.names import find
from scanners.place import Place
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.orm import Query, query
from scanners.syntax import DEFS, suite, unparse

FEW: Final = 5
_WRAPPERS: Final = frozenset(
    "enumerate sorted list tuple set reversed zip tqdm iter frozenset alist track items values keys iterator aiterator "
    "all".split()
)
_PAGES: Final = regex(
    r"(^|_)(chunk|batch|page|slice|block|window|partition|bucket)(s|ed|es|_|$)|grouper|paginat|chunk|batch", re.I
)
_SPREADING: Final = (ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.For, ast.AsyncFor, ast.comprehension)


@dataclass
class Loop:
    """One loop or comprehension. `kind` is fixed, pages or open."""

    place: Place[Any]
    target: ast.expr
    iter: ast.expr
    body: list[Any]
    kind: str = "open"
    rows: Query | None = None

    @cached_property
    def hang(self) -> set[str]:
        """The names that hang on the item at hand."""
        found = {part.id for part in nodes([self.target], ast.Name)}
        for inner in nodes(self.body, *_SPREADING):
            if isinstance(inner, (ast.For, ast.AsyncFor, ast.comprehension)):
                if _mentions(inner.iter, found):
                    found |= {part.id for part in ast.walk(inner.target) if isinstance(part, ast.Name)}
            elif inner.value is not None and _mentions(inner.value, found):
                targets = inner.targets if isinstance(inner, ast.Assign) else [inner.target]
                found |= {part.id for part in nodes(targets, ast.Name) if isinstance(part.ctx, ast.Store)}
        return found

    @cached_property
    def leaves(self) -> int:
        """The last line on which the loop may end early, 0 for none."""
        return max((node.lineno for node in nodes(self.body, ast.Break, ast.Return)), default=0)

    def hangs(self, *exprs: ast.AST | None) -> bool:
        """Whether one of these expressions mentions what hangs on the item."""
        return any(_mentions(expr, self.hang) for expr in exprs if expr is not None)


def _mentions(expr: ast.AST, names: set[str]) -> bool:
    return any(node.id in names for node in nodes([expr], ast.Name))


def nodes(roots: list[Any], *kinds: type[ast.AST]) -> list[Any]:
    """The nodes of some statements or expressions, or those of these types, in source order, inner defs left out."""
    found: list[Any] = suite(roots, *kinds)  # type: ignore[assignment] # A list, which is not changed here.
    return found if kinds and DEFS.isdisjoint(kinds) else [node for node in found if type(node) not in DEFS]


def loop_of(place: Place[Any], ctx: Context) -> Loop:
    """A `for` statement, or the first generator of a comprehension, with what is known of it."""
    node = place.node
    if isinstance(node, (ast.For, ast.AsyncFor)):
        made = Loop(place, node.target, node.iter, node.body)
    else:
        first, *more = node.generators
        value = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        made = Loop(place, first.target, first.iter, [*first.ifs, *more, *value])
    core = unwrapped(made.iter)
    made.kind = _kind(made, core, place.scope)
    made.rows = query(core, place.scope, ctx) if made.kind == "open" else None
    return made


def unwrapped(expr: ast.expr) -> ast.expr:
    """What is looped over below `enumerate`, `sorted`, `.items()` and the like."""
    node: Any = expr
    while isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name not in _WRAPPERS:
            break
        if isinstance(node.func, ast.Attribute) and not node.args:
            if name in ("iterator", "aiterator", "all"):
                break
            node = node.func.value
        elif node.args:
            node = node.args[0]
        else:
            break
    return node  # type: ignore[no-any-return]  # nodes are untyped here


def _kind(loop: Loop, core: ast.expr, scope: Scope) -> str:
    targets = [loop.target] if type(loop.target) is ast.Name else ast.walk(loop.target)
    names = " ".join(part.id for part in targets if isinstance(part, ast.Name))
    called = core.func if isinstance(core, ast.Call) else core
    last = getattr(called, "attr", getattr(called, "id", ""))
    if _PAGES.search(names) or _PAGES.search(last):
        return "pages"
    if last == "range" and isinstance(core, ast.Call):
        if len(core.args) == 3:
            return "pages"
        bound = fold(core.args[-1], scope)
        return "fixed" if isinstance(bound, int) and bound <= FEW else "open"
    if isinstance(core, ast.Dict):
        return "fixed" if len(core.keys) <= FEW else "open"
    if isinstance(core, (ast.List, ast.Tuple, ast.Set)):
        starred = any(isinstance(part, ast.Starred) for part in core.elts)
        return "fixed" if len(core.elts) <= FEW and not starred else "open"
    return "fixed" if _is_constant(core, last, scope) else "open"


def _is_constant(core: ast.expr, last: str, scope: Scope) -> bool:
    """Whether a name says that it holds what the programmers wrote: an enum, a constant, a setting."""
    value = fold(core, scope)
    if value is not UNKNOWN:
        return not isinstance(value, tuple) or len(value) <= FEW
    found = find(core.id, scope) if isinstance(core, ast.Name) else None
    if found is not None and len(found[0]) == 1 and isinstance(found[0][0].value, ast.Dict) and not last.isupper():
        return 0 < len(found[0][0].value.keys) <= FEW
    if not isinstance(core, (ast.Name, ast.Attribute)):
        return False
    return (
        (last.isupper() and len(last) > 1)
        or last[:1].isupper()
        or last in ("choices", "labels")
        or "settings" in unparse(core)
    )


def is_conditional(node: ast.AST, loop: Loop) -> bool:
    """Whether something in the loop runs only for some items: it stands under an `if` of the body."""
    return any(
        isinstance(part, ast.If) and any(node is inner for inner in nodes([*part.body, *part.orelse]))
        for part in nodes(loop.body)
    )


def is_shielded(node: ast.AST, loop: Loop) -> bool:
    """Whether a failure at `node` is caught inside the loop, so that each item stands for itself."""
    return any(
        isinstance(part, ast.Try) and part.handlers and any(node is inner for inner in nodes(part.body))
        for part in nodes(loop.body)
    )
