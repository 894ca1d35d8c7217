"""What an except clause catches and what it does about it. Shared by the rules about failures."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from scanners.context import Context, per_file
from scanners.names import Ref, find, resolve
from scanners.place import Place
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics import logcalls
from scanners.semantics.logcalls import LogCall
from scanners.syntax import children, descendants, suite, unparse

_EXITS: Final = frozenset(
    "sys.exit os._exit os.abort exit quit flask.abort pytest.fail pytest.skip django.core.exceptions.abort".split()
)
_EXIT_METHODS: Final = frozenset(
    "exit abort fail skipTest retry reraise save_and_reraise_exception raise_exception raise_with_traceback "
    "send_error".split()
)
_TRACKERS: Final = regex(
    r"^(capture_?(exception|message|event|error)|record_?exception|notice_error|report_exc_info|report_?(exception|error)|set_exception"
    r"|log_?exception|handle_?exception|print_exc|format_exc|print_exception|format_exception|exc_info|excepthook)$",
    re.IGNORECASE,
)
_METRICS: Final = frozenset("inc incr increment add_metric put_metric_data emit_metric count_error observe".split())
_TEXT: Final = frozenset("str repr format type isinstance len getattr hasattr bool print pprint join dumps".split())
_HARMLESS: Final = frozenset(
    "sleep close aclose append add extend get pop remove discard clear update setdefault items keys values copy strip "
    "split lower upper replace startswith endswith encode decode loads now utcnow today time monotonic join dirname "
    "basename dict list set tuple int float min max range super rollback cancel render redirect jsonify make_response "
    "gettext _ debug info task_done release unlink rmtree next iter sorted sum any all round abs zip enumerate cast "
    "partial timedelta uuid4 getenv".split()
)
_FLAG: Final = regex(
    r"err|fail|ok$|success|status|valid|bad|skip|problem|broken|healthy|alive|avail|invalid|missing|reason",
    re.IGNORECASE,
)
_TELLS: Final = regex(r"err|fail|^ok$|success|reason", re.IGNORECASE)
_LISTS: Final = regex(r"err|fail|skip|bad|invalid|missing|problem|message|warn|issue|report", re.IGNORECASE)
_NORMAL, _AS_TEXT, _QUIET, _TESTED = range(4)


@dataclass(slots=True)
class Reaction:
    """What the body of an except clause does with the failure.

    `raises` covers leaving the program; `told` a log at warning or above, an error tracker or a metric; `kept` that the
    exception object is handed on, `described` that text made from it is. `whispers` names what only logs below warning
    or prints, `doubt` a call that may report the failure out of sight; both are empty when there is none.
    """

    raises: bool = False
    told: bool = False
    traceback: bool = False
    kept: bool = False
    described: bool = False
    whispers: str = ""
    whispers_of_it: bool = False
    doubt: str = ""
    plain: bool = True
    logs: list[tuple[ast.Call, LogCall]] = field(default_factory=list)

    @property
    def reacts(self) -> bool:
        """Whether the failure leaves a trace."""
        return self.raises or self.told or self.kept or self.described


def caught(expr: ast.expr | None, scope: Scope) -> list[ast.expr]:
    """The types of an except clause one by one, tuples and names of tuples opened; none for a bare one."""
    if expr is None:
        return []
    if isinstance(expr, ast.Tuple):
        return [part for item in expr.elts for part in caught(item, scope)]
    if isinstance(expr, ast.Name):
        found = find(expr.id, scope)
        if found and len(found[0]) == 1 and found[0][0].kind == "assign" and isinstance(found[0][0].value, ast.Tuple):
            return list(found[0][0].value.elts)
    return [expr]


def breadth(types: list[ast.expr], scope: Scope) -> str:
    """How much is caught: "all" for a bare clause or BaseException, "broad" for Exception, else "narrow"."""
    if not types:
        return "all"
    names = {name for name in (_type_name(expr, scope) for expr in types) if name}
    if "BaseException" in names:
        return "all"
    return "broad" if "Exception" in names else "narrow"


def _type_name(expr: ast.expr, scope: Scope) -> str:
    ref = resolve(expr, scope, getattr(expr, "lineno", 1))
    return ref.dotted.removeprefix("builtins.") if ref else ""


def spelled(handler: ast.ExceptHandler) -> str:
    """The clause as people write it, for messages."""
    return "except" if handler.type is None else f"except {short(handler.type)}"


def clause(handler: ast.ExceptHandler, place: Place[ast.Try]) -> Place[ast.ExceptHandler]:
    """The place of a clause of the try at `place`."""
    return Place(handler, place.block, place.node)


def short(node: ast.AST, longest: int = 60) -> str:
    """The source of a piece of syntax on one line, cut when it is long."""
    text = " ".join(unparse(node).split())
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def inner(nodes: list[Any], *kinds: type[ast.AST]) -> Sequence[Any]:
    """All nodes below these, or those of these types, bodies of nested defs and classes left out."""
    return suite(nodes, *kinds)


@per_file
def called_by_handlers(ctx: Context) -> frozenset[str]:
    """The names of everything that the except clauses of a file call, in one walk a file, and only if a rule asks."""
    clauses = descendants(ctx.tree or ast.Module([], []), ast.ExceptHandler)
    calls = inner([*clauses], ast.Call)
    return frozenset(getattr(node.func, "attr", getattr(node.func, "id", "")) for node in calls)


@lru_cache(maxsize=32)
def reaction(handler: ast.ExceptHandler, place: Place[ast.Try], ctx: Context) -> Reaction:
    """What a clause of the try at `place` does about the failure, worked out once for all hooks."""
    return react(handler.body, handler.name or "", place.scope, ctx)


def react(body: list[ast.stmt], name: str, scope: Scope, ctx: Context, depth: int = 0) -> Reaction:
    """What these statements do about an exception bound to `name`; calls of the same file are followed one deep."""
    found = Reaction()
    stack: list[tuple[Any, int]] = [(stmt, _NORMAL) for stmt in body]
    while stack:
        node, mode = stack.pop()
        kind = type(node)
        if kind is ast.Name:
            if node.id == name and type(node.ctx) is ast.Load:  # `del error` hands it to nobody.
                _use(found, mode, name)
            continue
        if kind is ast.Constant or kind is ast.ExceptHandler:
            continue  # The failure of the reaction itself.
        if kind is ast.Raise:
            found.raises = True
        elif kind is ast.Call:
            mode = _call(node, mode, found, scope, ctx, depth)
        elif kind in _TEXT_NODES:
            mode = max(mode, _AS_TEXT)
        elif kind in (ast.Assign, ast.AugAssign, ast.Return):
            _flags(node, found)
        elif kind in (ast.If, ast.IfExp, ast.While):
            test = node.test
            stack.extend((child, _TESTED if child is test else mode) for child in children(node))
            continue
        stack.extend((child, mode) for child in children(node))
    return found


_TEXT_NODES: Final = frozenset({ast.JoinedStr, ast.BinOp, ast.Compare, ast.Attribute, ast.Subscript})


def _use(found: Reaction, mode: int, name: str) -> None:
    if mode == _NORMAL:
        found.kept = True
    elif mode == _AS_TEXT:
        found.described = True
    elif mode == _QUIET:
        found.whispers_of_it = True
    else:
        found.doubt = found.doubt or f"tests {name}"


def _flags(node: Any, found: Reaction) -> None:
    """`failed = True`, `errors += 1`, `return Result(ok=False)`: something for later code or the caller to look at."""
    if isinstance(node, ast.Return):
        made = node.value if isinstance(node.value, ast.Call) else None
        if made is not None and getattr(made.func, "attr", getattr(made.func, "id", ""))[:1].isupper():
            told = next((word.arg for word in made.keywords if word.arg and _TELLS.search(word.arg)), "")
            found.doubt = found.doubt or (f"answers with {told}" if told else "")
        return
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if isinstance(node, ast.AugAssign) or any(_FLAG.search(unparse(target)) for target in targets):
        found.doubt = found.doubt or f"sets {short(targets[0])}"


def _call(node: ast.Call, mode: int, found: Reaction, scope: Scope, ctx: Context, depth: int) -> int:
    """Note what a call does about the failure. Returns how the exception is used when it is an argument."""
    log = logcalls.find(node, scope)
    if log is not None:
        return _log(node, log, mode, found)
    found.plain = False
    ref = resolve(node.func, scope, node.lineno)
    dotted = ref.dotted if ref else ""
    last = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if dotted in _EXITS or last in _EXIT_METHODS:
        found.raises = True
    elif _TRACKERS.match(last) or dotted.startswith(("traceback.", "sentry_sdk.", "rollbar.", "bugsnag.")):
        found.told = found.traceback = True
        found.kept = found.kept or last == "exc_info"
    elif last in _METRICS or dotted == "warnings.warn":
        found.told = True
    elif last in ("print", "pprint"):
        found.whispers = found.whispers or "prints"
    elif last not in _TEXT:
        _other(node, last, ref, found, ctx, depth)
    return max(mode, _AS_TEXT) if last in _TEXT else mode


def _log(node: ast.Call, log: LogCall, mode: int, found: Reaction) -> int:
    found.logs.append((node, log))
    if log.level >= logcalls.WARNING or log.level == 0:
        found.told = True
        found.traceback = found.traceback or log.traceback
        return max(mode, _AS_TEXT)
    found.whispers = found.whispers or f"logs at {log.method}"
    found.whispers_of_it = found.whispers_of_it or log.traceback
    return max(mode, _QUIET)


def _other(node: ast.Call, last: str, ref: Ref | None, found: Reaction, ctx: Context, depth: int) -> None:
    """A call that is no known reaction: one of this file is read, others leave doubt unless harmless."""
    target = ctx.definition(ref) if depth == 0 else None
    if isinstance(target, (ast.FunctionDef, ast.AsyncFunctionDef)):
        inside = react(target.body, "", ctx.module, ctx, depth + 1)
        found.raises, found.told = found.raises or inside.raises, found.told or inside.told
        found.traceback = found.traceback or inside.traceback
    receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
    kept = (
        receiver is not None
        and last in ("append", "add", "put", "put_nowait", "update")
        and _LISTS.search(short(receiver))
    )
    if kept or (last not in _HARMLESS and not last[:1].isupper()):
        found.doubt = found.doubt or f"calls {short(node.func)}"
