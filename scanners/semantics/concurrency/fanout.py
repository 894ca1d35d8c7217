"""Work started side by side: how many pieces of it there may be at a time, and what holds them back."""

import ast
import re
from typing import Any, Final

from scanners.constants import UNKNOWN, fold
from scanners.context import Context
from scanners.names import find
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.semantics.coroutines import definitions
from scanners.semantics.handlers import inner
from scanners.syntax import last_name, unparse

WORKERS: Final = frozenset({"threading.Thread", "multiprocessing.Process"})
GROUPS: Final = (
    "asyncio.TaskGroup.create_task",
    "anyio.create_task_group().start_soon",
    "trio.open_nursery().start_soon",
)
TAKERS: Final = ("asyncio.gather", "asyncio.as_completed")
"""Calls that take many coroutines at once."""
POOLS: Final = ("concurrent.futures.ThreadPoolExecutor", "concurrent.futures.ProcessPoolExecutor")
"""What starts threads and processes, tasks of a group, and pools."""
_BRAKE: Final = regex(
    r"sem\b|sema|semaphore|limit|throttl|bounded|bucket|_slots?\b|concurren|chunk|batch|in_flight|max_(workers|tasks|threads)"
    r"|pool_size|parallelism|islice|capacity",
    re.I,
)
_CONFIGURED: Final = regex(
    r"base_?url|worker|plugin|provider|hook|handler|callback|listener|backend|client|server|node|shard|replica|broker|platform|sensor"
    r"|device|check|field|column|stage|step|phase|region|zone|config|setting|middleware|observer|task|future|coro|thread"
    r"|process|job|consumer|runner|extension|component|integration|service|strateg|kind|type|method|adapter|sink|exporter"
    r"|monitor|watcher|loop|partition|cog|agent|module|engine|store|source|target|tool|model|function|func|test|endpoint"
    r"|host|port|interface|connection|session|socket|peer|queue|channel|stream|part|side|pair|level|spec|option|arg",
    re.I,
)
_VIEWS: Final = ("items", "values", "keys", "copy")


def bound_of(iterable: ast.expr, place: Place[Any]) -> str:
    """What is known of the number of items: "few" for a fixed or sliced one, "configured" by its name, else "open"."""
    node = iterable
    while (
        isinstance(node, ast.Call)
        and node.args
        and last_name(node.func) in ("enumerate", "zip", "list", "tuple", "set", "sorted", "reversed", "iter")
    ):
        node = node.args[0]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _VIEWS:
        node = node.func.value
    if isinstance(node, ast.Call) and last_name(node.func) == "range":
        return _ranged(node, place)
    if isinstance(node, (ast.Tuple, ast.List, ast.Set, ast.Dict)) or fold(node, place.scope) is not UNKNOWN:
        return "few"
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        return "few"
    text = unparse(node)
    if _BRAKE.search(text):
        return "few"
    if isinstance(node, ast.Name) and _is_fixed(node.id, place):
        return "few"
    return "configured" if _CONFIGURED.search(text.rpartition(".")[2] or text) or text.isupper() else "open"


def _ranged(node: ast.Call, place: Place[Any]) -> str:
    """A count that is a number or has a name was chosen by somebody; the length of something was not."""
    last = node.args[min(1, len(node.args) - 1)] if node.args else node
    if isinstance(last, ast.Call) and last_name(last.func) == "len":
        return bound_of(last.args[0], place) if last.args else "open"
    return "few"


def _is_fixed(name: str, place: Place[Any]) -> bool:
    found = find(name, place.scope)
    if found is None or len(found[0]) != 1 or found[0][0].kind != "assign":
        return False
    value = found[0][0].value
    if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Slice):
        return True
    return (
        isinstance(value, (ast.Tuple, ast.List, ast.Set, ast.Dict))
        and len(ast.dump(value)) > len("List()")
        and _filled(value)
    )


def _filled(value: Any) -> bool:
    """Whether a literal holds its items; an empty one is filled later."""
    return bool(getattr(value, "elts", None) or getattr(value, "keys", None))


def is_braked(place: Place[Any], targets: list[ast.AST], ctx: Context) -> bool:
    """Whether the def, what it starts, or a loop over chunks holds the number down: a semaphore, a limiter, a batch."""
    function = place.function
    if function is not None and _BRAKE.search(_words(function)):
        return True
    for target in targets:
        called = target.func if isinstance(target, ast.Call) else target
        if _BRAKE.search(unparse(called)):
            return True
        ref = place.resolve(called) if isinstance(called, (ast.Name, ast.Attribute)) else None
        defs = definitions(ref, ctx) if ref is not None and ref.local and ref.via in ("def", "self") else []
        if any(_BRAKE.search(_words(node)) or _holds(node, ctx) for node in defs):
            return True
    return False


def _holds(function: ast.AST, ctx: Context) -> bool:
    """Whether a def does its work inside a semaphore or a limiter, whatever that is called here."""
    scope = ctx.module.functions.get(function, ctx.module)
    for node in inner(getattr(function, "body", [])):
        if isinstance(node, (ast.With, ast.AsyncWith)):
            refs = [ctx.resolve(item.context_expr, scope) for item in node.items]
            if any(ref is not None and re.search("Semaphore|Limit|Lock", ref.dotted) for ref in refs):
                return True
    return False


def _words(function: ast.AST) -> str:
    """The names that a def uses, without those of its own constants."""
    body = getattr(function, "body", [])
    nodes = [*inner(body if isinstance(body, list) else [body])]
    words = [node.id for node in nodes if isinstance(node, ast.Name)]
    words += [node.attr for node in nodes if isinstance(node, ast.Attribute)]
    words += [arg.arg for arg in getattr(getattr(function, "args", None), "args", ())]
    return " ".join([*words, *(node.arg or "" for node in nodes if isinstance(node, ast.keyword))])


def gathered(call: Call) -> tuple[ast.expr, list[ast.AST]] | None:
    """The iterable behind `gather(*[f(x) for x in xs])` and what is made of each item; None for anything else.

    A name stands for the comprehension, or for the list that a loop of the same def fills. `as_completed` takes them as
    they are, and speaks for those that become tasks only there.
    """
    starred = [arg.value for arg in call.node.args if isinstance(arg, ast.Starred)]
    if call.last == "as_completed":
        starred = call.node.args[:1]
    if len(starred) != 1:
        return None
    made = starred[0]
    if isinstance(made, ast.Name):
        made = _given(made.id, call) or made
    if isinstance(made, (ast.ListComp, ast.GeneratorExp, ast.SetComp)):
        tasks = isinstance(made.elt, ast.Call) and last_name(made.elt.func) in ("create_task", "ensure_future")
        return None if tasks and call.last == "as_completed" else (made.generators[0].iter, [made.elt])
    if isinstance(made, ast.Call) and last_name(made.func) == "map" and len(made.args) == 2:
        return made.args[1], [made.args[0]]
    return _appended(made.id, call) if isinstance(made, ast.Name) else None


def as_many_as(call: Call) -> ast.expr | None:
    """What a pool has as many workers as items of, if it is told so: `max_workers=len(urls)`."""
    told = call.argument(0, "max_workers")
    if not isinstance(told, ast.Call) or call.name(told.func) != "len" or not told.args:
        return None
    return None if bound_of(told.args[0], call) in ("few", "configured") else told.args[0]


def _given(name: str, call: Call) -> ast.expr | None:
    found = find(name, call.scope)
    bound = [binding for binding in found[0] if binding.kind == "assign"] if found is not None else []
    return bound[0].value if len(bound) == 1 and not isinstance(bound[0].value, ast.List) else None


def _appended(name: str, call: Call) -> tuple[ast.expr, list[ast.AST]] | None:
    for loop in inner(getattr(call.function, "body", [])):
        if not isinstance(loop, (ast.For, ast.AsyncFor)):
            continue
        for node in inner(loop.body):
            if isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Attribute):
                held = node.func.value
                if node.func.attr == "append" and isinstance(held, ast.Name) and held.id == name:
                    return (loop.iter, [node.args[0]]) if _starts_work(node.args[0], loop) else None
    return None


def _starts_work(made: ast.expr, loop: Any) -> bool:
    """Whether what a loop appends is made there: a call, or a name that the loop gives one."""
    if not isinstance(made, ast.Name):
        return isinstance(made, ast.Call)
    given = [node for node in inner(loop.body) if isinstance(node, ast.Assign)]
    return any(
        isinstance(target, ast.Name) and target.id == made.id and not last_name(node.value.func).endswith("uture")
        for node in given
        if isinstance(node.value, ast.Call)
        for target in node.targets
    )


def is_replaced(call: Call) -> bool:
    """Whether each turn of a loop has one task at most: it is started where there is none."""
    above = call.parent()
    if isinstance(above, ast.Assign) and isinstance(above.targets[0], (ast.Name, ast.Attribute)):
        held = unparse(above.targets[0])
        loop = next((block.node for block in call.within("for", "while")), None)
        return loop is not None and any(held in unparse(test) for test in _asked(call, loop))
    return False


def is_paced(call: Call) -> bool:
    """Whether the task is started in a loop over a stream that also waits for something else in each turn."""
    loop = next((block.node for block in call.within("for", "while")), None)
    return isinstance(loop, ast.AsyncFor) and any(isinstance(node, ast.Await) for node in inner(loop.body))


def _asked(call: Call, loop: Any) -> list[ast.expr]:
    return [block.node.test for block in call.within("if", "else") if block.node.lineno > loop.lineno]


def is_gathered_later(call: Call) -> bool:
    """Whether the call is appended to a list that the same def gathers: that is the place to speak of."""
    above = call.parent()
    func = above.func if isinstance(above, ast.Call) else None
    if not isinstance(func, ast.Attribute) or func.attr != "append" or not isinstance(func.value, ast.Name):
        return False
    for node in inner(getattr(call.function, "body", [])):
        if isinstance(node, ast.Call) and last_name(node.func) == "gather":
            names = [arg.value for arg in node.args if isinstance(arg, ast.Starred)]
            if any(isinstance(name, ast.Name) and name.id == func.value.id for name in names):
                return True
    return False


def is_awaited_in_turn(call: Call) -> bool:
    """Whether the loop awaits what it starts before its next turn."""
    names = {getattr(target, "id", "") for target in getattr(call.stmt, "targets", ())} - {""}
    loop = next((block.node for block in call.within("for", "while")), None)
    return loop is not None and any(
        isinstance(node, ast.Await) and getattr(node.value, "id", "") in names for node in inner(loop.body)
    )


def started(call: Call) -> list[ast.AST]:
    """What a spawning call starts: its target, its coroutine."""
    given = [word.value for word in call.node.keywords if word.arg in ("target", "coro", "func")]
    return [*call.node.args[:1], *given]


_WAITS: Final = frozenset({"join", "acquire", "wait", "gather", "as_completed", "wait_for", "result"})


def waits_for_room(call: Call, names: frozenset[str] = _WAITS) -> bool:
    """Whether the loop itself waits for what it started, so that only so many run: join, acquire or wait inside it."""
    loop = next(call.within("for", "while"), None)
    if loop is None:
        return False
    for node in inner(loop.node.body):
        if isinstance(node, ast.Await) and call.node in ast.walk(node):
            continue
        if isinstance(node, ast.Call) and last_name(node.func) in names:
            return True
    return False


def runs_alone(call: Call) -> bool:
    """Whether the def first looks if an earlier one still runs: it leaves then, or starts one only otherwise."""
    for node in inner(getattr(call.function, "body", [])):
        if isinstance(node, ast.If) and node.lineno <= call.line:
            asked = {last_name(part.func) for part in ast.walk(node.test) if isinstance(part, ast.Call)}
            leaves = isinstance(node.body[-1], (ast.Return, ast.Raise)) or call.line <= (node.end_lineno or 0)
            if leaves and asked & {"is_alive", "locked", "acquire"}:
                return True
    return False


def iterable_of(call: Call) -> ast.expr | None:
    """What the loop or comprehension around a spawning call runs over; None for none, or where gather has it."""
    if is_awaited_in_turn(call):
        return None
    above = call.parent()
    while above is not None:
        if isinstance(above, ast.Call) and call.name(above.func) == "asyncio.gather":
            return None
        if isinstance(above, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
            holder = call.parent(above)
            starred = isinstance(holder, ast.Starred)
            return None if starred else above.generators[0].iter
        above = call.parent(above)
    loop = next(call.within("for", "while"), None)
    return loop.node.iter if loop is not None and loop.kind == "for" else None


def accepts(call: Call) -> bool:
    """Whether the loop around takes connections from a listening socket."""
    loop = next(call.within("while"), None)
    return loop is not None and any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "accept"
        for node in ast.walk(loop.node)
    )
