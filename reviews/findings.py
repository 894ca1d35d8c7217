"""Findings as lists show them: narrowed, in the order of what hurts most, and grouped by rule."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from reviews.excuses import never_waived
from reviews.models import Finding, Introduction
from reviews.patches.questions import bulk_rules
from reviews.scorecards import ranked
from reviews.waived import Shown, rules
from scanners import registry
from scanners.finding import Confidence, Severity
from scanners.rule import Rule

EXCUSED = ("waived", "false-positive")


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one rule on one page; `total` counts those on all pages. `rule` is None for one that is gone."""

    id: str
    rule: Rule | None
    findings: tuple[Finding, ...]
    total: int

    @property
    def bulk(self) -> bool:
        """Whether one patch may clear many of them."""
        return self.id in bulk_rules()

    @property
    def waivable(self) -> bool:
        """Whether a waiver may be asked for."""
        sure = any(finding.confidence != "low" for finding in self.findings)
        return sure and self.rule is not None and self.id not in never_waived(rules())


def filtered(
    findings: QuerySet[Finding], wanted: Mapping[str, str], shown: Mapping[int, Shown] | None = None
) -> QuerySet[Finding]:
    """The findings that `FindingFilter.wanted` asks for. `shown` has those that a waiver or false positive covers."""
    plain = {
        {"team": "repository__team__slug"}.get(name, name): wanted[name]
        for name in ("area", "rule", "team")
        if name in wanted
    }
    found = in_state(findings, wanted.get("state", "all"), shown or {}).filter(**plain)
    if "severity" in wanted:
        found = found.filter(severity__in=at_least(Severity, wanted["severity"]))
    if "confidence" in wanted:
        found = found.filter(confidence__in=at_least(Confidence, wanted["confidence"]))
    if "written" in wanted:
        found = found.filter(written_since(timezone.now() - timedelta(days=int(wanted["written"]))))
    for word in wanted.get("q", "").split():
        found = found.filter(said(word))
    return found


def in_state(findings: QuerySet[Finding], state: str, shown: Mapping[int, Shown]) -> QuerySet[Finding]:
    """The findings of a state as pages show it: what is covered is open in the database, and shown as covered."""
    if state == "all":
        return findings
    if state in EXCUSED:
        return findings.filter(pk__in=[key for key, why in shown.items() if why.state == state])
    found = findings.filter(state=state)
    return found.exclude(pk__in=list(shown)) if state == Finding.State.OPEN and shown else found


def at_least(steps: type[Severity] | type[Confidence], least: str) -> list[str]:
    """A step and those above it."""
    values = [str(step) for step in steps]
    return values[values.index(least) :]


def written_since(moment: datetime) -> Q:
    """Findings whose line was written after `moment`, by blame: what nobody could date is not among them."""
    return Q(introduction__state=Introduction.State.KNOWN, introduction__authored_at__gte=moment)


def said(word: str) -> Q:
    """Findings that hold a word in their place, rule or message."""
    fields = ("path", "qualname", "rule", "message", "repository__name")
    return Q(*((f"{field}__icontains", word) for field in fields), _connector=Q.OR)


def by_rule(findings: QuerySet[Finding]) -> QuerySet[Finding]:
    """The worst rules first; of one rule the most severe first, then by place."""
    worst = sorted(registry.rules().values(), key=lambda rule: -list(Severity).index(rule.severity))
    return findings.annotate(
        place=ranked("rule", [rule.id for rule in worst]),
        weight=ranked("severity", ("critical", "high", "medium", "low")),
    ).order_by("place", "rule", "weight", "repository__name", "path", "line", "pk")


def totals(findings: QuerySet[Finding]) -> dict[str, int]:
    """How many findings there are of each rule."""
    return dict(findings.order_by().values_list("rule").annotate(count=Count("pk")))


def groups(findings: Iterable[Finding], totals: Mapping[str, int]) -> list[Group]:
    """Findings in the order of `by_rule`, group by group."""
    known = registry.rules()
    return [
        Group(rule, known.get(rule), tuple(found), totals.get(rule, 0))
        for rule, found in groupby(findings, key=lambda finding: finding.rule)
    ]
