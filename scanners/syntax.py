"""The parts of a syntax tree, without the marks on them that no rule asks for: contexts, operators, plain values.

As `ast.iter_child_nodes` and `ast.walk`, in less time: the fields that lead on are known by type, and the nodes of a
file are listed once, so that what stands in a def of it is a part of that list.
"""

import ast
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
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


def last_name(expr: ast.AST | None) -> str:
    """What stands after the last dot of a name, "" for anything that is no name."""
    return expr.attr if isinstance(expr, ast.Attribute) else getattr(expr, "id", "")


def unparse(node: ast.AST) -> str:
    """As `ast.unparse`: names are read off, and what was written out is kept until the file is done."""
    if type(node) is ast.Name:
        return node.id
    found = _texts.get(node)
    if found is None:
        named = type(node) is ast.Attribute and type(node.value) in (ast.Name, ast.Attribute)
        found = f"{unparse(node.value)}.{node.attr}" if named else ast.unparse(node)  # type: ignore[attr-defined] # An attribute, as its type says.
        if _file[0] is not None:
            _texts[node] = found
    return found


def descendants(node: ast.AST, *kinds: type[ast.AST]) -> Sequence[Any]:
    """`node` and all nodes below it in source order, or those of these types."""
    listing = _listing_of(node)
    return listing.below(node, kinds) if listing is not None else _plain(node, kinds, _NO_KINDS)


def within(node: ast.AST, *kinds: type[ast.AST]) -> Sequence[Any]:
    """As `descendants`, without what stands in the defs and classes inside `node`; these themselves are there."""
    listing = _listing_of(node)
    return listing.within(node, kinds) if listing is not None else _plain(node, kinds, DEFS)


def suite(stmts: list[Any], *kinds: type[ast.AST], lambdas: bool = False) -> Sequence[Any]:
    """The nodes of some statements in source order, or those of these types, without what stands in defs inside them.

    What stands in lambdas is there with `lambdas` only. The whole body of a def, a loop, an `if` is quickest.
    """
    listing = _listing()
    found = listing.suite(stmts, kinds, lambdas) if listing is not None and stmts else None
    if found is not None:
        return found
    closed = _DEFS_ALONE if lambdas else DEFS
    parts: list[Any] = []
    for stmt in stmts:
        if not lambdas and listing is not None and stmt in listing.spans and type(stmt) not in closed:
            parts += listing.within(stmt, kinds)
        else:
            parts += _plain(stmt, kinds, closed, type(stmt) in closed)
    return parts


def statements(node: ast.AST) -> Iterator[ast.stmt]:
    """The statements below `node`, those of a suite before what stands in them. The first few cost next to nothing."""
    todo = [node]
    while todo:
        above = todo.pop()
        for name in _SUITE_FIELDS:
            found = getattr(above, name, None)
            if type(found) is list:
                yield from (part for part in found if isinstance(part, ast.stmt))
                todo += found


def outside_in(node: ast.AST) -> Iterator[Any]:
    """`node` and all nodes below it, nearer ones first."""
    todo = deque([node])
    while todo:
        node = todo.popleft()
        todo.extend(children(node))
        yield node


def _plain(
    root: ast.AST, kinds: tuple[type[ast.AST], ...], closed: frozenset[type[ast.AST]], alone: bool = False
) -> list[Any]:
    found, stack = [root], [] if alone else children(root)[::-1]
    while stack:
        node = stack.pop()
        found.append(node)
        if type(node) not in closed:
            stack += children(node)[::-1]
    return [node for node in found if type(node) in kinds] if kinds else found


DEFS: Final = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda})
_NO_KINDS: Final[frozenset[type[ast.AST]]] = frozenset()
_LISTED: Final = DEFS | {ast.Module, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.If}
"""What many rules look into."""
_CLOSED: Final = tuple(DEFS)
_DEFS_ALONE: Final = DEFS - {ast.Lambda}
_CLOSED_ALONE: Final = tuple(_DEFS_ALONE)
_SUITES: Final = frozenset({"body", "orelse", "finalbody"})
_SUITE_FIELDS: Final = ("body", "orelse", "finalbody", "handlers", "cases")
_OPTIONAL: Final = frozenset({"keys", "kw_defaults"})
"""Lists with gaps: the keys of `{**given}`, the defaults of keywords that have none."""
_Plan = tuple[bool, tuple[tuple[str, bool], ...]] | None


class _Plans(dict[type, _Plan]):
    """Whether nodes of a type are looked into, and their fields, last first: does it hold a list? None for marks."""

    def __missing__(self, kind: type) -> _Plan:
        fields = tuple((name, _is_list(kind, name)) for name in reversed(_FIELDS[kind]))
        return self.setdefault(kind, (kind in _LISTED, fields))


_BEGIN: Final = (None,)
_NO_SUITE: Final[tuple[list[Any], int, int]] = ([], 0, 0)


class _Listing:
    """The nodes of a file in source order, where those of each type stand, and how far each def or suite reaches."""

    __slots__ = ("_defs", "_nodes", "_parts", "_suites", "_where", "spans")

    def __init__(self, tree: ast.AST) -> None:
        self._nodes: list[Any] = []
        self._where: defaultdict[type[ast.AST], list[int]] = defaultdict(list)
        self._suites: dict[ast.AST, tuple[list[Any], int, int]] = {}
        self._parts: dict[tuple[Any, Any], Sequence[Any]] = {}
        self._defs: dict[tuple[type[ast.AST], ...], list[int]] = {}
        self.spans: dict[ast.AST, tuple[int, int]] = {}
        self._read(tree)

    def _read(self, tree: ast.AST) -> None:  # noqa: C901 - a hot loop: a call a node would double its time
        nodes, where, spans, suites, plans = self._nodes, self._where, self.spans, self._suites, _PLANS
        starts: list[int] = []
        stack: list[Any] = [tree]
        pop, push, add = stack.pop, stack.append, nodes.append
        at = 0
        while stack:
            node = pop()
            kind = type(node)
            plan = plans[kind]
            if plan is None:
                if kind is int:  # A def ends.
                    spans[nodes[node]] = (node, at)
                elif kind is list:  # A suite ends.
                    suites[node[0]] = (node, starts.pop(), at)
                else:  # One begins.
                    starts.append(at)
                continue
            listed, fields = plan
            if listed:
                push(at)
            where[kind].append(at)
            add(node)
            at += 1
            for name, many in fields:
                value = getattr(node, name)
                if not many:
                    if value is not None:
                        push(value)
                elif value:
                    if name in _SUITES:
                        stack += value, *value[::-1], _BEGIN
                    else:
                        stack += value[::-1] if name not in _OPTIONAL else [part for part in value[::-1] if part]

    def suite(self, stmts: list[Any], kinds: tuple[type[ast.AST], ...], lambdas: bool) -> Sequence[Any] | None:
        whole, start, end = self._suites.get(stmts[0], _NO_SUITE)
        if whole is not stmts and whole != stmts:
            return None
        key = (start, end, lambdas), kinds
        found = self._parts.get(key)
        if found is None:
            closed = _CLOSED_ALONE if lambdas else _CLOSED
            found = self._parts[key] = self._chosen(self._open(start, end, start, closed), kinds)
        return found

    def below(self, node: ast.AST, kinds: tuple[type[ast.AST], ...]) -> Sequence[Any]:
        start, end = self.spans[node]
        if not kinds:
            return self._nodes[start:end]
        found = self._parts.get((kinds, node))
        if found is None:
            found = self._parts[kinds, node] = self._chosen([(start, end)], kinds)
        return found

    def within(self, node: ast.AST, kinds: tuple[type[ast.AST], ...]) -> Sequence[Any]:
        found = self._parts.get((node, kinds))
        if found is None:
            start, end = self.spans[node]
            found = self._parts[node, kinds] = self._chosen(self._open(start, end, start + 1, _CLOSED), kinds)
        return found

    def _open(self, start: int, end: int, first: int, closed: tuple[type[ast.AST], ...]) -> list[tuple[int, int]]:
        """What is left of a span without the inside of the defs from `first` on."""
        found = []
        nodes = self._nodes
        defs = self._defs.get(closed) or self._defs.setdefault(closed, self._places([(0, len(nodes))], closed))
        for at in defs[bisect_left(defs, first) : bisect_left(defs, end)]:
            if at >= start:
                found.append((start, at + 1))
                start = self.spans[nodes[at]][1]
        return [*found, (start, end)]

    def _chosen(self, spans: list[tuple[int, int]], kinds: tuple[type[ast.AST], ...]) -> list[Any]:
        nodes = self._nodes
        if kinds:
            return [nodes[at] for at in self._places(spans, kinds)]
        return [node for start, end in spans for node in nodes[start:end]]

    def _places(self, spans: list[tuple[int, int]], kinds: tuple[type[ast.AST], ...]) -> list[int]:
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


def _is_list(kind: type[ast.AST], name: str) -> bool:
    if name == "args":
        return kind in (ast.Call, ast.arguments)
    if kind in (ast.IfExp, ast.Lambda):
        return False
    return name in _LISTS


_LISTS: Final = frozenset(
    "posonlyargs kwonlyargs kw_defaults defaults keywords elts keys values comparators generators ifs body orelse "
    "targets items cases patterns kwd_patterns handlers finalbody decorator_list bases type_params names".split()
)
_PLANS: Final = _Plans({int: None, list: None, tuple: None})
_file: list[Any] = [None, None]
_texts: Final[dict[ast.AST, str]] = {}


def open_file(tree: ast.AST) -> None:
    """Say which file is looked at from now on, until `forget`; its nodes are listed when something asks for them."""
    _file[:] = tree, None


def forget() -> None:
    """Let go of the file that was looked at last."""
    _file[:] = None, None
    _texts.clear()


def _listing_of(node: ast.AST) -> _Listing | None:
    """The listing of the file if the node is one of those that can be found in it."""
    if type(node) not in _LISTED:
        return None
    listing = _listing()
    return listing if listing is not None and node in listing.spans else None


def _listing() -> _Listing | None:
    """The listing of the file that is looked at."""
    tree, listing = _file
    if listing is None and tree is not None:
        listing = _file[1] = _Listing(tree)
    found: _Listing | None = listing
    return found
