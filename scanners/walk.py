"""The one walk: every rule and every fact sees a file in a single pass over its tree.

The walk itself lists the nodes, notes what some hook wants, with where it stands, and who binds which name. The hooks
run after it, over those notes, so that a name bound at the end of a file is known at its start. An explicit stack keeps
deep trees from overflowing Python's, and no node ever points to its parent: with the collector off, a cycle would stay
for ever.
"""

import ast
from typing import Any

from scanners.index import Hook, Index
from scanners.listing import Listing
from scanners.place import Block, Bound
from scanners.scopes import Scope

Note = tuple[list[Hook], ast.AST, Block, ast.stmt | None]


class Walk:
    """One pass over one tree. `notes` and `calls` hold what hooks want; `module` is the scope of the file."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.listing = Listing()
        self.notes: list[Note] = []
        self.calls: list[tuple[ast.Call, Block, ast.stmt | None]] = []
        self.bound: list[tuple[tuple[Hook, ...], Bound]] = []
        self.stmt: ast.stmt | None = None
        self.wanted = set(index.lasts)
        self._scopes: list[Scope] = []

    def run(self, tree: ast.Module) -> None:  # noqa: C901 - the hot loop: a call a node would double its time
        """Walk `tree`, about in source order."""
        self.module = self.scope(tree, "module", None, "")
        self.block = Block("module", tree, None, self.module)
        plans, leaves, attribute = self.index.plans, self.index.leaves, self.index.attribute
        notes, nodes = self.notes, self.listing.nodes
        nodes.append(tree)
        stack: list[Any] = [0, *tree.body[::-1]]
        pop, push, add = stack.pop, stack.append, nodes.append
        while stack:
            node = pop()
            while (kind := type(node)) is attribute:  # Most are chains of names, which lead nowhere.
                add(node)
                node = node.value
            if kind in leaves:
                add(node)
                continue
            plan = plans[kind]
            if plan is None:
                self._turn(node)
                continue
            spanned, is_statement, hooks, binder, fields = plan
            if spanned:
                push(len(nodes))
            add(node)
            if is_statement:
                self.stmt = node
            if hooks is not None:
                notes.append((hooks, node, self.block, self.stmt))
            if binder is not None:
                binder(self, node, stack)
                continue
            for name, many in fields:
                value = getattr(node, name)
                if many:
                    stack += value[::-1]
                elif value is not None:
                    push(value)
        if tree.body:
            self.listing.close_suite(tree.body, 1)

    def _turn(self, mark: Any) -> None:
        """Pass a mark: a node ends, a suite starts, a suite is only listed, a block is entered or left."""
        kind = type(mark)
        if kind is int:
            self.listing.close_node(mark)
        elif kind is list:
            self.block.start = len(self.listing.nodes)
        elif kind is tuple:
            self.listing.read_suite(*mark)
        elif mark.parent is self.block:
            self.block = mark
        else:
            self.listing.close_suite(self.block.suite, self.block.start)
            self.block = mark

    def release(self) -> None:
        """Let go of everything that refers in circles."""
        for scope in self._scopes:
            scope.release()

    def scope(self, node: ast.AST, kind: str, parent: Scope | None, name: str) -> Scope:
        """A new scope, released with the walk."""
        made = Scope(node, kind, parent, name)
        self._scopes.append(made)
        return made

    def give(self, name: str, value: ast.expr | None, node: ast.AST) -> None:
        """Note that `name` is given `value` at `node`, for whoever asks for such names."""
        hooks = self.index.bound(name)
        if hooks and value is not None:
            self.bound.append((hooks, Bound(node, self.block, self.stmt, name, value)))

    def bind(self, target: ast.expr, kind: str, value: ast.AST | None) -> None:
        """Record what an assignment, a `for` or a `with` gives to `target`."""
        if type(target) is ast.Name:
            self.block.scope.bind(target.id, kind, value, target.lineno)
        elif isinstance(target, ast.Attribute):
            if type(target.value) is ast.Name and target.value.id in ("self", "cls"):
                self.block.scope.bind_attribute(target.attr, kind, value, target.lineno)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for part in target.elts:
                self.bind(part, "unpack", value)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, "unpack", value)

    def enter(self, stack: list[Any], kind: str, node: ast.AST, body: list[Any], scope: Scope | None = None) -> None:
        """Push `body` to be walked inside a new block, and the present block to return to."""
        if body:
            stack.append(self.block)
            stack += body[::-1]
            stack.append(body)
            stack.append(Block(kind, node, self.block, scope or self.block.scope, body))
