"""The ways on which a route is reached: the prefixes of all that it hangs on, joined from file to file."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from scanners.inventory.webnames import Web
from scanners.semantics.concurrency.reach import Key
from scanners.tree import Fact

_MOST: Final = 6
_DEEPEST: Final = 10
_LONGEST: Final = 4000
NOWHERE: Final = "What it hangs on is included nowhere that can be seen."
COMPUTED: Final = "A part of the path is computed."


class Way(NamedTuple):
    """A prefix ("…" for what is computed), the guards met on it, and what could not be told of it."""

    prefix: str
    guards: tuple[str, ...] = ()
    note: str = ""


class Ways:
    """The ways to every application, router, blueprint and list of patterns of a commit."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._above: dict[Key, list[tuple[Key | None, str, tuple[str, ...], bool]]] = defaultdict(list)
        self._known: dict[Key, Sequence[Way]] = {}
        self._roots = self._named_roots()
        self._hang()

    def to(self, key: Key, depth: int = 0) -> Sequence[Way]:
        """The ways to what hangs below `key`, its own prefix at their ends; six at most."""
        if key not in self._known:
            self._known[key] = ()  # A list that includes itself ends here.
            self._known[key] = self._find(key, depth)
        return self._known[key]

    def router(self, to: str, path: str) -> Key | None:
        """The router that a pointer means."""
        return self._web.router(to, path)

    def _find(self, key: Key, depth: int) -> Sequence[Way]:
        made = self._web.routers.get(key)
        own = made["prefix"] if made is not None else ""
        guards = tuple(made["guards"]) if made is not None else ()
        above = self._above.get(key, []) if depth < _DEEPEST else []
        if not above:
            return (Way(own, guards, self._note(key, made)),)
        found = []
        for parent, prefix, asked, replaces in above:
            ways = self.to(parent, depth + 1) if parent is not None else (Way(""),)
            mine = prefix if replaces else join(prefix, own)
            found += [Way(join(way.prefix, mine), (*way.guards, *asked, *guards), way.note) for way in ways]
        return _apart(found)[:_MOST]

    def _note(self, key: Key, made: Fact | None) -> str:
        if made is not None:
            return "" if made["app"] or made["made"] in ("RouteTableDef", "Api", "API") else NOWHERE
        if key in self._web.lists:
            if key[1] == "urlpatterns" and (not self._roots or key in self._roots):
                return ""
            return NOWHERE
        return NOWHERE

    def _named_roots(self) -> set[Key]:
        found = set()
        for fact in self._web.tree.facts("root-urls"):
            key = self._web.meant(f"{fact['module']}.urlpatterns", fact.path)
            if key is not None:
                found.add(key)
        return found

    def _hang(self) -> None:
        web = self._web
        for fact in web.tree.facts("web-include"):
            child, parent = web.router(fact["child"], fact.path), web.router(fact["parent"], fact.path)
            if child is not None and child != parent:
                self._above[child].append((parent, fact["prefix"], tuple(fact["guards"]), fact["replaces"]))
        for key, made in web.routers.items():
            parent = web.router(made["parent"], made.path)
            if parent is not None and parent != key:
                self._above[key].append((parent, "", (), False))
        for fact in web.tree.facts("url-entry"):
            target = fact["include"] or fact["view"]
            child = web.module_list(target, fact.path) if target else None
            if child is not None:
                self._above[child].append(
                    ((fact.path, fact["holder"]), fact["path"], tuple(fact.get("wraps") or ()), False)
                )
        for key, made in web.drf.items():
            parent = web.meant(made["parent"], made.path) if made["parent"] else None
            if parent is not None and parent in web.drf:
                self._above[key].append((parent, f"{made['under']}/<parent>/", (), False))


def join(prefix: str, path: str) -> str:
    """Two parts of a path, with no slash twice; what no server answers for its length is cut."""
    if prefix.endswith("/") and path.startswith("/"):
        path = path[1:]
    return (prefix + path)[:_LONGEST]


def _apart(ways: list[Way]) -> list[Way]:
    """The ways that are told apart: not those that nothing includes where others are, nor those with a computed part
    where others have none, since a setting mostly decides which one of both is there."""
    sure = [way for way in ways if not way.note] or ways
    fixed = [way for way in sure if "…" not in way.prefix]
    kept = fixed or sure
    return list({way.prefix: way for way in reversed(kept)}.values())[::-1]
