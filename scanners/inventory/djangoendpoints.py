"""The endpoints of Django and DRF: patterns joined with views, routers with view sets, over all files."""

from collections.abc import Iterator
from dataclasses import replace

from scanners.inventory.endpointrow import Endpoint
from scanners.inventory.table import Place
from scanners.inventory.viewmethods import ACTIONS, GENERIC, answering, set_actions
from scanners.inventory.ways import Way, Ways, join
from scanners.inventory.webnames import Web
from scanners.semantics.concurrency.reach import Key
from scanners.tree import Fact

_OUTSIDE = "The view is defined outside this repository."
_ADMIN = "django.contrib.admin"


def found(web: Web, ways: Ways) -> Iterator[Endpoint]:
    """The endpoints of all patterns, then those of all routers."""
    named: set[Key] = set()
    for entry in web.tree.facts("url-entry"):
        for way in ways.to((entry.path, entry["holder"])):
            yield from _entry(web, entry, way, named)
    yield from _registered(web, named)
    for fact in web.tree.facts("drf-register"):
        owner, view = web.meant(fact["owner"], fact.path), web.meant(fact["view"], fact.path)
        if owner in web.drf and (view is None or view in web.classes):
            for way in ways.to(owner):
                yield from _view_set(web, fact, view, way)


def _registered(web: Web, named: set[Key]) -> Iterator[Endpoint]:
    """The views that a decorator of the repository's own registers: their patterns are made when it starts."""
    why = "A decorator registers it: its path is made when it starts."
    for key, fact in web.classes.items():
        if fact["registered"] and key not in named:
            place = Place(fact.path, fact.line, "the view")
            base = Endpoint(None, "…", key[1], "django", place, notes=(why,))
            for methods, name, handler in answering(web, key):
                if methods or _is_view(web, key):
                    yield replace(base, methods=methods, name=name, view=key, handler=handler)


def _is_view(web: Web, key: Key) -> bool:
    """Whether a class is a view of the library beyond doubt: filters and types are registered too."""
    return any(base.startswith(("django.views.", "rest_framework.")) for base in web.line(key)[1])


def _entry(web: Web, entry: Fact, way: Way, named: set[Key]) -> Iterator[Endpoint]:
    target = entry["include"] or entry["view"]
    if target and web.module_list(target, entry.path) is not None:
        return
    base = Endpoint(
        None,
        join(way.prefix, entry["path"]),
        target.lstrip(":") or entry.get("text") or "…",
        "django",
        Place(entry.path, entry.line, "the pattern"),
        own=entry["path"],
        guards=(*way.guards, *(entry.get("wraps") or ())),
        words=entry.get("words") or {},
        notes=(way.note,) if way.note else (),
    )
    key = web.meant(entry["view"], entry.path)
    if entry["include"] or entry.get("opens"):
        yield _included(entry, base)
    elif key is not None and key in web.classes:
        named.add(key)
        yield from _class(web, entry, key, base)
    elif key is not None and key in web.handlers:
        handler = web.handlers[key]
        framework = handler["framework"] or "django"
        yield replace(base, methods=handler["methods"], name=handler["name"], framework=framework, handler=handler)
    else:
        yield _elsewhere(web, entry, base)


def _class(web: Web, entry: Fact, key: Key, base: Endpoint) -> Iterator[Endpoint]:
    """The endpoints of a class at one pattern."""
    for method, action in (entry.get("actions") or {}).items():
        handler, name = web.method(key, action), f"{key[1]}.{action}"
        of_set = replace(base, methods=[method.upper()], name=name, framework="drf", action=action)
        yield replace(of_set, view=key, handler=handler)
    if not entry.get("actions"):
        framework = framework_of(web, key)
        for methods, name, handler in answering(web, key):
            yield replace(base, methods=methods, name=name, framework=framework, view=key, handler=handler)


def _included(entry: Fact, base: Endpoint) -> Endpoint:
    """Patterns that are not of this repository, or that are computed: one row for all of them."""
    if entry["include"].startswith(_ADMIN) or entry["include"].endswith("admin.site.urls"):
        note = "The pages of the admin site are made when it starts."
        admin = replace(base, path=f"{base.path}…", name=_ADMIN, guards=("admin site",))
        return replace(admin, notes=(*base.notes, note), outside=True)
    where = "not in this repository" if entry["include"] else "made when it starts"
    why = f"The patterns of {base.name} are {where}."
    return replace(base, path=f"{base.path}…", notes=(*base.notes, why), outside=True)


def _elsewhere(web: Web, entry: Fact, base: Endpoint) -> Endpoint:
    """A view that no file of this repository shows."""
    view = entry["view"]
    if not view:
        return replace(base, notes=(*base.notes, "The view is made when it starts."), outside=True)
    last = view.rpartition(".")[2]
    if view.startswith("django."):
        return replace(base, methods=list(GENERIC.get(last, ("GET",))), name=last)
    ours = web.is_ours(view, entry.path) if view else False
    why = "What the view takes and asks cannot be seen." if ours else _OUTSIDE
    return replace(base, notes=(*base.notes, why), outside=True)


def framework_of(web: Web, key: Key) -> str:
    """django or drf, by the classes above a view."""
    above, outer = web.line(key)
    names = [*outer, *(base for fact in above for base in fact["bases"])]
    drf = any(name.startswith("rest_framework") or name.endswith(("APIView", "ViewSet")) for name in names)
    return "drf" if drf else "django"


def _view_set(web: Web, fact: Fact, view: Key | None, way: Way) -> Iterator[Endpoint]:
    path = join(way.prefix, fact["prefix"])
    path = path if not fact["prefix"] or path.endswith("/") else f"{path}/"
    base = Endpoint(
        None,
        f"{path}…",
        view[1] if view is not None else fact["view"].lstrip(":."),
        "drf",
        Place(fact.path, fact.line, "the router is given it"),
        own=fact["prefix"],
        view=view,
        guards=way.guards,
        notes=(way.note,) if way.note else (),
    )
    if view is None:
        yield replace(base, notes=(*base.notes, _OUTSIDE), outside=True)
        return
    lookup = web.attribute(view, "lookup_url_kwarg") or web.attribute(view, "lookup_field") or "pk"
    detail = f"{path}<{lookup}>/"
    actions, extra = set_actions(web, view), list(web.actions(view))
    for action, handler in actions.items():
        at, name = path if action in ("list", "create") else detail, f"{view[1]}.{action}"
        yield replace(base, methods=[ACTIONS[action]], path=at, name=name, handler=handler, action=action)
    for handler in extra:
        told, name = handler["action"], f"{view[1]}.{handler['name'].rpartition('.')[2]}"
        at = f"{detail if told['detail'] else path}{told['path']}/"
        yield replace(base, methods=told["methods"], path=at, name=name, own=told["path"], handler=handler)
    if not actions and not extra:
        yield replace(base, notes=(*base.notes, "Which actions its base classes bring cannot be seen."))
