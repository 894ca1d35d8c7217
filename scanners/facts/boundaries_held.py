"""Facts of calls through clients that are held in ways that plain names do not tell."""

import ast
from collections.abc import Mapping
from typing import Any, Final

from scanners.context import Context
from scanners.place import Call
from scanners.semantics.boundaries.addresstexts import Target
from scanners.semantics.boundaries.clients import client_fact, holder, limit_of
from scanners.semantics.boundaries.heldcalls import HeldCall
from scanners.semantics.boundaries.heldclients import CELERY
from scanners.semantics.boundaries.httpcalls import surroundings
from scanners.semantics.boundaries.libraries import NONE, Library
from scanners.semantics.boundaries.limits import shown
from scanners.semantics.boundaries.surroundings import place_in
from scanners.semantics.boundaries.targets import target, web_address

_VERBS: Final = frozenset("get head options post put patch delete".split())
_PASSED: Final = Target("", "The client is handed in, or made where nothing tells its address.")
_BROKER: Final = Target("", "The broker is that of Celery's application.")


def note_held(found: HeldCall, made: Mapping[int, tuple[Call, Library]], ctx: Context) -> None:
    """Record one call: as a use of a client of the file, else as a call that says itself what is known of it."""
    client = made.get(id(found.held.made)) if found.held.made is not None else None
    verb = found.method.upper() if found.method in _VERBS else ""
    fields: dict[str, Any] = {"call": found.method, "name": found.scope.qualname}
    fields |= surroundings(found.node, found.scope, ctx, verb)
    if client is not None and found.held.library.kind != "http":
        fields |= {"client": holder(client[0]), "made": client[0].line, "timeout": _passed(found.node, found, ctx)}
        ctx.fact("boundary-use", found.node, **fields)
        return
    where = _where(found, client, ctx)
    state, text = _limit(found, client, ctx)
    held = (holder(client[0]) or "local") if client is not None else "?"
    fields |= {"kind": found.held.library.kind, "library": found.held.library.name, "client": held}
    fields |= {"target": where.name, "given": where.given, "why": where.why, "state": state, "timeout": text}
    ctx.fact("boundary-call", found.node, **fields)


def _passed(node: ast.Call, found: HeldCall, ctx: Context) -> str:
    given = next((word.value for word in node.keywords if word.arg == "timeout"), None)
    return shown(given, place_in(node, found.scope, ctx)) if given is not None else ""


def _where(found: HeldCall, client: tuple[Call, Library] | None, ctx: Context) -> Target:
    library, node = found.held.library, found.node
    if library.kind == "http":
        position = 1 if found.method in ("request", "stream") else 0
        given = next((word.value for word in node.keywords if word.arg == "url"), None)
        if given is None and found.method != "send" and len(node.args) > position:
            given = node.args[position]
        where = web_address(given, found.scope, ctx) if given is not None else _PASSED
        if where.name or client is None:
            return where
        fact = client_fact(*client, ctx)
        base = Target(fact["target"], fact["why"], given=fact["given"])
        return base if base.name or where.relative else where
    if library is CELERY:
        return _BROKER
    made = found.held.made
    if found.held.via == "own" and made is not None and made.args:
        return target(made.args[0], found.scope, ctx)
    return Target(library.host) if library.host else _PASSED


def _limit(found: HeldCall, client: tuple[Call, Library] | None, ctx: Context) -> tuple[str, str]:
    said = _passed(found.node, found, ctx)
    if not said and found.held.via == "own" and found.held.made is not None:
        said = _passed(found.held.made, found, ctx)
    if said:
        return ("bad", "") if said == NONE else ("good", said)
    if found.held.library is CELERY:
        return ("bad", "") if found.held.via == "result" else ("partial", "library default connect 4 s")
    if client is None:
        return "unresolved", ""
    state, text = limit_of(*client, ctx)
    bare = state == "unknown" and client[1].name == "requests"
    return ("bad", "") if bare else (state, f"{text} (on the client)" if state == "good" and text else text)
