"""The constants of modules that hold an address: what other files go by."""

import ast
from collections.abc import Iterator
from typing import Final

from scanners.context import Context
from scanners.rule import Collector
from scanners.semantics.boundaries.targets import target

_TEXTS: Final = (ast.Constant, ast.JoinedStr, ast.Call, ast.Subscript, ast.BinOp)


class BoundaryAddresses(Collector):
    """Fact `boundary-addresses` (one a file): where the constants of a module lead, by their names."""

    def visit_module(self, ctx: Context) -> None:
        """Record them."""
        found = dict(_constants(ctx)) if "://" in ctx.source or "environ" in ctx.source else {}
        if found:
            ctx.fact("boundary-addresses", 1, names=found)


def _constants(ctx: Context) -> Iterator[tuple[str, str]]:
    """The constants of a module that hold an address, with where it leads."""
    for name, bindings in ctx.module.names.items():
        value = bindings[-1].value
        if bindings[-1].kind != "assign" or not name.isupper() or not isinstance(value, _TEXTS):
            continue
        if isinstance(value, ast.Constant) and not (isinstance(value.value, str) and "://" in value.value):
            continue
        where = target(value, ctx.module, ctx)
        if (where.name and "." in where.name) or where.name.startswith("$"):
            yield name, where.name
