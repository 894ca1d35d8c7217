"""What is done while a lock is held: whether it is slow, and whether the lock is there to have it done only once."""

import ast
import re
from typing import Any, Final

from scanners.context import Context
from scanners.place import Block, Call, Place
from scanners.regex import regex
from scanners.semantics.concurrency.blocking import BLOCKING, returns_at_once
from scanners.semantics.containers import spelled
from scanners.semantics.coroutines import definitions
from scanners.semantics.handlers import inner

_KINDS: Final = frozenset({"sleep", "network", "process"})
_SHARED: Final = ("redis.Redis.", "boto3.", "elasticsearch.", "openai.", "anthropic.")
"""Clients that threads may share as they are: no lock is there for their sake."""
_SINGLE: Final = regex(
    r"token|refresh|auth|login|connect|ensure|init|lazy|load|download|install|cache_?once|renew|limit|throttl"
    r"|instance|once|singleton|start|stop|close|setup|_get_|^get_(or|client|session)",
    re.IGNORECASE,
)
_PACED: Final = regex(r"limit|throttl|pace|interval|polite|quota|connect|start|stop", re.IGNORECASE)


def slow(node: ast.Call, body: list[ast.stmt], place: Place[Any], ctx: Context, depth: int = 0) -> str:
    """What a call waits for, itself or in the def of this file that it runs; "" for the very client that is guarded."""
    ref = place.resolve(node.func)
    if ref is None:
        return ""
    found = BLOCKING.get(ref.dotted)
    if found is not None:
        is_shared = ref.dotted.startswith(_SHARED)
        if found.kind not in _KINDS and not is_shared:
            return ""
        made_here = ref.origin is not None and any(part is ref.origin for part in inner(body))
        on_object = ref.origin is not None or ref.via in ("param", "self", "base")
        guarded = on_object and not is_shared and not made_here and not _fills_by_key(body)
        return "" if guarded or returns_at_once(Call(node, place.block, place.stmt, ref), ctx) else ref.dotted
    if depth or not ref.local or ref.via not in ("def", "self"):
        return ""
    return _below(definitions(ref, ctx), ctx)


def _below(defs: list[Any], ctx: Context) -> str:
    """What a def of this file waits for; clients that belong to its object are the business of that object."""
    if len(defs) != 1 or not isinstance(defs[0], ast.FunctionDef):
        return ""
    function = defs[0]
    scope = ctx.module.functions.get(function)
    if scope is None:
        return ""
    place = Place[Any](function, Block("function", function, None, scope), None)
    for stmt in function.body:
        for node in inner([stmt]):
            if isinstance(node, ast.Call):
                what = slow(node, function.body, Place(node, place.block, stmt), ctx, depth=1)
                if what:
                    return what
    return ""


def happens_once(node: ast.Call, body: list[ast.stmt], around: str, what: str) -> bool:
    """Whether the lock seems to be there to have something done once: by its name, or by a test for what is missing.

    A key that is missing in a mapping does not count: all other keys wait as well.
    """
    if what == "time.sleep":
        return _PACED.search(around) is not None or _awaits_start(node, body)
    if _asks_for_key(node, body):
        return False
    return _SINGLE.search(around) is not None or _asks_for_one(body)


def _awaits_start(node: ast.Call, body: list[ast.stmt]) -> bool:
    """Whether a loop waits until what the same branch has started is up: whoever wants the lock needs just that."""
    for found in inner([*body]):
        below = [*inner(found.body)] if isinstance(found, ast.If) else []
        waits = any(isinstance(part, ast.While) and node in inner(part.body) for part in below)
        called = [part.func for part in below if isinstance(part, ast.Call)]
        if waits and any(getattr(func, "attr", getattr(func, "id", "")) in ("start", "Popen") for func in called):
            return True
    return False


def _asks_for_one(body: list[ast.stmt]) -> bool:
    tests = [found.test for found in inner([*body]) if isinstance(found, ast.If)]
    asked = [test.operand if isinstance(test, ast.UnaryOp) else test for test in tests]
    return any(spelled(test.left if isinstance(test, ast.Compare) else test) for test in asked)


def _asks_for_key(node: ast.Call, body: list[ast.stmt]) -> bool:
    """Whether it is done under `if key not in self.rows`, where the mapping is filled by that key."""
    for found in inner([*body]):
        test = found.test if isinstance(found, ast.If) else None
        if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.NotIn) and not _is_fixed(test.left):
            below = any(part is node for stmt in found.body for part in inner([stmt]))
            if below and spelled(test.comparators[0]) in _filled(found.body):
                return True
    return False


def _is_fixed(key: ast.expr) -> bool:
    return isinstance(key, ast.Constant)


def _fills_by_key(body: list[ast.stmt]) -> bool:
    """Whether the lock guards a mapping that is filled by a key which varies, rather than the client."""
    return any(
        isinstance(found, ast.If)
        and isinstance(found.test, ast.Compare)
        and isinstance(found.test.ops[0], ast.NotIn)
        and not _is_fixed(found.test.left)
        and spelled(found.test.comparators[0]) in _filled(found.body)
        for found in inner([*body])
    )


def _filled(body: list[ast.stmt]) -> set[str]:
    """The mappings that these statements put something into by key."""
    given = [target for node in inner([*body]) if isinstance(node, ast.Assign) for target in node.targets]
    return {spelled(target.value) for target in given if isinstance(target, ast.Subscript)} - {""}
