"""The row of an endpoint: its cells from a handler, the class it stands in and the way that leads to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from scanners.inventory.askedfor import Access
from scanners.inventory.table import BAD, Cell, Column, Place, Row
from scanners.inventory.ways import COMPUTED
from scanners.inventory.webnames import Web, readable
from scanners.regex import regex
from scanners.semantics.concurrency.reach import Key
from scanners.semantics.web.roles import role_by
from scanners.tree import Fact

COLUMNS: Final = (
    Column("methods", "Methods", "Those it answers; empty where it answers any."),
    Column("path", "Path", "With the prefixes of all that it hangs on; … stands for what is computed."),
    Column("handler", "Handler"),
    Column("framework", "Framework"),
    Column(
        "authentication", "Authentication", "Who is asked before it runs: decorator, dependency, class, middleware."
    ),
    Column("permission", "Permission", "The right that is asked for."),
    Column("input", "Input", "The schema of the body, then the parameters."),
    Column("output", "Output", "The declared answer, else its form."),
    Column("errors", "Errors", "The status codes that it declares or raises."),
    Column("throttle", "Throttle", "What limits how often it may be called."),
    Column("paginated", "Paginated", "Of a list: whether it comes in pages."),
    Column("role", "Role", "What it is for, by its name: health, webhook, login, static."),
    Column("is_async", "Async"),
)
_PATH_PARAM: Final = regex(r"<(?:([^<>:]+):)?\s*(\w+)>|{\s*(\w+)(?::([^{}]*))?}")
_WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_LISTS: Final = regex(r"^(?:list|List|Sequence|set|Page|LimitOffsetPage|CursorPage|Paginated\w*)\[|^Page")


@dataclass(slots=True)
class Endpoint:
    """One endpoint before it is a row. `view` is the key of the class it stands in, `handler` its def where known."""

    methods: Sequence[str] | None
    path: str
    name: str
    framework: str
    place: Place
    own: str = ""
    handler: Fact | None = None
    view: Key | None = None
    guards: tuple[str, ...] = ()
    words: dict[str, str] = field(default_factory=dict)
    action: str = ""
    notes: tuple[str, ...] = ()
    outside: bool = False
    opened: bool = False


def endpoint_row(web: Web, access: Access, found: Endpoint) -> Row:
    """The row of an endpoint."""
    path = readable(found.path) if "(" in found.path or "\\" in found.path else found.path
    path = path if path.startswith(("/", "…")) else f"/{path}"
    methods = list(found.methods) if found.methods is not None else None
    handler = found.handler
    role = role_by(found.own if found.own.strip("/^$") else path, found.name)
    asked = access.of(found, role, writes=bool(set(methods or ()) & _WRITES) or methods == [])
    marks = {"authentication": asked.mark} if asked.mark else {}
    taken = _input(web, found, path, methods or [])
    if taken is not None and "body by hand" in taken and found.framework not in ("django", "tornado"):
        marks["input"] = BAD
    notes = [
        *found.notes,
        *([COMPUTED] if "…" in path and not found.notes else []),
        *([asked.note] if asked.note else []),
    ]
    cells: dict[str, Cell] = {
        "methods": methods,
        "path": path,
        "handler": found.name,
        "framework": found.framework,
        "authentication": asked.who,
        "permission": asked.right,
        "input": taken,
        "output": _output(web, found),
        "errors": None if found.outside else list(handler["errors"]) if handler is not None else [],
        "throttle": access.throttle(found),
        "paginated": _paginated(web, access, found, methods or []),
        "role": role,
        "is_async": handler["async"] if handler is not None else None if found.outside else False,
    }
    places = [found.place]
    if handler is not None and (handler.path, handler.line) != found.place[:2]:
        places.append(Place(handler.path, handler.line, f"{handler['name']} answers"))
    elif handler is None and found.view is not None:
        fact = web.classes[found.view]
        places.append(Place(fact.path, fact.line, f"{fact['name']} answers"))
    key = f"{','.join(methods or []) or 'ANY'} {path}" + (f" {found.name}" if "…" in path else "")
    return Row(key, cells, tuple(places), marks, " ".join(dict.fromkeys(notes)))


def _input(web: Web, found: Endpoint, path: str, methods: list[str]) -> str | None:
    if found.outside:
        return None
    handler, parts = found.handler, []
    schemas = list(handler["schemas"]) if handler is not None else []
    standing = _schema(web, found)
    writes = bool(set(methods) & _WRITES) or not methods
    schemas = [standing if name.endswith("()") else name for name in schemas] if standing else schemas
    if not schemas and standing and writes and (handler is None or not handler["raw"]):
        schemas = [standing]
    parts += list(dict.fromkeys(name for name in schemas if name))
    if not schemas and handler is not None and handler["raw"]:
        parts.append(f"body by hand ({handler['raw']})")
    told = list(handler["params"]) if handler is not None else []
    named = {param.partition(":")[0].rpartition(" ")[2] for param in told if not param.startswith(("query", "header"))}
    in_path = {one or other: kind or form for kind, one, other, form in _PATH_PARAM.findall(path)}
    parts += [f"path {name}{f': {kind}' if kind else ''}" for name, kind in in_path.items() if name not in named]
    parts += [
        _typed(param, in_path)
        for param in told
        if "…" in path or (param.partition(":")[0].rpartition(" ")[2] in in_path) == param.startswith("path ")
    ]
    return "; ".join(parts)


def _typed(param: str, in_path: dict[str, str]) -> str:
    """A part of the path with the type that its converter gives it, where its def names none."""
    name = param.removeprefix("path ")
    kind = in_path.get(name, "")
    return f"{param}: {kind}" if kind and param.startswith("path ") else param


def _schema(web: Web, found: Endpoint) -> str:
    """The serializer or the form of the class that an endpoint stands in."""
    if found.handler is not None and found.handler["action"]:
        own = found.handler["action"]["attributes"].get("serializer_class")
        if own:
            return str(own[0])
    for name in ("serializer_class", "form_class"):
        value = found.words.get(name) or (web.attribute(found.view, name) if found.view is not None else "")
        if value:
            return str(value)
    return ""


def _output(web: Web, found: Endpoint) -> str | None:
    handler = found.handler
    if handler is not None and handler["output"]:
        return str(handler["output"])
    if found.action in ("list", "retrieve", "create", "update", "partial_update"):
        return str((web.attribute(found.view, "serializer_class") if found.view is not None else "") or "json")
    if found.action == "destroy":
        return ""
    template = found.words.get("template_name") or (
        web.attribute(found.view, "template_name") if found.view is not None else ""
    )
    if template:
        return f"html {template}"
    if "url" in found.words or "pattern_name" in found.words:
        return "redirect"
    return None if found.outside or handler is None else ""


def _paginated(web: Web, access: Access, found: Endpoint, methods: list[str]) -> bool | str | None:
    """Whether a list comes in pages; empty for what is no list."""
    if "GET" not in methods:
        return ""
    if found.action == "list":
        paged: Any = web.attribute(found.view, "pagination_class") if found.view is not None else None
        return access.paged if paged is None else bool(paged)
    if found.view is not None and any(base.endswith(".ListView") for base in web.line(found.view)[1]):
        return bool(web.attribute(found.view, "paginate_by"))
    handler = found.handler
    if handler is None:
        return None if found.outside else ""
    if handler["paged"]:
        return True
    return False if _LISTS.match(str(handler["output"])) and "Page" not in str(handler["output"]) else ""
