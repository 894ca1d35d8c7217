"""Where a thing is bound, for facts that are joined over files: not what it is made of, but under which name it stands.

A pointer is dotted from the top for an absolute import (`shop.views.order`), with leading dots for a relative one
(`.views.order`), and behind a colon for what the file itself binds (`:router`, `:create_app.app`). It is what
`scanners.semantics.concurrency.reach.Names` asks for.
"""

import ast
from typing import Final

from scanners.names import find
from scanners.scopes import Binding, Scope

_DEPTH: Final = 6


def pointer(expr: ast.AST | None, scope: Scope, depth: int = 0) -> str:
    """The pointer of a name or a chain of attributes as it is used in `scope`, "" where it is neither."""
    if isinstance(expr, ast.Name):
        found = find(expr.id, scope)
        return _bound(found[0][-1], expr.id, depth) if found is not None else ""
    if isinstance(expr, ast.Attribute):
        above = pointer(expr.value, scope, depth)
        return f"{above}.{expr.attr}" if above else ""
    return ""


def _bound(binding: Binding, name: str, depth: int) -> str:
    if binding.kind == "import":
        return str(binding.value)
    holder = binding.scope
    if binding.kind == "param" and name == "self":
        return _of_class(holder)
    if binding.kind == "assign" and isinstance(binding.value, (ast.Name, ast.Attribute)) and depth < _DEPTH:
        meant = pointer(binding.value, holder, depth + 1)
        if meant:
            return meant
    return f":{holder.qualname}.{name}" if holder.qualname else f":{name}"


def _of_class(scope: Scope | None) -> str:
    while scope is not None and scope.kind != "class":
        scope = scope.parent
    return f":{scope.qualname}" if scope is not None else ""
