"""Reads of environment variables: through `os`, django-environ, environs, decouple, starlette and pydantic-settings."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from scanners.constants import fold
from scanners.context import Context
from scanners.place import Call, Place
from scanners.rule import Collector
from scanners.scopes import Scope
from scanners.syntax import descendants, unparse
from scanners.text import TextFile

_RAW: Final = frozenset({"os.getenv", "os.environ.get", "os.environ.pop", "os.environ.setdefault"})
_CASTS: Final = frozenset(
    {"bool", "int", "float", "str", "list", "json", "url", "db", "cache", "path", "email", "dict", "decimal"}
)
_READERS: Final = (
    "environ.Env",
    "environs.Env",
    "environs.env",
    "decouple.config",
    "decouple.AutoConfig",
    "starlette.config.Config",
)
_TYPED: Final = frozenset(_READERS) | frozenset(f"{reader}.{cast}" for reader in _READERS[:3] for cast in _CASTS)
_SETTINGS: Final = frozenset({"pydantic_settings.BaseSettings", "pydantic.BaseSettings", "pydantic.v1.BaseSettings"})
_MADE: Final = frozenset({"environ.Env", "environs.Env", "decouple.AutoConfig", "starlette.config.Config"})
_ENVIRON: Final = re.compile(r"(^|[._])env(iron(ment)?)?$")
_NAME: Final = re.compile(r"\b[A-Z][A-Z0-9_]{2,}\b")
_STANDARD: Final = re.compile(
    r"^(PATH|HOME|CI|USER|USERNAME|LOGNAME|SHELL|LANG(UAGE)?|LC_\w+|TERM\w*|TZ|TE?MP|TMPDIR|PWD|EDITOR|VISUAL|PAGER|DISPLAY|XDG_\w+"
    r"|WAYLAND_DISPLAY|NO_COLOR|FORCE_COLOR|CLICOLOR\w*|COLORTERM|COLUMNS|LINES|PYTHON\w*|PYTEST\w*|VIRTUAL_ENV|CONDA\w*|HOSTNAME"
    r"|COMP_\w+|COMPUTERNAME|APPDATA|LOCALAPPDATA|PROGRAM\w+|WINDIR|SYSTEMROOT|COMSPEC|SSH_\w+|SUDO_\w+|GITHUB_\w+|GITLAB_CI|TRAVIS|TOX\w*"
    r"|KUBERNETES_\w+|INVOCATION_ID|JOURNAL_STREAM|NOTIFY_SOCKET|LISTEN_\w+|(HTTPS?|NO|ALL)_PROXY|SSL_CERT_\w+|REQUESTS_CA_BUNDLE"
    r"|CURL_CA_BUNDLE|DJANGO_SETTINGS_MODULE|WERKZEUG_\w+|SERVER_SOFTWARE|AWS_LAMBDA_\w+|LAMBDA_\w+|BUILD_\w+|LD_\w+|DYLD_\w+|OMP_\w+"
    r"|CUDA_\w+|JUPYTER_\w+|COVERAGE_\w+|SOURCE_DATE_EPOCH|WSL_\w+|MSYSTEM|SESSIONNAME|OS|EUID|PATHEXT|DO_NOT_TRACK|DYNO|K_SERVICE|GAE_\w+|UID|GID|RANK|LOCAL_RANK|WORLD_SIZE)$",
    re.IGNORECASE,
)


class Read(NamedTuple):
    """One read. `name` is "" when it is computed; `form` is index, get, typed or field."""

    place: Place[Any]
    name: str
    form: str
    default: ast.expr | None = None


_READS: Final[WeakKeyDictionary[Context, list[Read]]] = WeakKeyDictionary()


def reads(ctx: Context) -> list[Read]:
    """The reads of the file; whole from `visit_module` on."""
    return _READS.setdefault(ctx, [])


def is_standard(name: str) -> bool:
    """Whether the variable belongs to the system, the shell or a tool rather than to the program."""
    return _STANDARD.match(name) is not None


class EnvironmentReads(Collector):
    """Facts `env-read`: which variable is read where, and `env-set`: which one the program sets itself."""

    calls = (*_RAW, *_TYPED)

    def visit_call(self, call: Call, ctx: Context) -> None:
        """Note a read by a call."""
        if call.dotted in _MADE and (call.ref is None or call.ref.via in ("import", "call")):
            return  # The reader itself is made here.
        if call.last == "pop" and call.dropped:
            return  # Removed, not read.
        name = call.argument(0, "key", "var", "name", "varname")
        if name is None:
            return
        default = call.argument(2 if call.dotted == "environ.Env" else 1, "default")
        form = "typed" if call.dotted in _TYPED else "index" if call.last == "pop" and default is None else "get"
        self._note(ctx, Read(call, _text(name, call.scope), form, default))

    def visit_subscript(self, place: Place[Any], ctx: Context) -> None:
        """Note `os.environ["NAME"]`, and `env["NAME"] = ...` for a process that is started."""
        node = place.node
        if isinstance(node.ctx, ast.Store) and _ENVIRON.search(unparse(node.value)):
            name = _text(node.slice, place.scope)
            if name:
                ctx.fact("env-set", place, name=name.upper())
            return
        held = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
        likely = held == "environ" or any(found.value == "os.environ" for found in ctx.module.names.get(held, ()))
        if likely and isinstance(node.ctx, ast.Load) and place.name(node.value) == "os.environ":
            self._note(ctx, Read(place, _text(node.slice, place.scope), "index"))

    def visit_class_def(self, place: Place[Any], ctx: Context) -> None:
        """Note the fields of a settings class."""
        if any(place.name(base) in _SETTINGS for base in place.node.bases):
            for read in _fields(place):
                self._note(ctx, read)

    def _note(self, ctx: Context, read: Read) -> None:
        reads(ctx).append(read)
        ctx.fact("env-read", read.place, name=read.name, text=ctx.source_lines[read.place.line - 1].strip()[:160])


class DocumentedVariables(Collector):
    """Fact `env-words`: the words in capitals of a document, a configuration file, a manifest or an example."""

    files = ("env-example", "compose", "manifest", "docs", "dockerfile", "config-file", "yaml")

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        """Note each word once; of an example also where it is set."""
        ctx.fact(
            "env-words",
            1,
            words=sorted(set(_NAME.findall(text.text.upper() if text.kind == "env-example" else text.text))),
        )
        if text.kind == "env-example":
            for number, line in enumerate(text.lines, 1):
                match = re.match(r"^\s*(?:export\s+)?([A-Za-z_]\w+)\s*=", line)
                if match:
                    ctx.fact("env-example", number, name=match[1].upper(), text=line.strip()[:160])


def _text(expr: ast.expr, scope: Scope) -> str:
    value = fold(expr, scope)
    return value if isinstance(value, str) else ""


def _fields(place: Place[Any]) -> Iterator[Read]:
    prefix, aliases = _prefix(place), ("validation_alias", "alias", "env")
    for stmt in place.node.body:
        if (
            not isinstance(stmt, ast.AnnAssign)
            or not isinstance(stmt.target, ast.Name)
            or stmt.target.id == "model_config"
        ):
            continue
        default, name = stmt.value, "" if prefix is None else f"{prefix}{stmt.target.id}".upper()
        if isinstance(default, ast.Call) and place.name(default.func).rpartition(".")[2] in ("Field", "SecretStr"):
            words = {word.arg: word.value for word in default.keywords}
            given = next((words[alias] for alias in aliases if alias in words), None)
            name = _text(given, place.scope) if given is not None else name
            default = default.args[0] if default.args else words.get("default")
        if isinstance(default, ast.Call) and default.args and place.name(default.func).endswith("SecretStr"):
            default = default.args[0]
        yield Read(Place(stmt, place.block, stmt), name, "field", default)


def _prefix(place: Place[ast.ClassDef]) -> str | None:
    """What stands before the names of the fields, None when it is computed.

    It is the `env_prefix` of `model_config` or of the inner class Config.
    """
    for inner in descendants(place.node):
        value: ast.expr | None = None
        named = isinstance(inner, ast.keyword) and inner.arg == "env_prefix"
        if named or (isinstance(inner, ast.Assign) and getattr(inner.targets[0], "id", "") == "env_prefix"):
            value = getattr(inner, "value", None)
        elif isinstance(inner, ast.Dict):
            pairs = zip(inner.keys, inner.values, strict=True)
            value = next((value for key, value in pairs if getattr(key, "value", "") == "env_prefix"), None)
        if value is not None:
            return _text(value, place.scope) or None
    return ""
