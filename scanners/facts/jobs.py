"""Background jobs, and the limits that hold for all of them."""

import ast
import re
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.rule import Collector
from scanners.text import TextFile

_LIMITS: Final = ("time_limit", "soft_time_limit")
_SETTING: Final = regex(
    r"^[^#]*(?:\b(?:CELERYD?_)?TASK_(?:SOFT_)?TIME_LIMIT['\"]?\]?\s*[=:]\s*(?!None)\S|ANNOTATIONS\b.*\btime_limit\b)",
    re.IGNORECASE,
)
_COMMAND: Final = regex(r"--(?:soft-)?time-limit\b")
_DECORATORS: Final = frozenset({"celery.shared_task", "celery.task", "celery.Celery.task", "celery.decorators.task"})


class Jobs(Collector):
    """Fact `job`: a Celery task, with its own limits. Fact `celery-app`: where an application is made.

    A task of an imported object that may be an application has its dotted name as `app`; it is empty for a sure one.
    """

    calls = ("celery.Celery",)

    def visit_call(self, call: Call, ctx: Context) -> None:
        """Record an application."""
        bound = call.stmt.targets[0] if isinstance(call.stmt, ast.Assign) and call.stmt.value is call.node else None
        name = bound.id if isinstance(bound, ast.Name) and call.block.kind == "module" else ""
        ctx.fact("celery-app", call, name=name)

    def visit_function_def(self, place: Place[Any], ctx: Context) -> None:
        """Record a decorated def that is a task."""
        for decorator in place.node.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            name = place.name(call.func if call else decorator)
            sure = is_task(call.func if call else decorator, place)
            if sure or name.endswith(".app.task"):
                app = "" if sure else name.removesuffix(".task").lstrip(".")
                ctx.fact("job", place, name=place.node.name, text=_head(place), app=app, **_stated(call, place))

    def visit_module(self, ctx: Context) -> None:
        """Record base classes of tasks that hold a limit."""
        for name, scope in ctx.module.classes.items():
            if any(limit in scope.names for limit in _LIMITS):
                ctx.fact("job-base", scope.node, name=name.rpartition(".")[2])
        if "time_limit" in ctx.lowered and (
            ctx.role.startswith("settings") or ctx.imports("celery") or "celery" in ctx.module.names
        ):
            for number, line in enumerate(ctx.source_lines, 1):
                if _SETTING.search(line) and "@" not in line:
                    ctx.fact("job-limit", number)


class JobCommands(Collector):
    """Fact `job-limit`: a worker started with a limit for all its tasks."""

    files = ("dockerfile", "compose", "procfile", "manifest")

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        """Record the option of the command."""
        for number, line in enumerate(text.lines, 1):
            if _COMMAND.search(line):
                ctx.fact("job-limit", number)


def is_task(decorator: ast.expr, place: Place[Any]) -> bool:
    """Whether a decorator makes a Celery task: of `celery` itself, or of an application that is named after it."""
    name = place.name(decorator)
    if name in _DECORATORS:
        return True
    return name.endswith((".task", ".periodic_task")) and "celery" in name.lower().rpartition(".")[0]


def _stated(call: ast.Call | None, place: Place[Any]) -> dict[str, Any]:
    words = {word.arg: word.value for word in call.keywords} if call else {}
    limited = any(name in words and fold(words[name], place.scope) is not None for name in _LIMITS)
    base = place.name(words["base"]).rpartition(".")[2] if "base" in words else ""
    return {"limited": limited, "hidden": None in words, "base": base}


def _head(place: Place[Any]) -> str:
    return f"{'async ' if isinstance(place.node, ast.AsyncFunctionDef) else ''}def {place.node.name}(...)"
