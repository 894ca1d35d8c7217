import ast
from typing import Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Block, Call, Place
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.logcalls import WARNING, fixed_level, level_name
from scanners.syntax import unparse

_HUSHES: Final = regex(r"(?i)quiet|silence|suppress|verbos|debug")
_SWITCH: Final = regex(r"(?i)debug|verbos|quiet|level|env|argv|opts|args")


class LoggingFixedInCode(Rule):
    """
    A level that is fixed in the code needs a release to change, just when the failure has to be seen.

    Looks at the level of basicConfig() and of setLevel() on loggers, at DEBUG in the LOGGING of production settings, at
    handlers that a module adds to its logger when it is imported, and at `logging.config.listen`, which runs what it is
    sent. A level from elsewhere, main functions and scripts, third-party loggers quietened to warning or above, levels
    of handlers, and NullHandler are right.
    """

    id = "logging-fixed-in-code"
    area = "logging"
    item = "L2"
    title = "Logging fixed in the code"
    severity = Severity.MEDIUM
    effort = Effort.MINUTES
    fix = "Read the level from the environment, and let the program, not a library module, add handlers."
    calls = (
        *("logging.basicConfig", "logging.Logger.setLevel", "logging.root.setLevel", "logging.Logger.addHandler"),
        *("logging.config.listen", "logging.root.addHandler", "flask.Flask.logger.setLevel"),
    )
    bad = (
        Example(
            "literal levels",
            {
                "app.py": "import logging\n\nfrom flask import Flask\n\nlogging.basicConfig(level=logging.DEBUG)\n"
                'logger = logging.getLogger(__name__)\nlogger.setLevel("INFO")\napp = Flask(__name__)\n'
            },
            at=[("app.py", 5), ("app.py", 7)],
        ),
        Example(
            "DEBUG in production settings",
            {
                "shop/settings/production.py": 'LOGGING = {\n    "version": 1,\n    "root": {\n'
                '        "level": "DEBUG",\n        "handlers": ["console"],\n    },\n}\n'
            },
            at=[("shop/settings/production.py", 4)],
        ),
        Example(
            "a handler added on import, and a door for settings",
            {
                "client.py": "import logging\nimport logging.config\n\nlogger = logging.getLogger(__name__)\n"
                "logger.addHandler(logging.StreamHandler())\n\n\ndef serve():\n    logging.config.listen(9999)\n"
            },
            at=[("client.py", 5), ("client.py", 9)],
        ),
    )
    good = (
        Example(
            "from the environment, in main, and for others' loggers",
            {
                "app.py": "import logging\nimport os\n"
                'logging.basicConfig(level=os.environ.get("LOG_LEVEL", "INFO"))\n'
                'logging.getLogger("urllib3").setLevel(logging.WARNING)\n'
                "logging.getLogger(__name__).addHandler(logging.NullHandler())\nhandler = logging.StreamHandler()\n"
                "handler.setLevel(logging.ERROR)\n\n\ndef main():\n    logging.basicConfig(level=logging.INFO)\n\n\n"
                "def accesses(name):\n    access_log = logging.getLogger(name)\n    access_log.setLevel(logging.INFO)\n"
            },
        ),
        Example("at INFO", {"shop/settings/production.py": 'LOGGING = {"version": 1, "root": {"level": "INFO"}}\n'}),
    )

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.last == "listen":
            message = "logging.config.listen() runs code from whatever reaches its port."
            ctx.report(call, message, severity=Severity.HIGH)
        elif call.last == "addHandler":
            self._judge_handler(call, ctx)
        else:
            self._judge_level(call, ctx)

    def _judge_level(self, call: Call, ctx: Context) -> None:
        ctx.site(call)
        given = call.keyword("level") if call.last == "basicConfig" else call.argument(0, "level")
        level = fixed_level(given, call)
        if level is None or _is_main(call, ctx) or _quietens(call, level):
            return
        name = call.origin.args[0] if call.last == "setLevel" and call.origin is not None and call.origin.args else None
        apart = isinstance(name, ast.Constant) and bool(name.value)  # One logger among others may have its reasons.
        message = f"{call.last}() fixes the level at {level_name(level)}: seeing more, or less, takes a release."
        ctx.report(call, message, confidence=Confidence.LOW if apart else Confidence.HIGH)

    def _judge_handler(self, call: Call, ctx: Context) -> None:
        ctx.site(call)
        given = call.argument(0, "hdlr")
        null = given is not None and "NullHandler" in (call.name(given) or unparse(given))
        if null or call.function is not None or call.under_main or ctx.path_class == "script":
            return
        name = call.origin.args[0] if call.origin is not None and call.origin.args else None
        own = isinstance(name, ast.Name) and name.id == "__name__"
        message = (
            "Importing this module adds a handler, so its lines are written once more beside the program's own logging."
        )
        ctx.report(call, message, confidence=Confidence.HIGH if own else Confidence.LOW)

    def visit_module(self, ctx: Context) -> None:
        names = ("LOGGING", "LOGGING_CONFIG") if ctx.role == "settings-production" else ()
        bindings = [binding for name in names for binding in ctx.module.names.get(name, ())]
        for settings in (binding.value for binding in bindings if isinstance(binding.value, ast.Dict)):
            found = _debug_levels(settings)
            if not found:
                ctx.site(settings)
            for value in found:
                message = "Production logs at DEBUG: variables and bodies of requests end up in the logs, at a price."
                ctx.report(Place(value, Block("module", settings, None, ctx.module), None), message)


def _is_main(call: Call, ctx: Context) -> bool:
    """Whether the program decides this itself: in a script, in its main function, or on a condition about logging."""
    name = getattr(call.function, "name", "").strip("_")
    decided = any(_SWITCH.search(unparse(test)) for test in call.conditions())
    named = name in ("main", "cli", "run_cli") or bool(_HUSHES.search(name))
    return ctx.path_class == "script" or call.under_main or named or decided


def _quietens(call: Call, level: int) -> bool:
    """Whether the level of somebody else's logger is raised, or a logger for accesses is set apart."""
    if call.last != "setLevel" or call.origin is None or not call.origin.args:
        return False
    name = call.origin.args[0]
    own = isinstance(name, ast.Name) and name.id == "__name__"
    root = isinstance(name, ast.Constant) and not name.value
    named = f"{unparse(name)} {unparse(call.node.func)}".lower()
    return (not own and not root and level >= WARNING) or "access" in named


def _debug_levels(node: ast.Dict) -> list[ast.expr]:
    found = []
    for key, value in zip(node.keys, node.values, strict=True):
        name = key.value if isinstance(key, ast.Constant) else None
        if isinstance(value, ast.Dict) and name not in ("handlers", "filters", "formatters"):
            found += _debug_levels(value)
        elif name == "level" and isinstance(value, ast.Constant) and value.value == "DEBUG":
            found.append(value)
    return found
