"""The logger of a module: the one that is there, or a new one below the imports."""

import ast
from typing import Final

import libcst as cst

from scanners.fixes.fix import NotOfferedError
from scanners.fixes.spot import Spot
from scanners.fixes.toplevel import add_below_imports
from scanners.names import find, resolve

_NAMES: Final = ("logger", "log")
_MAKERS: Final = ("logging.getLogger", "celery.utils.log.get_logger", "celery.utils.log.get_task_logger")


def module_logger(spot: Spot, node: cst.CSTNode) -> str:
    """What the logger of the module is called; it is made if there is none.

    Raises NotOfferedError where another thing hides it, or where the finding stands above it.
    """
    for name, bindings in spot.ctx.module.names.items():
        if len(bindings) == 1 and bindings[0].kind == "assign" and _is_logger(bindings[0].value, spot):
            _refuse_hidden(name, spot)
            if spot.place.function is None and bindings[0].line > spot.place.line:
                raise NotOfferedError(f"{name} is made further down.")
            return name
    for name, bindings in spot.ctx.module.names.items():
        if len(bindings) == 1 and bindings[0].kind == "import" and _is_known(str(bindings[0].value), spot):
            _refuse_hidden(name, spot)
            return name
    if any(name.lower().strip("_") in _NAMES for name in spot.ctx.module.names):
        raise NotOfferedError("The module has a logger whose kind cannot be seen in the file.")
    name = next((name for name in _NAMES if not spot.is_used(name)), "")
    if not name:
        raise NotOfferedError("The usual names for a logger are taken.")
    add_below_imports(spot, node, f"{name} = {spot.imported('logging')}.getLogger(__name__)")
    return name


def is_shared(spot: Spot, receiver: ast.expr) -> bool:
    """Whether what a log call is made on is a logger of `logging` that another file of the repository keeps."""
    ref = resolve(receiver, spot.place.scope, spot.place.line)
    return ref is not None and _is_known(ref.dotted, spot)


def _is_known(dotted: str, spot: Spot) -> bool:
    bare = dotted.lstrip(".")
    return "." in bare and any(f".{name}".endswith(f".{bare}") for name in spot.loggers)


def _is_logger(value: ast.AST, spot: Spot) -> bool:
    ref = resolve(value.func, spot.ctx.module, value.lineno) if isinstance(value, ast.Call) else None
    return ref is not None and ref.dotted in _MAKERS and bool(getattr(value, "args", ()))


def _refuse_hidden(name: str, spot: Spot) -> None:
    found = find(name, spot.place.scope)
    if found is None or found[1].parent is not None:
        raise NotOfferedError(f"The function has another {name}.")
