from typing import Any

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Place
from scanners.rule import Example, Rule
from scanners.scopes import arguments
from scanners.semantics.memory.caches import are_open, is_endless, is_small, makes_few, only_constants
from scanners.semantics.memory.growing import grown_containers
from scanners.semantics.terminals import is_command_line


class CacheUnbounded(Rule):
    """
    A cache without a limit keeps an entry for each value that anybody ever asked for. Where the values come from requests, the
    process grows until the machine kills it, which then looks like a leak somewhere else.

    Looks at `functools.cache` and `lru_cache(maxsize=None)` on functions with parameters, and at containers of a module or a
    class that grow by keys of the caller and never shrink: cache-like by name, used in code that runs per request, or looked
    into before they are filled (low, unless the types of the keys are open). Keys from a fixed set are good. Functions
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
    lighter = frozenset({"cron"})
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
        if not function.decorator_list or not any(is_endless(mark, place) for mark in function.decorator_list):
            return
        ctx.site(place)
        open_ = [arg for arg in arguments(function) if not is_small(arg, place, ctx)]
        method = place.block.kind == "class" and "self" in [arg.arg for arg in function.args.args]
        if method or not open_ or is_command_line(ctx) or only_constants(function.name, ctx):
            return  # That the cache of a method keeps the object itself is the worse fault, and another rule's.
        sure = None if are_open(open_) and not makes_few(function) else Confidence.LOW
        text = f"The cache keeps an answer for every `{open_[0].arg}` that was ever asked for."
        ctx.report(place, text, confidence=sure)

    def visit_module(self, ctx: Context) -> None:
        if is_command_line(ctx):
            return
        for grown in grown_containers(ctx):
            if not grown.trimmed:
                message = f"`{grown.name}` grows with each new key and nothing ever takes one out."
                ctx.report(grown.place, message, confidence=Confidence.LOW if grown.doubtful else None)
