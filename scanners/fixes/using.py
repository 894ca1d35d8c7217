"""Which statements use what a call opened: what has to stand in the `with` that closes it."""

import ast
from dataclasses import dataclass
from typing import Any, Final

from scanners.fixes.fix import NotOfferedError
from scanners.place import Call, parents_in
from scanners.syntax import descendants, last_name

_EAGER_METHODS: Final = frozenset(
    "read readline readlines read_text write writelines namelist getnames fetchall fetchone json text status_code recv "
    "tell seek truncate send sendall commit execute executemany".split()
)
"""Methods that are done with an object when they return."""
_EAGER: Final = frozenset(
    "json.load pickle.load marshal.load plistlib.load tomllib.load tomli.load toml.load yaml.load yaml.safe_load list "
    "sorted len tuple set frozenset dict sum any all min max next json.dump pickle.dump yaml.dump "
    "yaml.safe_dump".split()
)
"""Functions that are done with what they are given when they return."""
_CURSORS: Final = frozenset({"execute", "executemany"})


@dataclass(frozen=True, slots=True)
class Span:
    """Of a suite of `statements`: the one that opens, the one after the last that uses it, where the rest begins.

    The rest begins one later where a close ends the span.
    """

    first: int
    last: int
    after: int
    statements: int


def span(stmt: ast.Assign, function: Any, call: Call) -> Span:
    """The statements after `stmt`, in its suite, that use what it opens. Raises NotOfferedError."""
    name = last_name(stmt.targets[0])
    suite = _suite_of(stmt, function)
    first, last, names = suite.index(stmt), suite.index(stmt), {name}
    for number, later in enumerate(suite[first + 1 :], first + 1):
        if _mentions(later, names):
            last = number
            names |= _lazy_names(later, names, call)
    closing = _closes(suite[last], name)
    if last == first + closing:
        raise NotOfferedError("Nothing uses what is opened.")
    if any(_closes(inner, name) for inner in suite[first + 1 : last]):
        raise NotOfferedError("It is closed before the last line that uses it.")
    where = range(stmt.lineno, (suite[last].end_lineno or 0) + 1)
    if any(node.lineno not in where for node in _named(function, {name})):
        raise NotOfferedError("The name is used outside the statements that follow the opening.")
    if any(node.lineno not in where for node in _named(function, names - {name}) if isinstance(node.ctx, ast.Load)):
        raise NotOfferedError("What is made of it may be read lazily, after it would be closed.")
    return Span(first, last if closing else last + 1, last + 1, len(suite))


def is_eager(node: ast.AST, stmt: ast.stmt, call: Call) -> bool:
    """Whether what holds an object in a statement is done with it when the statement ends."""
    parents = parents_in(stmt)
    below: ast.AST = node
    while (above := parents.get(below)) is not None:
        if isinstance(above, ast.Call) and _is_done(above, below, call):
            return True
        if isinstance(above, (ast.Compare, ast.Subscript, ast.Lambda)):
            return isinstance(above, ast.Compare)
        below = above
    return False


def _is_done(above: ast.Call, below: ast.AST, call: Call) -> bool:
    if below is above.func:
        method = last_name(below)
        return isinstance(below, ast.Attribute) and method in _EAGER_METHODS - _CURSORS
    ref = call.resolve(above.func)
    return ref is not None and ref.dotted in _EAGER


def _lazy_names(stmt: ast.stmt, names: set[str], call: Call) -> set[str]:
    """The names that a statement gives to what still holds the object. Raises NotOfferedError for a return of such."""
    lazy = [
        node for node in _named(stmt, names) if _holder(node, stmt) and not is_eager(node, _holder(node, stmt), call)
    ]
    kept: set[str] = set()
    for node in lazy:
        holder = _holder(node, stmt)
        if isinstance(holder, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr)):
            targets = holder.targets if isinstance(holder, ast.Assign) else [holder.target]
            if not all(isinstance(target, (ast.Name, ast.Tuple)) for target in targets):
                raise NotOfferedError("An object keeps what is made of it, and may read it lazily.")
            kept |= {part.id for target in targets for part in descendants(target, ast.Name)}
        elif isinstance(holder, (ast.Return, ast.Raise)):
            raise NotOfferedError("What is made of it may be read lazily, after it would be closed.")
    return kept


def _holder(node: ast.AST, stmt: ast.stmt) -> ast.stmt:
    """The innermost statement that holds a node."""
    found = stmt
    for inner in descendants(stmt):
        if isinstance(inner, ast.stmt) and node in parents_in(inner):
            found = inner
    return found


def _named(where: ast.AST, names: set[str]) -> list[Any]:
    return [node for node in descendants(where, ast.Name) if node.id in names]


def _mentions(stmt: ast.stmt, names: set[str]) -> bool:
    return bool(_named(stmt, names))


def _closes(stmt: ast.stmt, name: str) -> bool:
    call = stmt.value if isinstance(stmt, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or last_name(call.func.value) != name:
        return False
    if call.func.attr == "shutdown":  # A socket is told what to shut down, and is still open then.
        return not call.args and not call.keywords
    return call.func.attr in ("close", "quit", "logout", "aclose")


def _suite_of(stmt: ast.stmt, function: Any) -> list[ast.stmt]:
    for node in descendants(function):
        for field in ("body", "orelse", "finalbody"):
            suite = getattr(node, field, None)
            if isinstance(suite, list) and stmt in suite:
                return suite
    raise NotOfferedError("It is not opened inside a function.")
