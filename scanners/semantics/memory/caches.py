"""Caches of a file: functions that keep every answer, and containers that grow by what callers ask for."""

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.place import Block, Place
from scanners.regex import regex
from scanners.scopes import Scope, arguments
from scanners.semantics.containers import SHRINKING, changes, made, spelled
from scanners.semantics.owncalls import calls_of
from scanners.syntax import descendants, unparse

_FEW_MADE: Final = regex(r"(^|_)(pools?|clients?|engines?|connections?|sessions?|loggers?|backends?|drivers?)(_|$)")
"""What a program makes few of, one for each set of its settings."""
CACHE_LIKE: Final = regex(r"cache|memo(?!r)|seen|visited|already", re.IGNORECASE)
_SMALL: Final = regex(r"\b(bool|Literal|type|Type|Enum|None|Callable|ModuleType|NoneType)\b")
_OPEN: Final = regex(r"\b(str|int|float|bytes|Path|UUID|date|datetime|tuple|Any|object)\b")
_BY_CODE: Final = regex(r"^(cls|klass|model|type_?|kind|owner|func|fn|function|module|\w+_(cls|class|type|model))$")
_OF_CODE: Final = regex(
    r"^(f|name|path|file|filename|version|prefix|suffix|dtype|unit|dialect|encoding|level|pattern"
    r"|\w*command|(\w+_)?(file|path|dir|directory|folder|config|module|package|pkg|setting|field|attr|attribute|locale|lang|language|template|class|env|accessor|option|property|\w*command|namespace|uri|dsn|endpoint|driver|device|camera|sensor|plugin|backend)(_?id)?s?"
    r"(_(name|path|prefix|id|code))?)$"
)  # The program itself has only so many of these.
_AT_START: Final = regex(r"^_?(register|add_|set_|install|setup|init|load_all|configure)|decorat|wrapper")
_BY_DESIGN: Final = regex(
    r"regist|plugin|handler|hook|driver|backend|class|type|model|factor|module|loader|convert|logger|lock|schema|field"
    r"|engine|pool|client|connection|instance|option|setting|conf|command|extension|serializ|adapter|provider|metric|counter|gauge|pattern|regex|template|parser",
    re.IGNORECASE,
)  # What a program has only so many of, too.


def is_endless(mark: ast.expr, place: Place[Any]) -> bool:
    """Whether a decorator is a cache of functools without a size."""
    name = place.name(mark.func if isinstance(mark, ast.Call) else mark)
    if name == "functools.cache":
        return True
    if name != "functools.lru_cache" or not isinstance(mark, ast.Call):
        return False
    size = mark.args[0] if mark.args else next((word.value for word in mark.keywords if word.arg == "maxsize"), mark)
    return fold(size, place.scope) is None


def is_small(arg: ast.arg, place: Place[Any], ctx: Context) -> bool:
    """Whether a parameter has few values, as far as its annotation or its name tells."""
    if arg.arg in ("self", "cls") or (arg.annotation is None and _BY_CODE.match(arg.arg)):
        return True
    if arg.annotation is None:
        return False
    text = unparse(arg.annotation)
    made_here = ctx.definition(place.resolve(arg.annotation))
    if isinstance(made_here, ast.ClassDef):
        return any("Enum" in unparse(base) for base in made_here.bases)
    return bool(_SMALL.search(text)) and not _OPEN.search(re.sub(r"(type|Type|Literal|Callable)\[.*\]", "", text))


def only_constants(name: str, ctx: Context) -> bool:
    """Whether a private def is called with fixed values alone."""
    calls = calls_of(ctx, name)
    given = [arg for call, _ in calls for arg in (*call.args, *(word.value for word in call.keywords))]
    return name.startswith("_") and bool(given) and all(isinstance(arg, ast.Constant) for arg in given)


def makes_few(function: Any) -> bool:
    """Whether a cached def makes what a program has few of, or is mostly called as its defaults say."""
    return _FEW_MADE.search(function.name) is not None or len(function.args.defaults) >= len(function.args.args) > 0


def held_containers(ctx: Context) -> Iterator[tuple[str, str]]:
    """How the empty containers of the module and of its classes are written, each with its name."""
    for name, bound in ctx.module.names.items():
        if len(bound) == 1 and bound[0].kind == "assign" and _is_empty(bound[0].value, ctx.module):
            yield name, name
    for scope in ctx.module.classes.values():
        cls = scope.qualname.rpartition(".")[2]
        for name, bound in scope.names.items():
            alone = len(bound) == 1 and bound[0].kind == "assign" and name not in scope.attributes
            if alone and _is_empty(bound[0].value, scope):
                yield from ((f"{owner}.{name}", f"{cls}.{name}") for owner in ("cls", cls, "self"))


def _is_empty(value: Any, scope: Scope) -> bool:
    filled = getattr(value, "elts", None) or getattr(value, "keys", None) or getattr(value, "generators", None)
    return isinstance(value, ast.expr) and not filled and bool(made(value, scope))


def is_trimmed(name: str, nodes: list[Any]) -> bool:
    """Whether these nodes take something out of a container, measure it for a limit, or start it anew."""
    if any(change.how == "del" or change.how in SHRINKING for change in changes(iter(nodes), name)):
        return True
    for node in nodes:
        if isinstance(node, (ast.Compare, ast.If)) and any(_measures(part, name) for part in _tested(node)):
            return True
        if isinstance(node, ast.Assign) and any(spelled(target) == name for target in node.targets):
            return True
    return False


def growth(name: str, nodes: list[Any], function: Any, scope: Scope) -> Place[Any] | None:
    """Where a def puts something into a container by a key that comes from its callers, or None."""
    if _AT_START.search(getattr(function, "name", "")):
        return None
    own_names = {arg.arg for arg in arguments(function)} - {"self", "cls"} - _among_constants(nodes)
    for change in changes(iter(nodes), name):
        if change.how not in ("set", "add", "append", "setdefault") or change.key is None:
            continue
        used = _names(change.key)
        used |= {inner for name in used - own_names for inner in _made_of(name, nodes)}
        if (
            used & own_names
            and not any(_BY_CODE.match(part) for part in used)
            and "__class__" not in ast.dump(change.key)
        ):
            return Place(change.node, Block("function", function, None, scope), change.node)
    return None


def is_doubtful(name: str, change: Place[Any], nodes: list[Any], is_certain: bool) -> bool:
    """Whether the keys may be few: where only the shape tells of a cache, the types of the key must be open."""
    if _BY_DESIGN.search(name):
        return True
    if is_certain:
        return False
    key = next((found.key for found in changes(iter([change.node]), name)), None)
    used = _names(key) if key is not None else set()
    used |= {inner for part in used for inner in _made_of(part, nodes)}
    args = [arg for arg in arguments(change.function) if arg.arg in used]
    return not are_open(args) or any(arg.annotation is None for arg in args)


def _tested(node: Any) -> Iterable[ast.AST]:
    return descendants(node.test if isinstance(node, ast.If) else node)


def _measures(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and spelled(node.func) == "len" and any(spelled(arg) == name for arg in node.args)


def _names(expr: ast.AST) -> set[str]:
    return {node.id for node in descendants(expr) if isinstance(node, ast.Name)}


def _made_of(name: str, nodes: list[Any]) -> set[str]:
    """What a key that a local name holds is put together from."""
    values = [
        node.value
        for node in nodes
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == name for to in node.targets)
    ]
    return _names(values[0]) if len(values) == 1 and isinstance(values[0], (ast.Tuple, ast.JoinedStr)) else set()


def is_memo(name: str, nodes: list[Any]) -> bool:
    """Whether a def looks a key up in a container and puts it there where it is missing."""
    if any(isinstance(node, ast.Return) and _is_setdefault(node.value, name) for node in nodes):
        return True
    kept = {ast.dump(change.key) for change in changes(iter(nodes), name) if change.key and change.how == "set"}
    return bool(kept) and any(ast.dump(key) in kept for node in nodes for key in _looked_up(node, name))


def _is_setdefault(value: ast.expr | None, name: str) -> bool:
    return isinstance(value, ast.Call) and spelled(value.func) == f"{name}.setdefault"


def _among_constants(nodes: list[Any]) -> set[str]:
    """The names that a def compares with a fixed set of values."""
    return {
        node.left.id
        for node in nodes
        if isinstance(node, ast.Compare)
        and isinstance(node.ops[0], (ast.In, ast.NotIn))
        and isinstance(node.left, ast.Name)
        and _is_fixed(node.comparators[0])
    }


def _is_fixed(expr: ast.expr) -> bool:
    parts = getattr(expr, "elts", None)
    if parts is not None:
        return all(isinstance(part, ast.Constant) for part in parts)
    return spelled(expr).rpartition(".")[2].isupper()


def _looked_up(node: Any, name: str) -> Iterator[ast.expr]:
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
        if spelled(node.comparators[0]) == name:
            yield node.left
    elif isinstance(node, ast.Call) and node.args and spelled(node.func) == f"{name}.get":
        yield node.args[0]


def are_open(args: list[ast.arg]) -> bool:
    """Whether what is given may be anything: by the annotations, and by names that say more than a file or a field."""
    plain = all(arg.annotation is None or _OPEN.search(unparse(arg.annotation)) for arg in args)
    return plain and not all(_OF_CODE.match(arg.arg) for arg in args)
