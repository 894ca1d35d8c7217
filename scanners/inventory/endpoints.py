"""The table of endpoints: every route with its full path, who is asked, what it takes and what it answers."""

from collections.abc import Iterator
from dataclasses import replace

from scanners.inventory import djangoendpoints
from scanners.inventory.askedfor import Access
from scanners.inventory.endpointrow import COLUMNS, Endpoint, endpoint_row
from scanners.inventory.table import Place, Row, Table
from scanners.inventory.viewmethods import answering
from scanners.inventory.ways import Way, Ways, join
from scanners.inventory.webnames import Web
from scanners.semantics.concurrency.reach import Key
from scanners.tree import Fact, Tree


def _rows(tree: Tree) -> Iterator[Row]:
    web = Web(tree)
    access, ways = Access(web), Ways(web)
    django = djangoendpoints.found(web, ways)
    for found in (*_declared(web, ways), *_registered(web, ways), *_by_address(web), *django):
        yield endpoint_row(web, access, found)


def _declared(web: Web, ways: Ways) -> Iterator[Endpoint]:
    """The routes of decorators."""
    for (path, name), handler in web.handlers.items():
        for route in handler["declared"]:
            for way in _ways(route["owner"], path, ways):
                full = join(way.prefix, _based(web, handler) + route["path"])
                yield Endpoint(
                    route["methods"],
                    full,
                    name,
                    handler["framework"],
                    Place(path, route["line"], "the route"),
                    own=route["path"],
                    handler=handler,
                    view=_class_of(web, handler),
                    guards=way.guards,
                    notes=(way.note,) if way.note else (),
                )


def _based(web: Web, handler: Fact) -> str:
    """What a class of Flask-AppBuilder puts before the routes of its methods."""
    view = _class_of(web, handler)
    base = web.attribute(view, "route_base") if view is not None else None
    return str(base) if base else ""


def _class_of(web: Web, handler: Fact) -> tuple[str, str] | None:
    key = (handler.path, handler["cls"])
    return key if handler["cls"] and key in web.classes else None


def _ways(owner: str, path: str, ways: Ways) -> tuple[Way, ...]:
    key = ways.router(owner, path)
    return tuple(ways.to(key)) if key is not None else (Way(""),)


def _registered(web: Web, ways: Ways) -> Iterator[Endpoint]:
    """The routes that are declared away from their handlers."""
    for entry in web.tree.facts("route-entry"):
        key = web.meant(entry["to"], entry.path)
        for way in _ways(entry["owner"], entry.path, ways):
            for path in entry["paths"]:
                base = Endpoint(
                    entry["methods"] or ["GET"],
                    join(way.prefix, path),
                    entry["to"].lstrip(":.") or "…",
                    entry["framework"],
                    Place(entry.path, entry.line, "the route"),
                    own=path,
                    guards=(*way.guards, *entry["guards"]),
                    notes=(way.note,) if way.note else (),
                )
                yield from _entry(web, entry, key, base)


def _by_address(web: Web) -> Iterator[Endpoint]:
    """The views of a framework of the repository's own whose classes say their path: `url = "/api/states"`."""
    for key, fact in web.classes.items():
        path = fact["attributes"].get("url", "")
        if not path or any(base.startswith("django.") for base in web.line(key)[1]):
            continue
        path = path if path.startswith("/") else "…"
        opened = web.attribute(key, "requires_auth") == "False"
        place = Place(fact.path, fact.line, "the view")
        base = Endpoint(None, path, key[1], "", place, own=path, view=key, opened=opened)
        for methods, name, handler in answering(web, key):
            if handler is not None and methods and (path != "…" or handler["framework"] == "aiohttp"):
                yield replace(base, methods=methods, name=name, framework=handler["framework"], handler=handler)


def _entry(web: Web, entry: Fact, key: Key | None, base: Endpoint) -> Iterator[Endpoint]:
    """The endpoints of what a path is given to."""
    handler = web.handlers.get(key) if key is not None else None
    if key is not None and key in web.classes:
        for methods, name, found in answering(web, key, entry["methods"]):
            framework = (found["framework"] if found is not None else "") or base.framework
            yield replace(base, methods=methods, name=name, framework=framework, handler=found, view=key)
    elif handler is not None:
        methods = entry["methods"] or handler["methods"] or ["GET"]
        framework = base.framework or handler["framework"]
        yield replace(base, methods=methods, name=handler["name"], framework=framework, handler=handler)
    else:
        yield replace(base, notes=(*base.notes, "What the handler takes and asks cannot be seen."), outside=True)


TABLE = Table("endpoints", "Endpoints", COLUMNS, _rows)
