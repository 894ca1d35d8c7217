"""What is done with the rows of a query: whether all of its uses only ask how many there are."""

import ast
from typing import Any, Final

from scanners.context import Context
from scanners.names import find
from scanners.place import Place, parents_in
from scanners.semantics.orm import DJANGO, SQLALCHEMY, Query, query
from scanners.syntax import descendants

_FETCHED: Final = frozenset({"all", "fetchall"})
_ZERO: Final = {(ast.Gt, 0), (ast.NotEq, 0), (ast.Eq, 0), (ast.GtE, 1), (ast.Lt, 1), (ast.LtE, 0)}


def fetched(expr: ast.AST, place: Place[Any], ctx: Context) -> Query | None:
    """The query whose rows are all fetched when `expr` is looked at, None when that cannot be told."""
    told = query(expr, place.scope, ctx)
    if told is None or not told.many or "select_for_update" in told.methods:
        return None
    if told.engine == SQLALCHEMY and told.last not in _FETCHED:
        return None  # A statement that nobody ran yet.
    return told if told.engine in (DJANGO, SQLALCHEMY) else None


def may_be_loaded(told: Query) -> bool:
    """Whether the rows may be there already: a relation that nothing narrows can be prefetched elsewhere."""
    return told.root == "related" and set(told.methods) <= {"all", "iterator"}


def only_counted(name: str, place: Place[Any]) -> bool:
    """Whether every use of a local variable asks only for the number of its rows, or whether there are any."""
    function = place.function
    if function is None or isinstance(function, ast.Lambda):
        return False
    found = find(name, place.scope)
    if found is None or found[1] is not place.scope or any(binding.kind != "assign" for binding in found[0]):
        return False
    uses = 0
    for stmt in descendants(function):
        if not isinstance(stmt, (ast.stmt, ast.ExceptHandler)):
            continue
        for node, above in parents_in(stmt).items():
            if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
                uses += 1
                if not _counts(node, above):
                    return False
    return uses > 0


def _counts(node: ast.AST, above: ast.AST) -> bool:
    if isinstance(above, ast.Call):
        return isinstance(above.func, ast.Name) and above.func.id in ("len", "bool") and above.args == [node]
    return is_tested(node, above)


def is_tested(node: ast.AST, above: ast.AST | None) -> bool:
    """Whether `above` looks at nothing but the truth of `node`."""
    if isinstance(above, (ast.If, ast.While, ast.IfExp, ast.Assert)):
        return above.test is node
    return isinstance(above, ast.UnaryOp) and isinstance(above.op, ast.Not)


def compares_with_none_at_all(above: ast.AST | None, node: ast.AST) -> bool:
    """Whether a count is only compared with zero: `> 0`, `== 0`, `>= 1`, ..."""
    if not isinstance(above, ast.Compare) or above.left is not node or len(above.ops) != 1:
        return False
    right = above.comparators[0]
    return isinstance(right, ast.Constant) and any(
        isinstance(above.ops[0], operator) and right.value == bound and type(right.value) is int
        for operator, bound in _ZERO
    )


def in_comprehension(place: Place[Any]) -> bool:
    """Whether a comprehension or a lambda may evaluate the place more than once."""
    above = place.parent()
    while above is not None and not isinstance(above, ast.stmt):
        if isinstance(above, (ast.comprehension, ast.Lambda)):
            return True
        above = place.parent(above)
    return False
