"""The default of a variable as it may be shown: never one that is a secret."""

import ast
import re
from typing import Any, Final

from scanners.constants import UNKNOWN, fold
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.secrets import is_secret_name, tokens
from scanners.syntax import last_name, unparse

HIDDEN: Final = "set, not shown"
COMPUTED: Final = "computed"
_CREDENTIALS: Final = regex(r"(://[^:/@\s'\"]*:)[^@/\s'\"]+(@)")
_WORDS: Final = regex(r"((?:passw(?:or)?d|pwd|secret|token|api_?key)['\"]?\s*[=:]\s*)[^\s&;,}{]+", re.IGNORECASE)
"""A password in a text such as `host=db password=...` or a literal dict."""
_LONGEST: Final = 80


def shown_default(name: str, default: ast.expr | None, scope: Scope) -> str | None:
    """The text of a default: None where none is given, "" for an empty one, HIDDEN for a secret's."""
    if default is None or last_name(default) in ("undefined", "Undefined", "PydanticUndefined", "NOTSET", "_undefined"):
        return None
    value = fold(_inside(default), scope)
    if value is UNKNOWN:
        return _computed(name, default)
    return shown(name, value)


def _inside(default: ast.expr) -> ast.expr:
    """What a type is made of: the text of `Path("data")`."""
    if isinstance(default, ast.Call) and last_name(default.func)[:1].isupper() and not default.keywords:
        return default.args[0] if len(default.args) == 1 else default
    return default


def shown(name: str, value: Any) -> str:
    """A fixed default in few words."""
    if value is None or value == "" or value == ():
        return ""
    text = ", ".join(str(part) for part in value) if isinstance(value, tuple) else str(value)
    if is_secret_name(name) or any(True for _ in tokens(text)):
        return HIDDEN
    return without_credentials(" ".join(text.split()))[:_LONGEST]


def without_credentials(text: str) -> str:
    """A text without the passwords of addresses in it."""
    return _WORDS.sub(r"\1***", _CREDENTIALS.sub(r"\1***\2", text))


def _computed(name: str, default: ast.expr) -> str:
    if isinstance(default, (ast.Dict, ast.List, ast.Tuple)) and not getattr(
        default, "elts", getattr(default, "keys", 1)
    ):
        return ""
    if is_secret_name(name):
        return COMPUTED
    text = without_credentials(" ".join(unparse(default).split()))
    return f"{COMPUTED}: {text[:_LONGEST]}" if not any(True for _ in tokens(text)) else COMPUTED
