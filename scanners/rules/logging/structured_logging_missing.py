from scanners.finding import Confidence, Effort, Severity
from scanners.rule import Example, Rule
from scanners.tree import Fact, Tree, TreeContext

_FLASK = "import logging\n\nfrom flask import Flask\n\napp = Flask(__name__)\nlogger = logging.getLogger(__name__)\n"


class StructuredLoggingMissing(Rule):
    """
    Plain lines can be read by one person on one machine; a question over all of them needs fields that a machine can
    search.

    Looks at the whole repository, once: formatters in logging settings, basicConfig and Formatter, structlog, loguru
    with serialize, and known libraries for JSON. A formatter class of the repository that writes JSON counts. A class
    from elsewhere and settings read from a file are unresolved.
    """

    id = "structured-logging-missing"
    area = "logging"
    item = "L2"
    title = "Logs are plain text"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.HOUR
    fix = "Use structlog, or give the root handler a JSON formatter such as pythonjsonlogger.json.JsonFormatter."
    kinds = frozenset({"http-api", "worker", "cron"})
    bad = (
        Example("no formatter at all", {"app.py": _FLASK}, at=[("app.py", 5)]),
        Example(
            "a plain format",
            {
                "app.py": _FLASK,
                "shop/logs.py": "import logging\n\n\ndef set_up(level):\n"
                '    logging.basicConfig(level=level, format="%(asctime)s %(message)s")\n',
            },
            at=[("shop/logs.py", 5)],
        ),
        Example(
            "plain formatters in the settings",
            {
                "shop/settings.py": 'LOGGING = {\n    "version": 1,\n    "formatters": {\n'
                '        "line": {"format": "%(levelname)s %(message)s"},\n    },\n}\n'
            },
            at=[("shop/settings.py", 4)],
        ),
    )
    good = (
        Example(
            "JSON by a library",
            {
                "shop/settings.py": 'LOGGING = {\n    "version": 1,\n    "formatters": {\n'
                '        "json": {"()": "pythonjsonlogger.json.JsonFormatter"},\n'
                '        "line": {"format": "%(message)s"},\n    },\n}\n'
            },
        ),
        Example("structlog", {"app.py": _FLASK, "logs.py": "import structlog\n\nstructlog.configure()\n"}),
        Example(
            "a formatter of the repository",
            {
                "shop/settings.py": 'LOGGING = {"version": 1, "formatters": {"main": {"()": "shop.logs.LineFormatter"}}}\n',
                "shop/logs.py": "import json\nimport logging\n\n\nclass LineFormatter(logging.Formatter):\n"
                '    def format(self, record):\n        return json.dumps({"text": record.getMessage()})\n',
            },
        ),
        Example(
            "keys and values",
            {"app.py": _FLASK + 'logging.basicConfig(format="level=%(levelname)s logger=%(name)s text=%(message)s")\n'},
        ),
        Example(
            "a formatter from elsewhere",
            {
                "shop/settings.py": 'LOGGING = {"version": 1, "formatters": {"main": {"()": "platform_logs.Formatter"}}}\n'
            },
        ),
        Example(
            "left to the server",
            {"shop/settings.py": "LOGGING_CONFIG = None\n", "shop/cli.py": "import logging\n\nlogging.basicConfig()\n"},
        ),
        Example(
            "loguru with serialize",
            {"app.py": _FLASK + "from loguru import logger as log\n\nlog.add(print, serialize=True)\n"},
        ),
    )

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        own = {fact["name"]: fact for fact in tree.facts("log-formatter")}
        states: dict[str, list[Fact]] = {"structured": [], "unknown": [], "plain": []}
        for fact in tree.facts("log-format"):
            states[_state(fact, own)].append(fact)
        states["structured"] += [fact for fact in own.values() if fact["structured"]]
        starts = [*tree.facts("log-entry"), *tree.facts("log-use")]
        if states["structured"]:
            ctx.site(states["structured"][0].path, states["structured"][0].line)
        elif states["unknown"]:
            found = states["unknown"][0]
            ctx.unresolved(found.path, found.line, f"What {found['name']} writes cannot be seen here.")
        elif states["plain"]:
            found = min(states["plain"], key=lambda fact: fact.path_class.name == "script")
            message = f"Logs are plain text here ({found['name']}), so no machine can search them by field."
            ctx.report(found.path, found.line, message, anchor="structured-logging")
        elif starts:
            message = "No formatter is set anywhere, so the logs are plain text that no machine can search by field."
            sure = self.confidence if tree.facts("log-entry") else Confidence.LOW
            ctx.report(starts[0].path, starts[0].line, message, anchor="structured-logging", confidence=sure)
        else:
            ctx.not_applicable("No logger and no start of a program were found.")


def _state(fact: Fact, own: dict[str, Fact]) -> str:
    """The state of a format; a class is looked up among those of the repository."""
    if fact["state"] != "class":
        return str(fact["state"])
    known = own.get(str(fact["name"]).rpartition(".")[2])
    if known is None:
        return "unknown"
    return "structured" if known["structured"] else "plain"
