"""Puts newer syntax back into the tree of a rewritten text: f-strings, t-strings, unpacking, types that are caught."""

import ast
from typing import Any, Final

from scanners.literals import Literal, restored

_COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.GeneratorExp)


_Spot = tuple[int, int]


def uplevel(
    tree: ast.Module,
    text: str,
    literals: list[Literal],
    unpacked: dict[int, tuple[int, str]],
    caught: dict[int, int],
) -> None:
    """Change `tree` in place. All places are offsets in `text`.

    `unpacked` says where brackets open whose comprehension unpacks, where its star stands and which it is; `caught`
    where the types of an except clause start that are joined by `|`, and how many they are. Raises SyntaxError when a
    string stands where no string may.
    """
    if not literals and not unpacked and not caught:
        return
    offsets = {*(literal.at for literal in literals), *unpacked, *(at for at, _ in unpacked.values()), *caught}
    places = _positions(text, sorted(offsets))
    strings = {places[literal.at]: literal for literal in literals}
    stars = {places[at]: (places[star_at], star) for at, (star_at, star) in unpacked.items()}
    types = {places[at]: count for at, count in caught.items()}
    stack: list[Any] = [tree]
    while stack:
        node = stack.pop()
        if types and type(node) is ast.ExceptHandler and node.type is not None:
            node.type = _apart(node.type, types)
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                value[:] = [_newer(part, strings, stars) for part in value]
                stack += [part for part in value if isinstance(part, ast.AST)]
            elif isinstance(value, ast.AST):
                newer = _newer(value, strings, stars)
                setattr(node, name, newer)
                stack.append(newer)
    for line, _ in strings:
        raise SyntaxError("invalid syntax", ("<blob>", line, 0, ""))


def _apart(expr: ast.expr, types: dict[_Spot, int]) -> ast.expr:
    """The types of an except clause as a tuple, if this is one that has them joined by `|`."""
    count, rest = types.get((expr.lineno, expr.col_offset), 0), expr
    parts: list[ast.expr] = []
    if not count:
        return expr
    while len(parts) < count - 1 and isinstance(rest, ast.BinOp):
        parts.append(rest.right)
        rest = rest.left
    return ast.copy_location(ast.Tuple([rest, *reversed(parts)], ast.Load()), expr)


def _newer(node: Any, strings: dict[_Spot, Literal], stars: dict[_Spot, tuple[_Spot, str]]) -> Any:
    if type(node) is ast.List:
        literal = strings.pop((node.lineno, node.col_offset), None)
        return node if literal is None else restored(node, literal)
    if isinstance(node, _COMPREHENSIONS) and (star := stars.get((node.lineno, node.col_offset))):
        return _unpacking(node, *star)
    return node


def _unpacking(node: Any, at: _Spot, star: str) -> Any:
    if star == "**":
        nothing = ast.copy_location(ast.Constant(None), node.elt)
        return ast.copy_location(ast.DictComp(node.elt, nothing, node.generators), node)
    node.elt = ast.copy_location(ast.Starred(node.elt, ast.Load()), node.elt)
    node.elt.lineno, node.elt.col_offset = at
    return node


def _positions(text: str, offsets: list[int]) -> dict[int, tuple[int, int]]:
    """Line and column of each offset as a tree counts them: lines from 1, columns in bytes of UTF-8 from 0."""
    found, at, line, column = {}, 0, 1, 0
    for offset in offsets:
        chunk = text[at:offset]
        lines = chunk.count("\n")
        if lines:
            line, column = line + lines, 0
            chunk = chunk[chunk.rindex("\n") + 1 :]
        column += len(chunk.encode("utf-8", "surrogatepass"))
        at = offset
        found[offset] = (line, column)
    return found
