"""Which job a name or a call means, joined over files: what enqueues it, what plans it, what its bases say."""

from collections import defaultdict
from fnmatch import fnmatchcase
from typing import Any

from scanners.semantics.concurrency.reach import Key, Names
from scanners.tree import Fact, Tree


class Jobs:
    """The jobs of a commit with what other files say of them."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.tasks = {(fact.path, fact["name"]): fact for fact in tree.facts("task")}
        self._bases = {(fact.path, fact["name"]): fact for fact in tree.facts("task-base")}
        self._apps = {(fact.path, fact["name"]) for fact in tree.facts("celery-app") if fact["name"]}
        self._names = Names(tree, self.tasks.keys() | self._bases.keys() | self._apps)
        self._registered = {fact["options"]["name"]: key for key, fact in self.tasks.items() if _named(fact)}
        self.enqueued: dict[Key, list[Fact]] = defaultdict(list)
        self.planned: dict[Key, list[Fact]] = defaultdict(list)
        self.elsewhere: list[Fact] = []
        for fact in tree.facts("enqueue"):
            key = self.meant(fact)
            if key is not None:
                self.enqueued[key].append(fact)
        for fact in tree.facts("beat"):
            key = self.meant(fact)
            if key is not None:
                self.planned[key].append(fact)
            else:
                self.elsewhere.append(fact)
        self.settings = {fact["name"]: fact for fact in tree.facts("job-setting")}
        self.routes = tree.facts("job-route")

    def meant(self, fact: Fact) -> Key | None:
        """The job that a call or an entry of a schedule means, None for one that the repository does not define."""
        if fact["task"]:
            found = self._registered.get(fact["task"])
            return found if found is not None else self._names.meant(fact["task"], fact.path)
        return self._names.meant(fact["to"], fact.path) if fact["to"] else None

    def is_app(self, fact: Fact) -> bool:
        """Whether what decorates a job is an application that a file of the repository makes."""
        return bool(fact.get("app")) and self._names.meant(fact["app"], fact.path) in self._apps

    def options(self, fact: Fact, depth: int = 0) -> dict[str, Any]:
        """The options of a job with those of its bases."""
        found: dict[str, Any] = {}
        for base in reversed(fact["bases"]):
            key = self._names.meant(base, fact.path) if base else None
            above = None if key is None else self._bases.get(key) or self.tasks.get(key)
            if above is not None and depth < 5:
                found |= self.options(above, depth + 1)
        own: dict[str, Any] = fact["options"]
        return found | own

    def dotted(self, key: Key) -> str:
        """The name under which Celery knows a task that has none of its own: its longest importable one."""
        path, name = key
        modules = [module for module, where in self._names.modules.items() if where == path]
        return f"{max(modules, key=len)}.{name}" if modules else name

    def routed(self, key: Key, name: str) -> str:
        """The queue into which the routes of the settings send a task."""
        names = {name, self.dotted(key)}
        for route in self.routes:
            if any(fnmatchcase(each, route["tasks"]) or each.endswith(f".{route['tasks']}") for each in names):
                return str(route["queue"])
        return ""


def _named(fact: Fact) -> bool:
    return isinstance(fact["options"].get("name"), str)
