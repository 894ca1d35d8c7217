"""Which expressions end up as text in a line that is logged or printed."""

import ast
from collections.abc import Iterator
from typing import Final

_PLAIN: Final = frozenset(
    "str repr format dict list tuple dumps pformat format_map join strip model_dump copy decode".split()
)


def shown(values: list[ast.expr]) -> Iterator[ast.expr]:
    """The expressions whose text ends up in the line."""
    stack = list(reversed(values))
    while stack:
        value = stack.pop()
        if isinstance(value, ast.JoinedStr):
            stack.extend(part.value for part in value.values if isinstance(part, ast.FormattedValue))
        elif isinstance(value, ast.BinOp):
            stack.extend((value.right, value.left))
        elif isinstance(value, ast.Tuple | ast.List):
            stack.extend(value.elts)
        elif isinstance(value, ast.Dict):
            stack.extend(value.values)
        elif isinstance(value, ast.Starred | ast.Await):
            stack.append(value.value)
        elif isinstance(value, ast.IfExp):
            stack.extend((value.orelse, value.body))
        elif isinstance(value, ast.Call) and getattr(value.func, "attr", getattr(value.func, "id", "")) in _PLAIN:
            stack.extend(value.args)
            stack.extend(word.value for word in value.keywords)
            if isinstance(value.func, ast.Attribute) and not isinstance(value.func.value, ast.Constant):
                stack.append(value.func.value)
        else:
            yield value
