"""Puts newer syntax back into the tree of a rewritten text: f-strings, t-strings, unpacking in comprehensions."""

import ast
from typing import Any, Final

from scanners.literals import Literal, restored

_COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.GeneratorExp)


def uplevel(tree: ast.Module, text: str, literals: list[Literal], unpacked: dict[int, str]) -> None:
    """Change `tree` in place. `unpacked` says where brackets open whose comprehension unpacks by `*` or `**`.

    Raises SyntaxError when a string stands where no string may.
    """
    if not literals and not unpacked:
        return
    places = _positions(text, sorted([*(literal.at for literal in literals), *unpacked]))
    strings = {places[literal.at]: literal for literal in literals}
    stars = {places[at]: star for at, star in unpacked.items()}
    stack: list[Any] = [tree]
    while stack:
        node = stack.pop()
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


def _newer(node: Any, strings: dict[tuple[int, int], Literal], stars: dict[tuple[int, int], str]) -> Any:
    if type(node) is ast.List:
        literal = strings.pop((node.lineno, node.col_offset), None)
        return node if literal is None else restored(node, literal)
    if isinstance(node, _COMPREHENSIONS) and (star := stars.get((node.lineno, node.col_offset))):
        return _unpacking(node, star)
    return node


def _unpacking(node: Any, star: str) -> Any:
    if star == "**":
        nothing = ast.copy_location(ast.Constant(None), node.elt)
        return ast.copy_location(ast.DictComp(node.elt, nothing, node.generators), node)
    node.elt = ast.copy_location(ast.Starred(node.elt, ast.Load()), node.elt)
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
