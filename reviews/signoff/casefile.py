"""
One review as the workflow sees it, put together from its rows; and the digests that sign-offs are bound to.

    case(review, now)          # guards.Case: everything that guards look at
    actor(person, team)        # quorum.Actor: their role and duties in the team; None is Plimsoll itself
    seal(review)               # after a change of what a verdict is about: new digests, and the version rises
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import F, Q, prefetch_related_objects
from django.utils import timezone

from reviews import recount
from reviews.models import Condition, Membership, Review, ReviewItem, SignOff, Team, User, Waiver
from reviews.signoff import authorship
from reviews.workflow.guards import Case, Clock
from reviews.workflow.items import ItemCase
from reviews.workflow.quorum import Actor, Given, quorum
from reviews.workflow.states import State
from reviews.workflow.transitions import effective

_RANKS = {role: rank for rank, role in enumerate(Membership.Role.values)}
_COUNTING = (SignOff.Decision.APPROVE, SignOff.Decision.CONDITIONS)


def actor(person: User | None, team: Team) -> Actor:
    """Who acts. A site admin who is no member may do what an engineer may: human decisions need a membership."""
    if person is None:
        return Actor(None)
    held = Membership.objects.filter(team=team, user=person).first()
    least = Actor.ENGINEER if person.is_superuser else Actor.NOBODY
    if held is None or not person.is_active:
        return Actor(person.pk, least)
    return Actor(person.pk, max(_RANKS[held.role], least), frozenset(held.duties))


def case(review: Review, now: datetime, *, stored: bool = False) -> Case:
    """The facts about a review at a moment; `stored` takes the state as it is written down, ends not yet drawn."""
    outside = authorship.outside(review)
    conditions = _standing_conditions(review)
    open_ = tuple(one.due_on for one in conditions if one.state == Condition.State.OPEN)
    timer = Clock(now, review.valid_until, open_)
    state = State(review.state)
    return Case(
        state=state if stored else effective(state, timer),
        clock=timer,
        items=_items(review, outside, conditions),
        slots=quorum(review.tier, ops=review.tier in review.repository.team.ops_tiers),
        given=_given(review, outside),
        authors_known=authorship.all_known(review),
        conditions=len(conditions),
        claimed_by=review.claimed_by_id,
        changed=tuple(ref for ref, *_ in changed(review)),
        outside=outside,
    )


def clock(review: Review, now: datetime) -> Clock:
    """What ends by itself."""
    open_ = review.conditions.filter(state=Condition.State.OPEN)
    return Clock(now, review.valid_until, tuple(open_.values_list("due_on", flat=True)))


def changed(review: Review) -> list[tuple[str, str, str]]:
    """What the newest compared commit changes and nobody has reaffirmed: (ref, kind, what)."""
    newest = review.commits.order_by("-pk").first()
    if newest is None:
        return []
    seen = defaultdict(set)
    for sign_off in review.sign_offs.all():
        if sign_off.decision == SignOff.Decision.REAFFIRM:
            for ref, digest in sign_off.items.items():
                seen[ref].add(digest)
    return [(ref, kind, what) for ref, kind, what in newest.changes if newest.digests.get(ref) not in seen[ref]]


def seal(review: Review) -> None:
    """Digest anew what each verdict is about, and raise the version. Call it in the transaction of the change."""
    card, conditions = _card(review), _conditions_by_ref(_standing_conditions(review))
    waived = _waived(review, card)
    items = list(review.items.prefetch_related("evidence__upload"))
    stale = []
    for item in items:
        digest = _digest(_content(item, _found(item, card), item.ref in waived, conditions[item.ref]))
        if item.digest != digest:
            item.digest = digest
            stale.append(item)
    ReviewItem.objects.bulk_update(stale, ["digest"])
    review.evidence_digest = _digest([[item.ref, item.digest] for item in items])
    Review.objects.filter(pk=review.pk).update(evidence_digest=review.evidence_digest, version=F("version") + 1)
    review.version += 1


def _content(item: ReviewItem, found: str, waived: bool, conditions: Iterable[Condition]) -> list[Any]:
    evidence = [
        [row.kind, row.text, row.path, row.line, row.end_line, row.blob, row.digest, row.upload and row.upload.sha256]
        for row in item.evidence.all()
        if row.removed_at is None
    ]
    attached = [[row.text, row.owner_id, row.verifier_id, row.due_on.isoformat(), row.method] for row in conditions]
    stated = [item.answer, item.rationale, item.carried, item.acknowledged_by_id is not None]
    return [item.ref, item.question, found, item.facts_digest, stated, evidence, waived, attached]


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _items(review: Review, outside: Mapping[int, str], conditions: Iterable[Condition]) -> tuple[ItemCase, ...]:
    card = _card(review)
    waived = _waived(review, card)
    attached = _conditions_by_ref(conditions)
    rows = list(review.items.all())
    prefetch_related_objects(rows, "evidence", "verdicts")
    return tuple(
        replace(_item(row, outside, row.ref in waived, len(attached[row.ref])), found=_found(row, card)) for row in rows
    )


def _item(row: ReviewItem, outside: Mapping[int, str], waived: bool, conditions: int) -> ItemCase:
    evidence = [one for one in row.evidence.all() if one.removed_at is None]
    verdicts = {
        one.reviewer_id: one.value
        for one in row.verdicts.all()
        if one.digest == row.digest and one.reviewer_id not in outside
    }
    return ItemCase(
        ref=row.ref,
        asked=row.asked,
        required=row.required,
        found=row.found,
        answer=row.answer,
        rationale=row.rationale,
        carried=row.carried,
        evidence=len(evidence),
        unread=sum(one.state != one.State.READ for one in evidence),
        acknowledged=row.acknowledged_by_id is not None,
        waived=waived,
        conditions=conditions,
        verdicts=verdicts,
    )


def _given(review: Review, outside: Mapping[int, str]) -> tuple[Given, ...]:
    now = (review.round, review.commit, review.evidence_digest)
    return tuple(
        Given(row.reviewer_id, frozenset(row.duties))
        for row in review.sign_offs.all()
        if row.decision in _COUNTING
        and (row.round, row.commit, row.evidence_digest) == now
        and row.reviewer_id not in outside
    )


def _card(review: Review) -> Mapping[str, Mapping[str, Any]]:
    """The rows of today's scorecard by ref."""
    items = recount.card(review.scan, timezone.now().date()).get("items", ()) if review.scan else ()
    return {item["ref"]: item for item in items}


def _found(row: ReviewItem, card: Mapping[str, Mapping[str, Any]]) -> str:
    """What the scan says today: what was filled in, but without the findings that are false positives since."""
    return row.found if row.asked or row.ref not in card else str(card[row.ref]["raw_outcome"])


def _waived(review: Review, card: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """The items that a waiver answers for today: as a whole, or by all that the scan found against them."""
    whole = Waiver.objects.filter(
        Q(ends_on__gte=timezone.now().date()),
        repository=review.repository_id,
        kind=Waiver.Kind.WAIVER,
        scope=Waiver.Scope.ITEM,
        state=Waiver.State.APPROVED,
    )
    return {*whole.values_list("item", flat=True), *(ref for ref in card if card[ref]["outcome"] == "waived")}


def _standing_conditions(review: Review) -> list[Condition]:
    return [one for one in review.conditions.all() if one.state != Condition.State.DROPPED]


def _conditions_by_ref(conditions: Iterable[Condition]) -> Mapping[str, list[Condition]]:
    by_ref: dict[str, list[Condition]] = defaultdict(list)
    for condition in conditions:
        for ref in condition.refs:
            by_ref[ref].append(condition)
    return by_ref
