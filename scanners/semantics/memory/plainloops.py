"""Loops that do one thing that a builtin does: add up, count, collect, search, keep the largest, join text."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from scanners.place import Place
from scanners.regex import regex
from scanners.semantics.handlers import inner

_ACTS: Final = regex(
    r"(add|create|save|insert|update|upsert|delete|remove|drop|pop|put|push|send|publish|write|register|schedule|submit"
    r"|execute|run|start|stop|set|store|commit|emit|enqueue|move|rename|close)(_|$)|\w+_(add|create|save|insert|delete)$"
)
_DOES: Final = regex(
    r"(retry|clean|cleanup|kill|terminate|cancel|reset|restore|restart|archive|process|handle|apply|notify|migrate|sync|upload"
    r"|download|import|export|copy|mark|attach|detach|release|acquire|load|reload|refresh|flush|purge|prune|expire|trigger)(_|$)"
)
_LONG: Final = 5
"""Lines of a statement that is no clearer inside a comprehension."""
_MEASURES: Final = {ast.Gt: "max", ast.GtE: "max", ast.Lt: "min", ast.LtE: "min"}


class Plain(NamedTuple):
    """What a loop comes down to, the builtin that says so, and whether it keeps items, a number or an answer."""

    does: str
    builtin: str
    keeps: str = "number"


def suite_of(place: Place[Any]) -> list[ast.stmt]:
    """The suite that holds the statement of a place."""
    owner = place.block.node
    parts = [getattr(owner, name, None) for name in ("body", "orelse", "finalbody")]
    return next((part for part in parts if isinstance(part, list) and place.node in part), [])


def plain(place: Place[ast.For]) -> Plain | None:
    """What a loop comes down to, None for one that does anything else besides."""
    loop, suite = place.node, suite_of(place)
    if not suite or loop.orelse or len(loop.body) != 1 or _is_short(loop.iter):
        return None
    at = suite.index(loop)
    before = suite[at - 1] if at else None
    after = suite[at + 1] if at + 1 < len(suite) else None
    body, test = loop.body[0], None
    if isinstance(body, ast.If) and not body.orelse and len(body.body) in (1, 2):
        test = body.test
        found = _of_search(body, before, after) or (
            _of_step(body.body[0], test, before) if len(body.body) == 1 else None
        )
    else:
        found = _of_step(body, test, before)
    if found is None or _is_special(loop) or _acts(loop, _ACTS):
        return None
    if found.keeps == "items" and (body.end_lineno or 0) - body.lineno > _LONG:
        return None
    return None if found.keeps == "number" and _acts(loop, _DOES) else found


def _is_short(expr: ast.expr) -> bool:
    return isinstance(expr, (ast.Tuple, ast.List)) and len(expr.elts) <= 3


def _is_special(loop: ast.For) -> bool:
    return bool(inner([loop], ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.Try))


def _acts(loop: ast.For, acts: re.Pattern[str]) -> bool:
    """Whether a call in the loop changes something by its name, so that the loop does more than it keeps."""
    called = [node.func for node in inner(loop.body, ast.Call)]
    kept = loop.body[-1].body[0] if isinstance(loop.body[-1], ast.If) else loop.body[-1]
    own = kept.value.func if isinstance(kept, ast.Expr) and isinstance(kept.value, ast.Call) else None
    return any(acts.match(getattr(func, "attr", getattr(func, "id", ""))) for func in called if func is not own)


def _of_step(stmt: ast.stmt, test: ast.expr | None, before: ast.stmt | None) -> Plain | None:
    name, start = _bound_by(before)
    if not name:
        return None
    used = [test] if test is not None else []
    added = _added(stmt, name)
    if added is not None:
        return None if _reads(name, [added, *used]) else _of_sum(added, start)
    kept = _collected(stmt, name, start)
    if kept is not None:
        return None if _reads(name, [*kept.values, *used]) else Plain(f"collects into `{name}`", kept.builtin, "items")
    if isinstance(stmt, ast.Assign) and test is not None and len(stmt.targets) == 1 and _is(stmt.targets[0], name):
        return _of_measure(stmt, test, name)
    return None


def _added(stmt: ast.stmt, name: str) -> ast.expr | None:
    """What `name += x` or `name = name + x` adds."""
    if isinstance(stmt, ast.AugAssign) and isinstance(stmt.op, ast.Add) and _is(stmt.target, name):
        return stmt.value
    value = (
        stmt.value
        if isinstance(stmt, ast.Assign) and [getattr(to, "id", "") for to in stmt.targets] == [name]
        else None
    )
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Add) or not _is(value.left, name):
        return None
    return value.right


def _of_sum(value: ast.expr, start: ast.expr | None) -> Plain | None:
    first = start.value if isinstance(start, ast.Constant) else None
    if isinstance(first, bool) or not isinstance(first, (int, str)):
        return None
    if isinstance(first, str):
        return Plain("puts text together", '`"".join(...)`') if not first else None
    return Plain("counts" if isinstance(value, ast.Constant) else "adds up", "`sum(...)`")


def _of_measure(stmt: ast.Assign, test: ast.expr, name: str) -> Plain | None:
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not _is(test.comparators[0], name):
        return None
    builtin = _MEASURES.get(type(test.ops[0]))
    same = ast.dump(test.left) == ast.dump(stmt.value)
    return Plain(f"keeps the {builtin}imum", f"`{builtin}(...)`") if builtin and same else None


def _of_search(body: ast.If, before: ast.stmt | None, after: ast.stmt | None) -> Plain | None:
    first = body.body[0]
    said = _flag(first.value) if isinstance(first, ast.Return) else None
    if said is not None and len(body.body) == 1 and isinstance(after, ast.Return) and _flag(after.value) is (not said):
        return Plain("searches", "`any(...)`" if said else "`all(...)`")
    name, start = _bound_by(before)
    if len(body.body) != 2 or not isinstance(body.body[1], ast.Break) or not isinstance(first, ast.Assign):
        return None
    if (
        not name
        or not _is(first.targets[0], name)
        or _flag(start) is None
        or _flag(first.value) is not (not _flag(start))
    ):
        return None
    return Plain("searches", "`any(...)`" if _flag(first.value) else "`all(...)`")


def _flag(expr: ast.expr | None) -> bool | None:
    return expr.value if isinstance(expr, ast.Constant) and isinstance(expr.value, bool) else None


def _bound_by(stmt: ast.stmt | None) -> tuple[str, ast.expr | None]:
    if isinstance(stmt, ast.Assign) and len(stmt.targets) == 1 and isinstance(stmt.targets[0], ast.Name):
        return stmt.targets[0].id, stmt.value
    if isinstance(stmt, ast.AnnAssign) and isinstance(stmt.target, ast.Name):
        return stmt.target.id, stmt.value
    return "", None


class _Kept(NamedTuple):
    """What one turn of a loop puts into its collection, and the comprehension that does."""

    values: list[ast.expr]
    builtin: str


def _collected(stmt: ast.stmt, name: str, start: ast.expr | None) -> _Kept | None:
    made = start.func.id if isinstance(start, ast.Call) and isinstance(start.func, ast.Name) else ""
    empty = isinstance(start, ast.Call) and not start.args and not start.keywords
    call = stmt.value if isinstance(stmt, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and len(call.args) == 1:
        if not _is(call.func.value, name) or isinstance(call.args[0], ast.Starred):
            return None
        if call.func.attr == "append" and (_is_empty_list(start) or (empty and made == "list")):
            return _Kept(call.args, "a list comprehension")
        if call.func.attr == "add" and empty and made == "set":
            return _Kept(call.args, "a set comprehension")
    if isinstance(stmt, ast.Assign) and len(stmt.targets) == 1 and isinstance(stmt.targets[0], ast.Subscript):
        put = stmt.targets[0]
        if _is(put.value, name) and (_is_empty_dict(start) or (empty and made == "dict")):
            return _Kept([put.slice, stmt.value], "a dict comprehension")
    return None


def _is_empty_list(start: ast.expr | None) -> bool:
    return isinstance(start, ast.List) and not start.elts


def _is_empty_dict(start: ast.expr | None) -> bool:
    return isinstance(start, ast.Dict) and not start.keys


def _is(expr: ast.expr, name: str) -> bool:
    return isinstance(expr, ast.Name) and expr.id == name


def _reads(name: str, nodes: list[ast.expr]) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in inner(list(nodes)))


def grown_text(place: Place[ast.For]) -> tuple[str, ast.AugAssign] | None:
    """A text that a longer loop puts together by `+=`, begun right before it, and the first place that adds to it."""
    loop, suite = place.node, suite_of(place)
    if loop not in suite or len(loop.body) < 2 or _is_short(loop.iter) or not inner(loop.body, ast.AugAssign):
        return None
    for before in reversed(suite[: suite.index(loop)]):
        name, start = _bound_by(before)
        if not name or not _is_text(start):
            continue
        if any(isinstance(node.op, ast.Add) and _is(node.target, name) for node in inner(loop.body, ast.AugAssign)):
            return None if _is_read_on_the_way(name, loop) else (name, _first(name, loop))
    return None


def _is_read_on_the_way(name: str, loop: ast.For) -> bool:
    """Whether the loop looks at the text while it grows, or begins it anew: then it is needed as it is each time."""
    return any(
        isinstance(node, ast.Name) and node.id == name and (isinstance(node.ctx, ast.Load) or not _adds(node, loop))
        for node in inner(loop.body, ast.Name)
    )


def _adds(target: ast.Name, loop: ast.For) -> bool:
    return any(node.target is target for node in inner(loop.body, ast.AugAssign))


def _is_text(value: ast.expr | None) -> bool:
    return isinstance(value, ast.JoinedStr) or (isinstance(value, ast.Constant) and isinstance(value.value, str))


def _first(name: str, loop: ast.For) -> ast.AugAssign:
    added: list[ast.AugAssign] = [node for node in inner(loop.body, ast.AugAssign) if _is(node.target, name)]
    return min(added, key=lambda node: node.lineno)


def made_to_run_through(loop: ast.For) -> bool:
    """Whether a loop goes over a list that a comprehension makes for it alone, of what the loop does not touch."""
    made = loop.iter
    if not isinstance(made, ast.ListComp) or inner([made, *loop.body], ast.Await, ast.Yield):
        return False
    sources = [part.iter for part in made.generators]
    names = {node.id for node in inner(loop.body, ast.Name)}
    return all(isinstance(source, ast.Name) and source.id not in names for source in sources)


def list_searches(place: Place[ast.For]) -> Iterator[tuple[str, ast.Compare]]:
    """Where a loop asks with `in` for a local list that a comprehension or `list()` made once, before it."""
    if any(True for _ in place.within("for", "while")):
        return  # The outermost loop has said it.
    for node in inner(place.node.body, ast.Compare):
        if len(node.ops) == 1 and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            held = node.comparators[0]
            if isinstance(held, ast.Name) and _is_list_before(held.id, place):
                yield held.id, node


def _is_list_before(name: str, place: Place[ast.For]) -> bool:
    bound = place.scope.names.get(name, []) if place.function is not None else []
    if len(bound) != 1 or bound[0].kind != "assign" or bound[0].line >= place.line:
        return False
    value = bound[0].value
    if any(
        isinstance(node.value, ast.Name) and node.value.id == name
        for node in inner(place.function.body, ast.Subscript, ast.Attribute)
    ):
        return False  # It is also used by position, or changed.
    if isinstance(value, ast.ListComp):
        return isinstance(value.elt, (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.JoinedStr))
    ref = place.resolve(value.func) if isinstance(value, ast.Call) else None
    return ref is not None and ref.dotted in ("list", "sorted")
