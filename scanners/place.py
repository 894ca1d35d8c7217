"""Where a piece of syntax stands: what encloses it, what it is used for, what its names mean."""

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Generic, TypeVar

from scanners.names import Ref, resolve
from scanners.scopes import Scope
from scanners.syntax import children

Node = TypeVar("Node", bound=ast.AST)


class Block:
    """A suite of statements and what it belongs to.

    `kind` is module, class, function, if, else, for, while, loop-else, with, try, except, try-else or finally.
    `node` is the statement (or the handler) that the suite is part of; `start` is for the walk.
    """

    __slots__ = ("kind", "node", "parent", "scope", "start", "suite")

    def __init__(
        self, kind: str, node: ast.AST, parent: "Block | None", scope: Scope, suite: list[Any] | None = None
    ) -> None:
        self.kind = kind
        self.node: Any = node
        self.parent = parent
        self.scope = scope
        self.suite = suite or []
        self.start = 0


class Place(Generic[Node]):
    """A node with its surroundings. `stmt` is the nearest statement (or handler) that holds it."""

    __slots__ = ("block", "node", "stmt")

    def __init__(self, node: Node, block: Block, stmt: ast.stmt | None) -> None:
        self.node = node
        self.block = block
        self.stmt = stmt

    @property
    def line(self) -> int:
        """The first line of the node, from 1."""
        return getattr(self.node, "lineno", 1)

    @property
    def scope(self) -> Scope:
        """The scope whose names the node sees."""
        return self.block.scope

    @property
    def qualname(self) -> str:
        """The dotted name of the enclosing def or class, empty in the module body."""
        return self.block.scope.qualname

    def blocks(self) -> Iterator[Block]:
        """The enclosing suites, innermost first, up to the module."""
        block: Block | None = self.block
        while block is not None:
            yield block
            block = block.parent

    def within(self, *kinds: str) -> Iterator[Block]:
        """The enclosing suites of these kinds inside the same def, innermost first."""
        for block in self.blocks():
            if block.kind in ("function", "class"):
                return
            if block.kind in kinds:
                yield block

    @property
    def function(self) -> Any:
        """The enclosing def, async def or lambda, or None."""
        block: Block | None = self.block
        while block is not None and block.kind != "function":
            block = block.parent
        return block.node if block is not None else None

    @property
    def cls(self) -> ast.ClassDef | None:
        """The innermost enclosing class, or None."""
        block: Block | None = self.block
        while block is not None and block.kind != "class":
            block = block.parent
        return block.node if block is not None else None

    @property
    def in_async(self) -> bool:
        """Whether the code runs in a coroutine."""
        return isinstance(self.function, ast.AsyncFunctionDef)

    @property
    def in_loop(self) -> bool:
        """Whether a loop of the same def repeats it."""
        return any(True for _ in self.within("for", "while"))

    @property
    def handler(self) -> ast.ExceptHandler | None:
        """The innermost except clause of the same def that it runs in, or None."""
        return next((block.node for block in self.within("except")), None)

    @property
    def under_main(self) -> bool:
        """Whether it runs only when the file is started as a program."""
        return any(block.kind == "if" and _is_main(block.node.test) for block in self.blocks())

    def conditions(self) -> Iterator[ast.expr]:
        """The tests of all `if` statements that it stands under, innermost first, those of outer defs too."""
        return (block.node.test for block in self.blocks() if block.kind in ("if", "else"))

    def resolve(self, expr: ast.AST) -> Ref | None:
        """What `expr` stands for here."""
        return resolve(expr, self.block.scope, getattr(expr, "lineno", self.line))

    def name(self, expr: ast.AST) -> str:
        """The dotted name that `expr` stands for here, empty when it cannot be told."""
        ref = self.resolve(expr)
        return ref.dotted if ref else ""

    def parent(self, node: ast.AST | None = None) -> ast.AST | None:
        """What directly holds `node` (this place's own if not given) inside its statement."""
        stmt, asked = self.stmt, node or self.node
        if stmt is None or getattr(stmt, "value", None) is asked:  # Most stand right behind `=`, or alone.
            return stmt
        return parents_in(stmt).get(asked)

    @property
    def dropped(self) -> bool:
        """Whether the value is thrown away: an expression statement, awaited or not."""
        above = self.parent()
        if isinstance(above, ast.Await):
            above = self.parent(above)
        return isinstance(above, ast.Expr)

    @property
    def awaited(self) -> bool:
        """Whether the value is awaited on the spot."""
        return isinstance(self.parent(), ast.Await)


class Bound(Place[ast.AST]):
    """A value that is given to a name: by an assignment, a keyword, a parameter's default, a key of a literal dict.

    `key` is the name; `node` is the assignment or the keyword, else the value itself.
    """

    __slots__ = ("key", "value")

    def __init__(self, node: ast.AST, block: Block, stmt: ast.stmt | None, key: str, value: ast.expr) -> None:
        super().__init__(node, block, stmt)
        self.key = key
        self.value = value


class Call(Place[ast.Call]):
    """A call whose name some rule asked for. `last` is the part after the last dot."""

    __slots__ = ("last", "ref")

    def __init__(self, node: ast.Call, block: Block, stmt: ast.stmt | None, ref: Ref | None) -> None:
        super().__init__(node, block, stmt)
        self.ref = ref
        func = node.func
        self.last = ref.dotted.rpartition(".")[2] if ref else getattr(func, "attr", getattr(func, "id", ""))

    @property
    def dotted(self) -> str:
        """The resolved dotted name of what is called, empty when it cannot be told."""
        return self.ref.dotted if self.ref else ""

    @property
    def origin(self) -> ast.Call | None:
        """The call that made the receiver (`requests.Session()` for `s.get`), where it is in sight."""
        return self.ref.origin if self.ref else None

    @property
    def receiver(self) -> ast.expr | None:
        """What stands before the last dot."""
        return self.node.func.value if isinstance(self.node.func, ast.Attribute) else None

    def keyword(self, *names: str, of: ast.Call | None = None) -> ast.expr | None:
        """The value passed by one of these keywords, or None; `of` asks another call, such as `origin`."""
        return next((word.value for word in (of or self.node).keywords if word.arg in names), None)

    def argument(self, position: int, *names: str) -> ast.expr | None:
        """The value passed at `position` (from 0) or by one of these keywords."""
        args = self.node.args
        if position < len(args) and not any(isinstance(arg, ast.Starred) for arg in args[: position + 1]):
            return args[position]
        return self.keyword(*names)

    @property
    def unpacks(self) -> bool:
        """Whether `*args` or `**kwargs` hide some of what is passed."""
        return any(word.arg is None for word in self.node.keywords) or any(
            isinstance(arg, ast.Starred) for arg in self.node.args
        )


@lru_cache(maxsize=1)  # Places come statement by statement; a long one holds thousands of them.
def parents_in(stmt: ast.AST) -> dict[ast.AST, ast.AST]:
    """What directly holds each expression of a statement, its inner suites left out."""
    found: dict[ast.AST, ast.AST] = {}
    stack = [stmt]
    while stack:
        above = stack.pop()
        for child in children(above):
            if not isinstance(child, (ast.stmt, ast.ExceptHandler)):
                found[child] = above
                stack.append(child)
    return found


def _is_main(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and any(
        isinstance(side, ast.Name) and side.id == "__name__" for side in (test.left, *test.comparators)
    )
