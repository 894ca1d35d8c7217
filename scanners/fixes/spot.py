"""One finding as a fix sees it: what the rule looked at, the concrete syntax of it, and the edits to be made there."""

import ast
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeVar

import libcst as cst
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import RemoveImportsVisitor
from libcst.metadata import CodeRange, MetadataWrapper, ParentNodeProvider, PositionProvider

from scanners.context import Context
from scanners.fixes.fitting import Fitting, Line, realigned, width
from scanners.fixes.fix import NotOfferedError
from scanners.fixes.importing import is_for_types, with_import
from scanners.place import Call, Place
from scanners.scopes import Scope

Node = TypeVar("Node", bound=cst.CSTNode)
How = Callable[[Any], Any]
_KINDS: Final[dict[type[ast.AST], tuple[type[cst.CSTNode], ...]]] = {
    ast.AsyncFunctionDef: (cst.FunctionDef,),
    ast.AsyncWith: (cst.With,),
    ast.AsyncFor: (cst.For,),
    ast.TryStar: (cst.TryStar,),
    ast.ExceptHandler: (cst.ExceptHandler, cst.ExceptStarHandler),
    ast.ImportFrom: (cst.ImportFrom,),
    ast.JoinedStr: (cst.FormattedString, cst.ConcatenatedString),
    ast.Constant: (cst.BaseString, cst.BaseNumber, cst.Name, cst.Ellipsis),
    ast.BinOp: (cst.BinaryOperation,),
    ast.BoolOp: (cst.BooleanOperation,),
    ast.UnaryOp: (cst.UnaryOperation,),
    ast.Compare: (cst.Comparison,),
    ast.Assign: (cst.Assign,),
    ast.AnnAssign: (cst.AnnAssign,),
    ast.AugAssign: (cst.AugAssign,),
}
_STATEMENTS: Final = (cst.SimpleStatementLine, cst.BaseCompoundStatement)
_LINES: Final = (*Line, cst.IndentedBlock)


@dataclass(frozen=True, slots=True)
class Edits:
    """What one fix wants changed: functions of concrete nodes, and imports as (module, name or "").

    `unneeded` are imports to be taken out if nothing in the file uses them any more.
    """

    changes: list[tuple[cst.CSTNode, How]] = field(default_factory=list)
    imports: list[tuple[str, str]] = field(default_factory=list)
    unneeded: list[tuple[str, str]] = field(default_factory=list)


class Source:
    """One file as concrete syntax. Raises what libcst raises for a file that it cannot parse."""

    def __init__(self, raw: bytes, ctx: Context) -> None:
        self._wrapper = MetadataWrapper(cst.parse_module(raw), unsafe_skip_copy=True)  # A parsed tree shares no node.
        self.module = self._wrapper.module
        self._lines = ctx.source_lines

    @cached_property
    def _ranges(self) -> Any:
        return self._wrapper.resolve(PositionProvider)

    @cached_property
    def _by_start(self) -> dict[tuple[int, int], list[cst.CSTNode]]:
        found: dict[tuple[int, int], list[cst.CSTNode]] = defaultdict(list)
        for node, where in self._ranges.items():
            found[where.start.line, where.start.column].append(node)
        return found

    @cached_property
    def parents(self) -> Any:
        """What directly holds each node."""
        return self._wrapper.resolve(ParentNodeProvider)

    def node(self, at: Any) -> Any:
        """The concrete node of an abstract one. Raises NotOfferedError when its place cannot be told."""
        kinds: Any = _KINDS.get(type(at)) or getattr(cst, type(at).__name__, ())
        start, end = self._position(at.lineno, at.col_offset), self._position(at.end_lineno, at.end_col_offset)
        for node in self._by_start.get(start, ()):
            # Where a statement ends is told in another way; at one place only one statement of a kind begins.
            if isinstance(node, kinds) and (not isinstance(at, ast.expr) or _end(self._ranges[node]) == end):
                return node
        raise NotOfferedError("The place of the finding cannot be told apart in the text.")

    def _position(self, line: int, offset: int) -> tuple[int, int]:
        """Line and column in characters; the syntax tree counts bytes of UTF-8."""
        text = self._lines[line - 1] if line <= len(self._lines) else ""
        return line, offset if text.isascii() else len(text.encode()[:offset].decode("utf-8", "ignore"))

    def patched(self, edits: list[Edits]) -> bytes:
        """The bytes with all these edits made; everything else is as it was."""
        changes: dict[cst.CSTNode, list[How]] = defaultdict(list)
        for one in edits:
            for node, how in one.changes:
                changes[node].append(how)
        fitting = Fitting(self.module, width(self._lines), self._lines)
        changed = self.module.visit(_Apply(changes, fitting, self._ranges))
        for module, name in dict.fromkeys(needed for one in edits for needed in one.imports):
            changed = with_import(changed, module, name)
        context = CodemodContext()
        unneeded = dict.fromkeys(needless for one in edits for needless in one.unneeded)
        for module, name in unneeded:
            RemoveImportsVisitor.remove_unused_import(context, module, name or None)
        return (RemoveImportsVisitor(context).transform_module(changed) if unneeded else changed).bytes


def _end(where: CodeRange) -> tuple[int, int]:
    return where.end.line, where.end.column


class _Apply(cst.CSTTransformer):
    def __init__(self, changes: dict[cst.CSTNode, list[How]], fitting: Fitting, ranges: Any) -> None:
        super().__init__()
        self._changes = changes
        self._fitting = fitting
        self._ranges = ranges
        self._indents, self._starts = [0], [0]
        self._touched = [False]  # Of each line and suite that is open, whether something in it was changed.

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Note how far the statement is indented."""
        if isinstance(node, _STATEMENTS):
            self._indents.append(self._ranges[node].start.column)
            self._starts.append(self._ranges[node].start.line)
        if isinstance(node, _LINES):
            self._touched.append(False)
        return super().on_visit(node)

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        """Give each node that was asked for to those who asked, and lay out what they made of it."""
        if isinstance(original_node, _STATEMENTS):
            self._indents.pop()
            self._starts.pop()
        asked = self._changes.get(original_node, ())
        self._touched[-1] |= bool(asked)
        for how in asked:
            updated_node = how(updated_node)
        if asked and isinstance(original_node, cst.Call):
            return self._laid_out(original_node, updated_node)
        if not isinstance(original_node, _LINES) or not self._touched.pop():
            return updated_node
        column = self._ranges[original_node].start.column
        if isinstance(updated_node, cst.FlattenSentinel):
            return cst.FlattenSentinel([self._line(node, column) for node in updated_node])
        return self._line(updated_node, column)

    def _line(self, node: cst.CSTNode, column: int) -> Any:
        return self._fitting.line(node, column) if isinstance(node, Line) else node

    def _laid_out(self, old: cst.Call, new: cst.CSTNode) -> cst.CSTNode:
        """A call that was changed, or is awaited now."""
        if isinstance(new, cst.Await) and isinstance(new.expression, cst.Call):
            return new.with_changes(expression=self._call(old, new.expression, len("await ") + len(new.lpar)))
        return self._call(old, new, 0) if isinstance(new, cst.Call) else new

    def _call(self, old: cst.Call, new: cst.Call, more: int) -> cst.Call:
        """What was aligned with its bracket still is, and arguments that are too long for one line are on several.

        `more` is how much longer the line is by what stands before the call now.
        """
        where = self._ranges[old]
        if where.start.line == where.end.line and where.start.line > self._starts[-1]:
            return self._fitting.inside(old, new, where.start.line, self._indents[-1], more)
        if not isinstance(old.whitespace_before_args, cst.ParenthesizedWhitespace):
            by = more + len(cst.Module([]).code_for_node(new.func)) - len(cst.Module([]).code_for_node(old.func))
            start = self._ranges[old.func].end.column + 1
            args = [realigned(arg, self._indents[-1], start, by) for arg in new.args]
            return new.with_changes(args=args)
        if not old.args or not new.args:
            return new
        return self._fitting.call(old, new, where, self._ranges[old.args[0]].start.column, more)


class Spot:
    """One finding. `place` is what the rule reported (a call is a `scanners.place.Call`), `ctx` its file.

    `loggers` are the dotted names of loggers of other files, of `logging`, that the file may import.
    """

    def __init__(self, place: Place[Any], ctx: Context, source: Source, message: str, loggers: Collection[str]) -> None:
        self.place = place
        self.loggers = loggers
        self.ctx = ctx
        self.message = message
        self.edits = Edits()
        self._source = source

    @property
    def call(self) -> Call:
        """The place as the call that it is. Raises NotOfferedError."""
        if not isinstance(self.place, Call):
            raise NotOfferedError("The code at the finding is no call.")
        return self.place

    def node(self, kind: type[Node], at: ast.AST | None = None) -> Node:
        """The concrete node of an abstract one, by default of the reported one. Raises NotOfferedError."""
        found = self._source.node(at or self.place.node)
        if isinstance(found, kind):
            return found
        raise NotOfferedError("The code at the finding is not of the shape that is mended.")

    def value(self, at: ast.expr) -> cst.BaseExpression:
        """The concrete expression of an abstract one. Raises NotOfferedError."""
        found: cst.BaseExpression = self._source.node(at)
        return found

    def handler(self, at: ast.ExceptHandler) -> cst.ExceptHandler | cst.ExceptStarHandler:
        """The concrete except clause of an abstract one. Raises NotOfferedError."""
        found: cst.ExceptHandler | cst.ExceptStarHandler = self._source.node(at)
        return found

    def parent(self, node: cst.CSTNode) -> cst.CSTNode:
        """What directly holds a node."""
        found: cst.CSTNode = self._source.parents[node]
        return found

    def above(self, node: cst.CSTNode, *kinds: type[Node]) -> Node:
        """The nearest of these kinds that holds a node. Raises NotOfferedError."""
        for found in self._holders(node):
            if isinstance(found, kinds):
                return found
        raise NotOfferedError("The code around the finding is not of the shape that is mended.")

    def _holders(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        while node in self._source.parents:
            node = self._source.parents[node]
            yield node

    def change(self, node: cst.CSTNode, how: How) -> None:
        """Replace a node by what `how` makes of it. It is given the node with all changes inside already made.

        It may return another node, `cst.FlattenSentinel` of several, or `cst.RemoveFromParent()`.
        """
        self.edits.changes.append((node, how))

    def expression(self, code: str) -> Any:
        """An expression from its text."""
        return cst.parse_expression(code, self._source.module.config_for_parsing)

    def statement(self, code: str) -> Any:
        """A statement from its text; blocks in it are indented as those of the file."""
        return cst.parse_statement(code, self._source.module.config_for_parsing)

    def code(self, node: cst.CSTNode) -> str:
        """The text of a node."""
        return self._source.module.code_for_node(node)

    def imported(self, module: str, name: str = "") -> str:
        """What stands here for a module, or for a name of it; it is imported if the file does not do so yet.

        Raises NotOfferedError when the file calls something else so.
        """
        dotted = f"{module}.{name}" if name else module
        head = name or module.partition(".")[0]
        if self._is_imported_around(head, dotted):
            return name or module
        for text, bindings in self.ctx.module.names.items():
            if any(bound.kind == "import" and bound.value == dotted for bound in bindings):
                if len(bindings) > 1 or self.is_hidden(text):
                    raise NotOfferedError(f"The file calls several things {text}.")
                if is_for_types(bindings[0].line, self.ctx.tree):
                    raise NotOfferedError(f"The file imports {text} for type checkers only.")
                return text
        bindings = self.ctx.module.names.get(head, [])
        if any(bound.value != head for bound in bindings) or self.is_hidden(head):
            raise NotOfferedError(f"The file calls something else {head}.")
        self.edits.imports.append((module, name))
        return name or module

    def unneeded(self, module: str, name: str = "") -> None:
        """Take an import out if nothing else uses it. One that stands for a whole `__init__` may be used elsewhere."""
        if self.ctx.role != "init":
            self.edits.unneeded.append((module, name))

    def is_used(self, name: str) -> bool:
        """Whether the def around the finding, or one around that, gives something this name."""
        return self.is_hidden(name) or name in self.ctx.module.names

    def _is_imported_around(self, head: str, dotted: str) -> bool:
        """Whether the def around the finding imports it above the finding, and calls nothing else so."""
        bindings = self.place.scope.bindings(head) if self.place.scope.parent is not None else []
        return bool(bindings) and all(
            bound.kind == "import" and bound.value == dotted and bound.line < self.place.line for bound in bindings
        )

    def is_hidden(self, name: str) -> bool:
        """Whether a def around the finding has a name of its own that is the same."""
        scope: Scope | None = self.place.scope
        while scope is not None and scope.parent is not None:
            if scope.bindings(name):
                return True
            scope = scope.parent
        return False
