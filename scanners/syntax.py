"""The parts of a syntax tree, without the marks on them that no rule asks for: contexts, operators, plain values.

As `ast.iter_child_nodes` and `ast.walk`, in less time, because the fields that lead on are known by type.
"""

import ast
from collections import deque
from collections.abc import Iterator, Sequence
from functools import lru_cache
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
    return iter(_all_below(node)) if type(node) in _ASKED_AGAIN else _below(node)


def within(node: ast.AST) -> Sequence[Any]:
    """`node` and all nodes below it in source order, without what stands in the defs and classes inside it."""
    return _within(node) if type(node) in _ASKED_AGAIN else _in_order(node)


def _below(node: ast.AST) -> Iterator[Any]:
    todo = deque([node])
    while todo:
        node = todo.popleft()
        todo.extend(children(node))
        yield node


def _in_order(node: ast.AST) -> tuple[Any, ...]:
    found, stack = [node], children(node)[::-1]
    while stack:
        node = stack.pop()
        found.append(node)
        if type(node) not in _DEFS:
            stack += children(node)[::-1]
    return tuple(found)


_DEFS: Final = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda})
_ASKED_AGAIN: Final = _DEFS | {ast.Module, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.If}
"""What many rules look into. Their nodes are listed once; the lists are few, so that a file's tree is soon let go of."""

_all_below = lru_cache(maxsize=256)(lambda node: tuple(_below(node)))
_within = lru_cache(maxsize=256)(_in_order)


def forget() -> None:
    """Let go of the tree that was looked at last."""
    _all_below.cache_clear()
    _within.cache_clear()
