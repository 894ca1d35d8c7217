import ast
from typing import Final

from scanners.context import Context
from scanners.facts.environment import Read, reads
from scanners.finding import Confidence, Severity
from scanners.rule import Example, Rule
from scanners.semantics.secrets import is_secret_name
from scanners.syntax import descendants

_STAND_INS: Final = frozenset(
    {"empty", "none", "null", "dummy", "na", "n/a", "unused", "not-needed", "no-key", "notset"}
)


class SecretWithDefault(Rule):
    """
    A secret with a default starts without complaint where it was forgotten, with a key that everyone can read here.

    Looks at reads of variables and at fields of settings classes whose name says that they hold a secret. None, an empty
    text, a random value, a default that the file compares with to refuse it, and settings for tests and development are
    fine. A word that stands for "no key needed" is only suspected.
    """

    id = "secret-with-default"
    area = "config"
    item = "C1"
    title = "Secret with a default in the code"
    severity = Severity.HIGH
    fix = "Read it without a default, so that the program refuses to start where it is missing."
    bad = (
        Example(
            "reads and fields",
            {
                "shop/settings.py": """\
import os
from pydantic_settings import BaseSettings
SECRET_KEY = os.environ.get("SECRET_KEY", "not-so-secret-42")
JWT_SECRET = os.getenv("JWT_SECRET") or "let-me-in"
class Settings(BaseSettings):
    api_key: str = "abc-123"
"""
            },
            at=[("shop/settings.py", 3), ("shop/settings.py", 4), ("shop/settings.py", 6)],
        ),
        Example(
            "readers of libraries",
            {
                "shop/settings.py": """\
import environ
from decouple import config
env = environ.Env()
SECRET_KEY = env("SECRET_KEY", default="insecure")
PASSWORD = config("DB_PASSWORD", default="postgres")
"""
            },
            at=[("shop/settings.py", 4), ("shop/settings.py", 5)],
        ),
    )
    good = (
        Example(
            "required, empty, random or refused",
            {
                "shop/settings.py": """\
import os, secrets
from pydantic_settings import BaseSettings
SECRET_KEY = os.environ["SECRET_KEY"]
API_TOKEN = os.environ.get("API_TOKEN", "")
SESSION_SECRET = os.environ.get("SESSION_SECRET", secrets.token_hex())
JWT_SECRET = os.environ.get("JWT_SECRET", "change-me")
if JWT_SECRET == "change-me":
    raise SystemExit("Set JWT_SECRET.")
TOKEN_URL = os.environ.get("TOKEN_URL", "https://login.internal/token")
class Settings(BaseSettings):
    api_key: str
    password: str | None = None
"""
            },
        ),
        Example(
            "settings for tests",
            {"shop/settings/test.py": 'import os\nSECRET_KEY = os.environ.get("SECRET_KEY", "only-for-tests")\n'},
        ),
    )

    def visit_module(self, ctx: Context) -> None:
        for read in reads(ctx):
            if not is_secret_name(read.name):
                continue
            ctx.site(read.place)
            value = _default(read, ctx)
            if not value or ctx.role in ("settings-dev", "settings-test") or _refused(value, ctx):
                continue
            ctx.mask(value)
            sure = Confidence.LOW if value.lower() in _STAND_INS else None
            ctx.report(read.place, f"{read.name} falls back to a value in the code.", confidence=sure)


def _default(read: Read, ctx: Context) -> str:
    """The fixed text that the program goes on with where the variable is missing."""
    value = read.default
    above = read.place.parent()
    if value is None and isinstance(above, ast.BoolOp) and isinstance(above.op, ast.Or):
        value = above.values[-1]
    found = ctx.constant(value, read.place)
    return found.strip() if isinstance(found, str) else ""


def _refused(value: str, ctx: Context) -> bool:
    """Whether the file compares something with the default."""
    return any(
        isinstance(part, ast.Constant) and part.value == value
        for node in descendants(ctx.tree or ast.Module([], []))
        if isinstance(node, ast.Compare)
        for side in (node.left, *node.comparators)
        for part in descendants(side)
    )
