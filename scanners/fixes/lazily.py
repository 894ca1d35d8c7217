"""Messages put together by Python, taken apart into a printf-style text and its values. Refuses what is not exact."""

import ast
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import libcst as cst
import libcst.matchers as m

from scanners.fixes.fix import NotOfferedError
from scanners.regex import regex
from scanners.semantics.logging.formats import fault

_SPEC: Final = regex(r"(?P<align>[<>]?)(?P<zero>0?)(?P<width>\d*)(?P<precision>(?:\.\d+)?)(?P<kind>[dfxX]?)")
_LONG: Final = 70
_MAPPINGS: Final = frozenset({"locals", "globals", "vars"})


@dataclass(frozen=True, slots=True)
class Lazy:
    """A text with placeholders and the values for them, in order."""

    text: cst.BaseExpression
    values: list[cst.BaseExpression]


def taken_apart(message: cst.BaseExpression, node: ast.expr) -> Lazy:
    """The message of a log call, as concrete and as abstract syntax. Raises NotOfferedError."""
    if m.findall(message, m.Comment()):
        raise NotOfferedError("There are comments inside the message.")
    if not isinstance(node, ast.JoinedStr) and "\n" in cst.Module([]).code_for_node(message):
        return _short(_other(message, node))
    return _other(message, node)


def _short(lazy: Lazy) -> Lazy:
    """The same, unless its text, which was written on several lines, is now a long one on one."""
    if isinstance(lazy.text, cst.SimpleString) and len(lazy.text.value) > _LONG:
        raise NotOfferedError("The message is written on several lines, and too long for one.")
    return lazy


def _other(message: cst.BaseExpression, node: ast.expr) -> Lazy:
    if isinstance(node, ast.JoinedStr) and isinstance(message, (cst.FormattedString, cst.ConcatenatedString)):
        return _checked(_formatted(message, node), "".join(_pieces(node)))
    if isinstance(node, ast.BinOp) and isinstance(message, cst.BinaryOperation):
        return _percent(message, node) if isinstance(node.op, ast.Mod) else _sum(message, node)
    if isinstance(node, ast.Call) and isinstance(message, cst.Call):
        return _format(message, node)
    raise NotOfferedError("The message is put together in a way that has no plain counterpart.")


def placeholder(conversion: str, spec: str) -> str:
    """The printf-style field that does what `{...!conversion:spec}` does. Raises NotOfferedError."""
    found = _SPEC.fullmatch(spec)
    if found is None or (found["zero"] and (not found["kind"] or found["align"])):
        raise NotOfferedError(f"The format {spec!r} has no exact counterpart.")
    kind = found["kind"] or conversion or "s"
    aligned = bool(found["align"]) or not found["width"] or bool(found["kind"]) or conversion == "s"
    if not aligned or (found["precision"] and kind != "f") or (conversion and found["kind"]):
        raise NotOfferedError(f"The format {spec!r} has no exact counterpart.")
    left = found["align"] == "<" or (conversion != "" and found["width"] and not found["align"])
    return f"%{'-' if left else ''}{found['zero']}{found['width']}{found['precision']}{kind}"


def _pieces(node: ast.JoinedStr) -> Iterator[str]:
    """The printf-style text that an f-string stands for, as Python would read it."""
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            yield _field(part)
        elif isinstance(part, ast.Constant):
            yield str(part.value).replace("%", "%%")


def _field(part: ast.FormattedValue) -> str:
    parts = part.format_spec.values if isinstance(part.format_spec, ast.JoinedStr) else []
    if any(not isinstance(inner, ast.Constant) for inner in parts):
        raise NotOfferedError("A format in the message is itself put together.")
    spec = "".join(str(inner.value) for inner in parts if isinstance(inner, ast.Constant))
    return placeholder(chr(part.conversion) if part.conversion > 0 else "", spec)


def _formatted(message: cst.BaseExpression, node: ast.JoinedStr) -> Lazy:
    fields = iter([_field(part) for part in node.values if isinstance(part, ast.FormattedValue)])
    values: list[cst.BaseExpression] = []
    return Lazy(_leaf(message, fields, values), values)


def _leaf(text: cst.BaseExpression, fields: Iterator[str], values: list[cst.BaseExpression]) -> cst.BaseExpression:
    """A literal, or several in a row, with placeholders in place of what is put in; that goes to `values`."""
    if isinstance(text, cst.ConcatenatedString):
        left, right = _leaf(text.left, fields, values), _leaf(text.right, fields, values)
        return text.with_changes(left=left, right=right)
    if isinstance(text, cst.SimpleString):
        return text.with_changes(value=text.value.replace("%", "%%"))
    if not isinstance(text, cst.FormattedString):
        raise NotOfferedError("The message is put together in a way that has no plain counterpart.")
    raw = ""
    for part in text.parts:
        if isinstance(part, cst.FormattedStringText):
            raw += part.value.replace("{{", "{").replace("}}", "}").replace("%", "%%")
        elif isinstance(part, cst.FormattedStringExpression):
            if part.equal is not None:
                raise NotOfferedError("`=` in the f-string writes the expression down.")
            field = next(fields)
            raw += field
            value = shown_of(part.expression) if field == "%s" else _alone(part.expression)
            values.append(_requoted(value, text.end) if len(text.end) == 1 else value)
    prefix = text.start.rstrip("'\"").replace("f", "").replace("F", "")
    quotes = text.start.lstrip("rRfF")
    return cst.SimpleString(f"{prefix}{quotes}{raw}{text.end}", lpar=text.lpar, rpar=text.rpar)


def _requoted(value: cst.BaseExpression, quote: str) -> cst.BaseExpression:
    """A value with the quotes of the text around it, which it could not have inside."""
    changed = value.visit(_Requote(quote))
    return changed if isinstance(changed, cst.BaseExpression) else value


class _Requote(m.MatcherDecoratableTransformer):
    def __init__(self, quote: str) -> None:
        super().__init__()
        self._quote = quote

    @m.leave(m.SimpleString())
    def requote(self, original_node: cst.SimpleString, updated_node: cst.SimpleString) -> cst.SimpleString:
        """Change the quotes of a plain text."""
        text = updated_node.value
        plain = text[0] == text[-1] and text[0] in "'\"" and not set(text[1:-1]) & {"'", '"', "\\"}
        return updated_node.with_changes(value=f"{self._quote}{text[1:-1]}{self._quote}") if plain else updated_node


def _alone(value: cst.BaseExpression) -> cst.BaseExpression:
    """A value as an argument: in parentheses where it would be several."""
    if isinstance(value, (cst.Tuple, cst.Yield)) and not value.lpar:
        return value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return value.with_changes(lpar=[], rpar=[]) if isinstance(value, (cst.Name, cst.Attribute, cst.Call)) else value


def _checked(lazy: Lazy, expected: str) -> Lazy:
    """The same, if Python reads its text as expected and there is a value for each placeholder."""
    try:
        said = ast.literal_eval(cst.Module([]).code_for_node(_bare(lazy.text)))
    except (ValueError, SyntaxError) as error:
        raise NotOfferedError("The text of the message cannot be kept as it is written.") from error
    if said != expected:
        raise NotOfferedError("The text of the message cannot be kept as it is written.")
    return lazy


def _bare(text: cst.BaseExpression) -> cst.BaseExpression:
    """A literal of several parts in parentheses, so that it can be read by itself."""
    return text if text.lpar else text.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _percent(message: cst.BinaryOperation, node: ast.BinOp) -> Lazy:
    text = node.left.value if isinstance(node.left, ast.Constant) else None
    if not isinstance(text, str):
        raise NotOfferedError("The text before the `%` is put together itself.")
    if isinstance(node.right, ast.Tuple) and isinstance(message.right, cst.Tuple):
        given, values = node.right.elts, [element.value for element in message.right.elements]
        if any(isinstance(element, ast.Starred) for element in given):
            raise NotOfferedError("Values are unpacked from a variable.")
    else:
        given, values = [node.right], [message.right]
    if re.search(r"%\(", text) and not _is_mapping(node.right):
        raise NotOfferedError("Whether the values are a mapping cannot be seen here.")
    if not given or fault(text, list(given)):
        raise NotOfferedError("The placeholders do not fit the values one by one.")
    return Lazy(_without_parentheses(message.left), [_alone(value) for value in values])


def _without_parentheses(text: cst.BaseExpression) -> cst.BaseExpression:
    return text if "\n" in cst.Module([]).code_for_node(text) else text.with_changes(lpar=[], rpar=[])


def _is_mapping(node: ast.expr) -> bool:
    if isinstance(node, ast.Dict):
        return bool(node.keys)
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") in _MAPPINGS


def _sum(message: cst.BinaryOperation, node: ast.BinOp) -> Lazy:
    operands = list(_operands(message, node))
    if not any(isinstance(part, ast.Constant) for _, part in operands[:2]):
        raise NotOfferedError("What is added first is no text in sight.")
    text, values = "", []
    for concrete, part in operands:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            text += part.value.replace("%", "%%")
        elif isinstance(part, (ast.BinOp, ast.JoinedStr, ast.Constant)) or _formats(part):
            raise NotOfferedError("The message is put together in more than one way.")
        else:
            text += "%s"
            values.append(shown_of(concrete))
    first = next(part for part, _ in operands if isinstance(part, (cst.SimpleString, cst.ConcatenatedString)))
    return _checked(Lazy(cst.SimpleString(quoted(text, spoken(first))), values), text)


def _operands(message: cst.BaseExpression, node: ast.expr) -> Iterator[tuple[cst.BaseExpression, ast.expr]]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and isinstance(message, cst.BinaryOperation):
        yield from _operands(message.left, node.left)
        yield message.right, node.right
    else:
        yield message, node


def _formats(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "format"


def shown_of(concrete: cst.BaseExpression) -> cst.BaseExpression:
    """What is shown of an operand: `%s` does what `str(x)` does."""
    made = isinstance(concrete, cst.Call) and isinstance(concrete.func, cst.Name) and concrete.func.value == "str"
    if made and isinstance(concrete, cst.Call) and len(concrete.args) == 1:
        only = concrete.args[0]
        return _alone(only.value if not only.star and only.keyword is None else concrete)
    return _alone(concrete)


def spoken(text: cst.BaseExpression) -> str:
    """The quote that a literal is written with."""
    return '"' if cst.Module([]).code_for_node(text).rstrip(")").endswith('"') else "'"


def quoted(text: str, quote: str) -> str:
    """A text as a literal in these quotes."""
    if quote in text and "'\""[quote == "'"] not in text:
        quote = "'\""[quote == "'"]
    plain = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in _escaped(text))
    return quote + plain.replace(quote, f"\\{quote}") + quote


def _escaped(text: str) -> Iterator[str]:
    return (("\\\\" if sign == "\\" else sign) for sign in text)


def _format(message: cst.Call, node: ast.Call) -> Lazy:
    text = node.func.value if isinstance(node.func, ast.Attribute) else None
    concrete = message.func.value if isinstance(message.func, cst.Attribute) else None
    if not isinstance(text, ast.Constant) or not isinstance(concrete, (cst.SimpleString, cst.ConcatenatedString)):
        raise NotOfferedError("The text of the message is not in sight.")
    if any(arg.star for arg in message.args):
        raise NotOfferedError("Values are unpacked from a variable.")
    given = {arg.keyword.value if arg.keyword else str(at): arg.value for at, arg in enumerate(message.args)}
    said = ""
    values: list[cst.BaseExpression] = []
    used: list[str] = []
    for plain, name, spec, conversion in string.Formatter().parse(str(text.value)):
        said += plain.replace("%", "%%")
        if name is not None:
            key = name or str(len(used))
            if key not in given:
                raise NotOfferedError("A field of the text looks into its value.")
            used.append(key)
            said += placeholder(conversion or "", spec or "")
            values.append(_alone(given[key]))
    if sorted(used) != sorted(given):
        raise NotOfferedError("The fields do not fit the values one by one.")
    return _checked(Lazy(_as_written(concrete, said), values), said)


def _as_written(concrete: cst.BaseExpression, said: str) -> cst.BaseExpression:
    """The literal with another text; one of several parts or lines becomes one."""
    return cst.SimpleString(quoted(said, spoken(concrete)))
