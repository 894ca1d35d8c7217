"""What a try attempts: an import, tidying up, a lookup with a fallback, or something whose failure must be seen."""

import ast
import re
from functools import lru_cache
from typing import Any, Final

from scanners.finding import Confidence
from scanners.names import resolve
from scanners.place import Place
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.handlers import inner, short
from scanners.semantics.logcalls import find
from scanners.syntax import descendants, unparse

_CLEANUP: Final = regex(
    r"^_*(__del__|__exit__|__aexit__|\w*clean_?up\w*|((force_?)?(a?close|abort)|shutdown|stop|clean_?up|tear_?down|disconnect|dispose"
    r"|terminate|kill|unlink|remove|rmtree|release|rollback|cancel|flush|killpg|quit|logout|wait|join|delete_temp\w*|atexit\w*|restore\w*|reset)(_\w+)?)$"
)
_LOOKUP: Final = frozenset(
    "int float str bool bytes complex Decimal UUID Fraction loads strptime fromisoformat fromtimestamp parse "
    "parse_date parse_datetime get getattr index find decode encode ip_address ip_network ip_interface compile "
    "literal_eval b64decode urlparse urlsplit split strip next len version import_module find_spec getlocale "
    "signature getsource getpass isinstance issubclass lower upper items gethostname getfqdn getlogin getpwuid "
    "get_terminal_size safe_load isoparse parsedate_to_datetime group match min max round format replace __import__ "
    "import_string resolve_name iter_entry_points fromhex unhexlify get_distribution hasattr repr vars parse_qs "
    "unquote partition rsplit rstrip lstrip splitlines startswith endswith copy deepcopy dict list tuple set range "
    "splitext basename dirname abspath realpath relpath normpath expanduser getsize getmtime exists asdict dumps "
    "model_dump keys values getheader getlist json stat lstat getpid get_type_hints append add extend search finditer "
    "groupdict groups span "
    "timestamp astimezone isoformat relative_to joinpath resolve as_posix with_suffix removeprefix removesuffix Path "
    "PurePath PurePosixPath fullmatch findall sub casefold title".split()
)
_PROBE: Final = regex(
    r"^_*(is|has|can|check|ping|probe|supports?|valid|validate|exists?|try|test|looks|should|verify|alive|healthy?|detect)(_|$)"
    r"|_(reachable|available|alive|exists|supported|valid|ok|ready)$"
)
_OUT: Final = regex(
    r"^(requests|httpx|aiohttp|urllib\.request|urllib3|smtplib|redis|boto3|botocore|psycopg2?|asyncpg|pymongo|pymysql|grpc|stripe"
    r"|elasticsearch|socket\.create_connection|django\.core\.mail)\."
)
_REMOTE: Final = regex(
    r"(^|[._])(requests|httpx|session|client|http|api|conn|connection|gateway|service|broker|redis|db|database|objects|bucket|s3)"
    r"(\(.*\))?$"
)
_CHANGES: Final = regex(r"\W*+(?:[rfb]\W*+)?(insert|update|delete|replace|merge|create|alter|drop)\b", re.IGNORECASE)
_PEER: Final = regex(r"transport|sock|wfile|stream|conn|client|writer|std(out|err)|response|pipe", re.IGNORECASE)
_WRITES: Final = frozenset("save commit bulk_create bulk_update write write_text write_bytes send_mail publish".split())
_FAILS: Final = regex(
    r"(^|\.)(RequestException|HTTPError|HTTPStatusError|TransportError|RequestError|ConnectionError|ConnectError|URLError|SMTPException"
    r"|RedisError|DatabaseError|OperationalError|InterfaceError|DBAPIError|SQLAlchemyError|PyMongoError|BotoCoreError|ClientError"
    r"|RpcError|StripeError|ClientResponseError|OSError|IOError|psycopg2?\.Error|pymysql\.Error|urllib3\.exceptions\.HTTPError)$"
)
_OF_A_PEER: Final = regex(
    r"^(requests|httpx|aiohttp|urllib3|http\.client|smtplib|ftplib|imaplib|poplib|grpc)\.(\w+\.)*\w*(Error|Exception|Timeout)\w*$"
    r"|^socket\.(error|gaierror|herror)$"
)
"""Failures that only an outbound call raises."""
_SELDOM_FAILS: Final = frozenset("isinstance issubclass len type hasattr callable id bool str repr print super".split())


def may_be_silent(place: Place[ast.Try], handler: ast.ExceptHandler) -> bool:
    """Whether the failure of this try needs no trace: an optional import, tidying, or a lookup with a fallback."""
    body = place.node.body
    return imports(body) or cleans_up(body, place) or (looks_up(body) and _falls_back(handler))


def _falls_back(handler: ast.ExceptHandler) -> bool:
    """Whether the clause only gives another value."""
    return all(map(_is_lookup, inner(handler.body, ast.Call)))


def imports(body: list[ast.stmt]) -> bool:
    """Whether it tries an import."""
    return isinstance(body[0], (ast.Import, ast.ImportFrom))


def cleans_up(body: list[ast.stmt], place: Place[Any]) -> bool:
    """The best effort of tidying: in a method for it, or nothing but calls of such methods."""
    tidies = any(map(_is_cleanup, body)) and all(_is_cleanup(stmt) or _only_logs(stmt, place) for stmt in body)
    return tidies or bool(_CLEANUP.match(getattr(place.function, "name", "")))


def _is_cleanup(stmt: ast.stmt) -> bool:
    value = stmt.value if isinstance(stmt, ast.Expr) else None
    value = value.value if isinstance(value, ast.Await) else value
    if isinstance(value, ast.Call):
        name = getattr(value.func, "attr", getattr(value.func, "id", ""))
        return bool(_CLEANUP.match(name)) or (name in ("print", "write") and _is_shown(value))
    return isinstance(stmt, (ast.Delete, ast.Pass))


def _is_shown(call: ast.Call) -> bool:
    """Whether it writes to the terminal, which may be gone."""
    return isinstance(call.func, ast.Name) or unparse(call).startswith(("sys.std", "os.write(sys.std"))


def looks_up(body: list[ast.stmt]) -> bool:
    """Nothing but lookups and conversions, whose failure the handler answers with a fallback."""
    if inner(body, ast.Await, ast.Yield, ast.YieldFrom, ast.With, ast.AsyncWith, ast.Raise, ast.While):
        return False
    changed = any(type(node.ctx) is not ast.Load for node in inner(body, ast.Attribute))
    return not changed and all(map(_is_lookup, inner(body, ast.Call)))


def _is_lookup(call: ast.Call) -> bool:
    if isinstance(call.func, ast.Attribute) and _REMOTE.search(unparse(call.func.value)):
        return False
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    return name in _LOOKUP or name.startswith(("from_", "to_", "as_", "parse_")) or name.endswith("_load")


def loses_effect(types: list[ast.expr], body: list[ast.stmt], scope: Scope) -> str:
    """How it is known that a narrow clause catches the failure of an outbound call or of a write, empty if it is not.

    "seen" where its try makes that call, "told" where only what it catches says so.
    """
    refs = [resolve(expr, scope, expr.lineno) for expr in types]
    names = [ref.dotted for ref in refs if ref]
    if any(map(_fails, names)) and any(_is_effect(call, scope) for call in inner(body, ast.Call)):
        return "seen"
    return "told" if any(map(_of_a_peer, names)) else ""


@lru_cache(maxsize=1024)
def _fails(name: str) -> bool:
    return _FAILS.search(name) is not None


@lru_cache(maxsize=1024)
def _of_a_peer(name: str) -> bool:
    return _OF_A_PEER.search(name) is not None


def _is_effect(call: ast.Call, scope: Scope) -> bool:
    name = getattr(call.func, "attr", "")
    if name in ("execute", "executemany"):
        return bool(call.args and _CHANGES.match(unparse(call.args[0])))
    if name == "write" and _PEER.search(unparse(call.func)):
        return False  # The peer has gone away.
    ref = resolve(call.func, scope, call.lineno)
    return name in _WRITES or bool(ref and _OUT.match(ref.dotted))


def attempt(body: list[ast.stmt]) -> str:
    """What is tried, in a few words of source."""
    calls = [node for stmt in body for node in descendants(stmt, ast.Call)]
    call = next((node for node in calls if not _seldom_fails(node)), None)
    return f"`{short(call.func, 40)}(...)`" if call else f"`{short(body[0], 40)}`"


def _seldom_fails(call: ast.Call) -> bool:
    """Whether a call seldom fails, so that it is hardly what the try is about."""
    return isinstance(call.func, ast.Name) and call.func.id in _SELDOM_FAILS


def sureness(place: Place[ast.Try], handler: ast.ExceptHandler, loss: str) -> Confidence:
    """How sure it is that silence drops what matters; `loss` is "all", or what `loses_effect` said."""
    if loss == "told":
        return Confidence.LOW
    if place.handler is not None:
        return Confidence.LOW  # The failure of a reaction to another failure.
    if _PROBE.search(getattr(place.function, "name", "")) and isinstance(handler.body[-1], (ast.Return, ast.Pass)):
        return Confidence.LOW
    idle = all(map(_is_idle, handler.body))
    return Confidence.HIGH if idle and loss == "all" else Confidence.MEDIUM


def _is_idle(stmt: ast.stmt) -> bool:
    dots = isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Constant)
    return dots or isinstance(stmt, (ast.Pass, ast.Continue, ast.Break))


def is_one_step(place: Place[ast.Try]) -> bool:
    """Whether the block is one statement, beside log calls, which do not fail."""
    return sum(not _only_logs(stmt, place) for stmt in place.node.body) <= 1


def _only_logs(stmt: ast.stmt, place: Place[ast.Try]) -> bool:
    return isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Call) and find(stmt.value, place.scope) is not None


def exits(handler: ast.ExceptHandler) -> bool:
    """Whether the clause ends the program after its message instead of raising the failure again."""
    nodes = list(inner(list(handler.body)))
    ends = any(
        isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("exit", "_exit", "abort") for node in nodes
    )
    leaves = any(isinstance(node, ast.Raise) and "SystemExit" in ast.dump(node) for node in nodes)
    return (ends or leaves) and all("SystemExit" in ast.dump(node) for node in nodes if isinstance(node, ast.Raise))
