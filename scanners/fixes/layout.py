"""Where new arguments of a call go: on its line while there is room, else each on a line of its own."""

import ast
from collections.abc import Sequence
from typing import Final

import libcst as cst

from scanners.fixes.spot import Spot

_NARROW: Final = 88
_WIDE: Final = 120
_SPACE: Final = cst.SimpleWhitespace(" ")
_NOTHING: Final = cst.SimpleWhitespace("")


def width(spot: Spot) -> int:
    """How long lines may be: as the longest of the file, within what formatters are set to."""
    longest = max((len(line) for line in spot.ctx.source_lines), default=0)
    return min(_WIDE, max(_NARROW, longest))


def with_values(
    spot: Spot, call: cst.Call, position: int, message: cst.BaseExpression, values: Sequence[cst.BaseExpression]
) -> cst.Call:
    """The call with another argument at `position`, and these values after it."""
    old = call.args[position]
    args = [old.with_changes(value=message), *(cst.Arg(value) for value in values)]
    rest = call.args[position + 1 :]
    space = _between(spot, call, old, args)
    if space is not _SPACE and not _is_comma(old):
        end = old.whitespace_after_arg
        old = old.with_changes(comma=cst.Comma(whitespace_after=end), whitespace_after_arg=_NOTHING)
    changed = call.with_changes(args=[*call.args[:position], *_joined(args, old, space), *rest])
    return changed if isinstance(call.whitespace_before_args, cst.ParenthesizedWhitespace) else _broken(spot, changed)


def _between(spot: Spot, call: cst.Call, old: cst.Arg, args: list[cst.Arg]) -> cst.BaseParenthesizableWhitespace:
    """What stands between arguments: a line break where they are on lines of their own, or would be too long."""
    line = call.whitespace_before_args
    if not isinstance(line, cst.ParenthesizedWhitespace):
        return _SPACE
    if isinstance(old.comma, cst.Comma):
        return line if isinstance(old.comma.whitespace_after, cst.ParenthesizedWhitespace) else _SPACE
    return _SPACE if _fits(spot, [spot.code(arg) for arg in args], line) else line


def _is_comma(arg: cst.Arg) -> bool:
    return isinstance(arg.comma, cst.Comma)


def _joined(args: list[cst.Arg], old: cst.Arg, space: cst.BaseParenthesizableWhitespace) -> list[cst.Arg]:
    """Arguments with this space between them; the last ends as the one ended that they replace."""
    comma = cst.Comma(whitespace_after=space)
    inner = [arg.with_changes(comma=comma, whitespace_after_arg=_NOTHING) for arg in args[:-1]]
    return [*inner, args[-1].with_changes(comma=old.comma, whitespace_after_arg=old.whitespace_after_arg)]


def _fits(spot: Spot, texts: list[str], line: cst.ParenthesizedWhitespace) -> bool:
    whole = ", ".join(text.strip().rstrip(",") for text in texts)
    return "\n" not in whole and _indent(spot) + len(line.last_line.value) + len(whole) <= width(spot)


def _indent(spot: Spot) -> int:
    statement = spot.place.stmt
    return statement.col_offset if statement is not None else 0


def _broken(spot: Spot, call: cst.Call) -> cst.Call:
    """A call that was one line and a statement of its own, on several lines if it has become too long for one."""
    statement = spot.place.stmt
    alone = isinstance(statement, ast.Expr) and statement.value is spot.place.node
    text = spot.code(call)
    was = statement.lineno == statement.end_lineno if statement is not None else False
    if not alone or not was or "\n" in text or _indent(spot) + len(text) <= width(spot):
        return call
    step = spot.above(spot.node(cst.Call), cst.Module).default_indent
    line = cst.ParenthesizedWhitespace(cst.TrailingWhitespace(), [], True, cst.SimpleWhitespace(step))
    last = cst.ParenthesizedWhitespace(cst.TrailingWhitespace(), [], True, _NOTHING)
    between = cst.Comma(whitespace_after=line)
    args = [arg.with_changes(comma=between, whitespace_after_arg=_NOTHING) for arg in call.args]
    args[-1] = args[-1].with_changes(comma=cst.Comma(whitespace_after=last))
    return call.with_changes(args=args, whitespace_before_args=line)
