"""Cookies: the flags that a call leaves out, what a cookie is for, and sessions whose cookie travels in the clear."""

import ast
import re
from typing import Any, Final

from scanners.context import Context
from scanners.place import Bound, Call
from scanners.regex import regex
from scanners.semantics.requestsources import serving
from scanners.syntax import unparse

_PREFERENCE: Final = regex(
    r"theme|lang|locale|consent|time_?zone|\btz\b|sidebar|color|colour|dismiss|banner|seen|pref|layout|currency"
    r"|messages?$"
    r"|view_?mode|dark|popup|tour|django_language|visited|last_",
    re.IGNORECASE,
)
_READ_BY_SCRIPTS: Final = regex(r"csrf|xsrf", re.IGNORECASE)
_LAX: Final = frozenset({"fastapi", "starlette"})  # Starlette 1.10: samesite="lax" unless told otherwise.
_FLAGS: Final = ("secure", "httponly", "samesite")

SESSIONS: Final = ("starlette.middleware.sessions.SessionMiddleware",)
ADDS: Final = ("*.add_middleware", "starlette.middleware.Middleware", "fastapi.middleware.Middleware")
FLASK: Final = frozenset(
    "SESSION_COOKIE_SECURE SESSION_COOKIE_HTTPONLY REMEMBER_COOKIE_SECURE REMEMBER_COOKIE_HTTPONLY".split()
)
_NOT_SHIPPED: Final = regex(r"dev|test|local|debug|ci$", re.IGNORECASE)
_CONFIGURATION: Final = regex(r"config|settings|prod|base|default|stag", re.IGNORECASE)


def missing_flags(call: Call, ctx: Context) -> list[str]:
    """The flags that a cookie is set without; HttpOnly is not missed where a script may read: CSRF, or no secret."""
    missing = [flag for flag in _FLAGS if _is_off(flag, call, ctx)]
    if "httponly" in missing and (_is_fixed(call, ctx) or _READ_BY_SCRIPTS.search(named(call, ctx))):
        missing.remove("httponly")
    return missing


def _is_fixed(call: Call, ctx: Context) -> bool:
    """Whether the cookie says the same to everybody."""
    return isinstance(ctx.constant(call.argument(1, "value"), call), str)


def _is_off(flag: str, call: Call, ctx: Context) -> bool:
    given = call.keyword(flag)
    if given is None:
        return not (flag == "samesite" and _LAX & set(serving(ctx).split()))
    value = ctx.constant(given, call)
    return value is False or value is None or (flag == "samesite" and value == "")


def named(call: Call, ctx: Context) -> str:
    """The name of the cookie, or what stands for it."""
    given = call.argument(0, "key", "name")
    name = ctx.constant(given, call)
    return name if isinstance(name, str) else unparse(given) if given is not None else ""


def weighs_less(call: Call, missing: list[str], ctx: Context) -> bool:
    """Whether little is lost: the cookie is a preference or the same for everybody, or it is browsers that say Lax."""
    return _is_fixed(call, ctx) or missing == ["samesite"] or _PREFERENCE.search(named(call, ctx)) is not None


def deletes(call: Call, ctx: Context) -> bool:
    """Whether the cookie is taken away: it has no value, or it is over at once."""
    value = ctx.constant(call.argument(1, "value"), call)
    return value == "" or any(ctx.constant(call.keyword(word), call) == 0 for word in ("max_age", "expires"))


def is_session_layer(call: Call) -> bool:
    """Whether a call adds Starlette's sessions to an application."""
    first = call.argument(0)
    return call.dotted in SESSIONS or (first is not None and call.name(first) in SESSIONS)


def configures_flask(bound: Bound, ctx: Context) -> bool:
    """Whether a setting is one of a Flask application that is shipped: of its config, or of a class for it."""
    if ctx.role in ("settings-dev", "settings-test") or any(True for _ in bound.within("if", "else")):
        return False
    node: Any = bound.node
    if bound.function is None and bound.cls is not None:
        name = bound.cls.name
        return _CONFIGURATION.search(name) is not None and not _NOT_SHIPPED.search(name)
    plain = isinstance(node, ast.Assign) and all(isinstance(target, ast.Name) for target in node.targets)
    return not plain and bool({"flask", "quart"} & set(serving(ctx).split()))
