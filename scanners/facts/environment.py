"""Reads of environment variables: through `os`, django-environ, environs, decouple, starlette and pydantic-settings."""

import ast
import re
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from scanners.constants import fold
from scanners.context import Context
from scanners.names import find
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.rule import Collector
from scanners.scopes import Scope
from scanners.semantics.config.defaults import shown_default
from scanners.semantics.config.ownreaders import placed
from scanners.semantics.config.reading import refusal
from scanners.semantics.config.settingsclasses import Field, fields_of, imported_base, is_settings, own_prefix
from scanners.semantics.config.telling import told, told_option, told_typed
from scanners.semantics.config.throughown import own_reads, told_through
from scanners.syntax import descendants, unparse

_RAW: Final = frozenset({"os.getenv", "os.environ.get", "os.environ.pop", "os.environ.setdefault"})
_CASTS: Final = frozenset(
    "bool int float str list json url db cache path email dict decimal tuple set bytes db_url cache_url email_url "
    "search_url channels_url timedelta datetime date time uuid log_level enum dj_db_url dj_email_url dj_cache_url "
    "unicode get_value".split()
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
_OPTIONS: Final = ("click.option", "click.argument", "typer.Option", "typer.Argument")
_ADDRESSES: Final = frozenset({"dj_database_url.config"})
_MADE: Final = frozenset({"environ.Env", "environs.Env", "decouple.AutoConfig", "starlette.config.Config"})
_UNNAMED: Final = {"db": "DATABASE_URL", "db_url": "DATABASE_URL", "cache": "CACHE_URL", "cache_url": "CACHE_URL",
                   "email": "EMAIL_URL", "email_url": "EMAIL_URL", "search_url": "SEARCH_URL",
                   "config": "DATABASE_URL"}  # fmt: skip
"""What the readers of addresses read when they are told no name."""
_ENVIRON: Final = regex(r"(^|[._])env(iron(ment)?)?$")
_STANDARD: Final = regex(
    r"^(PATH|HOME|CI|USER|USERNAME|LOGNAME|SHELL|LANG(UAGE)?|LC_\w+|TERM\w*|TZ|TE?MP|TMPDIR|PWD|EDITOR|VISUAL|PAGER|DISPLAY|XDG_\w+"
    r"|WAYLAND_DISPLAY|NO_COLOR|FORCE_COLOR|CLICOLOR\w*|COLORTERM|COLUMNS|LINES|PYTHON\w*|PYTEST\w*|VIRTUAL_ENV|CONDA\w*|HOSTNAME"
    r"|COMP_\w+|COMPUTERNAME|APPDATA|LOCALAPPDATA|PROGRAM\w+|WINDIR|SYSTEMROOT|COMSPEC|SSH_\w+|SUDO_\w+|GITHUB_\w+|GITLAB_CI|TRAVIS|TOX\w*"
    r"|KUBERNETES_\w+|INVOCATION_ID|JOURNAL_STREAM|NOTIFY_SOCKET|LISTEN_\w+|(HTTPS?|NO|ALL)_PROXY|SSL_CERT_\w+|REQUESTS_CA_BUNDLE"
    r"|CURL_CA_BUNDLE|DJANGO_SETTINGS_MODULE|WERKZEUG_\w+|SERVER_SOFTWARE|AWS_LAMBDA_\w+|LAMBDA_\w+|BUILD_\w+|LD_\w+|DYLD_\w+|OMP_\w+"
    r"|CUDA_\w+|JUPYTER_\w+|COVERAGE_\w+|SOURCE_DATE_EPOCH|WSL_\w+|MSYSTEM|SESSIONNAME|OS|EUID|PATHEXT|DO_NOT_TRACK|DYNO|K_SERVICE|GAE_\w+|UID|GID|RANK|LOCAL_RANK|WORLD_SIZE)$",
    re.IGNORECASE,
)


class Read(NamedTuple):
    """One read. `name` is "" when it is computed; `form` is index, get, typed, field or own; `kind` is what an own def
    makes of it ("int"), "" when that is not told.
    """

    place: Place[Any]
    name: str
    form: str
    default: ast.expr | None = None
    kind: str = ""


_READS: Final[WeakKeyDictionary[Context, list[Read]]] = WeakKeyDictionary()
_COMPUTED: Final[WeakKeyDictionary[Context, list[tuple[Read, ast.expr]]]] = WeakKeyDictionary()


def reads(ctx: Context) -> list[Read]:
    """The reads of the file; whole from `visit_module` on."""
    return _READS.setdefault(ctx, [])


def is_standard(name: str) -> bool:
    """Whether the variable belongs to the system, the shell or a tool rather than to the program."""
    return _STANDARD.match(name) is not None


class EnvironmentReads(Collector):
    """Facts `env-read`: which variable is read where, and `env-set`: which one the program sets itself.

    A read has a form (index, get, typed, field, own, asked, option), a default ("" for an empty one, None for none),
    whether it must be set, its type, what checks it and what it feeds.
    """

    calls = (*_RAW, *_TYPED, *_OPTIONS, *_ADDRESSES)

    def visit_call(self, call: Call, ctx: Context) -> None:
        """Note a read by a call."""
        if call.dotted in _OPTIONS:
            _option(call, ctx)
            return
        if call.dotted in _MADE and (call.ref is None or call.ref.via in ("import", "call")):
            return  # The reader itself is made here.
        if call.last == "pop" and call.dropped:
            return  # Removed, not read.
        name = call.argument(0, "key", "var", "name", "varname", "env")
        default = call.argument(2 if call.dotted == "environ.Env" else 1, "default")
        if call.dotted in _TYPED or call.dotted in _ADDRESSES:
            self._typed(call, name, default, ctx)
        elif name is not None:
            form = "index" if call.last == "pop" and default is None else "get"
            self._plain(call, name, form, default, ctx)

    def visit_subscript(self, place: Place[Any], ctx: Context) -> None:
        """Note `os.environ["NAME"]`, and `env["NAME"] = ...` for a process that is started."""
        node = place.node
        if isinstance(node.ctx, ast.Store) and _ENVIRON.search(unparse(node.value)):
            name = _text(node.slice, place.scope)
            if name:
                ctx.fact("env-set", place, name=name.upper())
            return
        held = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
        likely = held in ("environ", "env")
        likely = likely or any(found.value == "os.environ" for found in ctx.module.names.get(held, ()))
        if likely and isinstance(node.ctx, ast.Load) and place.name(node.value) == "os.environ":
            self._plain(place, node.slice, "index", None, ctx)

    def visit_class_def(self, place: Place[Any], ctx: Context) -> None:
        """Note the fields of a settings class."""
        if not place.node.bases:
            return
        if is_settings(place, ctx):
            for field in fields_of(place, ctx):
                read = Read(Place(field.stmt, place.block, field.stmt), field.name, "field", field.default)
                _note(read, _told_field(field, place), ctx)
            ctx.fact("settings-class", place, name=place.node.name, base="", prefix=own_prefix(place, ctx), fields=[])
        elif base := imported_base(place):
            fields = [{"line": field.stmt.lineno, "name": field.name} | _told_field(field, place)
                      for field in fields_of(place, ctx)]  # fmt: skip
            prefix = own_prefix(place, ctx)
            ctx.fact("settings-class", place, name=place.node.name, base=base, prefix=prefix, fields=fields)

    def visit_module(self, ctx: Context) -> None:
        """Note what is read through own defs, and `"NAME" in os.environ`."""
        for read, key in _COMPUTED.pop(ctx, []):
            through = list(own_reads(read.form, key, read.default, read.place, ctx))
            if not through:
                _note(read, told(read.place, "", read.form, read.default, ctx), ctx)
            for found in through:
                form = "typed" if found.strict or found.raises else "own"  # Who refuses something checks it.
                told_of = told_through(found)
                _note(Read(found.place, found.name, form, found.default, told_of["type"]), told_of, ctx)
        if "environ" in ctx.source and (" in os.environ" in ctx.source or " in environ" in ctx.source):
            _asked(ctx)

    def _plain(self, place: Place[Any], name: ast.expr, form: str, default: ast.expr | None, ctx: Context) -> None:
        names = _names(name, place.scope)
        for text in names:
            _note(Read(place, text, form, default), told(place, text, form, default, ctx), ctx)
        if not names:
            _COMPUTED.setdefault(ctx, []).append((Read(place, "", form, default), name))

    def _typed(self, call: Call, name: ast.expr | None, default: ast.expr | None, ctx: Context) -> None:
        cast = call.last if call.last in _CASTS and call.dotted not in _READERS else ""
        text = _UNNAMED.get(call.last, "") if name is None else _text(name, call.scope)
        if name is None and not text:
            return
        scheme = call.keyword(text, of=call.origin) if call.origin is not None and text else None
        prefix = _prefixed(call)
        fields = told_typed(call, text, cast, default, scheme)
        _note(Read(call, prefix + text if text else "", "typed", default), fields, ctx)


def _note(read: Read, fields: dict[str, Any], ctx: Context) -> None:
    reads(ctx).append(read)
    _fact(read, fields, ctx)


def _fact(read: Read, fields: dict[str, Any], ctx: Context) -> None:
    ctx.fact("env-read", read.place, name=read.name, text=ctx.source_lines[read.place.line - 1].strip()[:160], **fields)


def _told_field(field: Field, place: Place[Any]) -> dict[str, Any]:
    default = shown_default(field.name, field.default, place.scope)
    said: dict[str, Any] = {"form": "field", "default": default, "required": field.default is None}
    feeds = [unparse(field.stmt.target)]
    return said | {"type": field.type, "validator": field.validator, "feeds": feeds, "aliased": field.aliased}


def _option(call: Call, ctx: Context) -> None:
    given = call.keyword("envvar")
    names = fold(given, call.scope) if given is not None else ""
    for name in names if isinstance(names, tuple) else (names,):
        if name and isinstance(name, str):
            _fact(Read(call, name, "option"), told_option(call, name, call.last.lower() == "argument"), ctx)


def _asked(ctx: Context) -> None:
    """Note the tests of whether a variable is set at all."""
    asking = [
        node
        for node in descendants(ctx.tree or ast.Module([], []), ast.Compare)
        if isinstance(node.ops[0], (ast.In, ast.NotIn)) and unparse(node.comparators[0]).endswith("environ")
    ]
    for place in placed(asking, ctx):
        name = _text(place.node.left, place.scope)
        if name and place.name(place.node.comparators[0]) == "os.environ":
            refused = refusal(place, place.function or ctx.tree) == "missing"
            fields: dict[str, Any] = {"default": None, "required": refused, "type": "flag", "feeds": []}
            validator = "refused when missing" if refused else ""
            _fact(Read(place, name, "asked"), fields | {"form": "asked", "validator": validator}, ctx)


def _prefixed(call: Call) -> str:
    """What `with env.prefixed("SHOP_"):` puts before the names inside it."""
    found = ""
    for block in call.blocks():
        for item in getattr(block.node, "items", ()) if block.kind == "with" else ():
            made = item.context_expr
            if isinstance(made, ast.Call) and getattr(made.func, "attr", "") == "prefixed" and made.args:
                found = _text(made.args[0], call.scope) + found
    return found


def _names(expr: ast.expr, scope: Scope) -> list[str]:
    """The names that an expression may stand for: one, or those of a fixed list that a loop goes through."""
    value = fold(expr, scope)
    if isinstance(value, str):
        return [value]
    bound = find(expr.id, scope) if isinstance(expr, ast.Name) else None
    if bound is None or len(bound[0]) != 1 or bound[0][0].kind != "for":
        return []
    values = fold(bound[0][0].value, scope)
    if not isinstance(values, tuple) or not all(isinstance(value, str) for value in values):
        return []
    return list(values)


def _text(expr: ast.expr, scope: Scope) -> str:
    value = fold(expr, scope)
    return value if isinstance(value, str) else ""
