"""How programs end: signals they handle, loops without end, pools they open and close, limits of jobs in seconds."""

import ast
import re
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.place import Bound, Call, Place
from scanners.regex import regex
from scanners.rule import CODE, Collector
from scanners.semantics.environment.servers import SERVERS, WORKERS
from scanners.semantics.environment.shell import commands
from scanners.syntax import descendants, unparse
from scanners.text import TextFile, words_before

_POOLS: Final = (
    "asyncpg.create_pool",
    "aiopg.create_pool",
    "aiomysql.create_pool",
    "psycopg_pool.ConnectionPool",
    "psycopg_pool.AsyncConnectionPool",
    "aiohttp.ClientSession",
    "httpx.AsyncClient",
)
_HANDLED: Final = (
    "signal.signal",
    "signal.sigwait",
    "signal.set_wakeup_fd",
    "*.add_signal_handler",
    "*.handle_signals",
)
_LIMITS: Final = frozenset({"time_limit", "task_time_limit", "CELERY_TASK_TIME_LIMIT", "CELERYD_TASK_TIME_LIMIT"})
_WAITS: Final = frozenset(
    "sleep get recv receive poll consume fetch pop blpop brpop rpop lpop xread xreadgroup receive_message "
    "receive_messages getmany basic_get process_data_events drain_events getone pull "
    "run_pending read accept wait claim dequeue next_job reserve fetchone process run_once tick".split()
)
_CLOSED: Final = regex(r"\.(?:aclose|close|terminate|disconnect|wait_closed|__aexit__|shutdown)\b")


class Stops(Collector):
    """Facts `signal-handled`, `endless-loop`, `pool-made` (by its name), `closed-names` and `job-seconds`."""

    classes = CODE
    calls = (*_POOLS, *_HANDLED)

    @staticmethod
    def binds(name: str) -> bool:
        """Whether the name is a limit of jobs."""
        return name in _LIMITS

    def visit_binding(self, bound: Bound, ctx: Context) -> None:
        """Record a limit that is a fixed number."""
        value = fold(bound.value, bound.scope)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            ctx.fact("job-seconds", bound, seconds=value)

    def visit_call(self, call: Call, ctx: Context) -> None:
        """Record a handled signal, or a pool that outlives its function."""
        if call.dotted not in _POOLS:
            told = " ".join(unparse(arg) for arg in call.node.args[:1])
            if "SIGINT" not in told or call.last == "sigwait":
                ctx.fact("signal-handled", call)
            return
        name, wide = _kept(call)
        if name and wide:
            ctx.fact(
                "pool-made", call, name=name, maker=call.dotted, text=ctx.source_lines[call.line - 1].strip()[:160]
            )

    def visit_while(self, place: Place[Any], ctx: Context) -> None:
        """Record a loop that only an error ends, in a file that is started."""
        node = place.node
        if not (isinstance(node.test, ast.Constant) and node.test.value):
            return
        if "__main__" not in ctx.source and ctx.path_class != "script":
            return
        parts = list(descendants(node))
        by_hand = {
            inner
            for part in parts
            if isinstance(part, ast.ExceptHandler) and "KeyboardInterrupt" in unparse(part.type or part)
            for inner in descendants(part)
        }
        waits = any(isinstance(part, ast.Call) and _called(part) in _WAITS for part in parts)
        ends = any(isinstance(part, (ast.Break, ast.Return, ast.Yield)) for part in parts if part not in by_hand)
        if waits and not ends and not any(True for _ in place.within("while", "for")):
            ctx.fact("endless-loop", place, text=ctx.source_lines[place.line - 1].strip()[:160])

    def visit_module(self, ctx: Context) -> None:
        """Record what is closed somewhere, by name."""
        if "await " in ctx.source or "close()" in ctx.source:
            names = sorted(set(words_before(_CLOSED, ctx.source)))
            if names:
                ctx.fact("closed-names", 1, names=names[:200])


class EntryScripts(Collector):
    """Fact `entry-script`: the last command of a shell script, and whether it replaces the shell."""

    files = ("shell", "ci")

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        """Record the last command when it serves or works."""
        if not SERVERS.search(text.text) and not WORKERS.search(text.text):
            return
        found = [command for command in commands(text.text) if command.name not in ("fi", "done", "esac", "}", ";;")]
        last = found[-1] if found else None
        if last is None or not (SERVERS.search(last.text) or WORKERS.search(last.text)):
            return
        handled = (
            "exec" in last.wrappers
            or last.after == "&"
            or bool(re.search(r"^[^\S\n]*+trap\b", text.text, re.MULTILINE))
        )
        shown = text.lines[last.line - 1].strip()[:160] if last.line <= len(text.lines) else ""
        ctx.fact("entry-script", last.line, exec=handled, text=shown)


def _called(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _kept(call: Call) -> tuple[str, bool]:
    """The name that keeps what a call makes, and whether it outlives the function."""
    stmt = call.stmt
    if not isinstance(stmt, (ast.Assign, ast.AnnAssign)) or stmt.value is None:
        return "", False
    value = stmt.value.value if isinstance(stmt.value, ast.Await) else stmt.value
    target = stmt.targets[0] if isinstance(stmt, ast.Assign) else stmt.target
    if value is not call.node:
        return "", False
    if isinstance(target, ast.Attribute):
        return target.attr, True
    if not isinstance(target, ast.Name):
        return "", False
    declared = call.function is not None and any(
        isinstance(part, ast.Global) and target.id in part.names for part in descendants(call.function)
    )
    return target.id, declared or (call.function is None and call.cls is None)
