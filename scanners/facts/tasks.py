"""Background jobs with their options and parameters, what hands work to them, and what is set for all of them."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.place import Block, Call, Place
from scanners.regex import regex
from scanners.rule import Collector
from scanners.scopes import Scope, arguments
from scanners.semantics.jobs.libraries import class_kind, kind_of
from scanners.semantics.jobs.plain import options
from scanners.semantics.pointers import pointer
from scanners.syntax import last_name, suite, unparse

_WORDS: Final = ("task", "Task", "job", "actor", "periodic", "dag", "flow", "Command", "Cron")
_CLASS_WORDS: Final = frozenset(
    {"name", "queue", "time_limit", "soft_time_limit", "max_retries", "acks_late", "autoretry_for", "retry_backoff"}
    | {"rate_limit", "ignore_result", "retry_kwargs", "retry_jitter", "default_retry_delay", "schedule", "abstract"}
    | {"throws", "run_every", "reject_on_worker_lost", "retry_backoff_max"}
)


class Tasks(Collector):
    """Fact `task`: a def or a class that a worker, a scheduler or an operator runs apart from requests.

    `options` are the keywords of its decorators and what its class sets, `params` its parameters as [name, type],
    `retry` how it calls itself again, `sure` whether the decorator is one of the library beyond doubt; else `app`
    points at what the decorator belongs to.
    """

    def visit_module(self, ctx: Context) -> None:
        """Record the decorated defs and the classes of tasks and commands."""
        if not any(word in ctx.source for word in _WORDS):
            return
        for node, scope in ctx.module.functions.items():
            if getattr(node, "decorator_list", None):
                self._decorated(node, scope, ctx)
        for scope in ctx.module.classes.values():
            if isinstance(scope.node, ast.ClassDef) and scope.node.bases:
                self._class(scope.node, scope, ctx)

    def _decorated(self, node: Any, scope: Scope, ctx: Context) -> None:
        outer = scope.parent or ctx.module
        place: Place[Any] = Place(node, Block(outer.kind, outer.node, None, outer), node)
        kind, sure, app = "", True, ""
        stated: dict[str, Any] = {}
        positional: list[str] = []
        for decorator in node.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            found, known = kind_of(call.func if call else decorator, place)
            if found:
                kind, sure = kind or found, sure and known
                held = call.func if call else decorator
                app = pointer(held.value, outer) if not known and isinstance(held, ast.Attribute) else app
                stated |= options(call, outer)
                positional += [str(fold(arg, outer) or "") for arg in (call.args if call else ())]
        if kind:
            base = next(
                (w.value for d in node.decorator_list for w in getattr(d, "keywords", ()) if w.arg == "base"), None
            )
            fields = {
                "name": scope.qualname,
                "kind": kind,
                "sure": sure,
                "app": app,
                "options": stated,
                "given": positional,
            }
            ctx.fact(
                "task", node, **fields, bases=[pointer(base, outer)] if base is not None else [], **_body(node, scope)
            )

    def _class(self, node: ast.ClassDef, scope: Scope, ctx: Context) -> None:
        place: Place[Any] = Place(node, Block("module", node, None, scope.parent or ctx.module), node)
        kind = class_kind(node, place)
        stated = dict(_stated(node, scope))
        bases = [pointer(base, ctx.module) for base in node.bases]
        if not kind:
            if stated.keys() & {
                "time_limit",
                "soft_time_limit",
                "autoretry_for",
                "max_retries",
                "acks_late",
                "retry_backoff",
            }:
                ctx.fact("task-base", node, name=scope.qualname, options=stated, bases=bases)
            return
        method = next(
            stmt
            for name in ("run", "handle", "do", "handle_noargs", "execute", "")
            for stmt in node.body
            if getattr(stmt, "name", "") == name or not name
        )
        inner = ctx.module.functions.get(method)
        body = _body(method, inner) if inner is not None else {"params": [], "retry": None, "async": False}
        ctx.fact("task", node, name=scope.qualname, kind=kind, sure=True, options=stated, given=[], bases=bases, **body)


class Enqueues(Collector):
    """Fact `enqueue`: a call that hands work to a job; `to` points at the job, `task` names it where a text does."""

    calls = (
        "*.delay", "*.apply_async", "*.delay_on_commit", "*.apply_async_on_commit", "*.enqueue", "*.enqueue_in",
        "*.enqueue_at", "*.enqueue_call", "*.send_task", "*.enqueue_job", "*.kiq", "*.kicker", "*.send", "*.s", "*.si",
        "*.send_with_options", "*.add_task", "*.defer", "*.defer_async", "*.signature", "*.add_job", "*.schedule",
        "django_q.tasks.async_task", "*.message", "*.message_with_options", "*.apply", "*.add_periodic_task",
        "django_q.tasks.schedule",
    )  # fmt: skip

    def visit_call(self, call: Call, ctx: Context) -> None:
        """Record what is handed on, to whom, and into which queue."""
        last = call.last if call.dotted.startswith("django_q") else last_name(call.node.func)
        if last in _GIVEN:
            first = call.argument(_GIVEN[last], "func", "f", "name", "task")
            at, text = pointer(first, call.scope), ctx.constant(first, call)
            if last == "add_task" and "ackground" not in unparse(call.receiver or call.node.func) + call.dotted:
                return
            kind = _KINDS.get(last, "") if last != "enqueue" or _QUEUE.search(unparse(call.node.func)) else ""
        else:
            at, text, kind = pointer(call.receiver, call.scope), None, ""
        named = text if isinstance(text, str) else ""
        if not at and not named:
            return
        stated = options(call.node, call.scope)
        queue = stated.get("queue") or stated.get("queue_name") or ""
        ctx.fact(
            "enqueue", call, to=at, task=named, via=last, kind=kind, queue=str(queue), inside=call.qualname,
            options={key: value for key, value in stated.items() if key in _KEPT},
        )  # fmt: skip


_QUEUE: Final = regex(r"queue\w*(\(.*\))?\.enqueue$|(^|\.)(q|rq|redis_q|django_rq)\.enqueue$", re.IGNORECASE)
_KINDS: Final = {
    "add_task": "background task", "enqueue": "rq job", "enqueue_call": "rq job", "enqueue_in": "rq job",
    "enqueue_at": "rq job", "async_task": "django-q job",
}  # fmt: skip
_GIVEN: Final = {
    "enqueue": 0, "enqueue_call": 0, "enqueue_in": 1, "enqueue_at": 1, "send_task": 0, "enqueue_job": 0, "add_task": 0,
    "add_job": 0, "async_task": 0, "schedule": 0, "signature": 0,
}  # fmt: skip
_KEPT: Final = frozenset(
    {"trigger", "hours", "minutes", "seconds", "days", "hour", "minute", "day_of_week", "cron", "job_timeout", "retry"}
    | {"timeout", "countdown", "eta", "expires", "schedule_type", "max_instances", "misfire_grace_time", "coalesce"}
    | {"failure_ttl", "second", "week", "day", "month", "time_limit", "soft_time_limit"}
)


def _stated(node: ast.ClassDef, scope: Scope) -> Iterator[tuple[str, Any]]:
    call = ast.Call(func=ast.Name("set"), args=[], keywords=[])
    for stmt in node.body:
        target = stmt.targets[0] if isinstance(stmt, ast.Assign) else getattr(stmt, "target", None)
        value = getattr(stmt, "value", None)
        if isinstance(target, ast.Name) and target.id in _CLASS_WORDS and value is not None:
            call.keywords.append(ast.keyword(target.id, value))
    yield from options(call, scope).items()


def _body(node: Any, scope: Scope) -> dict[str, Any]:
    """The parameters of a job, and whether and how it tries itself again."""
    params = [[arg.arg, unparse(arg.annotation)[:80] if arg.annotation else ""] for arg in arguments(node)]
    again = None
    for call in suite(node.body, ast.Call):
        held = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr == "retry" else None
        if held is not None and unparse(held) in ("self", node.name, "task", "current_task"):
            again = options(call, scope)
    return {"params": params, "retry": again, "async": isinstance(node, ast.AsyncFunctionDef)}
