"""Time budgets of servers, proxies and workers, and what is spent of them while a request waits."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.rule import Collector
from scanners.semantics.outbound import HTTP
from scanners.semantics.owncalls import calls_of
from scanners.semantics.routes import routes_of
from scanners.semantics.timeouts.budgets import in_text, seconds
from scanners.text import TextFile, words_with
from scanners.tree import Fact, Tree

_WORD: Final = regex(r"\b\w*(?:timeout|retries|max_retry|pool_size)\w*\b", re.IGNORECASE)
_GUNICORN: Final = frozenset(
    "bind workers worker_class worker_connections worker_tmp_dir max_requests max_requests_jitter graceful_timeout "
    "preload_app wsgi_app forwarded_allow_ips accesslog errorlog keepalive proc_name on_starting when_ready post_fork "
    "pre_fork child_exit worker_exit worker_int worker_abort".split()
)
"""What tells settings of gunicorn from other modules that have a `timeout`."""

_NAMED: Final = regex(r"(^|/)[\w.-]*gunicorn[\w.-]*\.py$")

_READ_BY_LIBRARIES: Final = regex(
    r"^(CELERY|SQLALCHEMY|DATABASE|DB|EMAIL|MAIL|CACHE|SESSION|REDIS|RQ|CONN|DATA|FILE|LDAP|AWS|GUNICORN|BROKER|SOCIAL)_"
)
_DJANGO: Final = frozenset({"INSTALLED_APPS", "MIDDLEWARE", "ROOT_URLCONF", "DATABASES"})
_WORDS: Final = ("timeout", "retries", "max_retry", "pool_size")


class ServerBudgets(Collector):
    """Fact `budget`: a limit (kind server, proxy, hard or soft; seconds; name) in commands and settings of servers.

    `sure` is False for the `timeout` of a module whose path alone can tell whether it holds settings of gunicorn.
    """

    files = ("dockerfile", "compose", "procfile", "manifest", "shell", "config-file")

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        for budget in in_text(text.lines):
            shown = text.lines[budget.line - 1].strip()[:160]
            told = {"kind": budget.kind, "seconds": budget.seconds, "name": budget.name, "sure": True}
            ctx.fact("budget", budget.line, **told, text=shown)

    def visit_module(self, ctx: Context) -> None:
        names = ctx.module.names
        sure = not _GUNICORN.isdisjoint(names)
        if "timeout" not in names or not (sure or ctx.role.startswith("settings")):
            return
        limit = _value("timeout", ctx)
        if isinstance(limit, (int, float)) and _one_by_one(ctx):
            told = {"kind": "server", "seconds": float(limit), "name": "timeout of the gunicorn settings", "sure": sure}
            ctx.fact("budget", names["timeout"][-1].line, **told, text=f"timeout = {limit}")


class SpentBudgets(Collector):
    """Fact `spent`: a fixed limit of a call that a request waits for, or of a wait for a pooled connection."""

    calls = (*HTTP, "sqlalchemy.create_engine", "sqlalchemy.create_async_engine")

    def visit_call(self, call: Call, ctx: Context) -> None:
        pooled = call.last in ("create_engine", "create_async_engine")
        limit = seconds(call.keyword("pool_timeout" if pooled else "timeout"), call)
        if limit is None or not (pooled or _is_waited_for(call, ctx)):
            return
        what = "the wait for a pooled connection" if pooled else f"`{call.dotted}`"
        ctx.fact("spent", call, seconds=limit, what=what, text=ctx.source_lines[call.line - 1].strip()[:160])


class BudgetSettings(Collector):
    """Facts `budget-setting` (what settings say about time, retries or pools) and `budget-words` (the names
    of that sort that a file mentions, with how often)."""

    classes = frozenset({"service", "script", "test"})

    def visit_class_def(self, place: Place[ast.ClassDef], ctx: Context) -> None:
        if not any(place.name(base).endswith(".BaseSettings") for base in place.node.bases):
            return
        for stmt in place.node.body:
            if (
                isinstance(stmt, ast.AnnAssign)
                and isinstance(stmt.target, ast.Name)
                and _WORD.fullmatch(stmt.target.id)
            ):
                text = ctx.source_lines[stmt.lineno - 1].strip()[:160]
                ctx.fact("budget-setting", stmt, name=stmt.target.id, text=text)

    def visit_module(self, ctx: Context) -> None:
        if ctx.role.startswith("settings") and not _DJANGO & ctx.module.names.keys():
            for name, line in _constants(ctx):
                ctx.fact("budget-setting", line, name=name, text=ctx.source_lines[line - 1].strip()[:160])
        words = words_with(ctx.source, _WORDS, ctx.lowered)
        if words:
            found = Counter(words)
            ctx.fact("budget-words", 1, words={word: found[word] for word in sorted(found)[:200]})


def _constants(ctx: Context) -> Iterator[tuple[str, int]]:
    """Plain numbers of a settings module, with their lines; what a library reads by its name is left out."""
    for name, bindings in ctx.module.names.items():
        ours = name.isupper() and _WORD.fullmatch(name) and not _READ_BY_LIBRARIES.match(name)
        if ours and isinstance(_value(name, ctx), (int, float)):
            yield name, bindings[-1].line


def _is_waited_for(call: Call, ctx: Context) -> bool:
    """Whether a request waits for the call: it stands in a route handler, or in what one of this file calls."""
    handlers = routes_of(ctx)
    if not handlers or call.function is None:
        return False
    callers = calls_of(ctx, getattr(call.function, "name", ""))
    return call.function in handlers or any(scope.node in handlers for _, scope in callers)


def _one_by_one(ctx: Context) -> bool:
    """Whether a worker of gunicorn that is set up like this ends at the limit what it is busy with.

    Without a class it is plain, or has threads where it is given several.
    """
    threads = _value("threads", ctx)
    plain = "worker_class" not in ctx.module.names or _value("worker_class", ctx) == "sync"
    return plain and not (isinstance(threads, int) and threads > 1)


def _value(name: str, ctx: Context) -> Any:
    bindings = ctx.module.names.get(name, [])
    found = fold(bindings[-1].value, ctx.module) if bindings and bindings[-1].kind == "assign" else None
    return found if isinstance(found, (int, float, str)) else None


def limits(tree: Tree) -> list[Fact]:
    """What servers and proxies are told; the settings of gunicorn are known by what they hold, or by their name."""
    found = (fact for fact in tree.facts("budget") if fact["kind"] in ("server", "proxy"))
    return [fact for fact in found if fact["sure"] or _NAMED.search(fact.path)]


def request_limit(budgets: Sequence[Fact]) -> float:
    """After how many seconds a request is ended, by the server or else by the proxy before it; 0 for not known."""
    for kind in ("server", "proxy"):
        found = [fact["seconds"] for fact in budgets if fact["kind"] == kind and fact["seconds"] > 0]
        if found:
            return float(max(found))
    return 0.0


def unread(tree: Tree) -> list[Fact]:
    """Fields of settings classes about time, retries or pools that no other line names."""
    uses: Counter[str] = Counter()
    for fact in tree.facts("budget-words", tests=True):
        uses.update(fact["words"])
    return [fact for fact in tree.facts("budget-setting") if uses[fact["name"]] < 2]
