"""Clients as a file makes them: what they are, what holds them, and what they do for all their calls."""

import ast
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.place import Call
from scanners.semantics.boundaries.addresstexts import Target
from scanners.semantics.boundaries.again import GROWING, Again, again, of_client
from scanners.semantics.boundaries.libraries import AWS_KINDS, CLIENTS, NONE, Library
from scanners.semantics.boundaries.limits import DEFAULTS, shown
from scanners.semantics.boundaries.poolsizes import pool_of
from scanners.semantics.boundaries.surroundings import def_of
from scanners.semantics.boundaries.targets import target
from scanners.semantics.connections import CALLS as JUDGED
from scanners.semantics.connections import opinion
from scanners.semantics.outbound import hides
from scanners.semantics.owncalls import own
from scanners.semantics.timeouts.retries import GOOD, LIMITED, UNKNOWN
from scanners.syntax import unparse

_BASE: Final = ("base_url", "prefix_url")
_CONNECT: Final = ("socket_connect_timeout", "connect_timeout", "connectTimeoutMS", "serverSelectionTimeoutMS")
_READ: Final = (
    "socket_timeout", "statement_timeout", "command_timeout", "read_timeout", "timeoutMS", "socketTimeoutMS",
    "receive_timeout", "request_timeout", "blocked_connection_timeout", "timeout",
)  # fmt: skip


def holder(call: Call) -> str:
    """What other code of the file calls a client by: `:session`, `:Shop.session`, `:connect()` of what returns it.

    It is `local` for a name inside a def, "" for none.
    """
    above = call.parent()
    while isinstance(above, (ast.Await, ast.BoolOp, ast.IfExp, ast.Call)) and above is not None:
        above = call.parent(above)
    found = def_of(call.scope)
    if isinstance(above, (ast.Return, ast.Yield)) and found is not None:
        return f":{found[1].qualname}()"
    if isinstance(above, ast.withitem) and isinstance(above.optional_vars, ast.Name) and found is not None:
        return _returned(above.optional_vars.id, found) or "local"
    if not isinstance(above, (ast.Assign, ast.AnnAssign, ast.NamedExpr)):
        return ""
    to = above.targets[0] if isinstance(above, ast.Assign) else above.target
    if isinstance(to, ast.Attribute) and getattr(to.value, "id", "") in ("self", "cls"):
        return _of_class(to.attr, call)
    if isinstance(to, ast.Name):
        if found is not None:
            return _returned(to.id, found) or "local"
        qualname = call.scope.qualname
        return f":{qualname}.{to.id}" if qualname else f":{to.id}"
    return ""


def _of_class(attribute: str, call: Call) -> str:
    scope: Any = call.scope
    while scope is not None and scope.kind != "class":
        scope = scope.parent
    return f":{scope.qualname}.{attribute}" if scope is not None else ""


def _returned(name: str, found: tuple[Any, Any]) -> str:
    """The def as what gives the client, where it returns or yields that name; a global that it sets."""
    function, scope = found
    if scope.outer and name in scope.outer:
        return f":{name}"
    for node in own(function, ast.Return, ast.Yield):
        if isinstance(node.value, ast.Name) and node.value.id == name:
            return f":{scope.qualname}()"
    return ""


def client_fact(call: Call, library: Library, ctx: Context) -> dict[str, Any]:
    """What is known of a client where it is made."""
    where = _target(call, library, ctx)
    kind, name = library.kind, library.name
    if name == "boto3":
        service = fold(call.argument(0, "service_name") or ast.Constant(None), call.scope)
        if isinstance(service, str):
            kind = AWS_KINDS.get(service, kind)
            where = Target(f"AWS {service}")
    state, text = limit_of(call, library, ctx)
    found = of_client(call.node, call) or _of_library(library)
    return {
        "kind": kind,
        "library": name,
        "target": where.name,
        "given": where.given,
        "why": where.why,
        "state": state,
        "timeout": text,
        "again": found,
        "pool": pool_of(call.node, call.dotted, name, call),
        "client": holder(call),
        "name": call.qualname,
    }


def _of_library(library: Library) -> Again | None:
    if not library.again:
        return None
    tries, _, rest = library.again.partition(" ")
    wait = GOOD if "jitter" in rest else GROWING if "backoff" in rest else UNKNOWN
    on = rest.partition(" on ")[2]
    return again("library", LIMITED, wait, int(tries) if tries.isdigit() else 0, [on] if on else [])


def _target(call: Call, library: Library, ctx: Context) -> Target:
    if call.dotted in ("smtplib.SMTP", "ftplib.FTP") and not call.node.args and not call.node.keywords:
        return Target("", "The address is given later.")
    given = call.keyword(*library.words, *_BASE)
    if given is None and library.position >= 0:
        given = call.argument(library.position, *library.words)
    if given is None and call.node.args and isinstance(call.node.args[0], ast.Dict):
        given = _from_options(call.node.args[0], library.words)
    if given is None and call.keyword("connection_pool") is not None:
        return Target("", "The connection pool comes from elsewhere.")
    if given is None:
        hidden = Target("", "The address is among unpacked arguments.")
        return (
            hidden
            if hides(call.node)
            else Target(library.host)
            if library.host
            else Target("", "No address is given here.", relative=True)
        )
    found = target(given, call.scope, ctx)
    if not found.name and library.host and not found.why.startswith("The address is passed in"):
        return Target(library.host)
    return found


def _from_options(options: ast.Dict, words: tuple[str, ...]) -> ast.expr | None:
    pairs = zip(options.keys, options.values, strict=True)
    return next((value for key, value in pairs if getattr(key, "value", "") in words), None)


def limit_of(call: Call, library: Library, ctx: Context) -> tuple[str, str]:
    """How a client is bounded, as (state, words): the rules decide where they know the client."""
    said = _passed(call, library)
    if call.dotted in JUDGED and call.dotted in CLIENTS and ctx.tree is not None:
        found = opinion(call, ctx.tree)
        if found is None:
            return "unresolved", ""
        verdict = found.verdict
        if verdict.state == "good":
            return "good", said or library.limit or _own_limit(call)
        return verdict.state, said if said and verdict.state != "unresolved" else said or ""
    if said == NONE:
        return "bad", said
    if said:
        return "good", said
    if hides(call.node):
        return "unresolved", ""
    if library.name in DEFAULTS and library.kind == "http":
        return "default", f"library default {DEFAULTS[library.name]}"
    if library.limit == NONE:
        return "bad", ""
    if library.limit.startswith("connect"):
        return "partial", f"library default {library.limit}"
    return ("default", f"library default {library.limit}") if library.limit else ("unknown", "")


def _own_limit(call: Call) -> str:
    text = unparse(call.node)
    return "library default 10 s" if "lasticsearch" in call.dotted else "in the address" if "timeout" in text else "set"


def _passed(call: Call, library: Library) -> str:
    connect = call.keyword(*_CONNECT)
    words = [word for word in library.limits if word not in ("config", "http_client", "http_options", "transport")]
    read = call.keyword(*_READ, *words)
    if read is None and "config" in library.limits:
        config = call.keyword("config")
        ref = call.resolve(config) if config is not None else None
        if ref is not None and ref.origin is not None:
            read, connect = call.keyword("read_timeout", of=ref.origin), call.keyword("connect_timeout", of=ref.origin)
    parts = [f"connect {shown(connect, call)}"] if connect is not None and connect is not read else []
    if read is not None:
        said = shown(read, call)
        parts.append(f"read {said}" if parts else said)
    return ", ".join(parts)
