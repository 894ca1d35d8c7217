"""The parts of a syntax tree, without the marks on them that no rule asks for: contexts, operators, plain values.

As `ast.iter_child_nodes` and `ast.walk`, in less time: the fields that lead on are known by type, and the walk lists
the nodes of a file, so that what stands in a def of it is a part of that list.
"""

import ast
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from scanners.written import written

if TYPE_CHECKING:
    from scanners.listing import Listing

_MARKS: Final = frozenset(
    "ctx op ops type_comment kind type_ignores conversion attr id arg name asname module level rest is_async simple "
    "kwd_attrs n s".split()
)
_BARE: Final = frozenset(
    {ast.Constant, ast.Name, ast.Global, ast.Nonlocal, ast.Pass, ast.Break, ast.Continue, ast.alias, ast.MatchSingleton}
)


_LISTS: Final = frozenset(
    "posonlyargs kwonlyargs kw_defaults defaults keywords elts keys values comparators generators ifs body orelse "
    "targets items cases patterns kwd_patterns handlers finalbody decorator_list bases type_params names".split()
)


class _Fields(dict[type[ast.AST], tuple[str, ...]]):
    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        bare = kind in _BARE or not issubclass(kind, ast.AST)
        return self.setdefault(kind, () if bare else tuple(name for name in kind._fields if name not in _MARKS))


FIELDS: Final = _Fields()
"""The names of the fields that lead on, by type of node."""


class _LastFirst(dict[type[ast.AST], tuple[tuple[str, bool], ...]]):
    def __missing__(self, kind: type[ast.AST]) -> tuple[tuple[str, bool], ...]:
        return self.setdefault(kind, tuple((name, _is_list(kind, name)) for name in reversed(FIELDS[kind])))


LAST_FIRST: Final = _LastFirst()
"""The same fields, in the order in which they go on a stack, each with whether it holds a list."""


def _is_list(kind: type[ast.AST], name: str) -> bool:
    if name == "args":
        return kind in (ast.Call, ast.arguments)
    return name in _LISTS and kind not in (ast.IfExp, ast.Lambda)


def children(node: ast.AST) -> list[Any]:
    """The nodes directly below `node`, in source order."""
    found: list[Any] = []
    for name in FIELDS[type(node)]:
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
        found = f"{unparse(node.value)}.{node.attr}" if named else written(node)  # type: ignore[attr-defined] # An attribute, as its type says.
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
    listing = _file[0]
    found = listing.suite(stmts, kinds, lambdas) if listing is not None and stmts else None
    if found is not None:
        return found
    closed = DEFS_ALONE if lambdas else DEFS
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
DEFS_ALONE: Final = DEFS - {ast.Lambda}
_SUITE_FIELDS: Final = ("body", "orelse", "finalbody", "handlers", "cases")
_file: list["Listing | None"] = [None]
_texts: Final[dict[ast.AST, str]] = {}


def open_file(listing: "Listing") -> None:
    """Say which file is looked at from now on, until `forget`, by the listing of its nodes."""
    _file[0] = listing


def forget() -> None:
    """Let go of the file that was looked at last."""
    _file[0] = None
    _texts.clear()


def _listing_of(node: ast.AST) -> "Listing | None":
    """The listing of the file if the node is one of those that can be found in it."""
    listing = _file[0]
    return listing if listing is not None and node in listing.spans else None
