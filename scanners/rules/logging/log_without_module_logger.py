import ast
from functools import lru_cache
from typing import Final

from scanners.context import Context
from scanners.finding import Effort, Severity
from scanners.names import find
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.handlers import short
from scanners.semantics.logcalls import LEVELS, LOG_CALLS, log_call
from scanners.syntax import descendants

_ROOT_FUNCTIONS: Final = tuple(
    f"logging.{name}" for name in ("debug", "info", "warning", "warn", "error", "critical", "exception", "log")
)
_SETS_UP: Final = frozenset({"basicConfig", "dictConfig", "fileConfig", "addHandler"})


class LogWithoutModuleLogger(Rule):
    """
    A line of the root logger does not say which part of the program wrote it, and its level cannot be set apart.

    Looks at calls of `logging`: its own functions (`logging.info`), the root logger, a `Logger()` made by hand, which belongs to no
    tree, and `getLogger(__file__)`, whose name changes with the machine. Scripts, bodies under `__main__` and modules
    that set logging up are left alone.
    """

    id = "log-without-module-logger"
    area = "logging"
    item = "L3"
    title = "Log call without a module logger"
    severity = Severity.LOW
    effort = Effort.MINUTES
    fix = "Write `logger = logging.getLogger(__name__)` at the top of the module and call it."
    classes = frozenset({"service"})
    calls = ("logging.Logger", "logging.getLogger", *_ROOT_FUNCTIONS, *LOG_CALLS)
    bad = (
        Example(
            "the root logger",
            {
                "mail.py": 'import logging\n\n\ndef send(mail):\n    logging.info("sending %s", mail)\n'
                '    logging.root.info("sent")\n    logging.getLogger().info("sent")\n'
            },
            at=[("mail.py", 5), ("mail.py", 6), ("mail.py", 7)],
        ),
        Example(
            "loggers outside the tree, and the root as the logger of a module",
            {
                "mail.py": "import logging\n\nlogger = logging.Logger(__name__)\nother = logging.getLogger(__file__)\n",
                "send.py": 'import logging\n\nlog = logging.getLogger()\n\n\ndef send(mail):\n    log.info("sending")\n',
            },
            at=[("mail.py", 3), ("mail.py", 4), ("send.py", 3)],
        ),
    )
    good = (
        Example(
            "a module logger",
            {
                "mail.py": "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef send(mail):\n"
                '    logger.info("sending %s", mail)\n'
            },
        ),
        Example(
            "the module that sets logging up, and main",
            {
                "setup_logging.py": "import logging\n\n\ndef set_up(level):\n    logging.basicConfig(level=level)\n"
                '    logging.info("logging is set up")\n',
                "worker.py": 'import logging\n\nif __name__ == "__main__":\n    logging.info("starting")\n',
            },
        ),
    )

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.dotted in ("logging.Logger", "logging.getLogger"):
            self._judge_made(call, ctx)
            return
        log = log_call(call)
        root = call.dotted in _ROOT_FUNCTIONS
        if not root and (log is None or log.library != "logging"):
            return
        ctx.site(call)
        if (root or _is_of_root(call)) and not call.under_main and not _sets_up(ctx):
            what = f"logging.{call.last}()" if root else f"{short(call.node.func)}()"
            ctx.report(call, f"{what} writes to the root logger, so the line does not say where it comes from.")

    def _judge_made(self, call: Call, ctx: Context) -> None:
        name = call.argument(0, "name")
        if call.dotted == "logging.Logger":
            ctx.report(call, "Logger() makes a logger outside the tree: no level or handler of the program reaches it.")
        elif isinstance(name, ast.Name) and name.id == "__file__":
            ctx.report(call, "getLogger(__file__) names the logger after a path, which differs on every machine.")
        elif _has_no_name(call.node) and _is_for_module(call, ctx) and not _sets_up(ctx):
            ctx.report(call, "getLogger() without a name gives the root logger, so no line says where it comes from.")


def _is_of_root(call: Call) -> bool:
    """Whether the logger is the root, asked for on the way; one that the module keeps is reported where it is made."""
    made, held = call.origin, call.receiver
    if made is None or not call.dotted.startswith("logging.Logger."):
        return call.dotted.startswith("logging.root.")
    kept = find(held.id, call.scope) if isinstance(held, ast.Name) else None
    asked = getattr(made.func, "attr", getattr(made.func, "id", ""))
    return asked == "getLogger" and _has_no_name(made) and (kept is None or kept[1].kind != "module")


def _has_no_name(made: ast.Call) -> bool:
    name = next(iter([*made.args, *(word.value for word in made.keywords)]), ast.Constant(None))
    return isinstance(name, ast.Constant) and not name.value


def _is_for_module(call: Call, ctx: Context) -> bool:
    """Whether it becomes the logger that the module writes with."""
    held = call.parent()
    target = held.targets[0] if isinstance(held, ast.Assign) and call.scope.kind == "module" else None
    name = target.id if isinstance(target, ast.Name) else ""
    return (
        bool(name)
        and f"{name}.setLevel" not in ctx.source
        and any(f"{name}.{level}(" in ctx.source for level in LEVELS)
    )


@lru_cache(maxsize=2)
def _sets_up(ctx: Context) -> bool:
    """Whether the module is the one that sets logging up."""
    nodes = descendants(ctx.tree or ast.Module([], []))
    return any(isinstance(node, (ast.Attribute, ast.alias)) and _name(node) in _SETS_UP for node in nodes)


def _name(node: ast.Attribute | ast.alias) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.name
