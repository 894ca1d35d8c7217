"""What a hook may say about the file that it looks at: sites, findings, doubts and facts."""

import ast
from bisect import bisect_right
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import Any, Final

from scanners.asked import Asked
from scanners.canonical import Definition, anchor_of, digest, first_line, is_headed, last_line
from scanners.constants import UNKNOWN, fold
from scanners.finding import Confidence, Severity
from scanners.names import Ref, resolve
from scanners.place import Place
from scanners.rule import Collector, Rule
from scanners.scopes import Scope

_SNIPPET_BEFORE, _SNIPPET_AFTER, _SNIPPET_WIDTH = 3, 3, 200
_LOWERED: Final = frozenset({"script", "test"})


per_file: Final = lru_cache(maxsize=1)
"""For functions of a context alone: what they say is worked out once a file, when something first asks."""


class Context:
    """One file under examination. The engine sets `collector` before each hook, so a report knows whose it is.

    `path_class` is service, script, test, ...; `role` is what else the path says (settings, init, a kind of text file).
    """

    def __init__(self, source: str, path_class: str, role: str, module: Scope, tree: ast.Module | None = None) -> None:
        self.source = Asked(source)
        self.path_class = path_class
        self.role = role
        self.module = module
        self.tree = tree
        self.collector: Collector = Collector()
        self.findings: list[dict[str, Any]] = []
        self.sites: dict[str, dict[tuple[int, int], str]] = {}
        self.facts: dict[str, list[dict[str, Any]]] = {}
        self._masked: set[str] = set()

    @cached_property
    def source_lines(self) -> list[str]:
        """The lines as Python counts them; splitlines() would also split at form feeds."""
        return self.source.split("\n")

    @cached_property
    def lowered(self) -> str:
        """The source in small letters."""
        return Asked(self.source.lower())

    # What a hook says.

    def site(self, at: "Place[Any] | ast.AST | int") -> None:
        """Count a considered place; it is good unless it is reported or left unresolved, before or after."""
        self._sites().setdefault(_position(at), "")

    def unresolved(self, at: "Place[Any] | ast.AST | int", reason: str) -> None:
        """Count a considered place that cannot be decided, and why. A finding at the same place wins."""
        sites = self._sites()
        if sites.get(_position(at)) != "bad":
            sites[_position(at)] = reason

    def report(
        self,
        at: "Place[Any] | int",
        message: str,
        *,
        severity: Severity | None = None,
        confidence: Confidence | None = None,
        anchor: str | None = None,
    ) -> None:
        """Report a finding at a place, or at a line of a text file. One place has one finding a rule."""
        rule = self.collector
        if not isinstance(rule, Rule):
            raise TypeError(f"{type(rule).__name__} collects facts; only a rule reports findings.")
        position, sure = _position(at), confidence or rule.confidence
        if self._sites().get(position) == "bad":
            return
        self._sites()[position] = "bad"
        found = severity or rule.severity
        node = at.node if isinstance(at, Place) else None
        line = position[0]
        self.findings.append(
            {
                "rule": rule.id,
                "line": line,
                "col": position[1],
                "end_line": _last_line(node, line),
                "qualname": self._qualname(at),
                "anchor": anchor or (anchor_of(node) if node is not None else self.line_hash(line)),
                "line_hash": self.line_hash(line),
                "message": message,
                "severity": found.lowered if self.path_class in _LOWERED - _alone(rule) else found,
                "confidence": sure,
            }
        )

    def fact(self, kind: str, at: "Place[Any] | ast.AST | int", /, **fields: Any) -> None:
        """Record a fact of this kind; fields are plain JSON values. One with a text can be reported and followed."""
        if "text" in fields and isinstance(at, Place):
            fields["identity"] = [self._qualname(at), anchor_of(at.node)]
        self.facts.setdefault(kind, []).append({"line": _position(at)[0], **fields})

    def _qualname(self, at: "Place[Any] | int") -> str:
        """The dotted name of the def or class that a place is the head of, or else stands in."""
        if isinstance(at, int):
            return ""
        if isinstance(at.node, Definition):
            return ".".join(filter(None, (at.qualname, at.node.name)))
        return at.qualname or (self._around(at) if getattr(at.node, "col_offset", 0) else "")

    def _around(self, at: "Place[Any]") -> str:
        """The same by lines: whoever looks at a whole file, class or head makes places that know no more than that."""
        index = bisect_right(self._definitions, at.line, key=itemgetter(0))
        while index:
            index -= 1
            _, end, name = self._definitions[index]
            if at.line <= end:
                return name
            if "." not in name:  # What stands before it ended before it.
                break
        return ""

    @cached_property
    def _definitions(self) -> list[tuple[int, int, str]]:
        """The first and last line of each def and class, and its dotted name, in order."""
        scopes = (*self.module.functions.values(), *self.module.classes.values())
        held = [(scope.node, scope.qualname) for scope in scopes]
        return sorted((first_line(node), last_line(node), name) for node, name in held if isinstance(node, Definition))

    def mask(self, secret: str) -> None:
        """Keep a literal out of every snippet of this file."""
        if len(secret) >= 4:  # Shorter ones would blank out ordinary words.
            self._masked.add(secret)

    # What a hook asks.

    def constant(self, expr: ast.AST | None, place: "Place[Any]") -> Any:
        """The value of a literal, a constant of this file, or of both put together; UNKNOWN when it is not fixed."""
        return UNKNOWN if expr is None else fold(expr, place.scope)

    def definition(self, ref: Ref | None) -> Any:
        """The def or class of this file that a name stands for, or None."""
        if ref is None or not ref.local:
            return None
        scope, parts = self.module, ref.dotted[1:].split(".")
        for part in parts[:-1]:
            inner = self.module.classes.get(f"{scope.qualname}.{part}" if scope.qualname else part)
            if inner is None:
                return None
            scope = inner
        found = [b.value for b in scope.names.get(parts[-1], []) if b.kind in ("def", "class")]
        return found[-1] if found else None

    def imports(self, *modules: str) -> bool:
        """Whether the file imports one of these top-level packages anywhere in its module body."""
        return not self.imported.isdisjoint(modules)

    @cached_property
    def imported(self) -> frozenset[str]:
        """The top-level packages that the module body imports."""
        return frozenset(
            binding.value.partition(".")[0]
            for bindings in self.module.names.values()
            for binding in bindings
            if binding.kind == "import"
        )

    def resolve(self, expr: ast.AST, scope: Scope) -> Ref | None:
        """What an expression stands for in a scope."""
        return resolve(expr, scope, getattr(expr, "lineno", 1))

    def line_hash(self, line: int) -> str:
        """A hash of a line without its white space and masked secrets: who knows the hash cannot try secrets on it."""
        return digest("".join(self._hidden(self._line(line)).split()))

    # What the engine takes away.

    def snippet(self, line: int) -> list[list[Any]]:
        """The lines around `line` as [number, text, marked], secrets masked."""
        first, last = max(1, line - _SNIPPET_BEFORE), min(len(self.source_lines), line + _SNIPPET_AFTER)
        return [[number, self._shown(number), number == line] for number in range(first, last + 1)]

    def _shown(self, number: int) -> str:
        return self._hidden(self._line(number))[:_SNIPPET_WIDTH]

    def _hidden(self, text: str) -> str:
        for secret in sorted(self._masked, key=lambda masked: (-len(masked), masked)):
            text = text.replace(secret, f"{secret[:2]}***")
        return text

    def _line(self, number: int) -> str:
        return self.source_lines[number - 1] if 0 < number <= len(self.source_lines) else ""

    def _sites(self) -> dict[tuple[int, int], str]:
        rule = getattr(self.collector, "id", "")
        if rule not in self.sites:
            self.sites[rule] = {}
        return self.sites[rule]


def _alone(rule: Rule) -> frozenset[str]:
    """The one class that a rule is about: what it finds there weighs what the rule says."""
    return rule.classes if len(rule.classes) == 1 else frozenset()


def _position(at: "Place[Any] | ast.AST | int") -> tuple[int, int]:
    if isinstance(at, int):
        return at, 0
    node = at.node if isinstance(at, Place) else at
    return getattr(node, "lineno", 1), getattr(node, "col_offset", 0)


def _last_line(node: ast.AST | None, line: int) -> int:
    """The end of the statement's head: a finding at an except clause is not about its whole body."""
    if node is None or is_headed(node):
        return line
    return getattr(node, "end_lineno", None) or line
