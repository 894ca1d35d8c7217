"""Threads and processes as they are started: what they are given to run, and what runs between fork and exec."""

import ast
from typing import Any, Final

from scanners.context import Context
from scanners.names import find
from scanners.place import Call
from scanners.semantics.handlers import inner
from scanners.syntax import unparse

THREADS: Final = {"threading.Thread": 1, "threading.Timer": 1, "multiprocessing.Process": 1}
"""What starts a thread or a process of Python, and where its target stands."""
PROCESSES: Final = tuple(f"subprocess.{name}" for name in ("Popen", "run", "call", "check_call", "check_output"))
"""What starts another program."""


def given_to(call: Call, ctx: Context) -> str:
    """What is wrong with the target of a thread: "nothing" is given, or a call (as written) whose result is none.

    "unknown" for a call of something out of sight; "" for a target that can be run.
    """
    target = call.argument(THREADS[call.dotted], "target", "function")
    if target is None:
        return "nothing" if not call.unpacks and _is_plain(call) else ""
    if not isinstance(target, ast.Call):
        return ""
    made = ctx.definition(call.resolve(target.func))
    if isinstance(made, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return "" if _returns_something(made) else unparse(target)
    return "unknown"


def forks_after_threads(call: Call) -> bool:
    """Whether the def that forks has started a thread above."""
    return any(_starts_thread(node, call) for node in inner(list(getattr(call.function, "body", ()))))


def runs_before_exec(call: Call) -> str | None:
    """What runs in the child before another program: "python", "unknown" for a parameter, "" for None as written.

    None when the call says nothing of it.
    """
    given = call.keyword("preexec_fn")
    if given is None:
        return None
    if isinstance(given, ast.Name):
        found = find(given.id, call.scope)
        if found is not None and any(binding.kind == "param" for binding in found[0]):
            return "unknown"
    return "" if isinstance(given, ast.Constant) else "python"


def _is_plain(call: Call) -> bool:
    """Whether nothing gives the thread its work later: `thread.run = f`."""
    function = call.function
    nodes = list(inner(function.body)) if function is not None and isinstance(function.body, list) else []
    return not any(isinstance(node, ast.Attribute) and node.attr in ("run", "_target") for node in nodes)


def _returns_something(function: Any) -> bool:
    if isinstance(function, ast.AsyncFunctionDef):
        return False
    return any(
        isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant)
        for node in inner(list(function.body))
    )


def _starts_thread(node: Any, call: Call) -> bool:
    is_start = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "start"
    return is_start and node.lineno < call.line and call.name(node.func) == "threading.Thread.start"
