"""
The items of a review as its page shows them: each with its evidence, what was said about it, and how far it is.

    Review.objects.prefetch_related(Prefetch("items", with_everything()))
    entries(review, case, conditions, person)     # an Entry for each item, in the order of the page
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet

from reviews.models import Comment, Condition, Evidence, Review, ReviewItem, User, Verdict, Waiver
from reviews.outcomes import Outcome
from reviews.workflow.guards import Case
from reviews.workflow.items import NEVER_EXCUSED, ItemCase
from reviews.workflow.states import ANSWERING, State

_BEFORE_SUBMISSION = (*ANSWERING, State.SCANNING, State.SCAN_FAILED)


@dataclass(frozen=True, slots=True)
class Entry:
    """One item with everything that is said about it. `was` is the item of the previous review, if it had it."""

    item: ReviewItem
    case: ItemCase
    evidence: tuple[Evidence, ...]
    verdicts: tuple[Verdict, ...]
    comments: tuple[Comment, ...]
    conditions: tuple[Condition, ...]
    waivers: tuple[Waiver, ...]
    was: ReviewItem | None
    mine: str
    asking: bool

    @property
    def ref(self) -> str:
        """The ref of the item."""
        return self.item.ref

    @property
    def in_the_way(self) -> str:
        """What keeps the next step away here, as a sentence; empty when nothing."""
        return self.case.missing if self.asking and self.case.required else "" if self.asking else self.case.blocker

    @property
    def takes(self) -> list[str]:
        """The kinds of evidence that fit; every kind where the question names none."""
        return [kind for kind in Evidence.Kind.values if kind in self.item.takes] or Evidence.Kind.values

    @property
    def excusable(self) -> bool:
        """Whether a waiver or a condition may answer for it."""
        return self.ref not in NEVER_EXCUSED

    @property
    def done(self) -> bool:
        """Whether nothing is to be done here in this state."""
        if self.in_the_way:
            return False
        return self.asking or self.case.agreed or not (self.case.asked and self.case.required)

    @property
    def word(self) -> str:
        """How far it is."""
        if self.in_the_way:
            return self._open if self.asking else "to discuss"
        if self.case.conditions:
            return "with a condition"
        if self.case.agreed:
            return "agreed"
        if not self.case.required:
            return "optional"
        if self.asking:
            return "ready"
        return "no verdict" if self.case.asked else "by scan"

    @property
    def _open(self) -> str:
        if self.case.carried:
            return "to confirm"
        if self.case.asked:
            return "to answer" if not self.case.answer else "incomplete"
        return "to mend" if self.case.outcome is Outcome.FAIL else "not seen"

    @property
    def outcome_said(self) -> str:
        """The outcome where its own word would mislead; else empty."""
        return "No answer" if self.case.asked and not self.case.answer else ""

    @property
    def mine_said(self) -> str:
        """What the person said of it, as words."""
        return Verdict.Value(self.mine).label if self.mine else ""

    @property
    def gist(self) -> str:
        """What it rests on, in one line."""
        if not self.case.asked:
            return self.item.found_reason or next(iter(self.item.facts.get("lines", ())), "")
        if not self.case.answer:
            return "nothing attached" if not self.evidence else f"{len(self.evidence)} attached, not answered"
        by = f"answered by {self.item.answered_by.username}" if self.item.answered_by else "answered"
        return f"{by}, {len(self.evidence)} attached" if self.evidence else by

    @property
    def unseen(self) -> bool:
        """Whether it could not be told, and nobody of the team has said that they know."""
        doubtful = self.case.outcome in (Outcome.UNKNOWN, Outcome.ERROR)
        return not self.case.asked and doubtful and not self.case.acknowledged


def entries(review: Review, case: Case, conditions: Iterable[Condition], person: User) -> tuple[Entry, ...]:
    """Every item of a review. `conditions` are those of the review with their people."""
    attached: dict[str, list[Condition]] = defaultdict(list)
    for condition in conditions:
        if condition.state != Condition.State.DROPPED:
            for ref in condition.refs:
                attached[ref].append(condition)
    asked = _waivers(review)
    earlier = {item.ref: item for item in review.previous.items.defer("facts")} if review.previous else {}
    cases = {one.ref: one for one in case.items}
    return tuple(
        Entry(
            item=item,
            case=cases[item.ref],
            evidence=tuple(one for one in item.evidence.all() if one.removed_at is None),
            verdicts=_newest(item.verdicts.all()),
            comments=tuple(item.comments.all()),
            conditions=tuple(attached[item.ref]),
            waivers=tuple(asked[item.ref]),
            was=earlier.get(item.ref),
            mine=cases[item.ref].verdicts.get(person.pk, ""),
            asking=case.state in _BEFORE_SUBMISSION,
        )
        for item in review.items.all()
    )


def with_everything() -> QuerySet[ReviewItem]:
    """Items with all that is said about them, to be prefetched with their reviews: four queries."""
    return ReviewItem.objects.select_related("answered_by", "acknowledged_by").prefetch_related(
        Prefetch("evidence", Evidence.objects.select_related("added_by", "upload").defer("upload__content")),
        Prefetch("verdicts", Verdict.objects.select_related("reviewer")),
        Prefetch("comments", Comment.objects.select_related("author")),
    )


def _waivers(review: Review) -> dict[str, list[Waiver]]:
    """The waivers of whole items that are asked for or were approved, by ref, the newest first."""
    found: dict[str, list[Waiver]] = defaultdict(list)
    shown = (Waiver.State.REQUESTED, Waiver.State.APPROVED)
    of_items = Waiver.objects.filter(repository=review.repository_id, scope=Waiver.Scope.ITEM, state__in=shown)
    for waiver in of_items.select_related("requested_by").order_by("-pk"):
        found[waiver.item].append(waiver)
    return found


def _newest(verdicts: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """The newest verdict of each reviewer."""
    return tuple({one.reviewer_id: one for one in verdicts}.values())
