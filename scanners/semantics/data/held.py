"""Scopes that hold a connection to a database, and what in them waits for something else."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from scanners.context import Context
from scanners.finding import Confidence
from scanners.place import Place
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.data.rowloops import nodes
from scanners.semantics.dbsessions import is_known_session
from scanners.semantics.orm import is_entity
from scanners.semantics.outbound import HTTP
from scanners.syntax import unparse

_ATOMIC: Final = frozenset({"django.db.transaction.atomic", "django.db.transaction.Atomic"})
_WAITS: Final = {
    "time.sleep": "sleeps",
    "asyncio.sleep": "sleeps",
    "anyio.sleep": "sleeps",
    "django.core.mail.send_mail": "sends mail",
    "django.core.mail.send_mass_mail": "sends mail",
    "django.core.mail.mail_admins": "sends mail",
    "django.core.mail.EmailMessage.send": "sends mail",
    "django.core.mail.EmailMultiAlternatives.send": "sends mail",
    "smtplib.SMTP": "sends mail",
    "smtplib.SMTP_SSL": "sends mail",
    "pika.BlockingConnection": "talks to a queue",
    "kafka.KafkaProducer.send": "talks to a queue",
    "kafka.KafkaProducer.flush": "talks to a queue",
    "confluent_kafka.Producer.flush": "talks to a queue",
    "celery.Celery.send_task": "talks to a queue",
}
_PREFIXES: Final = (
    "boto3.client().",
    "boto3.resource().",
    "stripe.",
    "openai.OpenAI.",
    "openai.AsyncOpenAI.",
    "anthropic.Anthropic.",
    "twilio.rest.Client.",
)
_SERVICES: Final = regex(
    r"\.(create|retrieve|modify|list|delete|get|put|send|post|upload|download|publish|invoke|receive|capture|refund|parse)\w*$"
)
_QUEUED: Final = frozenset({"delay", "apply_async"})
_TASKS: Final = regex(r"(^|\.)(tasks?|jobs|celery\w*)\.\w+\.(delay|apply_async)$")
_CONNECTIONS: Final = regex(r"(^|_)(conn|connection|db|pool|engine|database|tx)$", re.IGNORECASE)
_USES: Final = frozenset(
    {"execute", "scalars", "scalar", "query", "add", "flush", "merge", "exec", "refresh", "add_all"}
)
_ENDS: Final = frozenset({"commit", "rollback", "close"})


class Hold(NamedTuple):
    """What holds a connection: `kind` is transaction, connection or session; `name` the variable, if any."""

    kind: str
    name: str
    sure: Confidence


def hold(item: ast.withitem, scope: Scope, ctx: Context) -> Hold | None:
    """What a `with` holds by one of its items, None when it is no connection."""
    expr = item.context_expr
    name = item.optional_vars.id if isinstance(item.optional_vars, ast.Name) else ""
    called = expr.func if isinstance(expr, ast.Call) else expr
    ref = ctx.resolve(called, scope)
    dotted = ref.dotted if ref else ""
    if dotted in _ATOMIC:
        return Hold("transaction", name, Confidence.HIGH)
    if dotted in ("psycopg.connect", "psycopg2.connect", "psycopg.Connection.connect"):
        return Hold("connection", name, Confidence.HIGH)
    if isinstance(called, ast.Attribute) and isinstance(expr, ast.Call):
        return _method(called, dotted, name, scope, ctx)
    if isinstance(expr, ast.Call) and (is_known_session(expr, scope) or _is_session_name(called, dotted)):
        return Hold("session", name, Confidence.HIGH if is_known_session(expr, scope) else Confidence.MEDIUM)
    return None


def _method(called: ast.Attribute, dotted: str, name: str, scope: Scope, ctx: Context) -> Hold | None:
    held = getattr(called.value, "attr", getattr(called.value, "id", ""))
    known = dotted.startswith(("sqlalchemy.", "psycopg_pool.", "asyncpg.", "databases."))
    if called.attr in ("begin", "transaction") and (known or _CONNECTIONS.search(held) or "ession" in held):
        return Hold("transaction", name, Confidence.HIGH if known else Confidence.MEDIUM)
    if called.attr in ("connect", "acquire", "connection") and (
        known or held.endswith(("engine", "pool", "Pool", "POOL"))
    ):
        if not known and not ctx.imports(
            "sqlalchemy", "asyncpg", "psycopg_pool", "psycopg", "psycopg2", "aiopg", "aiomysql"
        ):
            return None
        return Hold("connection", name, Confidence.HIGH if known else Confidence.MEDIUM)
    if is_known_session(called, scope) or _is_session_name(called, dotted):
        return Hold("session", name, Confidence.MEDIUM)
    return None


def _is_session_name(called: ast.AST, dotted: str) -> bool:
    last = getattr(called, "attr", getattr(called, "id", ""))
    foreign = dotted.startswith(
        ("requests", "aiohttp", "httpx", "boto3", "aiobotocore", "tensorflow", "onnx", "curl_cffi", "neo4j")
    )
    return (
        not foreign and re.search(r"session(_?(local|maker|scope|factory|context))?$", last, re.IGNORECASE) is not None
    )


def waiting(
    body: list[ast.stmt], held: Hold, scope: Scope, ctx: Context, deep: bool = True
) -> Iterator[tuple[ast.Call, str, Confidence]]:
    """The calls in a scope that wait for something else, each with what it does, as far as the connection is held."""
    busy = held.kind != "session"
    told = {
        inner
        for node in nodes(list(body))
        if isinstance(node, ast.If) and "debug" in unparse(node.test).lower()
        for inner in nodes(node.body)
    }
    for node in nodes(list(body)):
        if not isinstance(node, ast.Call) or node in told:
            continue
        if not busy or held.kind == "session":
            busy = _turn(node, held.name, busy)
        what = wait_of(node, scope, ctx)
        if what and busy:
            yield node, what, held.sure
        elif busy and deep and isinstance(node.func, (ast.Name, ast.Attribute)):
            inner = _inside(node, scope, ctx)
            if inner:
                yield node, f"calls `{unparse(node.func)}`, which {inner}", Confidence.MEDIUM


def _turn(node: ast.Call, name: str, busy: bool) -> bool:
    """Whether the session holds a connection after this call: from its first use until it commits."""
    func = node.func
    if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id == name:
        by_key = func.attr in ("get", "get_one") and len(node.args) > 1 and is_entity(node.args[0])
        return by_key or func.attr in _USES or (busy and func.attr not in _ENDS)
    return busy


def wait_of(node: ast.Call, scope: Scope, ctx: Context) -> str:
    """What a call waits for outside of the database: empty when nothing is known."""
    ref = ctx.resolve(node.func, scope)
    if ref is None:
        return ""
    dotted = ref.dotted
    if dotted in _WAITS:
        zero = (
            dotted.endswith("sleep") and node.args and isinstance(node.args[0], ast.Constant) and not node.args[0].value
        )
        return "" if zero else _WAITS[dotted]
    if dotted in HTTP and not dotted.startswith("http.client"):
        return "waits for another service"
    if dotted.startswith(_PREFIXES) and _SERVICES.search(dotted):
        return "waits for another service"
    if isinstance(node.func, ast.Attribute) and node.func.attr in _QUEUED and not ref.local and _TASKS.search(dotted):
        return "queues a job, which may start before the commit"
    return ""


def _inside(node: ast.Call, scope: Scope, ctx: Context) -> str:
    """What a function of this file waits for, when the call is one of it."""
    ref = ctx.resolve(node.func, scope)
    made = ctx.definition(ref) if ref is not None and ref.local else None
    if not isinstance(made, (ast.FunctionDef, ast.AsyncFunctionDef)) or len(made.body) > 60:
        return ""
    for part in nodes(made.body):
        if isinstance(part, ast.Call):
            what = wait_of(part, ctx.module, ctx)
            if what:
                return what
    return ""


def is_advisory(place: Place[Any], ctx: Context) -> bool:
    """Whether the scope holds an advisory lock, which lives as long as its connection."""
    node = place.node
    last = getattr(node, "end_lineno", node.lineno)
    return any("advisory" in line for line in ctx.source_lines[node.lineno - 1 : last])
