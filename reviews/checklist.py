"""
THE checklist: `checklist.toml` read into frozen items, and joined with the rules that answer them.

    checklist = joined(read(), registry.rules().values())    # Checklist; raises ChecklistError, naming every fault
    complete(checklist)                                      # raises ChecklistError for an automatic item without rule
    checklist.items                                          # tuple[Item]; an automatic one holds its rules
    checklist.applicable(Tier.B, Kind.WORKER)                # the items that concern such a repository
    checklist.item("T1")                                     # one Item; KeyError when there is none
    checklist.version                                        # "1-0f3a9c12e4b7": number and digest, kept with a scan

A rule names its item (`item = "T1"`); no list of rules is kept here. Items asked of people are part of the data from
the start, so that everybody sees what a review will ask. They are in no number until the first review is decided.
"""

import hashlib
import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Protocol

from scanners import registry
from scanners.finding import Effort, Severity
from scanners.rule import AREAS

SOURCE = Path(__file__).with_name("checklist.toml")


class Tier(StrEnum):
    """How critical a service is."""

    A = "A"
    B = "B"
    C = "C"


class Kind(StrEnum):
    """What a repository is; decides which items apply."""

    HTTP_API = "http-api"
    WORKER = "worker"
    CRON = "cron"
    LIBRARY = "library"


class Level(StrEnum):
    """What a repository has reached. Cumulative, lowest first."""

    NONE = "none"
    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"

    @property
    def rank(self) -> int:
        """0 for none up to 3 for gold; text would sort gold before none."""
        return list(Level).index(self)


REQUIRED = {Tier.A: Level.GOLD, Tier.B: Level.SILVER, Tier.C: Level.BRONZE}
TEXTS = ("ref", "id", "area", "level", "severity", "title", "why")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "area": AREAS,
    "level": (Level.BRONZE, Level.SILVER, Level.GOLD),
    "severity": tuple(Severity),
    "kinds": tuple(Kind),
    "spares": tuple(Tier),
    "evidence": ("link", "file", "upload", "note"),
}


class ChecklistError(ValueError):
    """The checklist and the rules do not fit together. The message has one line a fault."""


class RuleLike(Protocol):
    """What is asked of a rule; `scanners.rule.Rule` has it."""

    @property
    def id(self) -> str: ...
    @property
    def item(self) -> str: ...
    @property
    def area(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def severity(self) -> Severity: ...
    @property
    def effort(self) -> Effort: ...


@dataclass(frozen=True, slots=True, order=True)
class ItemRule:
    """A rule as its item sees it."""

    id: str
    title: str
    severity: Severity
    effort: Effort


@dataclass(frozen=True, slots=True)
class Item:
    """One question of the checklist: see the head of `checklist.toml` for the fields.

    `rules` is empty until `joined`, and stays so for an asked item.
    """

    ref: str
    id: str
    area: str
    level: Level
    severity: Severity
    title: str
    why: str
    kinds: frozenset[Kind] = frozenset(Kind)
    spares: tuple[Tier, ...] = ()
    asked: bool = False
    evidence: tuple[str, ...] = ()
    prefill: str = ""
    when: str = ""
    rules: tuple[ItemRule, ...] = ()

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """The tiers it concerns: all but the spared ones; an asked item only those that ask for its level."""
        asking = [tier for tier in Tier if not self.asked or self.level.rank <= REQUIRED[tier].rank]
        return tuple(tier for tier in asking if tier not in self.spares)

    def why_not(self, tier: Tier, kind: Kind) -> str:
        """Why the item does not concern such a repository, as a sentence; empty when it does."""
        if kind not in self.kinds:
            return f"Not for a repository of kind {kind}."
        return "" if tier in self.tiers else f"Not asked at tier {tier}."


@dataclass(frozen=True, slots=True)
class Checklist:
    """All items in the order of the areas. `digest` covers the items as data, not the comments beside them."""

    number: int
    digest: str
    items: tuple[Item, ...]

    @property
    def version(self) -> str:
        """Number and digest in one short text, for people and for a scan to keep."""
        return f"{self.number}-{self.digest[:12]}"

    def item(self, ref: str) -> Item:
        """The item of that ref. Raises KeyError."""
        return {item.ref: item for item in self.items}[ref]

    def applicable(self, tier: Tier, kind: Kind) -> tuple[Item, ...]:
        """The items that concern a repository of this tier and kind."""
        return tuple(item for item in self.items if not item.why_not(tier, kind))


@lru_cache(maxsize=1)
def read(source: Path = SOURCE) -> Checklist:
    """The checklist in a TOML file, without rules. Raises ChecklistError, or OSError when it cannot be read."""
    return parse(source.read_text(encoding="utf-8"))


def parse(text: str) -> Checklist:
    """The checklist in a TOML text. Raises ChecklistError that names every fault found."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ChecklistError(f"The checklist is no TOML: {error}") from error
    rows = data.get("item", [])
    faults = [fault for row in rows for fault in _faults(row)]
    for field in ("ref", "id"):
        times = Counter(str(row.get(field)) for row in rows)
        faults += [f"{field} {value} is used {count} times" for value, count in times.items() if count > 1]
    if not isinstance(data.get("version"), int) or not rows:
        faults.append("version must be a whole number and there must be items")
    if faults:
        raise ChecklistError("\n".join(faults))
    items = sorted((_item(row) for row in rows), key=place)
    return Checklist(data["version"], _digest(items), tuple(items))


def joined(checklist: Checklist, rules: Iterable[RuleLike]) -> Checklist:
    """The checklist with each automatic item holding its rules, whatever order they come in.

    Raises ChecklistError for a rule whose item is unknown, asked or of another area. An item that no rule names stays
    without; `complete` says whether there is one.
    """
    by_ref: dict[str, list[RuleLike]] = {}
    for rule in rules:
        by_ref.setdefault(rule.item, []).append(rule)
    known = {item.ref for item in checklist.items}
    faults = [f"{rule.id}: there is no item {ref}" for ref in by_ref.keys() - known for rule in by_ref[ref]]
    for item in checklist.items:
        faults += _misfits(item, by_ref.get(item.ref, []))
    if faults:
        raise ChecklistError("\n".join(sorted(faults)))
    return replace(checklist, items=tuple(_with_rules(item, by_ref.get(item.ref, [])) for item in checklist.items))


@cache
def current() -> Checklist:
    """THE checklist, joined with the rules of this rule set. Raises ChecklistError like `joined` and `complete`."""
    whole = joined(read(), registry.rules().values())
    complete(whole)
    return whole


def complete(checklist: Checklist) -> None:
    """Raises ChecklistError when an automatic item of a joined checklist has no rule: it would be unknown for ever."""
    unanswered = [item for item in checklist.items if not item.asked and not item.rules]
    if unanswered:
        raise ChecklistError("\n".join(f"{item.ref} {item.id}: no rule names this item" for item in unanswered))


def place(item: Item) -> tuple[int, bool, str, int]:
    """Where an item stands: by area, automatic before asked, E2 before E10."""
    return AREAS.index(item.area), item.asked, item.ref[0], int(item.ref[1:])


def _misfits(item: Item, rules: list[RuleLike]) -> list[str]:
    if item.asked:
        return [f"{rule.id}: item {item.ref} is asked of people" for rule in rules]
    strangers = [rule for rule in rules if rule.area != item.area]
    return [f"{rule.id}: area {rule.area}, but item {item.ref} is of area {item.area}" for rule in strangers]


def _with_rules(item: Item, rules: list[RuleLike]) -> Item:
    return replace(item, rules=tuple(sorted(ItemRule(r.id, r.title, r.severity, r.effort) for r in rules)))


def _faults(row: Mapping[str, Any]) -> list[str]:
    """What is wrong with one row, each said with the ref of the row."""
    name = str(row.get("ref", "an item without ref"))
    known = {field.name for field in fields(Item)} - {"rules"}
    faults = [f"unknown field {field}" for field in sorted(row.keys() - known)]
    faults += [f"{field} must be a text" for field in TEXTS if not isinstance(row.get(field), str) or not row[field]]
    if not (name[:1].isalpha() and name[1:].isdigit()):
        faults.append("ref must be a letter and a number")
    for field, allowed in CHOICES.items():
        given = row.get(field, [])
        values = given if isinstance(given, list) else [given]
        faults += [f"unknown {field} {value}" for value in values if value not in allowed]
    if "kinds" in row and not row["kinds"]:
        faults.append("kinds must not be empty")
    if bool(row.get("asked")) != bool(row.get("evidence")):
        faults.append("asked and evidence belong together")
    return [f"{name}: {fault}" for fault in faults]


def _item(row: Mapping[str, Any]) -> Item:
    typed = {
        "level": Level(row["level"]),
        "severity": Severity(row["severity"]),
        "kinds": frozenset(Kind(kind) for kind in row.get("kinds", Kind)),
        "spares": tuple(Tier(tier) for tier in row.get("spares", ())),
        "evidence": tuple(row.get("evidence", ())),
    }
    return Item(**{**row, **typed})


def _digest(items: Iterable[Item]) -> str:
    rows = [{**asdict(item), "kinds": sorted(item.kinds)} for item in items]
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
