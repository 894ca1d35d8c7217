"""The repositories whose score moved most, and what their scans found meanwhile."""

from collections import defaultdict
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Count, Q

from reviews.fleet import Fleet, Row
from reviews.models import FindingEvent, Team

CAUSES = {FindingEvent.Kind.FIXED: "fixed", FindingEvent.Kind.OPENED: "new", FindingEvent.Kind.REOPENED: "back"}


@dataclass(frozen=True, slots=True)
class Cause:
    """How many findings of a rule were opened or fixed."""

    what: str
    rule: str
    count: int


@dataclass(frozen=True, slots=True)
class Mover:
    """A repository whose score moved, and what its scans found meanwhile."""

    team: Team
    row: Row
    causes: tuple[Cause, ...]
    rules_changed: bool


def movers(fleet: Fleet, most: int = 5) -> list[Mover]:
    """The repositories whose score moved most in 30 days, with what their scans found meanwhile, in one query."""
    rows = sorted((row for row in fleet.rows if row.change), key=lambda row: -abs(row.change))[:most]
    causes: dict[int, list[Cause]] = defaultdict(list)
    spans = [Q(scan__repository=row.id, scan__gt=row.then_scan, scan__lte=row.scan) for row in rows]
    events = FindingEvent.objects.filter(reduce(or_, spans), kind__in=CAUSES) if spans else FindingEvent.objects.none()
    counted = events.values_list("scan__repository", "kind", "finding__rule").annotate(count=Count("pk"))
    for repository, kind, rule, count in counted.order_by("-count"):
        causes[repository].append(Cause(CAUSES[kind], rule, count))
    teams = {line.team.pk: line.team for line in fleet.teams}
    return [Mover(teams[row.team], row, tuple(causes[row.id][:2]), row.rules != row.then_rules) for row in rows]
