"""What a name in a file stands for: imports, assignments, parameters, attributes of `self`. Nothing is run.

A resolved name is dotted as it would be imported: `s.get` is `requests.Session.get` after `s = requests.Session()`.
Names that the file itself defines start with a dot (`.Client.fetch`).
"""

import ast
import builtins
from dataclasses import dataclass
from typing import Final

from scanners.scopes import Binding, Scope

BUILTINS: Final = frozenset(dir(builtins))

RETURNS: Final = {
    "requests.session": "requests.Session",
    "logging.getLogger": "logging.Logger",
    "structlog.get_logger": "structlog.BoundLogger",
    "structlog.getLogger": "structlog.BoundLogger",
    "structlog.stdlib.get_logger": "structlog.BoundLogger",
    "celery.utils.log.get_task_logger": "logging.Logger",
    "multiprocessing.get_logger": "logging.Logger",
    "redis.from_url": "redis.Redis",
    "redis.Redis.from_url": "redis.Redis",
    "redis.StrictRedis": "redis.Redis",
    "redis.StrictRedis.from_url": "redis.Redis",
    "redis.asyncio.from_url": "redis.asyncio.Redis",
    "redis.asyncio.Redis.from_url": "redis.asyncio.Redis",
    "asyncio.create_subprocess_exec": "asyncio.subprocess.Process",
    "asyncio.create_subprocess_shell": "asyncio.subprocess.Process",
    "sqlite3.connect": "sqlite3.Connection",
    "psycopg.connect": "psycopg.Connection",
    "psycopg2.connect": "psycopg2.connection",
    "sqlalchemy.create_engine": "sqlalchemy.Engine",
    "tarfile.open": "tarfile.TarFile",
    "tarfile.TarFile.open": "tarfile.TarFile",
    "ssl.create_default_context": "ssl.SSLContext",
    "ssl._create_unverified_context": "ssl.SSLContext",
    "concurrent.futures.ThreadPoolExecutor.submit": "concurrent.futures.Future",
    "concurrent.futures.ProcessPoolExecutor.submit": "concurrent.futures.Future",
    "asyncio.run_coroutine_threadsafe": "concurrent.futures.Future",
    "urllib.request.build_opener": "urllib.request.OpenerDirector",
    "socket.socket": "socket.socket",
    "open": "io.File",
    **{
        f"pathlib.Path.{method}": "pathlib.Path"
        for method in "absolute cwd expanduser home joinpath resolve with_name with_stem with_suffix".split()
    },
}
"""What well-known functions return; a call of a CapWords name returns an instance of it, whatever it is."""

PARTS: Final = {"multiprocessing.Pipe": "multiprocessing.connection.Connection"}
"""What the parts are that a call is unpacked into, where all are alike."""

CANONICAL: Final = {
    "requests.api": "requests",
    "requests.sessions": "requests",
    "redis.client": "redis",
    "urllib.request.urlopen": "urllib.request.urlopen",
    "httpx._client": "httpx",
    "sqlalchemy.engine": "sqlalchemy",
    "sqlalchemy.ext.asyncio.create_async_engine": "sqlalchemy.create_async_engine",
    "celery.app.task.Task": "celery.Task",
    "yaml.loader": "yaml",
    "loguru._logger": "loguru",
    "pathlib.Path.parent": "pathlib.Path",
}
"""Where public names live under another module path."""

SECURE: Final = {
    "smtplib.SMTP": "smtplib.SMTP_SSL",
    "http.client.HTTPConnection": "http.client.HTTPSConnection",
    "ftplib.FTP": "ftplib.FTP_TLS",
    "imaplib.IMAP4": "imaplib.IMAP4_SSL",
    "poplib.POP3": "poplib.POP3_SSL",
}
"""Clients beside those of the same methods that speak TLS: a choice between the two is taken for the latter."""


@dataclass(frozen=True, slots=True)
class Ref:
    """What an expression stands for. `origin` is the call that made the object, `via` how its last name was bound.

    A parameter with an annotation resolves with via "param": its type is known, how it was made is not.
    """

    dotted: str
    origin: ast.Call | None = None
    via: str = "import"

    @property
    def local(self) -> bool:
        """Whether the file itself defines it."""
        return self.dotted.startswith(".")


def canonical(dotted: str) -> str:
    """The public spelling of a dotted name."""
    if dotted in CANONICAL:
        return CANONICAL[dotted]
    head, _, last = dotted.rpartition(".")
    return f"{CANONICAL[head]}.{last}" if head in CANONICAL else dotted


_DEPTH = 12  # Longer chains of assignments than this are data, not code.


def resolve(expr: ast.AST, scope: Scope, line: int, depth: int = 0) -> Ref | None:
    """What `expr` stands for where it is used, or None when that cannot be told."""
    if depth > _DEPTH:
        return None
    if isinstance(expr, ast.Name):
        return _resolve_name(expr.id, scope, line, depth)
    if isinstance(expr, ast.Attribute):
        return _resolve_attribute(expr, scope, line, depth)
    if isinstance(expr, ast.Call):
        return _resolve_call(expr, scope, line, depth)
    if isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.Div):
        left = resolve(expr.left, scope, line, depth + 1)
        return left if left and left.dotted == "pathlib.Path" else None
    if isinstance(expr, ast.Await):
        return resolve(expr.value, scope, line, depth + 1)
    if isinstance(expr, ast.NamedExpr):
        return resolve(expr.value, scope, line, depth + 1)
    if isinstance(expr, ast.BoolOp) and isinstance(expr.op, ast.Or):
        return _agreed([resolve(value, scope, line, depth + 1) for value in expr.values if not _is_none(value)])
    if isinstance(expr, ast.IfExp):
        return _agreed(
            [resolve(value, scope, line, depth + 1) for value in (expr.body, expr.orelse) if not _is_none(value)]
        )
    return None


def _is_none(expr: ast.AST) -> bool:
    return isinstance(expr, ast.Constant) and expr.value is None


def _agreed(refs: list[Ref | None]) -> Ref | None:
    first = refs[0] if refs else None
    if first is None or all(ref and ref.dotted == first.dotted for ref in refs):
        return first
    secure = SECURE.get(first.dotted, first.dotted)
    if any(ref is None or SECURE.get(ref.dotted, ref.dotted) != secure for ref in refs):
        return None
    return next((ref for ref in refs if ref and ref.dotted == secure), None)


def find(name: str, scope: Scope) -> tuple[list[Binding], Scope] | None:
    """The bindings of `name` that code in `scope` sees, and where. A def does not see the class body around it."""
    current: Scope | None = scope
    while current is not None:
        if current is scope or current.kind != "class":
            found = current.bindings(name)
            if found:
                return found, current
        current = current.parent
    return None


def _resolve_name(name: str, scope: Scope, line: int, depth: int) -> Ref | None:
    found = find(name, scope)
    if found is None:
        return Ref(name, via="builtin") if name in BUILTINS else None
    bindings, holder = found
    if name == "self" and bindings[0].kind == "param":
        return _self(scope)
    if holder is scope and len(bindings) > 1:
        before = [binding for binding in bindings if binding.line <= line]
        bindings = before[-1:] or bindings
    return _agreed([_resolve_binding(binding, name, depth) for binding in bindings if not _is_none_binding(binding)])


def _is_none_binding(binding: Binding) -> bool:
    return binding.kind == "assign" and _is_none(binding.value)


def _self(scope: Scope) -> Ref | None:
    current: Scope | None = scope
    while current is not None and current.kind != "class":
        current = current.parent
    return Ref(f".{current.qualname}", via="self") if current else None


def _resolve_binding(binding: Binding, name: str, depth: int) -> Ref | None:
    holder = binding.scope
    if binding.kind == "import":
        return Ref(canonical(binding.value))
    if binding.kind in ("def", "class"):
        prefix = f"{holder.qualname}." if holder.qualname else ""
        return Ref(f".{prefix}{name}", via=binding.kind)
    if binding.kind in ("assign", "with"):
        ref = resolve(binding.value, holder, binding.line, depth + 1)
        return Ref(ref.dotted, ref.origin, binding.kind) if ref else None
    if binding.kind == "unpack" and isinstance(binding.value, ast.Call):
        made = resolve(binding.value.func, holder, binding.line, depth + 1)
        return Ref(PARTS[made.dotted], binding.value, "unpack") if made and made.dotted in PARTS else None
    if binding.kind == "param" and binding.value.annotation is not None:
        return annotated(binding.value.annotation, holder.parent or holder, binding.line, depth)
    if binding.kind == "declared":
        return annotated(binding.value, holder, binding.line, depth)
    return None


def annotated(annotation: ast.AST, scope: Scope, line: int, depth: int = 0) -> Ref | None:
    """The type that an annotation names, through quotes, Optional, `| None` and Annotated."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = ast.parse(annotation.value, mode="eval").body
        except (SyntaxError, ValueError):
            return None
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        sides = [side for side in (annotation.left, annotation.right) if not _is_none(side)]
        return annotated(sides[0], scope, line, depth + 1) if len(sides) == 1 and depth < _DEPTH else None
    if isinstance(annotation, ast.Subscript):
        outer = resolve(annotation.value, scope, line, depth + 1)
        inner = (
            annotation.slice.elts[0]
            if isinstance(annotation.slice, ast.Tuple) and annotation.slice.elts
            else annotation.slice
        )
        if (
            outer
            and outer.dotted.rpartition(".")[2] in ("Optional", "Annotated", "Final", "ClassVar")
            and depth < _DEPTH
        ):
            return annotated(inner, scope, line, depth + 1)
        return Ref(outer.dotted, via="param") if outer else None
    ref = resolve(annotation, scope, line, depth + 1)
    return Ref(ref.dotted, via="param") if ref else None


def _resolve_attribute(expr: ast.Attribute, scope: Scope, line: int, depth: int) -> Ref | None:
    base = resolve(expr.value, scope, line, depth + 1)
    if base is None:
        return None
    if not base.local:
        return Ref(canonical(f"{base.dotted}.{expr.attr}"), base.origin, base.via)
    holder = class_scope(base.dotted, scope)
    if holder is None:
        return Ref(f"{base.dotted}.{expr.attr}", base.origin, base.via)
    return member(holder, expr.attr, scope, depth, base)


def class_scope(dotted: str, scope: Scope) -> Scope | None:
    """The scope of a class of this file, by its local dotted name."""
    return scope.module.classes.get(dotted[1:])


def member(holder: Scope, attr: str, scope: Scope, depth: int, base: Ref) -> Ref | None:
    """What `instance.attr` is for a class of this file: an attribute, a method, or what a base class brings."""
    if attr in holder.attributes or attr in holder.names:
        bindings = holder.attributes.get(attr, []) + holder.names.get(attr, [])
        return _agreed([_resolve_binding(found, attr, depth + 1) for found in bindings if not _is_none_binding(found)])
    for parent in getattr(holder.node, "bases", []):
        ref = resolve(parent, holder.parent or scope, getattr(parent, "lineno", 0), depth + 1)
        if ref is None:
            continue
        if not ref.local:
            return Ref(canonical(f"{ref.dotted}.{attr}"), base.origin, "base")
        above = class_scope(ref.dotted, scope)
        if above is not None and above is not holder and depth < _DEPTH:
            return member(above, attr, scope, depth + 1, base)
    return Ref(f".{holder.qualname}.{attr}", via="unknown")


def _resolve_call(expr: ast.Call, scope: Scope, line: int, depth: int) -> Ref | None:
    made = resolve(expr.func, scope, line, depth + 1)
    if made is None:
        return None
    dotted = RETURNS.get(made.dotted)
    if dotted is None:
        last = made.dotted.rpartition(".")[2]
        dotted = made.dotted if last[:1].isupper() else f"{made.dotted}()"
    return Ref(dotted, expr, "call")
