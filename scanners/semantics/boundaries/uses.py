"""Calls through clients: of those that a file makes, and of those that it has from other files by a telling name."""

import ast
import re
import sys
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from scanners.context import Context
from scanners.names import find
from scanners.regex import regex
from scanners.scopes import Binding, Scope
from scanners.semantics.boundaries.libraries import CLIENTS, HTTP_LIBRARIES, MORE_HTTP
from scanners.semantics.owncalls import own

_ELSEWHERE: Final = (
    sys.stdlib_module_names
    | {name.partition(".")[0] for name in (*CLIENTS, *MORE_HTTP, *HTTP_LIBRARIES)}
    | frozenset(
        "django flask fastapi starlette rest_framework pydantic pytest typing_extensions tornado twisted".split()
    )
)
_NAMED: Final = regex(
    r"client|session|redis|conn|cache|pool|producer|channel|mongo|kafka|queue|broker|http|s3|bucket|engine|elastic|mailer|smtp|ldap"
    r"|stub|_api$|^api$|^es$|^db$|^r$|database",
    re.IGNORECASE,
)
QUIET: Final = frozenset(
    "close aclose quit shutdown mount dispose disconnect register_script add_listener is_closed "
    "is_connected build_request set_debuglevel cursor pipeline fetchone fetchall fetchmany ft".split()
)
"""What a client does without asking its peer."""


class Use(NamedTuple):
    """One call through a client: `made` is what made it, in the same file, or else `client` names it dotted."""

    node: ast.Call
    scope: Scope
    made: ast.Call | None
    client: str


def in_file(ctx: Context, made: Collection[ast.Call], names: Collection[str]) -> Iterator[Use]:
    """The calls of the methods of these clients, and of what the defs among `names` (`connect()`) give."""
    by_node = {id(node): node for node in made}
    starts = tuple(f".{name.removeprefix(':')}." for name in names if name.endswith("()"))
    for function, scope in ctx.module.functions.items():
        for node in own(function, ast.Call):
            if not isinstance(node.func, ast.Attribute) or node.func.attr in QUIET:
                continue
            ref = ctx.resolve(node.func, scope)
            if ref is None or ref.via == "param":
                continue
            if ref.origin is not None and id(ref.origin) in by_node and ref.origin is not node:
                yield Use(node, scope, by_node[id(ref.origin)], "")
            elif starts and ref.dotted.startswith(starts):
                yield Use(node, scope, None, f":{ref.dotted[1:].rpartition('.')[0]}")


def from_elsewhere(ctx: Context) -> Iterator[Use]:
    """The calls through what other files of the repository may make, as far as its name says that it is a client."""
    names = {
        name: binding.value
        for name, bindings in ctx.module.names.items()
        for binding in bindings[-1:]
        if binding.kind == "import"
        and binding.value.partition(".")[0] not in _ELSEWHERE
        and (_NAMED.search(name) or name.startswith("get_"))
    }
    bases = any(_from_elsewhere(base, ctx) for scope in ctx.module.classes.values() for base in _bases(scope))
    if not names and not bases:
        return
    starts = tuple(f"{value}{end}" for value in names.values() for end in (".", "()."))
    for function, scope in ctx.module.functions.items():
        roots: dict[str, bool] = {}
        for node in own(function, ast.Call):
            func = node.func
            if type(func) is not ast.Attribute or func.attr in QUIET:
                continue
            inherited = bases and type(func.value) is ast.Attribute and _NAMED.search(func.value.attr)
            if not (names or inherited) or not _may_come(func.value, scope, roots):
                continue
            ref = ctx.resolve(func, scope)
            if ref is None or ref.via == "param" or ref.dotted.partition(".")[0] in _ELSEWHERE:
                continue
            if ref.dotted.startswith(starts) or (inherited and ref.via == "base"):
                yield Use(node, scope, None, ref.dotted.rpartition(".")[0])


def _may_come(held: ast.expr, scope: Scope, roots: dict[str, bool]) -> bool:
    """A cheap test before names are resolved: whether what an expression starts from may be of the repository."""
    while isinstance(held, (ast.Attribute, ast.Call)):
        held = held.value if isinstance(held, ast.Attribute) else held.func
    if type(held) is not ast.Name:
        return type(held) is not ast.Constant
    known = roots.get(held.id)
    if known is None:
        found = find(held.id, scope) if held.id != "self" else None
        known = roots[held.id] = held.id == "self" or (found is not None and any(map(_tells, found[0])))
    return known


def _tells(binding: Binding) -> bool:
    """Whether a binding tells what is bound, and it is none of the libraries."""
    if binding.kind == "import":
        return binding.value.partition(".")[0] not in _ELSEWHERE
    return binding.kind != "param" or binding.value.annotation is not None


def _bases(scope: Scope) -> list[ast.expr]:
    return scope.node.bases if isinstance(scope.node, ast.ClassDef) else []


def _from_elsewhere(base: ast.expr, ctx: Context) -> bool:
    ref = ctx.resolve(base, ctx.module)
    return ref is not None and ref.via == "import" and ref.dotted.partition(".")[0] not in _ELSEWHERE
