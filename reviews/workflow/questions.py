"""
Which questions a review asks: the automatic items of the checklist, and the asked ones of its template. Pure.

    asked(read(), Tier.B, Kind.WORKER, Occasion.RELEASE)             # tuple[Question], in the order of the page
    asked(checklist, tier, kind, occasion, template)                 # as a team edited it
    faults(checklist, tier, kind, refs, own)                         # what forbids such a template, by field

`occasions.toml` says what is asked of people on each occasion. A review never asks more of them than MOST says.
An own question of a team has a ref of its own letter, which no item of the checklist has.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from reviews.checklist import CHOICES, REQUIRED, Checklist, Item, Kind, Tier
from reviews.checklist import read as read_checklist
from reviews.workflow.items import NEVER_EXCUSED
from reviews.workflow.states import Occasion
from scanners.finding import Severity
from scanners.rule import AREAS

SOURCE = Path(__file__).with_name("occasions.toml")
MOST: Mapping[Tier, int] = {Tier.A: 40, Tier.B: 20, Tier.C: 8}
EVIDENCE = CHOICES["evidence"]
LONGEST_TITLE, LONGEST_QUESTION = 120, 600
OWN = re.compile(r"Y[1-9]\d{0,3}")


class OccasionsError(ValueError):
    """The choice of questions does not fit the checklist. The message has one line a fault."""


@dataclass(frozen=True, slots=True)
class Question:
    """One row of a review. `takes` are the kinds of evidence that fit it; `when` says what makes an answer needed."""

    ref: str
    area: str
    title: str
    text: str
    level: str
    severity: str
    asked: bool
    required: bool
    takes: tuple[str, ...] = ()
    when: str = ""

    @property
    def place(self) -> tuple[int, bool, str, int]:
        """Where it stands, see `rank`."""
        return rank(self.area, self.ref, asked=self.asked)


@dataclass(frozen=True, slots=True)
class Asking:
    """What one occasion asks as shipped: its reason, and the refs; None stands for all that the tier asks."""

    why: str
    refs: frozenset[str] | None

    def covers(self, ref: str) -> bool:
        """Whether the item is asked on this occasion."""
        return self.refs is None or ref in self.refs


class TemplateLike(Protocol):
    """What is asked of a team's template; `models.ReviewTemplate` has it."""

    @property
    def shipped(self) -> bool: ...
    @property
    def refs(self) -> Sequence[str]: ...
    @property
    def own(self) -> Sequence[Mapping[str, Any]]: ...


def asked(
    checklist: Checklist, tier: Tier, kind: Kind, occasion: Occasion, template: TemplateLike | None = None
) -> tuple[Question, ...]:
    """All questions of such a review in the order of its page; without a template those that are shipped."""
    edited = template if template is not None and not template.shipped else None
    refs = set(edited.refs) | set(always(checklist)) if edited else set(shipped(checklist, tier, kind, occasion))
    chosen = [item for item in checklist.applicable(tier, kind) if not item.asked or item.ref in refs]
    own = [_own(row, tier) for row in edited.own] if edited else []
    return tuple(sorted([*(_question(item, tier) for item in chosen), *own], key=lambda one: one.place))


def rank(area: str, ref: str, *, asked: bool) -> tuple[int, bool, str, int]:
    """The order of a page: by area, automatic before asked, E2 before E10, the team's own last."""
    return AREAS.index(area), asked, ref[0], int(ref[1:])


def shipped(checklist: Checklist, tier: Tier, kind: Kind, occasion: Occasion) -> tuple[str, ...]:
    """The refs that such a review asks of people as shipped."""
    asking = read()[occasion]
    return tuple(item.ref for item in choices(checklist, tier, kind) if asking.covers(item.ref))


def choices(checklist: Checklist, tier: Tier, kind: Kind) -> tuple[Item, ...]:
    """The items that may be asked of people there, in the order of the checklist."""
    return tuple(item for item in checklist.applicable(tier, kind) if item.asked)


def always(checklist: Checklist) -> tuple[str, ...]:
    """The asked items that no template leaves out, because nothing ever excuses them."""
    return tuple(item.ref for item in checklist.items if item.asked and item.ref in NEVER_EXCUSED)


def faults(
    checklist: Checklist, tier: Tier, kind: Kind, refs: Iterable[str], own: Sequence[Mapping[str, Any]]
) -> tuple[str, ...]:
    """What is wrong with an edited template, each as a sentence that says what to do."""
    given, known = list(refs), {item.ref for item in choices(checklist, tier, kind)}
    found = [f"{ref} is not asked of a {kind} at tier {tier}. Take it out." for ref in given if ref not in known]
    found += [f"{ref} is in it twice." for ref, count in Counter(given).items() if count > 1]
    found += [f"{ref} is always asked. Put it back." for ref in always(checklist) if ref not in given]
    number = len(given) + len(own)
    if number > MOST[tier]:
        excess = number - MOST[tier]
        found.append(f"These are {number} questions. Tier {tier} asks {MOST[tier]} at most: take {excess} out.")
    for row in own:
        found += [f"{row.get('ref')}: {fault}" for fault in _own_faults(row)]
    refs_of_own = Counter(str(row.get("ref")) for row in own)
    return tuple(found + [f"{ref} is used {count} times." for ref, count in refs_of_own.items() if count > 1])


@lru_cache(maxsize=1)
def read(source: Path = SOURCE) -> Mapping[Occasion, Asking]:
    """What each occasion asks. Raises OccasionsError, or OSError when it cannot be read."""
    return parse(source.read_text(encoding="utf-8"), read_checklist())


def parse(text: str, checklist: Checklist) -> Mapping[Occasion, Asking]:
    """What each occasion asks by a TOML text. Raises OccasionsError that names every fault found."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise OccasionsError(f"The occasions are no TOML: {error}") from error
    found = [f"{name}: there is no such occasion" for name in sorted(data.keys() - set(Occasion))]
    found += [f"{name}: missing" for name in Occasion if name not in data]
    for name, row in data.items():
        found += [f"{name}: {fault}" for fault in _row_faults(row, checklist)]
    if not found:
        found = _size_faults(_asking(data), checklist)
    if found:
        raise OccasionsError("\n".join(found))
    return _asking(data)


def _asking(data: Mapping[str, Any]) -> dict[Occasion, Asking]:
    return {
        name: Asking(data[name]["why"], None if data[name]["asks"] == "all" else frozenset(data[name]["asks"]))
        for name in Occasion
    }


def _row_faults(row: Any, checklist: Checklist) -> list[str]:
    if not isinstance(row, dict):
        return ["must be a table"]
    found = [f"unknown field {field}" for field in sorted(row.keys() - {"why", "asks"})]
    if not isinstance(row.get("why"), str) or not row["why"].strip():
        found.append("why must be a text")
    asks = row.get("asks")
    if asks == "all":
        return found
    if not isinstance(asks, list) or not asks:
        return [*found, 'asks must be "all" or a list of refs']
    known = {item.ref: item for item in checklist.items}
    found += [f"there is no item {ref}" for ref in asks if ref not in known]
    found += [f"item {ref} is not asked of people" for ref in asks if ref in known and not known[ref].asked]
    found += [f"{ref} is listed {count} times" for ref, count in Counter(asks).items() if count > 1]
    return found + [f"{ref} is asked on every occasion" for ref in always(checklist) if ref not in asks]


def _size_faults(asking: Mapping[Occasion, Asking], checklist: Checklist) -> list[str]:
    found = []
    for occasion, one in asking.items():
        for tier in Tier:
            for kind in Kind:
                number = sum(one.covers(item.ref) for item in choices(checklist, tier, kind))
                if number > MOST[tier]:
                    found.append(f"{occasion}: {number} questions for a {kind} at tier {tier}, {MOST[tier]} at most")
    return found


def _own_faults(row: Mapping[str, Any]) -> list[str]:
    texts = {name: str(row.get(name, "")).strip() for name in ("ref", "area", "title", "question")}
    found = [] if OWN.fullmatch(texts["ref"]) else ["The ref of an own question is Y and a number."]
    found += [] if texts["area"] in AREAS else ["Choose an area."]
    for name, longest in (("title", LONGEST_TITLE), ("question", LONGEST_QUESTION)):
        if not texts[name]:
            found.append(f"Enter the {name}.")
        elif len(texts[name]) > longest:
            found.append(f"The {name} has {len(texts[name])} characters. Shorten it to {longest}.")
    evidence = row.get("evidence") or []
    found += [] if evidence else ["Choose what may prove the answer."]
    return found + [f"There is no evidence of kind {kind}." for kind in evidence if kind not in EVIDENCE]


def _question(item: Item, tier: Tier) -> Question:
    return Question(
        ref=item.ref,
        area=item.area,
        title=item.title,
        text=item.why,
        level=item.level.value,
        severity=item.severity.value,
        asked=item.asked,
        required=item.level.rank <= REQUIRED[tier].rank,
        takes=item.evidence,
        when=item.when,
    )


def _own(row: Mapping[str, Any], tier: Tier) -> Question:
    return Question(
        ref=row["ref"],
        area=row["area"],
        title=row["title"],
        text=row["question"],
        level=REQUIRED[tier].value,
        severity=Severity.MEDIUM.value,
        asked=True,
        required=True,
        takes=tuple(row["evidence"]),
    )
