"""Lines that a fix made longer: broken inside brackets as formatters do it, and aligned with the bracket again."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import libcst as cst
from libcst.metadata import CodeRange

from scanners.fixes.quotes import single
from scanners.regex import regex

_NARROW: Final = 79
_USUAL: Final = 88
_MANY: Final = 10
_WIDE: Final = 120
_GAP: Final = regex(r"\s+")
_TEXT: Final = regex(r""""[^"]*"|'[^']*'""")
_CALLED: Final = regex(r"\w\(")
_NOTHING: Final = cst.SimpleWhitespace("")
_SPACE: Final = cst.SimpleWhitespace(" ")
_INNER: Final[dict[type, str]] = {
    cst.Expr: "value",
    cst.Return: "value",
    cst.Assign: "value",
    cst.AnnAssign: "value",
    cst.AugAssign: "value",
    cst.Raise: "exc",
    cst.Await: "expression",
    cst.Attribute: "value",
    cst.Subscript: "value",
    cst.Call: "func",
    cst.Decorator: "decorator",
    cst.WithItem: "item",
    cst.If: "test",
    cst.While: "test",
    cst.For: "iter",
    cst.UnaryOperation: "expression",
}
_HEADS: Final = (cst.If, cst.While, cst.For)
Line = (cst.SimpleStatementLine, cst.With, cst.Decorator, *_HEADS)


def width(lines: Sequence[str]) -> int:
    """How long lines may be: as the longest that a formatter could have broken, within what formatters are set to.

    Who writes many texts in single quotes uses no formatter that breaks at 88.
    """
    longest = _NARROW if single(lines) > _MANY else _USUAL
    for line in lines:
        if len(line) > longest and "#" not in line and _CALLED.search(_TEXT.sub("", line)):
            longest = len(line)
    return min(_WIDE, longest)


class Fitting:
    """Breaks lines of one file, given as they were. `most` is how long they may be."""

    def __init__(self, module: cst.Module, most: int, lines: Sequence[str]) -> None:
        self._lines_before = lines
        self._code = module.code_for_node
        self._step = module.default_indent
        self._most = most

    def line(self, node: Any, column: int) -> Any:
        """A statement, the head of a `with` or a decorator at a column: broken where it stands on one line too long."""
        text = self._head(node)
        if "\n" in text or column + len(text) <= self._most:
            return node
        for call in _calls(node):
            for broken in self._broken(call, column):
                changed = node.deep_replace(call, broken)
                if all(len(line) + column * (not at) <= self._most for at, line in self._lines(changed, column)):
                    return changed
        return node

    def _lines(self, node: Any, column: int) -> Iterator[tuple[int, str]]:
        """The lines of a head by number; lines after the first come with the column."""
        for number, line in enumerate(self._head(node).split("\n")):
            yield number, line if not number else " " * column + line

    def _head(self, node: Any) -> str:
        """The text of a line, without what stands above it, its comment and its body."""
        if isinstance(node, (cst.With, *_HEADS)):
            no_else = {} if isinstance(node, cst.With) else {"orelse": None}
            bare = node.with_changes(leading_lines=[], body=cst.SimpleStatementSuite([cst.Pass()]), **no_else)
            return self._code(bare).rstrip().removesuffix(" pass")
        return self._code(node.with_changes(leading_lines=[], trailing_whitespace=cst.TrailingWhitespace())).rstrip()

    def _broken(self, call: cst.Call, column: int) -> Iterator[cst.Call]:
        """The call with its arguments on a line of their own; then, if that is too long, each on its own."""
        inner, end = _line_end(self._step), _line_end("")
        *others, last = call.args
        if not isinstance(last.comma, cst.Comma):
            text = "".join(map(self._code, call.args))
            if len(call.args) == 1 or column + len(self._step) + len(text) <= self._most:
                last = last.with_changes(whitespace_after_arg=end)
                yield call.with_changes(args=[*others, last], whitespace_before_args=inner)
        if len(call.args) > 1:
            yield exploded(call, inner, end)

    def inside(self, old: cst.Call, new: cst.Call, line: int, indent: int, more: int) -> cst.Call:
        """A call on a later line of a statement: broken where that line was not too long, and now is.

        `indent` is the statement's, `more` how much longer the line is by what stands before the call.
        """
        text, code = self._lines_before[line - 1], self._code(new)
        longer = len(text) + more + len(code) - len(self._code(old))
        column = len(text) - len(text.lstrip(" "))
        if not new.args or "\n" in code or not len(text) <= self._most < longer or column < indent:
            return new
        last, inner = new.args[-1], _line_end(" " * (column - indent) + self._step)
        end = _line_end(" " * (column - indent))
        if column + len(self._step) + len("".join(map(self._code, new.args))) > self._most:
            return exploded(new, inner, end)
        args = [*new.args[:-1], last.with_changes(whitespace_after_arg=end)]
        return new.with_changes(args=args, whitespace_before_args=inner)

    def call(self, old: cst.Call, call: cst.Call, where: CodeRange, column: int, more: int) -> cst.Call:
        """A call whose arguments stand on a line of their own, at a column: each on its own where they are too long.

        On the line of the call where only their length kept them from it.
        """
        joined = self._joined(old, call, where, more)
        if joined is not None:
            return joined
        before, last = call.whitespace_before_args, call.args[-1]
        if (
            not isinstance(before, cst.ParenthesizedWhitespace)
            or len(call.args) == 1
            or isinstance(last.comma, cst.Comma)
        ):
            return call
        text = "".join(map(self._code, call.args)).rstrip()
        end = last.whitespace_after_arg
        if "\n" in text or column + len(text) <= self._most or not isinstance(end, cst.ParenthesizedWhitespace):
            return call
        return exploded(call, before, end)

    def _joined(self, old: cst.Call, new: cst.Call, where: CodeRange, more: int) -> cst.Call | None:
        """The call on one line, if it has room there now and had none before."""
        before, last = new.whitespace_before_args, new.args[-1]
        bare = not isinstance(last.comma, cst.Comma) and "#" not in self._code(before) + self._code(last)
        one = new.with_changes(
            whitespace_before_args=_NOTHING, args=[*new.args[:-1], last.with_changes(whitespace_after_arg=_NOTHING)]
        )
        code, head = self._code(one), where.start.column + more
        tail = len(self._lines_before[where.end.line - 1].partition("#")[0].rstrip()) - where.end.column
        was = head + len(_GAP.sub(" ", self._code(old))) - len("  ") + tail
        return one if bare and "\n" not in code and head + len(code) + tail <= self._most < was else None


def exploded(call: cst.Call, inner: cst.ParenthesizedWhitespace, end: cst.ParenthesizedWhitespace) -> cst.Call:
    """The call with each argument on a line of its own, and a comma after the last."""
    args = [
        arg.with_changes(comma=cst.Comma(whitespace_after=inner), whitespace_after_arg=_NOTHING) for arg in call.args
    ]
    args[-1] = args[-1].with_changes(comma=cst.Comma(whitespace_after=end))
    return call.with_changes(args=args, whitespace_before_args=inner)


def _line_end(indent: str) -> cst.ParenthesizedWhitespace:
    return cst.ParenthesizedWhitespace(cst.TrailingWhitespace(), [], True, cst.SimpleWhitespace(indent))


def _calls(node: Any) -> Iterator[cst.Call]:
    """The calls of a line that stand in no bracket, from the last on, each with arguments on its line."""
    if isinstance(node, cst.SimpleStatementLine):
        yield from _calls(node.body[0] if len(node.body) == 1 else None)
    elif isinstance(node, cst.With):
        for item in reversed(node.items):
            yield from _calls(item)
    else:
        if isinstance(node, cst.Call) and node.args:
            yield node
        inner = getattr(node, _INNER.get(type(node), ""), None)
        if inner is not None:
            yield from _calls(inner)


def realigned(node: Any, indent: int, start: int, by: int) -> Any:
    """What was aligned with a bracket that ended at column `start`, moved with it. `indent` is the statement's."""
    return node.visit(_Realign(indent, start, by)) if by else node


class _Realign(cst.CSTTransformer):
    def __init__(self, indent: int, start: int, by: int) -> None:
        super().__init__()
        self._indent, self._start, self._by = indent, start, by

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        """Move one continued line."""
        if not isinstance(original_node, cst.ParenthesizedWhitespace):
            return updated_node
        space = updated_node.last_line.value
        if "\t" in space or not updated_node.indent or self._indent + len(space) < self._start:
            return updated_node
        return updated_node.with_changes(last_line=cst.SimpleWhitespace(" " * (len(space) + self._by)))
