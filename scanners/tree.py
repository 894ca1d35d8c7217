"""What a rule may ask of a whole commit: its paths and the facts of its files. Nothing is parsed again here."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from scanners.advisories import Advisories
from scanners.canonical import digest
from scanners.finding import Confidence, Finding, Severity, Site
from scanners.paths import PathClass
from scanners.reads import ADVISORIES, ALL, DATE, FILES, LEFT_OUT, LISTED, WITHIN, Kinds, Reads
from scanners.rule import Rule

_Joined = TypeVar("_Joined")


class Fact:
    """One fact of one file. Fields are read like those of a mapping, and what is read is noted in `log`.

    `fields` may hold the path as "file", as plain facts do.
    """

    __slots__ = ("_fields", "_log", "path", "path_class")

    def __init__(
        self, path: str, path_class: PathClass, fields: Mapping[str, Any], log: set[str] | None = None
    ) -> None:
        self.path = path
        self.path_class = path_class
        self._fields = fields
        self._log = set() if log is None else log

    def __getitem__(self, name: str) -> Any:
        self._log.add(name)
        return self._fields[name]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Fact):
            return NotImplemented
        return self is other or (self.path, self.path_class, self.fields) == (
            other.path,
            other.path_class,
            other.fields,
        )

    __hash__ = None  # type: ignore[assignment] # Its fields are plain JSON values, which have none.

    def __repr__(self) -> str:
        return f"Fact({self.path!r}, {self.path_class!r}, {self.fields!r})"

    def get(self, name: str, default: Any = None) -> Any:
        """The field, or `default`."""
        self._log.add(name)
        return self._fields.get(name, default)

    @property
    def plain(self) -> Mapping[str, Any]:
        """The fact as a report has it, with its file. For reports alone: it notes nothing as read."""
        return self._fields

    @property
    def fields(self) -> Mapping[str, Any]:
        """All fields, never to be changed. It counts as reading each of them: ask for one where one will do."""
        self._log.add(ALL)
        return self._fields

    @property
    def line(self) -> int:
        """Where it stands, from 1."""
        self._log.add("line")
        return int(self._fields["line"])


@dataclass(frozen=True, slots=True)
class Made:
    """What was joined from facts, what was read for it, and whether it holds for later commits that say the same."""

    value: Any
    read: Kinds
    lasts: bool = False


class Tree:
    """A commit below its sub-path. `kind` is the repository's; `files` are those that were looked at.

    `date` is the day of the commit, None where it is not known; `too_large` holds what the size limit left out;
    `advisories` are the published faults to compare with, None where none were given. `reads` is what the facts note
    in that they are read, `made` what was joined before and still holds, `within` gives the facts of one file.
    """

    def __init__(
        self,
        kind: str,
        files: Mapping[str, PathClass],
        facts: Mapping[str, Sequence[Fact]],
        *,
        date: dt.date | None = None,
        too_large: Mapping[str, PathClass] | None = None,
        advisories: Advisories | None = None,
        reads: Reads | None = None,
        made: Mapping[str, Made] | None = None,
        within: Callable[[str], Iterable[Fact]] = lambda _: (),
    ) -> None:
        self.kind = kind
        self._files = files
        self._date = date
        self._too_large = too_large or {}
        self._advisories = advisories
        self._reads = reads or Reads()
        self._made: dict[str, Made] = dict(made or {})
        self._facts = facts
        self._within = within
        self._listed: dict[tuple[str, bool], list[Fact]] = {}
        self._by_kind: dict[str, dict[str, PathClass]] = {}
        self._identified: dict[str, dict[int, list[Mapping[str, Any]]]] = {}

    @property
    def files(self) -> Mapping[str, PathClass]:
        """The class of each file that was looked at, by its path."""
        self._reads.of(FILES).add(LISTED)
        return self._files

    @property
    def too_large(self) -> Mapping[str, PathClass]:
        """What the size limit left out, likewise."""
        self._reads.of(LEFT_OUT).add(LISTED)
        return self._too_large

    @property
    def date(self) -> dt.date | None:
        """The day of the commit."""
        self._reads.of(DATE).add(LISTED)
        return self._date

    @property
    def advisories(self) -> Advisories | None:
        """What is published about packages."""
        self._reads.of(ADVISORIES).add(LISTED)
        return self._advisories

    def once(self, name: str, make: Callable[[], _Joined], *, lasts: bool = False) -> _Joined:
        """What `make` joins of this tree and of nothing else, made once under this name.

        What `lasts` is used again for later commits, until something changes that was read for it. It must hold no
        Fact: one of an older commit may differ in what nobody had read.
        """
        if name not in self._made:
            with self._reads.noting() as noted:
                value = make()
            self._made[name] = Made(value, noted.kinds, lasts)
        else:
            self._reads.add(self._made[name].read)
        found: _Joined = self._made[name].value
        return found

    @property
    def made(self) -> Mapping[str, Made]:
        """What was joined, by its name."""
        return self._made

    def facts(self, kind: str, *, tests: bool = False) -> list[Fact]:
        """The facts of a kind, in order of path and line; those of test files only on request."""
        self._reads.of(kind).add(LISTED)
        known = self._listed.get((kind, tests))
        if known is None:
            found = self._facts.get(kind, ())
            known = [fact for fact in found if tests or fact.path_class.name != "test"]
            self._listed[(kind, tests)] = known
        return known.copy()

    def followed(self, path: str, line: int, text: str) -> tuple[str, str]:
        """The enclosing name, and the anchor of what a fact says with this text at a line; each empty if unknown."""
        self._reads.of(f"{WITHIN} {path}").add(LISTED)
        if path not in self._identified:
            known = self._identified[path] = {}
            for fields in (fact.plain for fact in self._within(path)):
                if "identity" in fields:
                    known.setdefault(fields["line"], []).append(fields)
        found = self._identified[path].get(line, ())
        names = {fields["identity"][0] for fields in found}
        anchors = {fields["identity"][1] for fields in found if fields["text"] == text}
        return _only(names), _only(anchors)

    def files_of(self, kind: str) -> Mapping[str, PathClass]:
        """The files of one kind ("python", "dockerfile", ...). Other files may come and go: it does not read them."""
        self._reads.of(f"{FILES} {kind}").add(LISTED)
        if not self._by_kind:
            for path, path_class in self._files.items():
                self._by_kind.setdefault(path_class.kind, {})[path] = path_class
        return self._by_kind.get(kind, {})

    def of_kind(self, *kinds: str) -> list[str]:
        """The paths of these kinds of file, without tests and examples."""
        found = (item for kind in kinds for item in self.files_of(kind).items())
        return sorted(path for path, path_class in found if path_class.name in ("service", "script"))


def _only(found: set[str]) -> str:
    return found.pop() if len(found) == 1 else ""


class TreeContext:
    """What a rule may say about a whole commit. Places are (path, line)."""

    def __init__(self, rule: Rule, tree: Tree | None = None) -> None:
        self._rule = rule
        self._tree = tree
        self.sites: dict[tuple[str, int], Site] = {}
        self.findings: list[Finding] = []
        self.not_applicable_reason = ""

    @cached_property
    def fine(self) -> int:
        """How many sites are good, for whoever asks when all is said."""
        return sum(site.good for site in self.sites.values())

    def not_applicable(self, reason: str) -> None:
        """Say why there is nothing to look at."""
        self.not_applicable_reason = reason

    def site(self, path: str, line: int = 1) -> None:
        """Count a considered place; good unless reported or unresolved."""
        self.sites.setdefault((path, line), Site(path, line, good=True))

    def unresolved(self, path: str, line: int, reason: str) -> None:
        """Count a considered place that cannot be decided, and why."""
        self.sites[(path, line)] = Site(path, line, good=False, reason=reason)

    def report(
        self,
        path: str,
        line: int,
        message: str,
        *,
        anchor: str = "",
        text: str = "",
        severity: Severity | None = None,
        confidence: Confidence | None = None,
    ) -> None:
        """Report a finding. `anchor` names what is at fault whatever its line; `text` is the line to show.

        A text that a fact has at this place is no anchor: another formatter would change it. Its syntax is one.
        """
        self.sites.pop((path, line), None)
        qualname, syntax = self._tree.followed(path, line, text) if self._tree else ("", "")
        key = syntax if syntax and anchor in ("", text) else digest(anchor or message)
        snippet = ((line, text, True),) if text else ()
        self.findings.append(
            Finding(
                rule=self._rule.id,
                path=path,
                line=line,
                end_line=line,
                col=0,
                qualname=qualname,
                anchor=key,
                line_hash=digest("".join(text.split())) if text else key,
                ordinal=0,
                message=message,
                severity=severity or self._rule.severity,
                confidence=confidence or self._rule.confidence,
                snippet=snippet,
            )
        )
