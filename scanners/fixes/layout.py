"""Where new arguments of a call go: on its line while there is room, else each on a line of its own."""

from collections.abc import Sequence
from typing import Final

import libcst as cst

from scanners.fixes.fitting import width
from scanners.fixes.spot import Spot

_SPACE: Final = cst.SimpleWhitespace(" ")
_NOTHING: Final = cst.SimpleWhitespace("")


def with_values(
    spot: Spot, call: cst.Call, position: int, message: cst.BaseExpression, values: Sequence[cst.BaseExpression]
) -> cst.Call:
    """The call with another argument at `position`, and these values after it."""
    old = call.args[position]
    args = [old.with_changes(value=message), *(cst.Arg(value) for value in values)]
    rest = call.args[position + 1 :]
    if not values:
        return call.with_changes(args=[*call.args[:position], *args, *rest])
    space = _between(spot, call, old, args)
    end = old.whitespace_after_arg
    if space is not _SPACE and not _is_comma(old) and isinstance(end, cst.ParenthesizedWhitespace):
        old = old.with_changes(comma=cst.Comma(whitespace_after=end), whitespace_after_arg=_NOTHING)
    return call.with_changes(args=[*call.args[:position], *_joined(args, old, space), *rest])


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
    return "\n" not in whole and _indent(spot) + len(line.last_line.value) + len(whole) <= width(spot.ctx.source_lines)


def _indent(spot: Spot) -> int:
    statement = spot.place.stmt
    return statement.col_offset if statement is not None else 0
