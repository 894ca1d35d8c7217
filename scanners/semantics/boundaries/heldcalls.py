"""The calls through clients that a file holds in ways that plain names do not tell."""

import ast
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from scanners.context import Context
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.boundaries.heldclients import CELERY, GIVES, THREADS, Held, HeldClients
from scanners.semantics.boundaries.libraries import Library
from scanners.semantics.boundaries.opened import told_by_types
from scanners.semantics.boundaries.uses import QUIET
from scanners.semantics.owncalls import own
from scanners.syntax import last_name

_HTTP: Final = frozenset("get head options post put patch delete request send stream".split())
_TASKS: Final = frozenset("apply_async delay send_task get join join_native".split())
_SENT: Final = frozenset({"send"})
_ASKING: Final = frozenset("lock set clone delay apply_async s getconn acquire connect quit".split())
_LOCAL: Final = (GIVES | QUIET) - _ASKING
_BY_CURSOR: Final = frozenset({"execute_values", "execute_batch"})
_HANDING: Final = THREADS | {"partial", "submit"}
_CELERY_CALLS: Final = regex(r"\b(?:chain|group|chord|signature|AsyncResult)\(")


class HeldCall(NamedTuple):
    """One call: `method` is what is called on the client."""

    node: ast.Call
    scope: Scope
    held: Held
    method: str


def held_calls(ctx: Context, made: Mapping[int, Library]) -> Iterator[HeldCall]:
    """The calls through clients of the file, those that are made in it and those that it is handed."""
    if not (made or told_by_types(ctx) or _by_words(ctx)):
        return
    clients = HeldClients(ctx, made)
    for function, scope in ctx.module.functions.items():
        for node in own(function, ast.Call):
            yield from _of_call(node, scope, clients)


def _by_words(ctx: Context) -> bool:
    """Whether the file makes clients that no name of a library alone tells."""
    source = ctx.source
    return (
        (ctx.imports("celery") and _CELERY_CALLS.search(source) is not None)
        or (ctx.imports("django") and "EmailM" in source)
        or (ctx.imports("smtplib", "imaplib", "poplib", "ftplib") and "class " in source)
        or (ctx.imports("psycopg2") and "extras" in source)
    )


def _of_call(node: ast.Call, scope: Scope, clients: HeldClients) -> Iterator[HeldCall]:
    func = node.func
    name = last_name(func)
    if name in _HANDING:
        yield from _handed(node, scope, clients)
    if name in _BY_CURSOR and node.args:
        held = clients.of(node.args[0], scope)
        yield HeldCall(node, scope, held or Held(Library("sql", "psycopg2")), name)
    elif isinstance(func, ast.Attribute):
        if isinstance(func.value, ast.Name) and func.value.id == "self":
            mine = clients.self_of(scope)
            if mine is not None and func.attr not in mine.names and _goes(func.attr, Held(mine.library)):
                yield HeldCall(node, scope, Held(mine.library), func.attr)
                return
        held = clients.of(func.value, scope) if _may_go(func.attr) else None
        if held is not None and _goes(func.attr, held):
            yield HeldCall(node, scope, held, func.attr)
    elif isinstance(func, ast.Name) and func.id in clients.bases:
        yield HeldCall(node, scope, Held(clients.bases[func.id].library, node, "own"), "connect")


def _handed(node: ast.Call, scope: Scope, clients: HeldClients) -> Iterator[HeldCall]:
    """Methods that are handed on to be called elsewhere: `run_in_executor(None, connection.bind)`."""
    for given in node.args[:2]:
        if isinstance(given, ast.Attribute) and _may_go(given.attr):
            held = clients.of(given.value, scope)
            if held is not None and _goes(given.attr, held):
                yield HeldCall(node, scope, held, given.attr)


def _may_go(method: str) -> bool:
    return method not in _LOCAL or method in _HTTP


def _goes(method: str, held: Held) -> bool:
    """Whether a method of a client asks its peer."""
    library = held.library
    if library is CELERY:
        return method in ("get", "join", "join_native") if held.via == "result" else method in _TASKS
    if library.kind == "http":
        return method in _HTTP
    if library.name == "django.core.mail":
        return method in _SENT
    if method in held.names or (method == "quit" and library.kind != "mail"):
        return False
    if held.via == "batch":
        return method == "execute"
    return method not in _LOCAL
