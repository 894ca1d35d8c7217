import ast
import sys

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Place
from scanners.rule import CODE, Example, Rule


class WildcardImport(Rule):
    """
    `from x import *` takes whatever the other module happens to hold, so a new name there silently replaces one here.

    Looks at every `from` import of services, scripts and tests. A package's `__init__` that passes on its own modules and
    names them in `__all__` is left alone, and so is a file that is nothing but another name of one module; layered settings and tests weigh less. Whether the other module has an `__all__`
    of its own is not looked up.
    """

    id = "wildcard-import"
    area = "deps"
    item = "D3"
    title = "Wildcard import"
    severity = Severity.MEDIUM
    effort = Effort.MINUTES
    fix = "Import the names that are used, or the module itself."
    classes = CODE | {"test"}
    bad = [
        Example(
            "names from a library",
            {
                "billing/invoice.py": "from decimal import *\n\n\ndef total(rows):\n    return sum(Decimal(row.net) for row in rows)\n"
            },
            at=[("billing/invoice.py", 1)],
        ),
        Example(
            "layered settings",
            {"shop/settings/production.py": "from .base import *\n\nDEBUG = False\n"},
            at=[("shop/settings/production.py", 1)],
        ),
        Example(
            "a test",
            {"tests/test_cart.py": "from shop.cart import *\n\n\ndef test_empty():\n    assert Cart().total == 0\n"},
            at=[("tests/test_cart.py", 1)],
        ),
    ]
    good = [
        Example("named", {"billing/invoice.py": "from decimal import ROUND_HALF_UP, Decimal\n"}),
        Example(
            "a package that names what it passes on",
            {"shop/models/__init__.py": 'from .cart import *\nfrom .order import *\n\n__all__ = ["Cart", "Order"]\n'},
        ),
        Example("another name of one module", {"shop/basket.py": '"Moved."\nfrom shop.cart import *\n'}),
        Example(
            "for type checkers only",
            {"shop/cart.py": "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from shop.types import *\n"},
        ),
    ]

    def visit_import_from(self, place: Place[ast.ImportFrom], ctx: Context) -> None:
        node = place.node
        ctx.site(place)
        if node.names[0].name != "*":
            return
        source = "." * node.level + (node.module or "")
        message = f"Every public name of {source} is taken over; a new one there replaces a name of this file."
        if ctx.role == "init" and "__all__" in ctx.module.names:
            return
        foreign = source.partition(".")[0] in sys.stdlib_module_names
        if ctx.role == "init" and not foreign:
            ctx.report(place, message, severity=Severity.LOW, confidence=Confidence.LOW)
        elif ctx.role.startswith("settings") or ctx.path_class == "test":
            ctx.report(place, message, severity=Severity.LOW)
        elif foreign or not _is_alias(ctx):
            ctx.report(place, message)


def _is_alias(ctx: Context) -> bool:
    """Whether the file is another name of one module: it passes on that one and holds no name of its own."""
    body = ctx.tree.body if ctx.tree is not None else []
    stars = [stmt for stmt in body if isinstance(stmt, ast.ImportFrom) and stmt.names[0].name == "*"]
    rest = [stmt for stmt in body if stmt not in stars]
    return len(stars) == 1 and all(isinstance(stmt, (ast.Expr, ast.Import)) for stmt in rest)
