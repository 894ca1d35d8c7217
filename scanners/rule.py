"""The shape of a rule: its texts, its examples and what it wants to look at."""

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from scanners.finding import Confidence, Effort, Severity

AREAS = (
    "exceptions",
    "logging",
    "config",
    "timeouts",
    "deps",
    "security",
    "concurrency",
    "memory",
    "data",
    "api",
    "tests",
    "environment",
    "docs",
)

CODE = frozenset({"service", "script"})
"""The path classes that most rules look at."""

EVERYWHERE = frozenset({"service", "script", "test", "migration", "example"})
"""All classes but generated, vendored and stub, which no rule sees."""


@dataclass(frozen=True, slots=True)
class Example:
    """A small repository. `at` holds the (path, line) of each finding of the rule in it, none for a good one.

    `advisories` are the OSV records, as JSON, that its locked versions are compared with.
    """

    title: str
    files: Mapping[str, str]
    at: Sequence[tuple[str, int]] = ()
    kind: str = "http-api"
    advisories: str = ""


class Collector:
    """Something that looks at files during the one walk: a rule, or a collector of facts.

    A hook is a method: `visit_call(call, ctx)` for the calls that `calls` names, `visit_<node>(place, ctx)` for a
    syntax node (`visit_except_handler`, `visit_raise`, `visit_function_def` for both kinds of def, ...),
    `visit_module(ctx)` at the end of a file, `visit_text(text, ctx)` for the non-Python files that `files` names, and
    `visit_tree(tree, ctx)` once for the whole commit, with facts only. The hooks of a file run after its walk, so every
    name in it is known.
    """

    calls: ClassVar[Sequence[str]] = ()
    """Dotted names as imported ("requests.get", "requests.Session.get"), or "*.execute" for any receiver."""
    binds: ClassVar[Any] = None
    """For `visit_binding(bound, ctx)`: says of a name whether it asks for what the name is given (a static method)."""
    files: ClassVar[Sequence[str]] = ()
    """Kinds of non-Python file, as `scanners.paths` names them ("dockerfile", "pyproject", ...)."""
    classes: ClassVar[frozenset[str]] = CODE
    """The path classes that it looks at."""


class Rule(Collector):
    """One automatic detector. A subclass is the docs, the tests and the code of the rule, in one file."""

    id: ClassVar[str]
    area: ClassVar[str]
    item: ClassVar[str]
    title: ClassVar[str]
    severity: ClassVar[Severity]
    confidence: ClassVar[Confidence] = Confidence.HIGH
    effort: ClassVar[Effort] = Effort.MINUTES
    fix: ClassVar[str]
    bad: ClassVar[Sequence[Example]]
    good: ClassVar[Sequence[Example]]
    kinds: ClassVar[frozenset[str]] = frozenset({"http-api", "worker", "cron", "library"})
    """The kinds of repository it applies to."""
    lighter: ClassVar[frozenset[str]] = frozenset()
    """The kinds of repository in which its findings weigh one step less."""

    @property
    def why(self) -> str:
        """What breaks in production: the first paragraph of the docstring."""
        return self._paragraphs()[0]

    @property
    def scope(self) -> str:
        """What is looked at and what is not: the rest of the docstring."""
        return "\n\n".join(self._paragraphs()[1:])

    def _paragraphs(self) -> list[str]:
        return [" ".join(part.split()) for part in re.split(r"\n\s*\n", inspect.getdoc(type(self)) or "")]
