"""
Asking for a waiver or a false positive: what it would cover, what is wrong with the request, and the request itself.

    scope = resolve(wish)            # what is meant: findings there are now, severity, whether anything can excuse it
    faults(wish, scope, today)       # {field: what is wrong}; "" is for the whole of it
    ask(wish, by)                    # Waiver; raises ValidationError by field, life.RefusedError
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.db.models import QuerySet

from reviews import checklist, waived
from reviews.excuses import below, never_waived, worst
from reviews.models import Finding, Repository, Review, ReviewItem, User, WaivedFinding, Waiver
from reviews.signoff import casefile
from reviews.waivers.decisions import case, deciders, locked, named, record, told
from reviews.waivers.life import LONGEST, MOST_DAYS, MOST_FINDINGS, RefusedError, State, last_day
from reviews.workflow.items import NEVER_EXCUSED
from reviews.workflow.quorum import Actor
from scanners import registry
from scanners.finding import Severity

Kind, Scope, Reason = Waiver.Kind, Waiver.Scope, Waiver.Reason

MISSING = {
    "reason": "Choose a reason.",
    "justification": "Say why. Whoever decides has nothing else to go by.",
    "ends_on": "A waiver ends on a day. Choose one.",
    "cap": f"From 1 to {MOST_FINDINGS:,} findings.",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for. Nothing in it is checked yet; `findings` are keys. `extends` gives its own scope."""

    repository: Repository
    kind: str = Kind.WAIVER
    findings: Sequence[int] = ()
    rule: str = ""
    path: str = ""
    item: str = ""
    reason: str = ""
    justification: str = ""
    control: str = ""
    ends_on: date | None = None
    cap: int | None = None
    extends: Waiver | None = None
    review: Review | None = None

    @property
    def scope(self) -> str:
        """Which of the scopes is meant."""
        if self.item:
            return Scope.ITEM
        return Scope.FINDING if self.findings else Scope.RULE


@dataclass(frozen=True, slots=True)
class Meant:
    """What a wish is about, as things are now. `findings` are the open ones that it would cover."""

    title: str
    severity: Severity
    findings: tuple[Finding, ...] = ()
    known: bool = True
    never: bool = False
    rules: frozenset[str] = field(default_factory=frozenset)


def extending(waiver: Waiver) -> Wish:
    """The wish for the same again."""
    by_name = waiver.scope == Scope.FINDING
    return Wish(
        repository=waiver.repository,
        findings=tuple(waiver.covered.values_list("finding", flat=True)) if by_name else (),
        rule="" if by_name else waiver.rule,
        path="" if by_name else waiver.path,
        item=waiver.item,
        extends=waiver,
        review=waiver.review,
    )


def resolve(wish: Wish) -> Meant:
    """What is meant by a wish."""
    by_scope = {Scope.FINDING: _findings, Scope.RULE: _rule, Scope.ITEM: _item}
    return by_scope[Scope(wish.scope)](wish)


def _open(repository: Repository) -> QuerySet[Finding]:
    return repository.findings.filter(state=Finding.State.OPEN).defer("snippet").order_by(*waived.AGE)


def _findings(wish: Wish) -> Meant:
    found = tuple(_open(wish.repository).filter(pk__in=wish.findings))
    rules = frozenset(finding.rule for finding in found)
    never = bool(rules & never_waived(waived.rules()))
    title = _title(next(iter(rules), wish.extends.rule if wish.extends else ""))
    return Meant(title, worst(finding.severity for finding in found), found, bool(found), never, rules)


def _rule(wish: Wish) -> Meant:
    rule = registry.rules().get(wish.rule)
    of_rule = _open(wish.repository).filter(rule=wish.rule).exclude(confidence="low")
    found = tuple(finding for finding in of_rule if below(finding.path, wish.path))
    severity = worst([*(finding.severity for finding in found), *([rule.severity] if rule else [])])
    never = wish.rule in never_waived(waived.rules())
    return Meant(_title(wish.rule), severity, found, rule is not None, never, frozenset([wish.rule]))


def _item(wish: Wish) -> Meant:
    item = {item.ref: item for item in checklist.current().items}.get(wish.item)
    asked = ReviewItem.objects.filter(review__repository=wish.repository, ref=wish.item).order_by("-pk").first()
    known = item or asked
    rules = waived.rules().get(wish.item, frozenset())
    found = tuple(_open(wish.repository).filter(rule__in=rules).exclude(confidence="low"))
    severity = worst([*(finding.severity for finding in found), *([known.severity] if known else [])])
    never = wish.item in NEVER_EXCUSED
    return Meant(known.title if known else wish.item, severity, found, known is not None, never, rules)


def _title(rule: str) -> str:
    known = registry.rules().get(rule)
    return known.title if known else rule


def faults(wish: Wish, meant: Meant, today: date) -> dict[str, str]:
    """What is wrong with a request, by field."""
    found = {"": _of_the_scope(wish, meant)}
    found["justification"] = _of_the_text(wish.justification)
    if wish.kind == Kind.WAIVER:
        found |= _of_the_waiver(wish, meant.severity, today)
    return {name: text for name, text in found.items() if text}


def _of_the_scope(wish: Wish, meant: Meant) -> str:
    false_positive = wish.kind == Kind.FALSE_POSITIVE
    if not meant.known:
        return "Nothing of this is open in the repository any more, so there is nothing to ask for."
    if false_positive and wish.scope != Scope.FINDING:
        return "A false positive is about findings. Open the finding and ask there."
    if wish.scope == Scope.FINDING and len(meant.rules) > 1:
        return "The findings are of several rules. Ask for each rule on its own."
    if not false_positive and meant.never:
        return "Nothing excuses this one. Mend it; a finding that is wrong can be asked to be a false positive."
    if not false_positive and any(finding.confidence == "low" for finding in meant.findings):
        return "A finding of low confidence never blocks, so it needs no waiver. It may be a false positive."
    waiting = _waiting(wish)
    return f"{waiting.requested_by} asked for it already. Request {waiting.pk} waits for a decision." if waiting else ""


def _waiting(wish: Wish) -> Waiver | None:
    """A request for the same that nobody decided yet."""
    same = Waiver.objects.filter(repository=wish.repository, state=State.REQUESTED.value, scope=wish.scope)
    if wish.scope == Scope.FINDING:
        same = same.filter(kind=wish.kind, covered__finding__in=wish.findings)
    else:
        same = same.filter(rule=wish.rule, path=wish.path, item=wish.item)
    return same.select_related("requested_by").first()


def _of_the_text(text: str) -> str:
    if not text.strip():
        return MISSING["justification"]
    return f"Say it in {LONGEST:,} characters." if len(text) > LONGEST else ""


def _of_the_waiver(wish: Wish, severity: Severity, today: date) -> dict[str, str]:
    found = {"ends_on": _of_the_end(wish, severity, today)}
    if wish.reason not in (Reason.ACCEPTED, Reason.COMPENSATED, Reason.NOT_YET):
        found["reason"] = MISSING["reason"]
    if wish.reason == Reason.COMPENSATED and not wish.control.strip():
        found["control"] = "Say which other control limits the damage, and where it can be seen."
    if len(wish.control) > LONGEST:
        found["control"] = f"Say it in {LONGEST:,} characters."
    if wish.scope != Scope.FINDING and not 1 <= (wish.cap or 0) <= MOST_FINDINGS:
        found["cap"] = MISSING["cap"]
    return found


def _of_the_end(wish: Wish, severity: Severity, today: date) -> str:
    if wish.ends_on is None:
        return MISSING["ends_on"]
    if wish.ends_on < today:
        return "This day is over. Choose a later one."
    if wish.ends_on > last_day(severity, today):
        most = f"{last_day(severity, today):%-d %b %Y}"
        return f"Severity {severity} allows {MOST_DAYS[severity]} days at most: {most} or before."
    old = wish.extends
    if old is None:
        return ""
    if case(old, today).effective is not State.APPROVED or old.ends_on is None:
        return "What is to be extended does not run any more. Ask for a new one."
    return "" if wish.ends_on > old.ends_on else f"It runs until {old.ends_on:%-d %b %Y} already. Choose a later day."


def ask(wish: Wish, by: User, today: date | None = None) -> Waiver:
    """Make the request, record it and tell who may decide. Raises ValidationError by field, RefusedError."""
    today = today or waived.today()
    with transaction.atomic():
        repository = locked(wish.repository.pk)
        if casefile.actor(by, repository.team).rank < Actor.ENGINEER:
            raise RefusedError(("Asking needs the role engineer. Ask a maintainer of the team for it.",))
        meant = resolve(wish)
        wrong = faults(wish, meant, today)
        if wrong:
            raise ValidationError({name or NON_FIELD_ERRORS: text for name, text in wrong.items()})
        waiver = _kept(wish, meant, by)
        waiver.repository = repository
        record(waiver, by, "waiver-requested", f"asked for {named(waiver)[:1].lower()}{named(waiver)[1:]}")
        told(
            waiver,
            "waiver-asked",
            deciders(waiver),
            key="waiver-asked",
            happened=f"{named(waiver)} waits for your decision.",
            by=by,
            said=wish.justification,
            next_step="Approve or decline it.",
        )
    return waiver


def _kept(wish: Wish, meant: Meant, by: User) -> Waiver:
    false_positive, by_name = wish.kind == Kind.FALSE_POSITIVE, wish.scope == Scope.FINDING
    waiver = Waiver.objects.create(
        repository=wish.repository,
        review=wish.review,
        kind=wish.kind,
        scope=wish.scope,
        rule=meant.findings[0].rule if by_name else wish.rule,
        path=meant.findings[0].path if by_name and len(meant.findings) == 1 else wish.path,
        item=wish.item,
        severity=meant.severity.value,
        cap=len(meant.findings) if by_name else wish.cap or 1,
        reason=Reason.FALSE_POSITIVE if false_positive else wish.reason,
        justification=wish.justification.strip(),
        control="" if false_positive else wish.control.strip(),
        ends_on=None if false_positive else wish.ends_on,
        extends=wish.extends,
        requested_by=by,
    )
    named = meant.findings if by_name else ()
    WaivedFinding.objects.bulk_create(
        [WaivedFinding(waiver=waiver, finding=finding, anchor=finding.anchor) for finding in named]
    )
    return waiver
