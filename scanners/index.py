"""Who wants what: the hooks of all collectors, by syntax node and by called name."""

import ast
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from scanners.binders import BINDERS, MARKERS, Binder
from scanners.listing import SPANNED
from scanners.syntax import LAST_FIRST

Hook = tuple[Any, Callable[..., None]]
"""A collector and one of its methods: the context is told whose turn it is before each."""
Plan = tuple[bool, bool, list[Hook] | None, Binder | None, tuple[tuple[str, bool], ...]]

LEAVES: Final = frozenset({ast.Name, ast.Constant, ast.Pass, ast.Break, ast.Continue})
_STATEMENTS: Final = (ast.stmt, ast.ExceptHandler, ast.match_case)


class Index:
    """Who wants what in the files of one path class, built once for a set of collectors."""

    def __init__(self, collectors: list[Any], path_class: str) -> None:
        self.modules: list[Hook] = []
        self.nodes: dict[type[ast.AST], list[Hook]] = {}
        self.by_name: dict[str, list[Hook]] = {}
        self.by_last: dict[str, list[Hook]] = {}
        self._binders: list[tuple[Callable[[str], bool], Hook]] = []
        self.bound = lru_cache(maxsize=65536)(self._bound)
        for collector in collectors:
            if path_class in collector.classes:
                self._add(collector)
        self.plans = _Plans(self.nodes)
        self.leaves = LEAVES - self.nodes.keys()
        self.attribute = None if ast.Attribute in self.nodes else ast.Attribute
        self.lasts = {name.rpartition(".")[2] for name in self.by_name} | set(self.by_last)

    def _add(self, collector: Any) -> None:
        for name in dir(collector):
            if name == "visit_module":
                self.modules.append((collector, getattr(collector, name)))
            elif name == "visit_call":
                self._add_calls(collector)
            elif name == "visit_binding":
                self._binders.append((collector.binds, (collector, collector.visit_binding)))
            elif name.startswith("visit_") and name not in ("visit_text", "visit_tree"):
                for kind in node_types(name.removeprefix("visit_")):
                    self.nodes.setdefault(kind, []).append((collector, getattr(collector, name)))

    def _bound(self, name: str) -> tuple[Hook, ...]:
        """Who asks for values that are given to `name`."""
        return tuple(hook for wants, hook in self._binders if wants(name))

    def _add_calls(self, collector: Any) -> None:
        hook = (collector, collector.visit_call)
        for name in collector.calls:
            known = self.by_last if name.startswith("*.") else self.by_name
            known.setdefault(name.removeprefix("*."), []).append(hook)


class _Plans(dict[type, Plan | None]):
    """What to do with each node type, None for the marks that binders put on the stack.

    Is its end kept, is it a statement, who wants it, who binds names in it, and the fields that lead on, last first.
    """

    def __init__(self, nodes: dict[type[ast.AST], list[Hook]]) -> None:
        super().__init__(dict.fromkeys(MARKERS))
        self._nodes = nodes

    def __missing__(self, kind: type[ast.AST]) -> Plan:
        hooks, binder = self._nodes.get(kind), BINDERS.get(kind)
        plan = self[kind] = (kind in SPANNED, issubclass(kind, _STATEMENTS), hooks, binder, LAST_FIRST[kind])
        return plan


def node_types(name: str) -> list[type[ast.AST]]:
    """The node types that `visit_<name>` asks for: `function_def`, `for` and `with` cover their async forms.

    Raises LookupError for a name that is no syntax node: a hook that never runs is a mistake in the rule.
    """
    if name == "try":
        return [ast.Try, ast.TryStar]
    if name in ("keyword", "comprehension"):
        return [getattr(ast, name)]
    camel = "".join(part.capitalize() for part in name.split("_"))
    found = [getattr(ast, prefix + camel) for prefix in ("", "Async") if hasattr(ast, prefix + camel)]
    if not found:
        raise LookupError(f"visit_{name} names no syntax node. Use the name of an ast class in snake case.")
    return found
