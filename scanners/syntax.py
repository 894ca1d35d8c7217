"""The parts of a syntax tree, without the marks on them that no rule asks for: contexts, operators, plain values.

As `ast.iter_child_nodes` and `ast.walk`, in less time, because the fields that lead on are known by type.
"""

import ast
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

_MARKS: Final = frozenset(
    "ctx op ops type_comment kind type_ignores conversion attr id arg name asname module level rest is_async simple "
    "kwd_attrs n s".split()
)


_BARE: Final = frozenset(
    {ast.Constant, ast.Name, ast.Global, ast.Nonlocal, ast.Pass, ast.Break, ast.Continue, ast.alias, ast.MatchSingleton}
)


class _Fields(dict[type[ast.AST], tuple[str, ...]]):
    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        found = () if kind in _BARE else tuple(name for name in kind._fields if name not in _MARKS)
        return self.setdefault(kind, found)


_FIELDS: Final = _Fields()


def children(node: ast.AST) -> list[Any]:
    """The nodes directly below `node`, in source order."""
    found: list[Any] = []
    for name in _FIELDS[type(node)]:
        value = getattr(node, name, None)
        if type(value) is list:
            found += [part for part in value if part is not None]
        elif value is not None:
            found.append(value)
    return found


def descendants(node: ast.AST) -> Iterator[Any]:
    """`node` and all nodes below it, nearer ones first."""
    todo = deque([node])
    while todo:
        node = todo.popleft()
        todo.extend(children(node))
        yield node
