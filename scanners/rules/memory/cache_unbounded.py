import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Block, Place
from scanners.rule import Example, Rule
from scanners.scopes import Scope, arguments
from scanners.semantics.containers import SHRINKING, changes, made, spelled
from scanners.semantics.hot import hot_defs
from scanners.semantics.owncalls import calls_of, own
from scanners.semantics.terminals import is_command_line
from scanners.syntax import descendants

_CACHE_LIKE: Final = re.compile(r"cache|memo(?!r)|seen|visited|already", re.IGNORECASE)
_SMALL: Final = re.compile(r"\b(bool|Literal|type|Type|Enum|None|Callable|ModuleType|NoneType)\b")
_OPEN: Final = re.compile(r"\b(str|int|float|bytes|Path|UUID|date|datetime|tuple|Any|object)\b")
_BY_CODE: Final = re.compile(
    r"^(cls|klass|model|type_?|kind|owner|func|fn|function|module|\w+_(cls|class|type|model))$"
)
_OF_CODE: Final = re.compile(
    r"^(f|name|path|file|filename|version|prefix|suffix|dtype|unit|dialect|encoding|level|pattern"
    r"|(\w+_)?(file|path|dir|config|module|package|pkg|setting|field|attr|attribute|locale|lang|language|template|class|env|accessor|option|namespace)s?"
    r"(_(name|path|prefix|id|code))?)$"
)  # The program itself has only so many of these.
_AT_START: Final = re.compile(r"^_?(register|add_|set_|install|setup|init|load_all|configure)|decorat|wrapper")


class CacheUnbounded(Rule):
    """
    A cache without a limit keeps an entry for each value that anybody ever asked for. Where the values come from requests, the
    process grows until the machine kills it, which then looks like a leak somewhere else.

    Looks at `functools.cache` and `lru_cache(maxsize=None)` on functions with parameters, and at containers of a module or a
    class, cache-like by name or used in code that runs per request, that grow by keys of the caller and never shrink. Functions
    without parameters, or of booleans, enums, literals and types, caches with a time or size, registries and scripts are good.
    """

    id = "cache-unbounded"
    area = "memory"
    item = "M1"
    title = "Cache without a limit"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    fix = "Give it a size (`lru_cache(maxsize=1024)`), or a time (cachetools.TTLCache), or keep it in a shared cache."
    classes = frozenset({"service"})
    bad = (
        Example(
            "cached functions and containers that only grow",
            {
                "shop/rates.py": """\
import functools
from functools import lru_cache
_cache = {}
@functools.cache
def rate(country: str):
    return ask(country)
@lru_cache(maxsize=None)
def price(customer, product):
    return customer.price(product)
def customer(number):
    if number not in _cache:
        _cache[number] = load(number)
    return _cache[number]
class Users:
    seen = set()
    def greet(self, user_id):
        if user_id not in Users.seen:
            Users.seen.add(user_id)
"""
            },
            at=[("shop/rates.py", 5), ("shop/rates.py", 8), ("shop/rates.py", 12), ("shop/rates.py", 18)],
        ),
    )
    good = (
        Example(
            "bounded, trimmed, registered at import",
            {
                "shop/rates.py": """\
import enum
import functools
import weakref
from typing import Literal
from cachetools import TTLCache
class Kind(enum.Enum):
    NET = 1
_cache = {}
_timed_cache = TTLCache(100, 60)
_weak_cache = weakref.WeakValueDictionary()
_REGISTRY = {}
_class_cache = {}
@functools.cache
def settings():
    return load()
@functools.lru_cache(maxsize=None)
def label(kind: Kind, upper: bool = False, mode: Literal["a", "b"] = "a"):
    return kind.name
@functools.lru_cache
def price(customer):
    return customer.price
def customer(number):
    if len(_cache) > 1000:
        _cache.clear()
    _cache[number] = _timed_cache[number] = _weak_cache[number] = load(number)
def register(name, handler):
    _REGISTRY[name] = handler
def fields(model):
    _class_cache[model] = model.fields
    _class_cache["all"] = 1
"""
            },
        ),
    )

    def visit_function_def(self, place: Place[Any], ctx: Context) -> None:
        function = place.node
        if not any(_is_endless(mark, place) for mark in function.decorator_list):
            return
        ctx.site(place)
        open_ = [arg for arg in arguments(function) if not _is_small(arg, place, ctx)]
        if place.block.kind == "class" and "self" in [arg.arg for arg in function.args.args]:
            return  # The cache keeps the object itself; that is the worse fault, and another rule's.
        if not open_ or is_command_line(ctx) or _only_constants(function.name, ctx):
            return
        plain = all(arg.annotation is None or _OPEN.search(ast.unparse(arg.annotation)) for arg in open_)
        known = plain and not all(_OF_CODE.match(arg.arg) for arg in open_)
        message = f"The cache keeps an answer for every `{open_[0].arg}` that was ever asked for."
        ctx.report(place, message, confidence=None if known else Confidence.LOW)

    def visit_module(self, ctx: Context) -> None:
        held = dict(_containers(ctx))
        if not held or is_command_line(ctx):
            return
        grown: dict[str, Place[Any]] = {}
        trimmed: set[str] = set()
        hot = hot_defs(ctx)
        for function, scope in ctx.module.functions.items():
            nodes = list(own(function))
            text = {spelled(node) for node in nodes if isinstance(node, ast.Name | ast.Attribute)}
            for name in held.keys() & text:
                if _is_trimmed(name, nodes):
                    trimmed.add(held[name])
                elif _CACHE_LIKE.search(name) or function in hot:
                    change = _growth(name, nodes, function, scope)
                    if change is not None:
                        grown.setdefault(held[name], change)
        for name, place in grown.items():
            if name not in trimmed:
                ctx.report(place, f"`{name}` grows with each new key and nothing ever takes one out.")


def _is_endless(mark: ast.expr, place: Place[Any]) -> bool:
    name = place.name(mark.func if isinstance(mark, ast.Call) else mark)
    if name == "functools.cache":
        return True
    if name != "functools.lru_cache" or not isinstance(mark, ast.Call):
        return False
    size = mark.args[0] if mark.args else next((word.value for word in mark.keywords if word.arg == "maxsize"), mark)
    return fold(size, place.scope) is None


def _is_small(arg: ast.arg, place: Place[Any], ctx: Context) -> bool:
    """Whether a parameter has few values, as far as its annotation or its name tells."""
    if arg.arg in ("self", "cls") or (arg.annotation is None and _BY_CODE.match(arg.arg)):
        return True
    if arg.annotation is None:
        return False
    text = ast.unparse(arg.annotation)
    made_here = ctx.definition(place.resolve(arg.annotation))
    if isinstance(made_here, ast.ClassDef):
        return any("Enum" in ast.unparse(base) for base in made_here.bases)
    return bool(_SMALL.search(text)) and not _OPEN.search(re.sub(r"(type|Type|Literal|Callable)\[.*\]", "", text))


def _only_constants(name: str, ctx: Context) -> bool:
    calls = calls_of(ctx, name)
    given = [arg for call, _ in calls for arg in (*call.args, *(word.value for word in call.keywords))]
    return name.startswith("_") and bool(given) and all(isinstance(arg, ast.Constant) for arg in given)


def _containers(ctx: Context) -> Iterator[tuple[str, str]]:
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


def _is_trimmed(name: str, nodes: list[Any]) -> bool:
    if any(change.how == "del" or change.how in SHRINKING for change in changes(iter(nodes), name)):
        return True
    for node in nodes:
        measured = isinstance(node, ast.Call) and spelled(node.func) == "len" and node.args
        if measured and spelled(node.args[0]) == name:
            return True
        if isinstance(node, ast.Assign) and any(spelled(target) == name for target in node.targets):
            return True
    return False


def _growth(name: str, nodes: list[Any], function: Any, scope: Scope) -> Place[Any] | None:
    if _AT_START.search(getattr(function, "name", "")):
        return None
    own_names = {arg.arg for arg in arguments(function)} - {"self", "cls"}
    for change in changes(iter(nodes), name):
        if change.how not in ("set", "add", "append", "setdefault") or change.key is None:
            continue
        used = {node.id for node in descendants(change.key) if isinstance(node, ast.Name)}
        if (
            used & own_names
            and not any(_BY_CODE.match(part) for part in used)
            and "__class__" not in ast.dump(change.key)
        ):
            return Place(change.node, Block("function", function, None, scope), change.node)
    return None
