"""Where a handler stands: at the edge of a task or a request, or within what others call."""

import ast
import re
from typing import Final

from scanners.context import Context
from scanners.place import Place
from scanners.regex import regex
from scanners.semantics.handlers import inner

_ENTRY: Final = regex(
    r"^_*(main|run|handle|process|dispatch|on|consume|work|worker|perform|execute|serve|start|tick|listen|poll|watch|lambda|do)(_\w+)?$"
    r"|_(loop|callback|handler|task|job|worker|thread|view|middleware|hook)$|^__call__$|^(get|post|put|patch|delete|loop|job|task)$"
    r"|^do_[A-Z]+$|^(handler|callback|view|middleware|entrypoint|application|app)$"
)
_ENTRY_DECORATOR: Final = regex(
    r"^(route|get|post|put|patch|delete|websocket|task|shared_task|periodic_task|job|receiver|command|middleware|errorhandler"
    r"|exception_handler|api_view|action|on_event|on|subscribe|subscriber|listener|consumer|scheduled_job|cron|handler|agent|timer)$"
)


def is_called_here(at: Place[ast.ExceptHandler], ctx: Context) -> bool:
    """Whether code of this file calls the function, so that there is a handler further out to leave the failure to."""
    name = getattr(at.function, "name", "")
    before = r"\b(self|cls)\." if at.cls is not None else r"(?<!def )(?<![.\w])"
    called = f"{name}(" in ctx.source and re.search(rf"{before}{re.escape(name)}\(", ctx.source) is not None
    return bool(name) and called


def ends_def(at: Place[ast.ExceptHandler]) -> bool:
    """Whether nothing comes after the clause, nor an answer out of it: the def stops there, and nobody is misled."""
    last = at.function.body[-1] if isinstance(at.function, (ast.FunctionDef, ast.AsyncFunctionDef)) else None
    answers = any(isinstance(stmt, ast.Return) and stmt.value is not None for stmt in at.node.body)
    return isinstance(last, ast.Try) and at.node in last.handlers and not answers


def is_boundary(at: Place[ast.ExceptHandler]) -> bool:
    """Whether it is the outermost handler of a request, a task, a loop or a program, as names and decorators tell."""
    function = at.function
    if function is None or at.under_main or at.in_loop:
        return True
    decorators = [node.func if isinstance(node, ast.Call) else node for node in getattr(function, "decorator_list", ())]
    names = [getattr(node, "attr", getattr(node, "id", "")) for node in decorators]
    params = [arg.arg for arg in function.args.args[:3]]
    return (
        bool(_ENTRY.search(getattr(function, "name", "")))
        or any(_ENTRY_DECORATOR.match(name) for name in names)
        or "request" in params
        or params == ["event", "context"]
        or _answers_failure(at.node)
    )


def _answers_failure(handler: ast.ExceptHandler) -> bool:
    """Whether the clause answers a client with a status of the five hundreds."""
    values = {node.value for node in inner([*handler.body], ast.Constant) if type(node.value) is int}
    named = (node.attr for node in inner([*handler.body], ast.Attribute))
    return any(500 <= value <= 599 for value in values) or any("INTERNAL_SERVER_ERROR" in name for name in named)
