"""The nodes of a file in one flat list: what stands in a def, a loop or a suite is a part of it, by position."""

import ast
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

from scanners.syntax import DEFS, DEFS_ALONE, LAST_FIRST

SPANNED: Final = DEFS | {ast.Module, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.If}
"""What many rules look into: where these end is kept."""

Kinds = tuple[type[ast.AST], ...]
_CLOSED: Final = tuple(DEFS)
_CLOSED_ALONE: Final = tuple(DEFS_ALONE)
_SUITES: Final = frozenset({"body", "orelse", "finalbody"})
_OPTIONAL: Final = frozenset({"keys", "kw_defaults"})
"""Lists with gaps: the keys of `{**given}`, the defaults of keywords that have none."""
_BEGIN: Final = (None,)
_NO_SUITE: Final[tuple[list[Any], int, int]] = ([], 0, 0)


class Listing:
    """The nodes of a file about in source order, and where each def and suite starts and ends in `nodes`.

    The walk fills it; `read` adds what the walk does not look at itself.
    """

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.spans: dict[ast.AST, tuple[int, int]] = {}
        self.suites: dict[ast.AST, tuple[list[Any], int, int]] = {}
        self._parts: dict[tuple[Any, Any], Sequence[Any]] = {}
        self._defs: dict[Kinds, list[int]] = {}

    def read(self, node: ast.AST) -> None:
        """Add a node and all below it."""
        if type(node) is ast.Name:
            self.nodes.append(node)
        else:
            self._read([node])

    def read_suite(self, stmts: list[Any]) -> None:
        """Add the statements of a suite and all below them."""
        self._read([stmts, *stmts[::-1], _BEGIN] if stmts else [])

    def _read(self, stack: list[Any]) -> None:
        starts: list[int] = []
        while stack:
            node = stack.pop()
            kind = type(node)
            if kind is int:
                self.close_node(node)
            elif kind is list:
                self.close_suite(node, starts.pop())
            elif kind is tuple:
                starts.append(len(self.nodes))
            else:
                self._add(node, stack)

    def _add(self, node: ast.AST, stack: list[Any]) -> None:
        if type(node) in SPANNED:
            stack.append(len(self.nodes))
        self.nodes.append(node)
        for name, many in LAST_FIRST[type(node)]:
            value = getattr(node, name)
            if not many:
                if value is not None:
                    stack.append(value)
            elif value and name in _SUITES:
                stack += value, *value[::-1], _BEGIN
            elif value:
                stack += value[::-1] if name not in _OPTIONAL else [part for part in value[::-1] if part]

    def close_node(self, start: int) -> None:
        """Note that all below the node at `start` has been added."""
        self.spans[self.nodes[start]] = (start, len(self.nodes))

    def close_suite(self, stmts: list[Any], start: int) -> None:
        """Note that the statements of a suite, from `start` on, have been added with all below them."""
        self.suites[stmts[0]] = (stmts, start, len(self.nodes))

    def suite(self, stmts: list[Any], kinds: Kinds, lambdas: bool) -> Sequence[Any] | None:
        """What stands in a whole suite, less the inside of its defs; None if the statements are no whole suite."""
        whole, start, end = self.suites.get(stmts[0], _NO_SUITE)
        if whole is not stmts and whole != stmts:
            return None
        key = (start, end, lambdas), kinds
        found = self._parts.get(key)
        if found is None:
            closed = _CLOSED_ALONE if lambdas else _CLOSED
            found = self._parts[key] = self._chosen(self._open(start, end, start, closed), kinds)
        return found

    def below(self, node: ast.AST, kinds: Kinds) -> Sequence[Any]:
        """`node`, which has a span, and what stands in it."""
        start, end = self.spans[node]
        if not kinds:
            return self.nodes[start:end]
        found = self._parts.get((kinds, node))
        if found is None:
            found = self._parts[kinds, node] = self._chosen([(start, end)], kinds)
        return found

    def within(self, node: ast.AST, kinds: Kinds) -> Sequence[Any]:
        """As `below`, less the inside of the defs in it."""
        found = self._parts.get((node, kinds))
        if found is None:
            start, end = self.spans[node]
            found = self._parts[node, kinds] = self._chosen(self._open(start, end, start + 1, _CLOSED), kinds)
        return found

    @cached_property
    def _where(self) -> dict[type[ast.AST], list[int]]:
        """Where the nodes of each type stand."""
        where: defaultdict[type[ast.AST], list[int]] = defaultdict(list)
        for at, kind in enumerate(map(type, self.nodes)):
            where[kind].append(at)
        return where

    def _open(self, start: int, end: int, first: int, closed: Kinds) -> list[tuple[int, int]]:
        """What is left of a span without the inside of the defs from `first` on."""
        found = []
        nodes = self.nodes
        defs = self._defs.get(closed) or self._defs.setdefault(closed, self._places([(0, len(nodes))], closed))
        for at in defs[bisect_left(defs, first) : bisect_left(defs, end)]:
            if at >= start:
                found.append((start, at + 1))
                start = self.spans[nodes[at]][1]
        return [*found, (start, end)]

    def _chosen(self, spans: list[tuple[int, int]], kinds: Kinds) -> list[Any]:
        nodes = self.nodes
        if kinds:
            return [nodes[at] for at in self._places(spans, kinds)]
        return [node for start, end in spans for node in nodes[start:end]]

    def _places(self, spans: list[tuple[int, int]], kinds: Kinds) -> list[int]:
        """Where the nodes of these types stand in these spans, in order."""
        found: list[int] = []
        for kind in kinds:
            where = self._where.get(kind)
            if where is not None:
                for start, end in spans:
                    found += where[bisect_left(where, start) : bisect_left(where, end)]
        if len(kinds) > 1:
            found.sort()
        return found
