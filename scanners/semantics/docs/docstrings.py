"""What a docstring with sections says of its function: parameters and errors, in the three usual notations."""

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from scanners.place import Place
from scanners.regex import regex
from scanners.scopes import arguments
from scanners.syntax import children, descendants, unparse

_PARAMETERS: Final = frozenset({"args", "arguments", "parameters", "params"})
_MORE: Final = frozenset({"other parameters", "keyword args", "keyword arguments", "keyword parameters", "kwargs"})
_OTHERS: Final = frozenset(
    {
        *("returns", "return", "yields", "yield", "raises", "raise", "receives", "attributes", "methods", "see also"),
        *("notes", "note", "references", "examples", "example", "warnings", "warning", "warns", "todo", "usage"),
        *("side effects", "exceptions", "except", "throws"),
    }
)
_RAISING: Final = frozenset({"raises", "raise", "exceptions", "except", "throws"})
_TITLES: Final = _PARAMETERS | _MORE | _OTHERS
_MARKS: Final = frozenset({":", "@"})
_HINTS: Final = tuple(":param @param Args: Arguments: Params: Parameters :raise Raise Return Yield :return".split())
_SECTION: Final = regex(
    r":param|@param|Args:|Arguments:|Params:|Parameters|:raise|Raises?:|Raises\n|Returns?\b|Yields?\b|:return"
)
_FIELD: Final = regex(
    r"^[^\S\n]*+[:@](?P<tag>param|parameter|arg|argument|key|keyword|raises?|except|exception|returns?|rtype|type|yields?)\b"
    r"(?P<rest>[^:\n]*):",
    re.MULTILINE,
)
_ENTRY: Final = regex(
    r"^(?P<names>\\?\*{0,2}[A-Za-z_]\w*(?:\s*,\s*\\?\*{0,2}[A-Za-z_]\w*)*)\s*(?:\((?:[^()]|\([^()]*\))*\)|\[[^:]*\])?\s*:(?=\s|$)"
)
_TYPED: Final = regex(r"^\s+(?:[-*] )?(?P<name>[A-Za-z_]\w*) [A-Za-z_][\w.]*(?:\[[^:]*\])?\s*:\s")
_NUMPY: Final = regex(
    r"^(?P<names>`{0,2}\\?\*{0,2}[A-Za-z_]\w*`{0,2}(?:\s*,\s*`{0,2}\\?\*{0,2}[A-Za-z_.]\w*`{0,2})*)\s*(?::.*)?$"
)


_EXPECTED: Final = regex(
    r"(^|\.)(NotImplementedError|AssertionError|StopIteration|StopAsyncIteration|SystemExit|KeyboardInterrupt|\w*HTTP\w*"
    r"|Http404|\w*(NotFound|Forbidden|Unauthorized|PermissionDenied|BadRequest|ValidationError|SkipTest|Abort|Exit"
    r"|CancelledError)|UsageError|BadParameter|ClickException|CommandError|APIException)$"
)
"""Errors that are answers to a client, or the protocol of whoever calls: nobody lists them."""


_KEYED: Final = regex(r"dict|data|params|options|opts|kwargs|context|ctx|config|payload|body|request|^args$|event")


@dataclass(frozen=True, slots=True)
class Sections:
    """`names` are the parameters listed in order, `extra` those of a section for keywords.

    `raising` says that it speaks of errors, `lists` that there is a list of parameters, `sections` that there are any.
    """

    names: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    lists: bool = False
    sections: bool = False
    raising: bool = False


def may_have_sections(written: str) -> bool:
    """A cheap test: whether a line may be a field or the title of a section."""
    if not any(map(written.__contains__, _HINTS)) or _SECTION.search(written) is None:
        return False
    for line in written.split("\n"):
        word = line.strip()
        if word[:1] in _MARKS or word.removesuffix(":").lower() in _TITLES:
            return True
    return False


def read(docstring: str) -> Sections:
    """The sections of a docstring as `ast.get_docstring` gives it."""
    text = re.split(r"^[^\S\n]*+---\s*$", docstring, maxsplit=1, flags=re.MULTILINE)[0]  # Below it stands a schema.
    text = re.sub(r"^[^\S\n]*+```.*?^[^\S\n]*+```", "", text, flags=re.MULTILINE | re.DOTALL)
    names: list[str] = []
    extra: list[str] = []
    lines = text.split("\n")
    fields = [(field["tag"], field["rest"].strip()) for field in _FIELD.finditer(text)]
    for tag, rest in fields:
        if tag in ("param", "parameter", "arg", "argument") and rest:
            names.append(_last(rest))
        elif tag in ("key", "keyword") and rest:
            extra.append(_last(rest))
    titles = _titles(lines)
    for position, (number, title, underlined) in enumerate(titles):
        end = titles[position + 1][0] if position + 1 < len(titles) else len(lines)
        if title in _PARAMETERS | _MORE:
            body = lines[number + (2 if underlined else 1) : end]
            (names if title in _PARAMETERS else extra).extend(_entries(body, lines[number], underlined=underlined))
            extra += [] if underlined else _typed(body)
    known = {title for _, title, _ in titles}
    raising = bool(known & _RAISING) or any(tag.startswith(("raise", "exce")) for tag, _ in fields)
    return Sections(tuple(names), tuple(extra), bool(names), bool(known & _TITLES or fields), raising)


def _titles(lines: list[str]) -> list[tuple[int, str, bool]]:
    """The titles of sections as (index, title, whether a rule stands under it)."""
    found = []
    for index, line in enumerate(lines):
        word = line.strip()
        below = lines[index + 1].strip() if index + 1 < len(lines) else ""
        underlined = len(below) >= 3 and set(below) <= {"-", "="}
        title = word.removesuffix(":").lower()
        if title in _TITLES and line[:1].isupper() and (word.endswith(":") or underlined):
            found.append((index, title, underlined))
    return found


def _entries(body: list[str], title: str, *, underlined: bool) -> list[str]:
    """The names that a section lists: the entries with the least indentation, up to the end of the section."""
    base = len(title) - len(title.lstrip())
    inside = []
    for line in body:
        depth = len(line) - len(line.lstrip())
        if line.strip() and (depth < base or (depth == base and not underlined)):
            break
        inside.append(line)
    least = min((len(line) - len(line.lstrip()) for line in inside if line.strip()), default=0)
    heads = [line.strip() for line in inside if line.strip() and len(line) - len(line.lstrip()) == least]
    found = ((_NUMPY if underlined else _ENTRY).match(re.sub(r"^[-*] (?=\w)|`", "", head)) for head in heads)
    return [_bare(name) for entry in found if entry for name in entry["names"].split(",") if _bare(name)]


def _typed(body: list[str]) -> list[str]:
    """The names in lines as `size int: how many`, which may be prose as well: they are no parameters that are gone."""
    return [found["name"] for found in map(_TYPED.match, body) if found]


def _last(field: str) -> str:
    """The name in a field: after its type (`:param int size:`) or before one in brackets (`:param size (int):`)."""
    words = re.sub(r"\([^)]*\)", "", field).split() or [""]
    return _bare(words[-1])


def _bare(name: str) -> str:
    return name.strip().lstrip("\\*").strip("`")


def raised(function: Any) -> Iterator[str]:
    """The errors that leave a def by a raise of its own, in source order; what stands in a try may be caught there.

    None of a def that does nothing else: whoever overrides it decides.
    """
    if len(function.body) == 2 and isinstance(function.body[1], ast.Raise):
        return iter([])
    found: list[tuple[int, str]] = []
    stack = list(function.body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Raise) and node.exc is not None:
            named = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            name = unparse(named) if isinstance(named, (ast.Name, ast.Attribute)) else ""
            if name.rpartition(".")[2][:1].isupper() and not _EXPECTED.search(name):
                found.append((node.lineno, name))
        elif isinstance(node, ast.Try) and node.handlers:
            stack += [*node.handlers, *node.orelse, *node.finalbody]
        elif isinstance(node, (ast.stmt, ast.ExceptHandler, ast.match_case)) and not _is_definition(node):
            stack += [child for child in children(node) if not isinstance(child, ast.expr)]
    return iter([name for _, name in sorted(found)])


def _is_definition(node: ast.AST) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))


def unmentioned(function: Any, docstring: str, said: Sections) -> str:
    """An error that leaves a def by a raise of its own, and that its docstring does not mention; empty if it does.

    Beside errors that are listed only a builtin one is missed: others may be of a class that is listed.
    """
    silent = re.search(r"\brais|\bthrow|\berrors?\b", docstring, re.IGNORECASE) is None
    if not (said.raising or silent):
        return ""
    missed = (name for name in raised(function) if name.rpartition(".")[2] not in docstring)
    return next((name for name in missed if silent or not _may_be_listed(name, docstring)), "")


def _may_be_listed(name: str, docstring: str) -> bool:
    kind = getattr(builtins, name, None)
    bases = kind.__mro__ if isinstance(kind, type) else ()
    return not bases or any(re.search(rf"\b{base.__name__}\b", docstring) for base in bases)


def disagreement(place: Place[Any], said: Sections, whose: str) -> str:
    """How the parameters listed differ from those of the def there, as a sentence; empty when they do not."""
    args: ast.arguments = place.node.args
    plain = [arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
    known = {*plain, *(arg.arg for arg in (args.vararg, args.kwarg) if arg)}
    gone = [name for name in said.names if name not in known]
    listed = {*said.names, *said.extra}
    if not said.lists or (gone and not listed & known and any(_KEYED.search(name) for name in plain)):
        return ""
    if gone and args.kwarg is None and args.vararg is None:
        other = _named_inside(place.node)
        gone = [name for name in gone if name not in other and name[:1].islower()]
        if gone:
            return f"The docstring of {whose} lists {gone[0]}, which is no parameter of it."
    left_out = [name for name in _asked(plain, place) if name not in listed]
    if left_out and listed & known:
        return f"The docstring of {whose} lists parameters, but not {left_out[0]}."
    return ""


def _named_inside(function: Any) -> set[str]:
    """What the names listed may mean instead: keys that the body reads, parameters of a def that it returns."""
    names: set[str] = set()
    for part in descendants(function):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            names.add(part.value)
        elif part is not function and isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)):
            names.update(arg.arg for arg in arguments(part))
    return names


def _asked(names: list[str], place: Place[Any]) -> list[str]:
    method = place.scope.kind == "class"
    first = names[:1] if method or names[:1] in (["self"], ["cls"]) else []
    static = any(getattr(mark, "id", "") == "staticmethod" for mark in place.node.decorator_list)
    return [name for name in (names if static else names[len(first) :]) if not name.startswith("_")]
