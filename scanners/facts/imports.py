"""Which modules a file needs to be importable."""

import ast
import sys
from typing import Any

from scanners.context import Context
from scanners.dependencies.distributions import distributions
from scanners.dependencies.requirements import normal
from scanners.place import Place
from scanners.rule import CODE, Collector
from scanners.syntax import unparse

_SPARES = ("ImportError", "ModuleNotFoundError", "Exception", "BaseException")


class Imports(Collector):
    """Fact "import": the module as written (without those of the standard library and relative ones), and `optional`
    for one that the file can do without, or sees to itself: in a `try` that catches ImportError, in a function, under a
    condition, or installed by a call of the file."""

    classes = CODE

    def visit_import(self, place: Place[ast.Import], ctx: Context) -> None:
        for alias in place.node.names:
            _note(alias.name, place, ctx)

    def visit_import_from(self, place: Place[ast.ImportFrom], ctx: Context) -> None:
        if place.node.level == 0 and place.node.module:
            _note(place.node.module, place, ctx)


def _note(module: str, place: Place[Any], ctx: Context) -> None:
    top = module.partition(".")[0]
    if top not in sys.stdlib_module_names:
        ctx.fact("import", place, module=module, optional=is_optional(place) or _installs(top, ctx))


def _installs(top: str, ctx: Context) -> bool:
    """Whether a call of the file installs what a module comes from."""
    if "install(" not in ctx.source:
        return False
    names = (top, normal(top), *distributions(top))
    return any(f"install({quote}{name}{quote}" in ctx.source for name in names for quote in "'\"")


def is_optional(place: Place[Any]) -> bool:
    """Whether the file still loads when the import at this place fails, or may never reach it."""
    for block in place.blocks():
        if block.kind in ("function", "if", "else", "except"):
            return True
        if block.kind == "try" and any(_spares(handler) for handler in block.node.handlers):
            return True
    return False


def _spares(handler: ast.ExceptHandler) -> bool:
    caught = unparse(handler.type) if handler.type is not None else "BaseException"
    return any(name in caught for name in _SPARES)
