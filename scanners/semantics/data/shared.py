"""Sessions and connections of databases that several threads or tasks share, or that stay broken after a failure."""

import ast
from collections.abc import Iterator
from typing import Any, Final

from scanners.context import Context, per_file
from scanners.names import Ref, find, resolve
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.data.rowloops import nodes
from scanners.semantics.dbsessions import is_known_session, is_session
from scanners.syntax import descendants, unparse

SPAWNS: Final = (
    "threading.Thread",
    "concurrent.futures.ThreadPoolExecutor.submit",
    "concurrent.futures.ThreadPoolExecutor.map",
    "asyncio.gather",
    "asyncio.create_task",
    "asyncio.ensure_future",
    "asyncio.TaskGroup.create_task",
)
_CONNECTIONS: Final = frozenset(
    {"psycopg2.connection", "pymysql.Connection", "pymysql.connect", "MySQLdb.connect", "sqlite3.Connection"}
)
_SCOPED: Final = ("scoped_session", "contextvar", "flask_sqlalchemy", "sqlalchemy(")
_FACTORY: Final = regex(r"(Session(Local|Maker|Factory)?|Local|Maker)$")
_FOREIGN: Final = frozenset(
    {"requests", "aiohttp", "httpx", "boto3", "aiobotocore", "tensorflow", "onnxruntime", "curl_cffi", "neo4j"}
)
_BROAD: Final = regex(
    r"\b(Exception|BaseException|SQLAlchemyError|IntegrityError|OperationalError|DBAPIError|DatabaseError|DataError|"
    r"StatementError|StaleDataError|InterfaceError|(psycopg2?|sqlite3|pymysql)\.Error)\b"
)
_LEAVES: Final = frozenset({"rollback", "close", "remove", "expunge_all", "invalidate"})


def is_shared_kind(expr: ast.AST, scope: Scope) -> str:
    """What an expression is that only one thread or task may use at a time: empty when it is nothing of the kind."""
    ref = resolve(expr, scope, getattr(expr, "lineno", 1))
    if ref is None or "scoped" in ref.dotted:
        return ""
    if ref.dotted in _CONNECTIONS:
        return "connection"
    if ref.via in ("import", "base"):
        return ""
    if not is_known_session(expr, scope):
        return "session" if _is_made_elsewhere(expr, ref, scope) else ""
    if ref.dotted.endswith("sessionmaker()") and not _is_called_factory(expr, scope):
        return ""
    return "session"


def _is_made_elsewhere(expr: ast.AST, ref: Ref, scope: Scope) -> bool:
    """Whether a name like `session` holds what a factory like SessionLocal, imported from the repository, made."""
    root, last = ref.dotted.partition(".")[0], ref.dotted.rpartition(".")[2]
    if ref.origin is None or not last[:1].isupper() or not _FACTORY.search(last) or "Scoped" in last:
        return False
    if not root or root in _FOREIGN or not is_session(expr, scope):
        return False
    imported = (binding for bindings in scope.module.names.values() for binding in bindings if binding.kind == "import")
    return any(binding.value.startswith(("sqlalchemy", "sqlmodel")) for binding in imported)


def _is_called_factory(expr: ast.AST, scope: Scope) -> bool:
    """Whether a name holds what a session factory made, rather than the factory."""
    node: Any = expr
    for _ in range(4):
        if isinstance(node, ast.Call):
            inner = resolve(node.func, scope, node.lineno)
            return inner is not None and (inner.dotted.endswith("sessionmaker()") or inner.dotted.endswith("Session"))
        found = find(node.id, scope) if isinstance(node, ast.Name) else None
        if found is None or found[0][-1].kind not in ("assign", "with"):
            return False
        node = found[0][-1].value
    return False


def handed_to_workers(call: Call) -> Iterator[tuple[ast.AST, str]]:
    """The sessions and connections that a spawning call hands to threads or tasks beside its own, with their kind."""
    own = call.last in ("gather",)
    parts = [*call.node.args, *[word.value for word in call.node.keywords]]
    uses: dict[str, list[ast.AST]] = {}
    for part in parts:
        repeated = isinstance(part, ast.Starred)
        for node in descendants(part):
            if isinstance(node, ast.Name) and is_shared_kind(node, call.scope):
                uses.setdefault(node.id, []).extend([node, node] if repeated else [node])
    for found in uses.values():
        tasks = call.last in ("create_task", "ensure_future")
        alone = own or (tasks and not _used_meanwhile(found[0], call))
        if alone and len(found) < 2 and not call.in_loop:
            continue
        if any(_bound_in_loop(node, call) for node in found):
            continue
        yield found[0], is_shared_kind(found[0], call.scope)


def _used_meanwhile(name: Any, call: Call) -> bool:
    """Whether the def goes on to use a session that a task has, before it waits for the task."""
    body = list(nodes(list(getattr(call.function, "body", []))))
    above = call.parent()
    kept = above.targets[0] if isinstance(above, ast.Assign) else None
    held = kept.id if isinstance(kept, ast.Name) else ""
    waits = [part.lineno for part in body if isinstance(part, ast.Await) and held in _names(part.value)]
    until = min(waits, default=getattr(call.function, "end_lineno", 0) + 1)
    after = range((call.node.end_lineno or call.line) + 1, until)
    return any(isinstance(part, ast.Name) and part.id == name.id and part.lineno in after for part in body)


def _names(expr: ast.AST) -> set[str]:
    return {part.id for part in descendants(expr) if isinstance(part, ast.Name)}


def _bound_in_loop(name: Any, call: Call) -> bool:
    """Whether each turn of the loop around the call makes its own."""
    bound = call.scope.bindings(name.id)
    loop = next(iter(call.within("for", "while")), None)
    return loop is not None and any(binding.line >= loop.node.lineno for binding in bound)


def module_level(ctx: Context) -> Iterator[tuple[str, Any, str]]:
    """The sessions and connections that the module body makes and keeps: name, the value, and the kind."""
    if any(word in ctx.lowered for word in _SCOPED):
        return
    for name, bindings in ctx.module.names.items():
        if len(bindings) == 1 and bindings[0].kind == "assign" and isinstance(bindings[0].value, ast.Call):
            kind = is_shared_kind(ast.copy_location(ast.Name(name, ast.Load()), bindings[0].value), ctx.module)
            if kind and not _is_factory_call(bindings[0].value):
                yield name, bindings[0].value, kind


def _is_factory_call(value: ast.Call) -> bool:
    return unparse(value.func).rpartition(".")[2].endswith("maker")


def users(name: str, ctx: Context) -> list[ast.AST]:
    """The defs of the file that use a name of its module body."""
    found = []
    for function, scope in ctx.module.functions.items():
        body = [] if isinstance(function, ast.Lambda) else list(getattr(function, "body", []))
        if name not in scope.names and any(isinstance(node, ast.Name) and node.id == name for node in nodes(body)):
            found.append(function)
    return found


@per_file
def mentions_commit(ctx: Context) -> bool:
    """A cheap test: whether the file may commit anything."""
    return "commit" in ctx.source


def commits(node: Any) -> Iterator[tuple[ast.Call, str]]:
    """The commits in the body of a `try`, each with the text of its session."""
    managed = [item for part in nodes(node.body, ast.With, ast.AsyncWith) for item in part.items]
    for part in nodes(node.body, ast.Call):
        if isinstance(part.func, ast.Attribute) and part.func.attr == "commit":
            held = unparse(part.func.value)
            if not part.args and not any(_manages(item, held) for item in managed):
                yield part, held


def is_left_broken(node: Any, held: str, place: Place[Any]) -> ast.ExceptHandler | None:
    """The handler of a `try` that swallows a failed commit and leaves its transaction open, None when none does."""
    if any(_cleans(part, held) for part in node.finalbody):
        return None
    for block in place.blocks():
        if block.kind == "with" and any(_manages(item, held) for item in block.node.items):
            return None
        if block.kind == "try" and any(_cleans(part, held) for part in block.node.finalbody):
            return None
    for handler in node.handlers:
        kind = unparse(handler.type) if handler.type is not None else "Exception"
        answered = any(_answers(part, held) for part in nodes(handler.body))
        if _BROAD.search(kind) and not answered:
            return handler  # type: ignore[no-any-return]  # blocks hold any node
    return None


def _answers(part: Any, held: str) -> bool:
    """Whether a part of a handler raises, ends the transaction, or hands the session on."""
    if isinstance(part, ast.Call) and held in [unparse(arg) for arg in part.args]:
        return True
    return isinstance(part, ast.Raise) or _cleans(part, held)


def _manages(item: ast.withitem, held: str) -> bool:
    named = unparse(item.optional_vars) if item.optional_vars is not None else ""
    return named == held or held in unparse(item.context_expr)


def _cleans(part: ast.AST, held: str) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in _LEAVES
        and (node.attr == "rollback" or unparse(node.value) == held)
        for node in descendants(part)
    )
