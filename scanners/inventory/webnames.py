"""The web parts of a commit by their keys: handlers, view classes, routers and lists of patterns, joined over files."""

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final

from scanners.regex import regex
from scanners.semantics.concurrency.reach import Key, Names
from scanners.tree import Fact, Tree

_DEEPEST: Final = 12
_MOST_STARS: Final = 20


class Web:
    """What the facts of a commit say of its web parts. A key is the path of a file and a name in it."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.handlers = {(fact.path, fact["name"]): fact for fact in tree.facts("handler")}
        self.classes = {(fact.path, fact["name"]): fact for fact in tree.facts("view-class")}
        self.routers = {(fact.path, fact["name"]): fact for fact in tree.facts("web-router")}
        self.lists = {(fact.path, fact["name"]) for fact in tree.facts("url-list")}
        self.drf = {(fact.path, fact["name"]): fact for fact in tree.facts("drf-router")}
        self.routes = {(fact.path, fact["name"]): fact for fact in tree.facts("route")}
        self._makes = {(fact.path, fact["name"]): (fact.path, fact["makes"]) for fact in tree.facts("web-factory")}
        self._aliases = {(fact.path, fact["name"]): fact for fact in tree.facts("web-alias")}
        known = {*self.handlers, *self.classes, *self.routers, *self.lists, *self.drf, *self._makes, *self._aliases}
        self._names = Names(tree, known)
        self._stars: dict[str, list[str]] = defaultdict(list)
        for fact in tree.facts("star-import"):
            self._stars[fact.path].append(fact["module"])
        self._lines: dict[Key, tuple[list[Fact], list[str]]] = {}

    def meant(self, to: str, path: str) -> Key | None:
        """The part that a pointer of a file means, None for one of another repository."""
        found = self._names.meant(to, path) if to else None
        return found if found is not None or not self._stars or not to else self._by_star(to, path)

    def _by_star(self, to: str, path: str, depth: int = 0) -> Key | None:
        """What a package means that hands on the names of its modules by a star, of which twenty are followed."""
        head, _, name = to.rpartition(".")
        module = self._names.module(head, path)
        for star in self._stars.get(module, [])[:_MOST_STARS] if module is not None else ():
            target = f"{star}{'' if star.endswith('.') else '.'}{name}"
            found = self._names.meant(target, module or "")
            found = found if found is not None or depth > 2 else self._by_star(target, module or "", depth + 1)
            if found is not None:
                return found
        return None

    def router(self, to: str, path: str, depth: int = 0) -> Key | None:
        """The router that a pointer means, through what makes it: `app.router` of aiohttp is the application."""
        to = to.removesuffix("()")
        found = self.meant(to, path) or self.meant(to.removesuffix(".router"), path)
        found = self._makes.get(found, found) if found is not None else None
        alias = self._aliases.get(found) if found is not None else None
        if alias is not None and depth < _DEEPEST:
            return self.router(alias["to"], alias.path, depth + 1)
        return found if found in self.routers else None

    def module_list(self, to: str, path: str) -> Key | None:
        """The list of patterns that an include means: of a module, by its name, or of a router (`router.urls`)."""
        if to.endswith((".urls", ".urlpatterns")):
            held = self.router(to.rpartition(".")[0], path) or self.meant(to.rpartition(".")[0], path)
            if held is not None and (held in self.drf or held in self.routers or held in self.lists):
                return held
        for target in (to, f"{to}.urlpatterns"):
            found = self.meant(target, path)
            if found is not None and (found in self.lists or found in self.drf or found in self.routers):
                return found
        return None

    def is_ours(self, to: str, path: str) -> bool:
        """Whether a pointer leads into a module of this repository, whatever it finds there."""
        if to.startswith((":", ".")):
            return True
        parts = to.split(".")
        return any(".".join(parts[:cut]) in self._names.modules for cut in range(len(parts), 0, -1))

    def line(self, key: Key) -> tuple[list[Fact], list[str]]:
        """A class with the classes of the repository above it, nearest first, and the other bases by their names."""
        if key not in self._lines:
            found: list[Fact] = []
            outer: list[str] = []
            self._above(key, found, outer, 0)
            self._lines[key] = found, list(dict.fromkeys(outer))
        return self._lines[key]

    def _above(self, key: Key, found: list[Fact], outer: list[str], depth: int) -> None:
        fact = self.classes[key]
        if any(each is fact for each in found) or depth > _DEEPEST:
            return
        found.append(fact)
        for base in fact["bases"]:
            above = self.meant(base, fact.path)
            if above is not None and above in self.classes:
                self._above(above, found, outer, depth + 1)
            else:
                outer.append(base)

    def method(self, key: Key, name: str) -> Fact | None:
        """The handler that a method of a view's class is, its own or one of a class above it."""
        for fact in self.line(key)[0]:
            found = self.handlers.get((fact.path, f"{fact['name']}.{name}"))
            if found is not None:
                return found
        return None

    def attribute(self, key: Key, name: str) -> Any:
        """What a view's class or one above it sets, None where none does."""
        return next((fact["attributes"][name] for fact in self.line(key)[0] if name in fact["attributes"]), None)

    def actions(self, key: Key) -> Iterator[Fact]:
        """The extra actions of a view set of DRF, those of the classes above it too."""
        seen = set()
        for fact in self.line(key)[0]:
            for handler in self._actions.get((fact.path, fact["name"]), ()):
                last = handler["name"].rpartition(".")[2]
                if last not in seen:
                    seen.add(last)
                    yield handler

    @cached_property
    def _actions(self) -> dict[Key, list[Fact]]:
        """The extra actions of each class."""
        found: dict[Key, list[Fact]] = defaultdict(list)
        for (path, _), handler in self.handlers.items():
            if handler["action"]:
                found[path, handler["cls"]].append(handler)
        return found


_GROUP: Final = regex(r"\(\?P<(\w+)>")


def readable(path: str) -> str:
    """A regular expression as a path that people read: a named group is `<name>`, another one `<*>`."""
    out, at = [], 0
    while at < len(path):
        if path[at] == "(" and not path.startswith("(?:", at):
            end = _closing(path, at)
            match = _GROUP.match(path, at)
            out.append(f"<{match[1]}>" if match else "<*>")
            at = end + 1 + (path[end + 1 : end + 2] in ("?", "*", "+"))
            continue
        out.append(path[at])
        at += 1
    text = "".join(out).replace("\\.", ".").replace("\\-", "-").replace("\\/", "/").replace("^", "").replace("$", "")
    return text.replace("\\Z", "")


def _closing(text: str, at: int) -> int:
    """Where the bracket that opens at `at` closes; the end where it does not."""
    depth, inside = 0, False
    for number in range(at, len(text)):
        char = text[number]
        if text[number - 1 : number] == "\\":
            continue
        if char == "[" or char == "]":
            inside = char == "["
        elif not inside and char in "()":
            depth += 1 if char == "(" else -1
            if depth == 0:
                return number
    return len(text) - 1
