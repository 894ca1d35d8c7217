import re
from typing import Final

from scanners.context import Context
from scanners.facts.modes import RUNNERS, debug_of, started_by
from scanners.finding import Severity
from scanners.place import Call
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.syntax import unparse
from scanners.tree import Tree, TreeContext

_AWAY: Final = regex(r"(^|[/_.-])(\w*test\w*|dev\w*|local\w*|examples?|samples?|demo)([/_.-]|$)", re.IGNORECASE)

_ASKED: Final = regex(r"(?<!not )\b\w*(debug|dev(el(opment)?)?(?=\b|_|mode)|local|reload)", re.IGNORECASE)


class DevelopmentModeShipped(Rule):
    """
    A development mode in production shows source code and secrets to whoever causes an error, and some let them run code.

    Looks at DEBUG and TESTING in settings modules and configuration classes, at debug and reload switches of Flask,
    FastAPI, uvicorn and others, and at the commands and variables of images, Procfiles and manifests. Settings for
    development and tests are fine, as is a value from the environment, or a base that the production settings turn off.
    A run under `__main__` that no image starts is a minor finding.
    """

    id = "development-mode-shipped"
    area = "config"
    item = "C1"
    title = "Development mode in what is shipped"
    severity = Severity.HIGH
    fix = "Read the switch from the environment with a default of off; start a production server in the image."
    bad = (
        Example(
            "settings",
            {
                "shop/settings.py": "DEBUG = True\n",
                "shop/config.py": "class ProductionConfig:\n    TESTING = True\n",
            },
            at=[("shop/config.py", 2), ("shop/settings.py", 1)],
        ),
        Example(
            "a server run in debug mode, in and outside __main__",
            {
                "shop/app.py": """\
from flask import Flask
app = Flask(__name__)
if __name__ == "__main__":
    app.run(debug=True)
""",
                "shop/serve.py": "import uvicorn\ndef serve():\n    uvicorn.run('shop:app', reload=True)\n",
            },
            at=[("shop/app.py", 4), ("shop/serve.py", 3)],
        ),
        Example(
            "the command of an image",
            {
                "Dockerfile": 'FROM python:3.12\nENV FLASK_DEBUG=1\nCMD ["python", "manage.py", "runserver", "0.0.0.0:8000"]\n',
                "Procfile": "web: uvicorn shop:app --reload\n",
            },
            at=[("Dockerfile", 2), ("Dockerfile", 3), ("Procfile", 1)],
        ),
    )
    good = (
        Example(
            "from the environment, or for development alone",
            {
                "shop/settings/base.py": "import os\nDEBUG = os.environ.get('DEBUG', '') == '1'\n",
                "shop/settings/dev.py": "DEBUG = True\n",
                "shop/app.py": """\
import os
from flask import Flask
app = Flask(__name__)
app.run(debug=os.environ.get("DEBUG") == "1")
class DevelopmentConfig:
    DEBUG = True
""",
                "Dockerfile": "FROM python:3.12 AS dev\nCMD flask run --reload\nFROM python:3.12\nCMD gunicorn shop:app\n",
            },
        ),
        Example(
            "asked for by a switch",
            {"shop/app.py": "from fastapi import FastAPI\nif in_debug_mode():\n    app = FastAPI(debug=True)\n"},
        ),
        Example(
            "a base that production turns off",
            {
                "shop/settings/base.py": "DEBUG = True\n",
                "shop/settings/production.py": "from shop.settings.base import *\nDEBUG = False\n",
            },
        ),
    )
    calls = tuple(RUNNERS)

    def visit_call(self, call: Call, ctx: Context) -> None:
        found = debug_of(call)
        if found is None:
            ctx.unresolved(call, "The switch comes from elsewhere.")
        elif found and call.under_main:
            ctx.fact("debug-run", call, text=ctx.source_lines[call.line - 1].strip())
        elif found and any(_ASKED.search(unparse(test)) for test in call.conditions()):
            ctx.site(call)
        elif found and ctx.role not in ("settings-dev", "settings-test"):
            ctx.report(call, f"{call.dotted} runs in development mode.")
        else:
            ctx.site(call)

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        commands = [
            fact for fact in tree.facts("image-command") if fact["kind"] != "compose" or fact["role"] == "production"
        ]
        for command in commands:
            if command["dev"] and command["role"] not in ("dev", "test"):
                message = "What is shipped starts in development mode."
                ctx.report(command.path, command.line, message, anchor=command["text"], text=command["text"])
            else:
                ctx.site(command.path, command.line)
        for run in tree.facts("debug-run"):
            low = None if started_by(commands, run.path) else Severity.LOW
            ctx.report(
                run.path,
                run.line,
                "The server runs in development mode.",
                anchor=run["text"],
                text=run["text"],
                severity=low,
            )
        self._settings(tree, ctx)

    def _settings(self, tree: Tree, ctx: TreeContext) -> None:
        settings = tree.facts("debug-setting")
        turned_off = {
            fact["name"] for fact in settings if not fact["on"] and fact.path_class.role == "settings-production"
        }
        for fact in settings:
            overridden = fact["name"] in turned_off and fact.path_class.role == "settings"
            if fact["on"] and not (fact["dev"] or overridden or _AWAY.search(fact.path)):
                message = f"{fact['name']} is on outside the settings for development and tests."
                ctx.report(fact.path, fact.line, message, anchor=fact["name"], text=fact["text"])
            else:
                ctx.site(fact.path, fact.line)
