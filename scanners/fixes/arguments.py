"""Arguments of calls, added and replaced in the way the call is laid out."""

from collections.abc import Callable

import libcst as cst

from scanners.fixes.fix import NotOfferedError


def with_keyword(name: str, value: cst.BaseExpression) -> Callable[[cst.Call], cst.Call]:
    """A change of calls: `name=value` as the last argument, or in place of the value that `name` has."""

    def how(call: cst.Call) -> cst.Call:
        words = [arg.keyword.value if arg.keyword else "" for arg in call.args]
        if name in words:
            args = [
                arg.with_changes(value=value) if word == name else arg
                for arg, word in zip(call.args, words, strict=True)
            ]
            return call.with_changes(args=args)
        bare = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
        return _appended(call, cst.Arg(value, keyword=cst.Name(name), equal=bare))

    return how


def without_keyword(name: str) -> Callable[[cst.Call], cst.Call]:
    """A change of calls: the argument `name=...` taken out."""

    def how(call: cst.Call) -> cst.Call:
        return _left(call, [arg for arg in call.args if arg.keyword is None or arg.keyword.value != name])

    return how


def refuse_unpacked(call: cst.Call) -> None:
    """Raises NotOfferedError for a call whose arguments are hidden in `*args` or `**options`."""
    if any(arg.star for arg in call.args):
        raise NotOfferedError("Some arguments are unpacked from a variable, and may hold the one that is missing.")


def last_part(func: cst.BaseExpression) -> str:
    """What stands after the last dot of what is called, empty for anything that is no name."""
    if isinstance(func, cst.Attribute):
        return func.attr.value
    return func.value if isinstance(func, cst.Name) else ""


def _appended(call: cst.Call, new: cst.Arg) -> cst.Call:
    if not call.args:
        return call.with_changes(args=[new])
    *others, last = call.args
    if isinstance(last.value, cst.GeneratorExp) and not last.value.lpar:
        raise NotOfferedError("The only argument is a bare generator.")
    space, comma, end, none = _between(call), last.comma, last.whitespace_after_arg, cst.SimpleWhitespace("")
    if not isinstance(comma, cst.Comma):
        told, comma = _with_comment_of(space, end), cst.Comma(whitespace_after=_without_comment(end))
        joined = last.with_changes(
            comma=cst.Comma(whitespace_after=told), whitespace_after_arg=cst.SimpleWhitespace("")
        )
        if not others and isinstance(space, cst.ParenthesizedWhitespace):
            return call.with_changes(args=[joined, new.with_changes(comma=comma)])
        return call.with_changes(args=[*others, joined, new.with_changes(whitespace_after_arg=_without_comment(end))])
    told = _with_comment_of(space, comma.whitespace_after)
    joined = last.with_changes(comma=cst.Comma(whitespace_after=told), whitespace_after_arg=none)
    ended = comma.with_changes(whitespace_after=_without_comment(comma.whitespace_after))
    return call.with_changes(args=[*others, joined, new.with_changes(comma=ended, whitespace_after_arg=end)])


def _without_comment(space: cst.BaseParenthesizableWhitespace) -> cst.BaseParenthesizableWhitespace:
    """A line break without the comments that stand before it."""
    if not isinstance(space, cst.ParenthesizedWhitespace):
        return space
    return space.with_changes(first_line=cst.TrailingWhitespace(newline=space.first_line.newline), empty_lines=[])


def _with_comment_of(
    space: cst.BaseParenthesizableWhitespace, old: cst.BaseParenthesizableWhitespace
) -> cst.BaseParenthesizableWhitespace:
    """The space before a new argument, with the comment behind the argument that was the last so far."""
    plain = _without_comment(space)
    if not isinstance(old, cst.ParenthesizedWhitespace) or old.first_line.comment is None:
        return plain
    if not isinstance(plain, cst.ParenthesizedWhitespace):
        raise NotOfferedError("A comment stands behind the last argument, on the line that gets another.")
    return plain.with_changes(first_line=old.first_line)


def _between(call: cst.Call) -> cst.BaseParenthesizableWhitespace:
    """The space before another argument: a line of its own where others have one."""
    *others, last = call.args
    if others:
        comma = others[-1].comma
        return comma.whitespace_after if isinstance(comma, cst.Comma) else cst.SimpleWhitespace(" ")
    first = call.whitespace_before_args
    alone = isinstance(last.comma, cst.Comma) or "\n" in cst.Module([]).code_for_node(last.value)
    return first if alone and isinstance(first, cst.ParenthesizedWhitespace) else cst.SimpleWhitespace(" ")


def renamed(name: str) -> Callable[[cst.Call], cst.Call]:
    """A change of calls of an attribute: another name after the last dot."""
    return lambda call: call.with_changes(
        func=cst.ensure_type(call.func, cst.Attribute).with_changes(attr=cst.Name(name))
    )


def without_position(position: int) -> Callable[[cst.Call], cst.Call]:
    """A change of calls: the argument at `position`, if there is one by position, taken out."""

    def how(call: cst.Call) -> cst.Call:
        if position >= len(call.args) or call.args[position].keyword is not None:
            return call
        return _left(call, [arg for number, arg in enumerate(call.args) if number != position])

    return how


def _left(call: cst.Call, args: list[cst.Arg]) -> cst.Call:
    """The call with some of its arguments; the last of them ends as the last one did."""
    if args and args[-1] is not call.args[-1]:
        last = call.args[-1]
        args[-1] = args[-1].with_changes(comma=last.comma, whitespace_after_arg=last.whitespace_after_arg)
    return call.with_changes(args=args)
