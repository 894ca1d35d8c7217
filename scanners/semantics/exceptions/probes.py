"""Commands whose return code says nothing that the code wants to know."""

import ast
from collections.abc import Iterator
from typing import Any, Final

from scanners.constants import fold
from scanners.place import Call
from scanners.regex import regex

_ASKING: Final = regex(r"(^|_)(find|which|has|have|is|check|detect|probe|available|exists?|installed)(_|$)")
_VERSION: Final = frozenset({"--version", "-version", "-V", "-v", "version", "--help", "-help", "-h"})
_MISSING: Final = ("OSError", "FileNotFoundError", "Exception", "BaseException", "EnvironmentError")


def is_probe(call: Call) -> bool:
    """Whether a command is only run to see whether the program is there: the code has an answer for when it is not."""
    if not any(_answers(handler) for handler in _handlers(call)):
        return False
    command: Any = fold(call.node.args[0], call.scope) if call.node.args else None
    listed = call.node.args[0].elts if call.node.args and isinstance(call.node.args[0], ast.List) else []
    asked = command.split() if isinstance(command, str) else [fold(each, call.scope) for each in listed]
    alone = len(asked) == 1 or (bool(asked) and asked[-1] in _VERSION)
    return alone or _ASKING.search(getattr(call.function, "name", "")) is not None


def is_best_effort(call: Call) -> bool:
    """Whether even a program that cannot be started is passed over in silence."""
    return any(isinstance(handler.body[0], ast.Pass) for handler in _handlers(call))


def _handlers(call: Call) -> Iterator[ast.ExceptHandler]:
    """The handlers around a command that a missing program would reach."""
    for block in call.within("try"):
        for handler in block.node.handlers:
            caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
            if any(each is None or call.name(each).rpartition(".")[2] in _MISSING for each in caught):
                yield handler


def _answers(handler: ast.ExceptHandler) -> bool:
    """Whether a handler answers that the program is not there, or looks for another one."""
    last = handler.body[-1]
    nothing = isinstance(last, ast.Return) and (last.value is None or getattr(last.value, "value", 0) in (False, None))
    return nothing or isinstance(last, ast.Try)
