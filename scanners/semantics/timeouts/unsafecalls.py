"""Calls that do something again when they are made again: payments, mails, messages, inserts, POST without a key."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from scanners.names import resolve
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.syntax import children, descendants, unparse

_HTTP: Final = regex(
    r"^(requests|requests\.Session|httpx|httpx\.(Async)?Client|aiohttp\.ClientSession|urllib3|urllib3\.\w+)\.(post|patch|request)$"
)
_READS: Final = regex(
    r"^(requests|requests\.Session|httpx|httpx\.(Async)?Client|aiohttp\.ClientSession)\.(get|head|options|request)$|^urllib\.request\.urlopen$"
)
_EFFECTS: Final = regex(
    r"^(stripe\.\w+(\.\w+)*\.(create|capture|confirm)|smtplib\.SMTP(_SSL)?\.(sendmail|send_message)|django\.core\.mail\.(send_mail|send_mass_mail"
    r"|EmailMessage\.send|EmailMultiAlternatives\.send|mail_admins|mail_managers)|kafka\.KafkaProducer\.send|twilio\.rest\.Client\.\w+\.create"
    r"|confluent_kafka\.Producer\.produce|boto3\.client\.(publish|publish_batch|send_email|send_message|send_message_batch|put_events)|sendgrid\.\w+\.send|flask_mail\.Mail\.send)$"
)
_KEYED: Final = regex(
    r"idempot|dedup|client_?token|request_?token|on conflict|upsert|insert ignore|merge into|if_none_match|get_or_"
    r"|update_or_create|\bunique\b|already_(sent|paid|done)|message_id|x-request-id|transaction\.atomic",
    re.IGNORECASE,
)
_SEARCHES: Final = regex(
    r"search|query|graphql|token|oauth|login|auth|lookup|fetch|find|list|predict|embed|complet|translate",
    re.IGNORECASE,
)
_INSERT: Final = regex(r"^\s*insert\s+into\b", re.IGNORECASE)


class Unsafe(NamedTuple):
    """A call that must not be made twice, and what it does in a few words."""

    call: ast.Call
    what: str


def unsafe_in(body: list[ast.stmt], scope: Scope) -> Unsafe | None:
    """The first call in `body` that does something again each time, and carries no key that tells repetitions apart."""
    if any(_KEYED.search(unparse(stmt)) for stmt in body):
        return None
    for call in calls_in(body):
        ref = resolve(call.func, scope, call.lineno)
        name = ref.dotted.replace("()", "") if ref else ""
        what = _what(call, name)
        if what:
            return Unsafe(call, what)
    return None


def _what(call: ast.Call, name: str) -> str:
    if _HTTP.match(name):
        method = name.rpartition(".")[2].upper()
        if method == "REQUEST":
            method = str(getattr(call.args[0], "value", "")).upper() if call.args else ""
        if method not in ("POST", "PATCH") or _SEARCHES.search(unparse(call)):
            return ""
        return f"sends a {method}"
    if _EFFECTS.match(name):
        return f"calls `{name}`"
    text = call.args[0] if call.args else None
    if (
        getattr(call.func, "attr", "") == "execute"
        and isinstance(text, ast.Constant)
        and _INSERT.match(str(text.value))
    ):
        return "inserts a row"
    return ""


def reads_in(body: list[ast.stmt], scope: Scope) -> bool:
    """Whether an HTTP call that only reads is in `body`."""
    for call in calls_in(body):
        ref = resolve(call.func, scope, call.lineno)
        if ref is not None and _READS.match(ref.dotted):
            return True
    return False


def calls_in(body: list[ast.stmt]) -> Iterator[ast.Call]:
    """The calls of some statements, without those of inner defs."""
    stack: list[Any] = list(reversed(body))
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Call):
            yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            stack.extend(reversed(children(node)))


def last_names(expr: ast.AST) -> set[str]:
    """The last parts of all names in an expression."""
    return {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in descendants(expr)
        if isinstance(node, (ast.Name, ast.Attribute))
    }
