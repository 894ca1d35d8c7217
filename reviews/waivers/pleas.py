"""
A waiver's own page, and what the address of a request asks for.

    wished(repository, query)      # asking.Wish: ?finding=1&finding=2, ?rule=…&path=…, ?item=…, ?extends=…, &kind=…
    plea(waiver, actor, today)     # what it covers now, what may be done by whom, and its history
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.http import Http404, QueryDict

from reviews import waived
from reviews.excuses import never_waived
from reviews.models import AuditEvent, Finding, Repository, Review, User, Waiver
from reviews.outcomes import Outcome
from reviews.waivers.asking import Wish, extending, resolve
from reviews.waivers.decisions import case, deciders, subject
from reviews.waivers.effects import effects
from reviews.waivers.life import Action, State, decider, refusals
from reviews.workflow.items import NEVER_EXCUSED
from reviews.workflow.quorum import Actor
from scanners import registry
from scanners.finding import Severity

MOST_NAMED = 100
LONGEST_KEY = 19
_WORDS = {
    State.REQUESTED: ("waits for a decision", "info"),
    State.APPROVED: ("in force", "waived"),
    State.DECLINED: ("declined", ""),
    State.WITHDRAWN: ("withdrawn", ""),
    State.REVOKED: ("revoked", ""),
    State.ENDED: ("ended", ""),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One line of its history."""

    at: datetime
    text: str
    note: str


@dataclass(frozen=True, slots=True)
class Plea:
    """All that the page of a waiver shows beside its own fields. `loose` are open although they are in its scope."""

    title: str
    name: str
    state: State
    left: int | None
    covered: Sequence[Finding]
    loose: Sequence[Finding]
    effect: str
    may: tuple[Action, ...]
    why_not: tuple[str, ...]
    decider: str
    deciders: Sequence[User]
    may_extend: bool
    history: Sequence[Told]

    @property
    def words(self) -> str:
        """The state as words."""
        return _WORDS[self.state][0]

    @property
    def badge(self) -> str:
        """The colour of the state."""
        return _WORDS[self.state][1]

    @property
    def waits(self) -> bool:
        """Whether somebody has to decide."""
        return self.state is State.REQUESTED


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that a waiver may be asked for. `scope` and `key` are those of the address."""

    scope: str
    key: str
    title: str
    findings: int


def wished(repository: Repository, query: QueryDict) -> Wish:
    """What an address asks for. Raises Http404 for what is not there."""
    if "extends" in query:
        return extending(_waiver(repository, query.get("extends", "")))
    keys = query.getlist("finding")
    if len(keys) > MOST_NAMED or not all(map(_number, keys)):
        raise Http404("No such finding.")
    return Wish(
        repository,
        kind=Waiver.Kind.FALSE_POSITIVE if query.get("kind") == Waiver.Kind.FALSE_POSITIVE else Waiver.Kind.WAIVER,
        findings=tuple(map(_number, keys)),
        rule=query.get("rule", ""),
        path=query.get("path", ""),
        item=query.get("item", ""),
        review=_review(repository, query.get("review", "")),
    )


def choices(repository: Repository) -> list[Choice]:
    """What a waiver of a repository may be for: the rules with open findings, then the items that fail."""
    never = never_waived(waived.rules())
    open_ = repository.findings.filter(state=Finding.State.OPEN).exclude(confidence="low").exclude(rule__in=never)
    counts = Counter(open_.values_list("rule", flat=True))
    known = registry.rules()
    rules = [Choice("rule", rule, known[rule].title, count) for rule, count in counts.most_common() if rule in known]
    card = repository.latest_scan.scorecard if repository.latest_scan else {}
    items = [
        Choice("item", item["ref"], item["title"], item["findings"])
        for item in card.get("items", ())
        if item["counted"] and item["outcome"] == Outcome.FAIL and item["ref"] not in NEVER_EXCUSED
    ]
    return rules + items


def _waiver(repository: Repository, key: str) -> Waiver:
    found = repository.waivers.filter(pk=_number(key), kind=Waiver.Kind.WAIVER).first()
    if found is None:
        raise Http404("No such waiver.")
    return found


def _review(repository: Repository, key: str) -> Review | None:
    return repository.reviews.filter(pk=_number(key)).first() if key else None


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < LONGEST_KEY else 0


def plea(waiver: Waiver, actor: Actor, today: date) -> Plea:
    """What the page of a waiver shows, for somebody who acts in its team as `actor`."""
    now = case(waiver, today)
    state, severity = now.effective, Severity(waiver.severity)
    lives = state in (State.REQUESTED, State.APPROVED)
    covered, beyond = waived.reach(waiver) if lives else ([], [])
    excused = waived.shown([waiver.repository], today) if beyond else {}
    runs = state is State.APPROVED and waiver.kind == Waiver.Kind.WAIVER
    return Plea(
        title=resolve(extending(waiver)).title,
        name=subject(waiver),
        state=state,
        left=(waiver.ends_on - today).days if waiver.ends_on else None,
        covered=covered,
        loose=[finding for finding in beyond if finding.pk not in excused],
        effect=effects([waiver], today).get(waiver.pk, "") if runs else "",
        may=tuple(action for action in Action if not refusals(action, now, actor)),
        why_not=refusals(Action.APPROVE, now, actor) if state is State.REQUESTED else (),
        decider=decider(severity),
        deciders=deciders(waiver) if state is State.REQUESTED else (),
        may_extend=runs and actor.rank >= Actor.ENGINEER,
        history=history(waiver),
    )


def history(waiver: Waiver) -> list[Told]:
    """What the audit log says about a waiver, the newest first."""
    about = AuditEvent.objects.filter(team=waiver.repository.team_id, subject=f"waiver:{waiver.pk}")
    return [
        Told(datetime.fromisoformat(event.at), event.text, str(json.loads(event.data).get("note", "")))
        for event in about.order_by("-seq")
    ]
