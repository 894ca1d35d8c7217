import ast
from typing import Final

from scanners.context import Context
from scanners.facts.environment import Read, is_standard, reads
from scanners.finding import Confidence, Severity
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.syntax import descendants

_STARTING: Final = regex(
    r"^_*(main|(create|make|build|get|init)_(\w+_)?app(lication)?|application|ready|from_env\w*|(configure|setup)(_\w+)?|lifespan"
    r"|(on_)?startup|(load|read|get)_(config|settings|options|env\w*))$"
)
_TYPES: Final = frozenset({"bool", "int", "float"})
_PLAIN: Final = frozenset({"lower", "upper", "strip", "casefold"})


class EnvReadUnvalidated(Rule):
    """
    A variable read deep in the code fails there and then, in the middle of the night, instead of when the program starts.

    Looks at reads of `os.environ` and `os.getenv` outside the settings. Reads in a settings module, fields of
    pydantic-settings, django-environ, environs and decouple are checked in one place; a helper that raises when the
    variable is missing is one too, and so are keys of `app.config` that a module sets as it is loaded. Variables of the
    system and of tools are not counted; computed names are unresolved.
    """

    id = "env-read-unvalidated"
    area = "config"
    item = "C2"
    title = "Environment variable read outside the settings"
    severity = Severity.LOW
    confidence = Confidence.MEDIUM
    fix = "Read it once, with its type, in the settings module, and pass the value on from there."
    classes = frozenset({"service"})
    bad = (
        Example(
            "in the middle of the code",
            {
                "shop/mail.py": """\
import os
def send(text):
    host = os.environ.get("MAIL_HOST")
    key = os.environ["MAIL_KEY"]
    port = os.getenv("MAIL_PORT", "25")
    env = os.environ
    return host, key, port, text, env["MAIL_FROM"]
"""
            },
            at=[("shop/mail.py", 3), ("shop/mail.py", 4), ("shop/mail.py", 5), ("shop/mail.py", 7)],
        ),
    )
    good = (
        Example(
            "in the settings, or by a reader that checks",
            {
                "shop/settings.py": 'import os\nMAIL_HOST = os.environ["MAIL_HOST"]\nMAIL_PORT = int(os.getenv("MAIL_PORT", "25"))\n',
                "shop/options.py": """\
from pydantic_settings import BaseSettings
class Options(BaseSettings):
    mail_host: str
    mail_port: int = 25
""",
            },
        ),
        Example(
            "a helper that raises, variables of the system",
            {
                "shop/env.py": """\
import os
def require(name):
    value = os.environ.get(name)
    if not value:
        raise SystemExit(f"Set {name}.")
    return value
HOME = os.environ.get("HOME")
"""
            },
        ),
        Example(
            "settings of the application, set as it is made",
            {
                "shop/app.py": """\
import os
from flask import Flask
app = Flask(__name__)
if os.getenv("SHOP_NAME"):
    app.config["SERVER_NAME"] = os.getenv("SHOP_NAME")
"""
            },
        ),
    )

    def visit_module(self, ctx: Context) -> None:
        settled = {read.name for read in reads(ctx) if _settles(read)}
        for read in reads(ctx):
            if read.name and is_standard(read.name):
                continue
            checked = read.form in ("typed", "field") or ctx.role.startswith("settings") or _raises(read)
            if checked or (read.name in settled and read.place.function is None):
                ctx.site(read.place)
            elif not read.name:
                ctx.unresolved(read.place, "The name of the variable is computed.")
            else:
                weak = read.place.function is None or _is_default(read) or _starts(read) or _cannot_fail(read)
                sure = Confidence.LOW if weak else None
                ctx.report(
                    read.place, f"{read.name} is read here, without a check when the program starts.", confidence=sure
                )


def _raises(read: Read) -> bool:
    """Whether the def around the read refuses to go on without it."""
    around = read.place.function
    return around is not None and any(isinstance(node, ast.Raise) for node in descendants(around))


def _starts(read: Read) -> bool:
    """Whether the def around the read runs as the program starts, or gathers options in one place."""
    return _STARTING.match(getattr(read.place.function, "name", "")) is not None


def _cannot_fail(read: Read) -> bool:
    """Whether no value does harm: a def of the program makes a number of it, or it is only compared with fixed words."""
    if read.form == "own" and read.kind in _TYPES and read.default is not None:
        return True
    node, above = read.place.node, read.place.parent()
    while isinstance(above, ast.Attribute) and above.attr in _PLAIN:
        node = read.place.parent(above) or above
        above = read.place.parent(node)
    return isinstance(above, ast.Compare) and read.form != "index" and node is above.left


def _is_default(read: Read) -> bool:
    """Whether it is what an option of the command line is when it is left out: read as the program starts."""
    stmt = read.place.stmt
    called = stmt.value if isinstance(stmt, ast.Expr) else None
    return isinstance(called, ast.Call) and getattr(called.func, "attr", "") in ("add_argument", "add_option")


def _settles(read: Read) -> bool:
    """Whether the value becomes a key of `app.config` while the module is loaded."""
    stmt = read.place.stmt
    if read.place.function is not None or not isinstance(stmt, ast.Assign):
        return False
    holders = [target.value for target in stmt.targets if isinstance(target, ast.Subscript)]
    return any(isinstance(held, ast.Attribute) and held.attr == "config" for held in holders)
