import ast
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Place
from scanners.rule import Example, Rule
from scanners.semantics.coroutines import yields
from scanners.semantics.memory.sharedstate import is_single

_CACHES: Final = frozenset({"functools.lru_cache", "functools.cache"})


class CacheOnMethod(Rule):
    """
    A cache on a method has `self` in its keys: it keeps every object that was ever asked, with all that hangs on it. One on a
    generator or a coroutine keeps what can be used only once, so the second caller gets nothing or an error.

    Looks at `functools.lru_cache` and `functools.cache` on methods, generators and `async def`. Static and class methods,
    enum members, classes that exist once, `cached_property` and caches made for coroutines are good.
    """

    id = "cache-on-method"
    area = "memory"
    item = "M1"
    title = "Cache on a method, a generator or a coroutine"
    severity = Severity.MEDIUM
    fix = "Use `functools.cached_property`, cache a function of the values that count, or a cache made for coroutines."
    bad = (
        Example(
            "methods, a generator, a coroutine",
            {
                "shop/price.py": """\
import functools
from functools import lru_cache
class Price:
    @lru_cache(maxsize=128)
    def net(self, country):
        return self.gross / self.rate(country)
    @property
    @functools.cache
    def label(self):
        return f"{self.gross}"
@functools.cache
def rows():
    yield from range(3)
@lru_cache
async def rates(day):
    return await load(day)
"""
            },
            at=[("shop/price.py", 5), ("shop/price.py", 9), ("shop/price.py", 12), ("shop/price.py", 15)],
        ),
    )
    good = (
        Example(
            "static, of the class, single, or made for it",
            {
                "shop/price.py": """\
import enum
import functools
from functools import cached_property, lru_cache
from async_lru import alru_cache
class Price:
    @staticmethod
    @lru_cache(maxsize=128)
    def rate(country):
        return country.rate
    @classmethod
    @functools.cache
    def kinds(cls):
        return list(cls.all())
    @cached_property
    def label(self):
        return f"{self.gross}"
class Kind(enum.Enum):
    NET = 1
    @functools.cache
    def label(self):
        return self.name.lower()
@alru_cache(maxsize=32)
async def rates(day):
    return await load(day)
@lru_cache(maxsize=8)
def rule(country):
    return country.rule
"""
            },
        ),
    )

    def visit_function_def(self, place: Place[Any], ctx: Context) -> None:
        function = place.node
        if not function.decorator_list:
            return
        marks = [place.name(mark.func if isinstance(mark, ast.Call) else mark) for mark in function.decorator_list]
        if not _CACHES.intersection(marks):
            return
        ctx.site(place)
        if isinstance(function, ast.AsyncFunctionDef):
            ctx.report(
                place, f"The cache keeps coroutines of `{function.name}`, each of which can be awaited only once."
            )
        elif yields(function):
            ctx.report(place, f"The cache keeps generators of `{function.name}`: the second caller gets an empty one.")
        elif place.block.kind == "class" and _takes_self(function, marks) and not _is_lasting(place, ctx):
            outside = "" if place.block.node.bases else "high"
            sure = Confidence.HIGH if outside else Confidence.MEDIUM
            ctx.report(
                place, f"The cache holds on to the objects on which `{function.name}` was called.", confidence=sure
            )


def _takes_self(function: Any, marks: list[str]) -> bool:
    args = [*function.args.posonlyargs, *function.args.args]
    return bool(args) and args[0].arg not in ("cls", "mcs") and not {"staticmethod", "classmethod"}.intersection(marks)


def _is_lasting(place: Place[Any], ctx: Context) -> bool:
    """Whether the objects live as long as the program anyway: enum members, classes, a singleton."""
    cls = place.block.node
    names = [place.name(base) for base in cls.bases]
    return is_single(cls, ctx) or any(name.startswith("enum.") or name == "type" for name in names)
