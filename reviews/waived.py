"""What people decided that changes a scorecard: waivers and false positives in force, answers of decided reviews."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from django.db.models import Q, QuerySet
from django.utils import timezone

from reviews import checklist
from reviews.excuses import Excuse, Place, cover
from reviews.models import Finding, Repository, Review, ReviewItem, WaivedFinding, Waiver
from reviews.outcomes import Outcome
from reviews.workflow.states import DECIDED
from scanners.finding import Severity


@dataclass(frozen=True, slots=True)
class Shown:
    """Why an open finding is shown as waived or as a false positive."""

    waiver: Waiver

    @property
    def state(self) -> str:
        """The state that pages show."""
        return "false-positive" if self.waiver.kind == Waiver.Kind.FALSE_POSITIVE else "waived"


def today() -> date:
    """The day that counts, in UTC."""
    return timezone.now().astimezone(UTC).date()


def in_force(waivers: QuerySet[Waiver], day: date) -> QuerySet[Waiver]:
    """Those that hold on a day, approved on it or before. For a day that is over also those that ended since."""
    held = Q(state=Waiver.State.APPROVED) | Q(state=Waiver.State.ENDED)
    return waivers.filter(held, Q(ends_on__gte=day) | Q(ends_on=None), decided_at__lt=_after(day))


def next_start(repository: int, day: date) -> date | None:
    """The first day after `day` on which something more begins to hold."""
    later = Waiver.objects.filter(repository=repository, state=Waiver.State.APPROVED, decided_at__gte=_after(day))
    at = later.order_by("decided_at").values_list("decided_at", flat=True).first()
    return at.astimezone(UTC).date() if at else None


def excuses(repository: int, day: date) -> list[Excuse]:
    """What holds in a repository on a day."""
    return _excuses(in_force(Waiver.objects.filter(repository=repository), day)).get(repository, [])


def shown(repositories: QuerySet[Repository] | Collection[Repository], day: date) -> dict[int, Shown]:
    """The open findings that are covered on a day, by their key. Four queries at most, however many repositories."""
    found = _excuses(in_force(Waiver.objects.filter(repository__in=repositories), day))
    if not found:
        return {}
    by_repository: dict[int, list[Finding]] = defaultdict(list)
    fields = ("repository_id", "rule", "identity", "path", "severity", "anchor", "confidence")
    for finding in Finding.objects.filter(repository__in=found, state=Finding.State.OPEN).only(*fields).order_by(*AGE):
        by_repository[finding.repository_id].append(finding)
    keys: dict[int, int] = {}
    for repository, findings in by_repository.items():
        covered = cover([place(finding) for finding in findings], found[repository], rules())
        by_index = dict(covered.waived) | dict(covered.false)
        keys |= {findings[index].pk: excuse.key for index, excuse in by_index.items()}
    waivers = Waiver.objects.select_related("requested_by", "decided_by").in_bulk(set(keys.values()))
    return {finding: Shown(waivers[waiver]) for finding, waiver in keys.items()}


AGE = ("first_seen_at", "pk")


def reach(waiver: Waiver) -> tuple[list[Finding], list[Finding]]:
    """The open findings that a waiver covers, or would; and those of its scope that it does not."""
    open_ = Finding.objects.filter(repository=waiver.repository_id, state=Finding.State.OPEN).defer("snippet")
    findings = list(open_.order_by(*AGE))
    places = [place(finding) for finding in findings]
    named = dict(waiver.covered.values_list("finding__identity", "anchor"))
    one = excuse(waiver, named if waiver.scope == Waiver.Scope.FINDING else {})
    found = cover(places, [one], rules())
    held = {*found.waived, *found.false}
    loose = [index for index, seen in enumerate(places) if index not in held and one.concerns(seen, rules())]
    return [findings[index] for index in sorted(held)], [findings[index] for index in loose]


def place(finding: Finding) -> Place:
    """A stored finding as an excuse sees it."""
    sure = finding.confidence != "low"
    return Place(finding.rule, finding.identity, finding.path, Severity(finding.severity), finding.anchor, sure)


@cache
def rules() -> Mapping[str, frozenset[str]]:
    """The rules of each item."""
    return {item.ref: frozenset(rule.id for rule in item.rules) for item in checklist.current().items}


def answers_of(repository: Repository | int) -> dict[str, Outcome] | None:
    """The outcome of each asked item by the reviews that were decided; None before the first one.

    Of an item that several of them asked the last counts; one that none asked is not there.
    """
    decided = Review.objects.filter(repository=repository, state__in=DECIDED, decided_at__isnull=False)
    reviews = list(decided.order_by("decided_at", "pk").values_list("pk", flat=True))
    if not reviews:
        return None
    turn = {review: place for place, review in enumerate(reviews)}
    asked = ReviewItem.objects.filter(Q(required=True) | ~Q(answer=""), review__in=reviews, asked=True)
    rows = sorted(asked.values_list("review", "ref", "answer"), key=lambda row: turn[row[0]])
    return {ref: Outcome(answer or Outcome.UNKNOWN) for _, ref, answer in rows}


def _excuses(waivers: QuerySet[Waiver]) -> dict[int, list[Excuse]]:
    """By repository."""
    held = list(waivers)
    named: dict[int, dict[str, str]] = defaultdict(dict)
    covered = WaivedFinding.objects.filter(
        waiver__in=[waiver for waiver in held if waiver.scope == Waiver.Scope.FINDING]
    )
    if held:
        for key, identity, anchor in covered.values_list("waiver", "finding__identity", "anchor"):
            named[key][identity] = anchor
    found: dict[int, list[Excuse]] = defaultdict(list)
    for waiver in held:
        found[waiver.repository_id].append(excuse(waiver, named[waiver.pk]))
    return found


def excuse(waiver: Waiver, named: Mapping[str, str]) -> Excuse:
    """A waiver as the pure part sees it; `named` as in Excuse."""
    return Excuse(
        key=waiver.pk,
        severity=Severity(waiver.severity),
        cap=waiver.cap,
        until=waiver.ends_on,
        rule=waiver.rule if waiver.scope == Waiver.Scope.RULE else "",
        path=waiver.path,
        item=waiver.item if waiver.scope == Waiver.Scope.ITEM else "",
        named=named,
        false_positive=waiver.kind == Waiver.Kind.FALSE_POSITIVE,
    )


def _after(day: date) -> datetime:
    """The moment at which a day is over."""
    return datetime.combine(day + timedelta(days=1), time.min, UTC)
