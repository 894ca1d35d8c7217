"""What a piece of an address says: a host, a variable, a setting. Nothing else of it is kept."""

import ast
import re
from typing import Final, NamedTuple

from scanners.constants import UNKNOWN, fold
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.addresses import host_of
from scanners.syntax import last_name, unparse

_ENVIRON: Final = regex(r"^(os\.environ(\.get|\.pop|\.setdefault)?|os\.getenv)$")
READERS: Final = regex(
    r"^(environ\.Env|environs\.(Env|env)|decouple\.(config|AutoConfig)|starlette\.config\.Config)(\.\w+)?$"
)
CONFIG: Final = regex(
    r"(^|[._])(settings?|config(uration)?|conf|cfg|options|opts|env|constants?|const|consts|defaults|prefs|app_config|params)(\(\))?$",
    re.IGNORECASE,
)
_VARIABLE: Final = regex(r"^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$")
SCHEME: Final = regex(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)


class Target(NamedTuple):
    """`name` is a host, `$VARIABLE`, or the name of a setting or constant; "" with the reason where it is computed.

    `given` is the dotted name of what another file defines, for who can look there. `relative` is a path without host.
    """

    name: str = ""
    why: str = ""
    given: str = ""
    relative: bool = False


COMPUTED: Final = Target("", "The address is computed.")
RELATIVE: Final = Target("", "The address is relative to one that is not in sight.", relative=True)


def literal(value: str) -> Target:
    if value.lower().startswith("sqlite"):
        return Target("SQLite file")
    if value.startswith(("unix:", "redis+unix", "/")) and "://" not in value[1:] and "sock" in value:
        return Target("local socket")
    if not SCHEME.match(value) and (value.startswith(("/", "?", "#", "{", "%")) or "/" in value or " " in value):
        keyed = host_of(value) if "host=" in value else ""
        return Target(keyed) if keyed else RELATIVE
    host = host_of(value)
    return Target(host.lower()) if host and "%" not in host else RELATIVE if "://" not in value else COMPUTED


def imported(dotted: str) -> Target:
    """What another file defines: a setting by its last two names, and where to look for more."""
    parts = dotted.lstrip(".").split(".")
    if not parts[-1].isupper() and not CONFIG.search(".".join(parts[:-1])):
        return Target("", f"The address is what `{'.'.join(parts[-2:])}` holds.", given=dotted)
    return Target(".".join(parts[-2:]), given=dotted)


def config_name(text: str) -> str:
    last = re.sub(r"\(.*?\)", "", text).rpartition(".")[2].lstrip("_")
    return last or "settings"


def asked_for(expr: ast.Call, dotted: str, receiver: ast.expr | None, scope: Scope) -> str:
    """The variable or the setting that a call asks for by its name, "" for anything else."""
    key = fold(expr.args[0], scope) if expr.args else UNKNOWN
    if not isinstance(key, str):
        return ""
    if _ENVIRON.match(dotted) or READERS.match(dotted):
        return f"${key}"
    held = unparse(receiver) if receiver is not None else ""
    if "env" in last_name(expr.func).lower() and _VARIABLE.match(key):
        return f"${key}"
    if not last_name(expr.func).startswith(("get", "pop", "value")) or not CONFIG.search(held):
        return ""
    second = fold(expr.args[1], scope) if len(expr.args) > 1 and not key.isupper() else ""
    named = f"{key}.{second}" if isinstance(second, str) and "/" not in second and second else key
    return f"{config_name(held)}.{named}"
