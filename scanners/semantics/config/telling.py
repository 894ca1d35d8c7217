"""What is told of one read of a variable, as the plain fields of a fact."""

import ast
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.place import Place
from scanners.semantics.config.defaults import shown_default
from scanners.semantics.config.reading import fallback, feeds, is_guarded, refusal, used_as

_WORDS: Final = {"missing": "refused when missing", "other": "checked where it is read"}


def told(place: Place[Any], name: str, form: str, default: ast.expr | None, ctx: Context) -> dict[str, Any]:
    """default, required, type, validator and feeds of a read by `os`, or by an own def (form "own")."""
    default = default if default is not None else fallback(place)
    kind, strict = used_as(place)
    text = shown_default(name, default, place.scope)
    root = place.function if isinstance(place.function, (ast.FunctionDef, ast.AsyncFunctionDef)) else ctx.tree
    refused = refusal(place, root) if root is not None else ""
    checks = [word for word in (strict, _WORDS.get(refused, "")) if word]
    return {
        "form": form,
        "default": text,
        "required": _required(place, name, form, text, refused),
        "type": kind,
        "validator": ", ".join(checks),
        "feeds": feeds(place)[:2],
    }


def _required(place: Place[Any], name: str, form: str, default: str | None, refused: str) -> bool:
    if default:
        return False
    if refused == "missing":
        return True
    return form == "index" and default is None and not is_guarded(place, name)


def told_typed(
    place: Place[ast.Call], name: str, cast: str, default: ast.expr | None, scheme: ast.expr | None
) -> dict[str, Any]:
    """The same of a read through a library that refuses a missing variable. `scheme` is what an Env was told of it."""
    parts = getattr(scheme, "elts", None)
    kind = cast or _cast_word(place.node) or (_name(parts[0]) if parts else _name(scheme))
    if default is None and parts is not None and len(parts) > 1:
        default = parts[1]
    words = [word.arg for word in place.node.keywords if word.arg in ("validate", "choices", "subcast")]
    checks = [f"must be {kind}"] if kind and kind not in ("str", "get_value", "unicode") else []
    return {
        "form": "typed",
        "default": shown_default(name, default, place.scope),
        "required": default is None,
        "type": kind,
        "validator": ", ".join([*checks, *(["validate="] if "validate" in words else [])]),
        "feeds": feeds(place)[:2],
    }


def _cast_word(call: ast.Call) -> str:
    given = next((word.value for word in call.keywords if word.arg == "cast"), None)
    return _name(given)


def _name(expr: ast.AST | None) -> str:
    if isinstance(expr, ast.Call):
        expr = expr.func
    if isinstance(expr, ast.List):
        return "list"
    return expr.attr if isinstance(expr, ast.Attribute) else getattr(expr, "id", "")


def told_option(place: Place[ast.Call], name: str, is_argument: bool) -> dict[str, Any]:
    """The same of an option of a command line that may come from a variable."""
    words = {word.arg: word.value for word in place.node.keywords if word.arg}
    default = words.get("default")
    given = words.get("required")
    required = fold(given, place.scope) is True if given is not None else is_argument and default is None
    kind = _name(words.get("type"))
    if not kind and "is_flag" in words:
        kind = "flag"
    return {
        "form": "option",
        "default": shown_default(name, default, place.scope),
        "required": required,
        "type": kind,
        "validator": f"must be {kind}" if kind and kind not in ("str", "flag") else "",
        "feeds": [],
    }
