"""What a log call is: which library, which level, which message. For the rules about logging and about handlers."""

import ast
import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from scanners.context import Context, per_file
from scanners.names import Ref, resolve
from scanners.place import Call
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.syntax import descendants

LEVELS: Final = {
    "trace": 5,
    "debug": 10,
    "info": 20,
    "success": 25,
    "warning": 30,
    "warn": 30,
    "error": 40,
    "exception": 40,
    "critical": 50,
    "fatal": 50,
    "log": 0,
}
"""The level methods of loggers; `log` takes its level as the first argument."""

LOG_CALLS: Final = (
    *(f"*.{name}" for name in LEVELS),
    *(f"{holder}.{name}" for holder in ("logging", "logging.Logger") for name in LEVELS),
)
"""For `calls` of a rule that looks at log calls; `log_call` then says which of the calls are.

Calls of a name that was imported from `logging`, or that holds a method of a logger, are found by the dotted names.
"""

WARNING: Final = 30
ERROR: Final = 40
_OF_ERRORS: Final = frozenset(name for name, level in LEVELS.items() if level >= ERROR or name == "log")

_STDLIB: Final = frozenset(
    {
        "logging",
        "logging.Logger",
        "logging.LoggerAdapter",
        "logging.Logger.getChild()",
        "logging.root",
        "logging.RootLogger",
    }
    | {"flask.current_app.logger", "flask.Flask.logger", "quart.current_app.logger", "quart.Quart.logger"}
    | {"tornado.log.app_log", "tornado.log.gen_log", "tornado.log.access_log", "logging.getLogger().getChild()"}
)
_RECEIVER: Final = regex(r"(^|_)log(ger|ging)?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LogCall:
    """One log call. `library` is logging, structlog, loguru, or other for a receiver known by its name only.

    `level` is the number that `logging` gives to it, 0 when it cannot be told; `args` are the positional arguments
    after the message; `root` says that a function of the `logging` module itself is called.
    """

    library: str
    level: int
    method: str
    message: ast.expr | None
    args: tuple[ast.expr, ...]
    keywords: tuple[ast.keyword, ...]
    root: bool = False

    @property
    def unpacks(self) -> bool:
        """Whether `*args` or `**kwargs` hide some of what is passed."""
        starred = isinstance(self.message, ast.Starred) or any(isinstance(arg, ast.Starred) for arg in self.args)
        return starred or any(word.arg is None for word in self.keywords)

    def keyword(self, name: str) -> ast.expr | None:
        """The value passed by this keyword, or None."""
        return next((word.value for word in self.keywords if word.arg == name), None)

    @property
    def traceback(self) -> bool:
        """Whether the traceback of the exception being handled is logged, or the caller decides that on purpose."""
        given = self.keyword("exc_info") or self.keyword("exception")
        off = isinstance(given, ast.Constant) and not given.value
        return not off if given is not None else self.method == "exception"


@per_file
def may_log_errors(ctx: Context) -> bool:
    """A cheap test: whether the file may log an error at all."""
    return any(word in ctx.source for word in (".error", ".exception", ".critical", ".fatal", ".log("))


def logs_errors(node: ast.stmt | ast.ExceptHandler, ctx: Context) -> bool:
    """A cheap test: whether a statement or a clause may log an error."""
    lines = _error_lines(ctx)
    at = bisect_left(lines, node.lineno)
    return at < len(lines) and lines[at] <= (node.end_lineno or node.lineno)


@per_file
def _error_lines(ctx: Context) -> list[int]:
    """The lines of all calls that may log an error, in order."""
    calls = descendants(ctx.tree, ast.Call) if ctx.tree is not None and may_log_errors(ctx) else ()
    return sorted(node.lineno for node in calls if getattr(node.func, "attr", "") in _OF_ERRORS)


@lru_cache(maxsize=8)
def log_call(call: Call) -> LogCall | None:
    """The log call that `call` is, or None. The hooks of one call run in a row, so it is worked out once."""
    return read(call.node, call.scope, call.ref)


def find(node: ast.Call, scope: Scope) -> LogCall | None:
    """The log call that a call found inside a hook is, or None."""
    func = node.func
    if getattr(func, "attr", "") not in LEVELS and not isinstance(func, ast.Name):
        return None
    return read(node, scope, resolve(func, scope, node.lineno))


def read(node: ast.Call, scope: Scope, ref: Ref | None) -> LogCall | None:
    """The log call that `node` is in `scope`, where its function stands for `ref`; None when it is none."""
    head, _, method = ref.dotted.rpartition(".") if ref else ("", "", "")
    func = node.func
    if isinstance(func, ast.Attribute):
        method, library = func.attr, _library(head, func.value) if func.attr in LEVELS else ""
    else:  # `from logging import info`, or a method kept in a variable.
        library = "logging" if head in _STDLIB and method in LEVELS else ""
    if not library:
        return None
    args = list(node.args)
    level = LEVELS[method]
    if method == "log":
        level = _level(args.pop(0), scope) if args else 0
    message = (
        args.pop(0) if args else next((word.value for word in node.keywords if word.arg in ("msg", "event")), None)
    )
    keywords = (*node.keywords, *_opted(getattr(func, "value", None)))
    root = head in ("logging", "logging.root")
    return LogCall(library, level, method, message, tuple(args), keywords, root)


def _opted(receiver: ast.expr | None) -> list[ast.keyword]:
    """What `logger.opt(exception=...)` and `logger.bind(exc_info=...)` add to a call."""
    if not isinstance(receiver, ast.Call) or getattr(receiver.func, "attr", "") not in ("opt", "bind"):
        return []
    return [word for word in receiver.keywords if word.arg in ("exception", "exc_info")]


def _library(head: str, receiver: ast.expr) -> str:
    if head in _STDLIB:
        return "logging"
    top = head.partition(".")[0]
    if top in ("structlog", "loguru"):
        return top
    return "other" if _RECEIVER.search(receiver_name(receiver)) else ""


def receiver_name(receiver: ast.expr) -> str:
    """The last word of what stands before the dot: `logger` for `self.logger`, also for `self.logger.bind(...)`."""
    while isinstance(receiver, ast.Call):
        func = receiver.func
        if isinstance(func, ast.Attribute) and func.attr in ("bind", "opt", "new", "getChild"):
            receiver = func.value
        else:
            receiver = func
    if isinstance(receiver, ast.Attribute):
        return receiver.attr
    return receiver.id if isinstance(receiver, ast.Name) else ""


def _level(expr: ast.expr, scope: Scope) -> int:
    if isinstance(expr, ast.Constant):
        return expr.value if isinstance(expr.value, int) else LEVELS.get(str(expr.value).lower(), 0)
    ref = resolve(expr, scope, expr.lineno)
    head, _, last = ref.dotted.rpartition(".") if ref else ("", "", "")
    return LEVELS.get(last.lower(), 0) if head == "logging" else 0


def fixed_level(given: ast.expr | None, call: Call) -> int | None:
    """The level that is written as a literal or as a constant of `logging`; None for one from elsewhere."""
    return (_level(given, call.scope) or None) if given is not None else None


def level_name(level: int) -> str:
    """What people call a level: 30 is WARNING."""
    return next((name.upper() for name, number in LEVELS.items() if number == level), str(level))
