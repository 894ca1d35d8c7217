"""Settings that only tests see, in a module of the service."""

import ast
from typing import Any, Final

from scanners.place import Place
from scanners.regex import regex

_NAMED: Final = regex(r"^_?(Unit)?Test(ing|s)?(?=[A-Z_]|$)|(?<=[a-z])Test(ing|s)?(Config|Settings)?$")


def is_for_tests(place: Place[Any]) -> bool:
    """Whether the class around is a configuration for tests: by its name, or because it says TESTING = True."""
    held = place.cls
    return held is not None and (_NAMED.search(held.name) is not None or any(map(_says_so, held.body)))


def _says_so(stmt: ast.stmt) -> bool:
    if not isinstance(stmt, (ast.Assign, ast.AnnAssign)) or not isinstance(stmt.value, ast.Constant):
        return False
    targets = stmt.targets if isinstance(stmt, ast.Assign) else [stmt.target]
    return stmt.value.value is True and any(getattr(target, "id", "") == "TESTING" for target in targets)
