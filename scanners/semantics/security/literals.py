"""How sure it is that a text bound to a secret-like name is a secret."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence
from scanners.place import Place
from scanners.regex import regex
from scanners.semantics.secrets import Token, is_placeholder, is_random
from scanners.semantics.testsettings import is_for_tests
from scanners.syntax import descendants, unparse

_CONDITION: Final = regex(r"^[a-z_]+[!=]=?[\w-]{1,12}$")
_STRICT: Final = regex(r"token|credentials?|(api|access|private|account|storage|shared|auth)_?keys?$", re.IGNORECASE)


_CHOICES: Final = regex(r"(Enum|Choices|Flag)$")


_CONNECTS: Final = regex(r"connect|login|client|session|engine|auth|redis|smtp|ftp|broker|pool|conn", re.IGNORECASE)


_ACCOUNTS: Final = regex(
    r"user|login|host|server|client|account|_id$|^id$|email|region|issuer|url|port|name", re.IGNORECASE
)


def judge(name: str, text: str, place: Place[Any], ctx: Context) -> Confidence | None:
    """How sure it is that `text` is a secret, None when it is not."""
    if is_placeholder(text) or (place.cls is not None and _is_choice(place.cls) and place.function is None):
        return None
    if _CONDITION.match(text):
        return None
    random = is_random(text)
    if name == "hmac key":  # Often a label that a protocol fixes.
        return Confidence.MEDIUM if random else Confidence.LOW
    if ctx.path_class in ("test", "example", "migration") or is_for_tests(place):
        return Confidence.LOW if random else None
    if _is_for_development(place, text):
        return Confidence.LOW
    plain = text.replace("-", "").replace("_", "").replace(".", "").isalpha()
    mixed = (
        len(text) >= 10
        and any(char.isdigit() for char in text)
        and not plain
        and text.isascii()
        and "=" not in text[:-2]
    )
    if _STRICT.search(name) and re.search(r"[^\w+/=.:~-]", text):
        return Confidence.LOW  # A pattern or a sentence, not something drawn from an alphabet.
    if _STRICT.search(name):
        return Confidence.MEDIUM if random or (mixed and not text.isdigit()) else None if plain else Confidence.LOW
    weak = plain or len(text) < 6
    if weak and not isinstance(place.node, (ast.Assign, ast.AnnAssign)):
        return (
            Confidence.MEDIUM
            if isinstance(place.node, ast.keyword) and _CONNECTS.search(_callee(place))
            else Confidence.LOW
        )
    lone = isinstance(place.node, ast.Constant) and name.lower() == "secret" and not _is_account(place)
    return Confidence.LOW if lone or text.lower() == name.lower() else Confidence.MEDIUM


_FOR_DEVELOPMENT: Final = regex(r"^_?(dev|local|debug)|dev(elop\w*)?_?(config|settings)?$", re.IGNORECASE)
PAIRS: Final = frozenset({"auth", "http_auth", "basic_auth"})
"""Keywords that take a user and a password."""
DSN: Final = regex(
    r"\b(?:host|server|dbname|user|uid)\s*=[^\n]*?[\s;](?:password|pwd)\s*=\s*'?([^\s;'{}]{3,})", re.IGNORECASE
)
CONNECTS: Final = frozenset(
    "psycopg2.connect psycopg.connect psycopg.AsyncConnection.connect asyncpg.connect pyodbc.connect".split()
)


def _is_for_development(place: Place[Any], text: str) -> bool:
    """Whether a value is one that a developer's machine runs with: of `DevelopmentConfig`, or `dev` itself."""
    cls = place.cls.name if place.cls is not None and place.function is None else ""
    return _FOR_DEVELOPMENT.search(cls) is not None or text.lower() in ("dev", "development")


def compared(test: ast.Compare) -> tuple[str, ast.Constant | None]:
    """The name and the fixed text that `==` or `!=` compares, None for any other comparison."""
    sides = test.comparators
    text = sides[0] if len(sides) == 1 and isinstance(test.ops[0], (ast.Eq, ast.NotEq)) else None
    if not isinstance(text, ast.Constant) or not isinstance(text.value, str) or not text.value:
        return "", None
    return getattr(test.left, "attr", getattr(test.left, "id", "")), text


def _callee(place: Place[Any]) -> str:
    above = place.parent()
    return unparse(above.func) if isinstance(above, ast.Call) else ""


def _is_account(place: Place[Any]) -> bool:
    """Whether a value stands in a dict beside what says whose it is: a user, a host, an id."""
    above = place.parent()
    keys = above.keys if isinstance(above, ast.Dict) else []
    return not keys or any(isinstance(key, ast.Constant) and _ACCOUNTS.search(str(key.value)) for key in keys)


def name_of(target: ast.expr) -> str:
    """What an assignment binds: a name, an attribute or a key; empty for anything else."""
    if isinstance(target, ast.Subscript):
        return (
            target.slice.value if isinstance(target.slice, ast.Constant) and isinstance(target.slice.value, str) else ""
        )
    return getattr(target, "attr", getattr(target, "id", ""))


def _is_choice(cls: ast.ClassDef) -> bool:
    return any(_CHOICES.search(unparse(base)) for base in cls.bases)


def texts(tree: ast.AST | None) -> Iterator[tuple[str, bool]]:
    """Every text of a file, and whether it is a bare statement such as a docstring."""
    bare = set()
    for node in descendants(tree) if tree is not None else ():
        if isinstance(node, ast.Expr):
            bare.add(node.value)
        elif isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)):
            yield (node.value if isinstance(node.value, str) else node.value.decode("latin-1")), node in bare


def _near(token: Token, ctx: Context) -> bool:
    """Whether an address is of the machine itself or of a private network."""
    end = token.offset + len(token.value)
    return re.match(r"@(localhost|127\.|192\.168\.|10\.|0\.0\.0\.0)", ctx.source[end : end + 12]) is not None


def _reports_errors(token: Token, ctx: Context) -> bool:
    """Whether an address is where errors are sent to (`https://<32 hex>:<32 hex>@host/7`): it lets nobody read."""
    end = token.offset + len(token.value)
    return (
        re.fullmatch(r"[0-9a-f]{32}", token.value) is not None
        and re.match(r"@[\w.:-]+/\d+\b", ctx.source[end:]) is not None
    )


def sureness(token: Token, ctx: Context, quoted: list[tuple[str, bool]]) -> Confidence:
    """High in code, lower in tests and comments, low in docstrings and for shapes that samples often have."""
    longest = max(token.parts, key=len)
    holders = [bare or (token.kind.startswith("address") and " " in text) for text, bare in quoted if longest in text]
    if token.kind in ("address with a password", "json web token"):
        told = ctx.path_class in ("test", "example") or not holders or all(holders) or token.kind == "json web token"
        told = told or (token.value.isalpha() and _near(token, ctx)) or _reports_errors(token, ctx)
        return Confidence.LOW if told else Confidence.MEDIUM
    if ctx.path_class in ("test", "example") or not holders:
        return Confidence.LOW if token.kind in _SAMPLED else Confidence.MEDIUM
    return Confidence.LOW if all(holders) else Confidence.HIGH


_SAMPLED: Final = frozenset({"private key", "google api key", "slack token", "slack address"})
ARGUMENTS: Final = {
    "jwt.encode": 1,
    "jwt.decode": 1,
    "jose.jwt.encode": 1,
    "jose.jwt.decode": 1,
    "hmac.new": 0,
    "cryptography.fernet.Fernet": 0,
    "smtplib.SMTP.login": 1,
    "smtplib.SMTP_SSL.login": 1,
    "requests.auth.HTTPBasicAuth": 1,
    "httpx.BasicAuth": 1,
    "aiohttp.BasicAuth": 1,
    "itsdangerous.URLSafeTimedSerializer": 0,
    "itsdangerous.URLSafeSerializer": 0,
    "itsdangerous.Signer": 0,
}


def defaults(function: ast.FunctionDef) -> Iterator[tuple[str, ast.expr]]:
    """The parameters of a def that have a default, with it."""
    args = function.args
    positional = [*args.posonlyargs, *args.args]
    yield from zip((arg.arg for arg in positional[len(positional) - len(args.defaults) :]), args.defaults, strict=True)
    for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        if default is not None:
            yield arg.arg, default
