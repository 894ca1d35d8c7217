"""The patterns of Django's URL configuration as they are written: lists of `path(...)`, nested, joined and grown."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from scanners.constants import fold
from scanners.scopes import Scope
from scanners.semantics.pointers import pointer
from scanners.syntax import last_name, unparse

MAKERS: Final = frozenset({"path", "re_path", "url"})
_LISTS: Final = frozenset({"i18n_patterns", "decorator_include", "patterns", "format_suffix_patterns", "unprefixed"})
_DEEPEST: Final = 12


@dataclass(frozen=True, slots=True)
class Entry:
    """One pattern. `path` has "…" for what is computed; `view` and `include` are pointers, one of them at most given.

    `wraps` are the callables around the view, `actions` what `as_view` maps methods to, `words` its keywords, `text`
    stands for a view or an include that is computed, `opens` says that it is an include.
    """

    line: int
    path: str
    regex: bool
    view: str = ""
    include: str = ""
    wraps: tuple[str, ...] = ()
    actions: dict[str, str] | None = None
    words: dict[str, str] | None = None
    text: str = ""
    opens: bool = False


def entries(value: ast.AST | None, scope: Scope, above: str = "", depth: int = 0) -> Iterator[Entry]:
    """The patterns of an expression that makes a list of them; lists of other names are includes with their prefix."""
    if depth > _DEEPEST or value is None:
        return
    if isinstance(value, (ast.List, ast.Tuple, ast.Set)):
        for item in value.elts:
            yield from _item(item.value if isinstance(item, ast.Starred) else item, scope, above, depth + 1)
    elif isinstance(value, ast.BinOp):
        yield from entries(value.left, scope, above, depth + 1)
        yield from entries(value.right, scope, above, depth + 1)
    elif isinstance(value, ast.IfExp):
        yield from entries(value.body, scope, above, depth + 1)
        yield from entries(value.orelse, scope, above, depth + 1)
    elif isinstance(value, ast.Call) and last_name(value.func) in _LISTS:
        prefix = "{language}/" if last_name(value.func) == "i18n_patterns" else ""
        for item in value.args:
            yield from _item(item, scope, above + prefix, depth + 1)
    elif isinstance(value, (ast.Name, ast.Attribute)):
        target = pointer(value, scope)
        if target:
            yield Entry(value.lineno, above, False, include=target)


def _item(item: ast.AST, scope: Scope, above: str, depth: int) -> Iterator[Entry]:
    if not isinstance(item, ast.Call) or last_name(item.func) not in MAKERS or not item.args:
        yield from entries(item, scope, above, depth)
        return
    regex = last_name(item.func) != "path"
    own = written(item.args[0], scope)
    path = above + plain(own, nested=bool(above)) if regex else above + own
    given = item.args[1] if len(item.args) > 1 else next((w.value for w in item.keywords if w.arg == "view"), None)
    if given is not None:
        yield from _view(given, item, path, regex, scope, depth)


def written(expr: ast.expr, scope: Scope) -> str:
    """A path or a part of one as it is written; what is not fixed is "…"."""
    value = fold(expr, scope)
    return value if isinstance(value, str) else _computed(expr, scope)


def _computed(expr: ast.expr, scope: Scope) -> str:
    if isinstance(expr, ast.JoinedStr):
        return "".join(_piece(part, scope) for part in expr.values)
    if isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.Add):
        return _piece(expr.left, scope) + _piece(expr.right, scope)
    if isinstance(expr, ast.BinOp) and isinstance(expr.left, ast.Constant) and isinstance(expr.left.value, str):
        return expr.left.value.replace("%s", "…").replace("{}", "…")
    if isinstance(expr, ast.Call) and last_name(expr.func) in ("_", "gettext_lazy", "pgettext_lazy") and expr.args:
        return _piece(expr.args[-1], scope)
    return "…"


def _piece(part: ast.expr, scope: Scope) -> str:
    value = fold(part.value if isinstance(part, ast.FormattedValue) else part, scope)
    if isinstance(value, (str, int)):
        return str(value)
    return _computed(part, scope) if isinstance(part, (ast.JoinedStr, ast.BinOp, ast.Call)) else "…"


def plain(pattern: str, *, nested: bool = False) -> str:
    """A regular expression without its anchors; inside an included list the first belongs to the join."""
    return pattern.removeprefix("^").removesuffix("$").removesuffix(r"\Z")


def _view(given: ast.expr, item: ast.Call, path: str, regex: bool, scope: Scope, depth: int) -> Iterator[Entry]:
    line = item.lineno
    if isinstance(given, ast.Call) and last_name(given.func) in ("include", "decorator_include"):
        first = (
            given.args[-1] if last_name(given.func) == "decorator_include" else given.args[0] if given.args else None
        )
        yield from _included(first, line, path, regex, scope, depth)
        return
    wraps: list[str] = []
    while isinstance(given, ast.Call) and last_name(given.func) != "as_view":
        inner = next((arg for arg in given.args if isinstance(arg, (ast.Name, ast.Attribute, ast.Call))), None)
        if inner is None:
            break
        named = given.func.func if isinstance(given.func, ast.Call) else given.func
        wraps.append(unparse(named)[:60])
        given = inner
    if isinstance(given, ast.Call) and last_name(given.func) == "as_view" and isinstance(given.func, ast.Attribute):
        view = pointer(given.func.value, scope)
        yield Entry(
            line, path, regex, view=view, wraps=tuple(wraps), actions=_actions(given), words=_words(given, scope),
            text="" if view else unparse(given)[:80],
        )  # fmt: skip
        return
    if isinstance(given, (ast.Tuple, ast.List)):
        yield from _included(given, line, path, regex, scope, depth)
        return
    named = fold(given, scope)
    made = given.func if isinstance(given, ast.Call) and last_name(given.func)[:1].isupper() else given
    view = named if isinstance(named, str) and "." in named else pointer(made, scope)
    if view.endswith(".site.urls"):
        yield Entry(line, path, regex, include=view)
    else:
        yield Entry(line, path, regex, view=view, wraps=tuple(wraps), text="" if view else unparse(given)[:80])


def _included(first: ast.AST | None, line: int, path: str, regex: bool, scope: Scope, depth: int) -> Iterator[Entry]:
    if isinstance(first, ast.Tuple) and first.elts and not _holds_patterns(first):
        first = first.elts[0]
    named = fold(first, scope) if first is not None else None
    if isinstance(named, str):
        yield Entry(line, path, regex, include=named)
    elif isinstance(first, (ast.List, ast.Tuple, ast.BinOp)):
        yield from entries(first, scope, path, depth + 1)
    else:
        target = pointer(first, scope)
        text = unparse(first)[:80] if first is not None and not target else ""
        yield Entry(line, path, regex, include=target, text=text, opens=True)


def _holds_patterns(given: ast.Tuple) -> bool:
    return all(isinstance(item, ast.Call) for item in given.elts)


def _actions(made: ast.Call) -> dict[str, str] | None:
    """What `as_view({"get": "list"})` maps, None where nothing is mapped."""
    if not made.args or not isinstance(made.args[0], ast.Dict):
        return None
    pairs: list[tuple[Any, Any]] = list(zip(made.args[0].keys, made.args[0].values, strict=True))
    return {
        str(key.value): str(value.value)
        for key, value in pairs
        if isinstance(key, ast.Constant) and isinstance(value, ast.Constant)
    }


def _words(made: ast.Call, scope: Scope) -> dict[str, str]:
    """The keywords of `as_view` that say what a view takes or answers."""
    wanted = ("template_name", "form_class", "serializer_class", "permission_classes", "model", "url", "pattern_name")
    return {
        word.arg: str(fold(word.value, scope) or unparse(word.value))[:80]
        for word in made.keywords
        if word.arg in wanted
    }
