"""People acting on one review by chance, and what has to stay true whatever they do."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
)

from reviews.audit.verifying import verify
from reviews.gate import gating
from reviews.models import AuditEvent, Membership, Review, Team, User, Waiver
from reviews.signoff import casefile
from reviews.signoff.turns import ConflictError, Seen
from reviews.waivers import decisions, life
from reviews.workflow.states import HELD, IN_FORCE, State
from reviews.workflow.transitions import TRANSITIONS, RefusedError
from tests.factories import MembershipFactory, TeamFactory
from tests.reviews.reviewing import Role, agreed, item_of, person, review_in, scanned
from tests.reviews.rows import COMMIT

REFUSALS = (RefusedError, ConflictError, ValidationError, life.RefusedError, decisions.ConflictError)
WAYS = {(source.value, row.target.value) for row in TRANSITIONS for source in row.sources}
# Back to what it was: an approval with conditions is reaffirmed as one.
WAYS |= {("needs-reaffirmation", "approved-with-conditions"), ("suspended", "needs-reaffirmation")}
NAMES = ("submitter", "author", "lead", "security", "authority", "viewer", "stranger", "admin")
# Mostly those who may, or nothing would ever happen.
names = st.sampled_from([*NAMES, *["submitter"] * 6])
refs = st.sampled_from(["Q10", "Q23"])
signers = st.sampled_from([*["lead", "security", "authority"] * 3, "author", "submitter"])
fresh = st.sampled_from([True, True, True, False])


def cast(team: Team) -> dict[str, User]:
    """Everybody who might act, each with a name of their own."""
    mark = team.pk
    return {
        "submitter": person(team, f"submitter{mark}", Role.MAINTAINER, "lead"),
        "author": person(team, f"author{mark}", Role.REVIEWER, "security"),
        "lead": person(team, f"lead{mark}", Role.REVIEWER, "lead"),
        "security": person(team, f"security{mark}", Role.REVIEWER, "security"),
        "authority": person(team, f"authority{mark}", Role.MAINTAINER, "authority"),
        "viewer": person(team, f"viewer{mark}", Role.VIEWER, "security", "authority"),
        "stranger": MembershipFactory(user__username=f"stranger{mark}", role=Role.MAINTAINER).user,
        "admin": MembershipFactory(user__username=f"admin{mark}", user__is_superuser=True).user,
    }


BEGINNINGS = (
    State.DRAFT,
    *[State.IN_REVIEW] * 4,
    State.SELF_ASSESSMENT,
    State.APPROVED,
    State.APPROVED_WITH_CONDITIONS,
)


class Acting(RuleBasedStateMachine):
    """One review, its people, and a clock that only the test moves."""

    @initialize(tier=st.sampled_from("ABC"), state=st.sampled_from(BEGINNINGS))
    def begin(self, tier: str, state: State) -> None:
        self.now = datetime(2026, 3, 1, 9, tzinfo=UTC)
        self.team = TeamFactory()
        self.people = cast(self.team)
        self.repository = scanned(self.team, tier)
        ends = {"decided_at": self.now, "valid_until": self.now + timedelta(days=90)} if state in HELD else {}
        fields = {"repository": self.repository, "tier": tier} | ends
        self.review = review_in(state, self.team, self.people["submitter"], **fields)
        self.fill(wrote=True)
        agreed(self.review, self.people["lead"])
        self.olds = [Seen.of(self.review)]
        self.signed = 0

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()

    def teardown(self) -> None:
        whole = list(verify(self.team).faults) == [] if hasattr(self, "team") else True
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)
        assert whole

    def do(self, act: Callable[[Seen], object], *, current: bool = True, seen_counts: bool = True) -> bool:
        """Let somebody act on what their page shows. Whatever is refused has changed nothing."""
        before = Seen.of(self.review)
        seen = before if current else self.olds[len(self.olds) // 2]
        log = self.events()
        try:
            with patch("django.utils.timezone.now", lambda: self.now):
                act(seen)
            done = True
        except REFUSALS:
            done = False
        self.review.refresh_from_db()
        after = Seen.of(self.review)
        assert done or (after == before and self.events() == log)
        assert not done or self.events() > log
        assert not (done and seen_counts and seen != before), "decided from an outdated page"
        assert after.state == before.state or (before.state, after.state) in WAYS
        self.olds.append(after)
        self.check_new_sign_offs()
        self.check_the_gate()
        return done

    def check_the_gate(self) -> None:
        """At a tier that needs a review it lets out what was approved alone; broken glass opens it too, and says so."""
        review = self.review
        answer = gating.answer(review.repository, review.commit or COMMIT, self.now)
        held = casefile.case(review, self.now).state in (*IN_FORCE, State.NEEDS_REAFFIRMATION)
        needed = review.tier in review.repository.team.review_tiers
        broken = review.repository.broken_glass.exists()
        assert not (answer.verdict.lets_out and needed and not held and not broken)

    def seldom(self) -> bool:
        """Ends are rarer than the way there."""
        return len(self.olds) % 5 == 4

    def events(self) -> int:
        return AuditEvent.objects.filter(team=self.team).count()

    def outsiders(self) -> set[int | None]:
        """Told anew here, from the rows alone."""
        review = self.review
        wrote = {self.people["author"].pk} if review.authors else set()
        told = review.items.filter(answered_by__isnull=False).values_list("answered_by", flat=True)
        return {review.opened_by_id, review.submitted_by_id, *told, *wrote}

    def check_new_sign_offs(self) -> None:
        rows = list(self.review.sign_offs.order_by("pk"))[self.signed :]
        self.signed += len(rows)
        for row in rows:
            member = Membership.objects.get(team=self.team, user=row.reviewer_id)
            assert row.reviewer_id not in self.outsiders()
            assert member.role in (Role.REVIEWER, Role.MAINTAINER)
            assert set(row.duties) <= set(member.duties)

    def fill(self, wrote: bool) -> None:
        """Two questions are what this review asks; and one reviewer may have written commits."""
        self.review.items.update(required=False)
        for ref in {"Q10", "Q23"} - set(self.review.items.values_list("ref", flat=True)):
            item_of(self.review, ref)
        self.review.items.filter(ref__in=["Q10", "Q23"]).update(required=True)
        self.review.items.exclude(ref__in=["Q10", "Q23"]).update(asked=False)
        authors = [["A", self.people["author"].email, 3]] if wrote else []
        Review.objects.filter(pk=self.review.pk).update(authors=authors, authors_state="known")
        casefile.seal(self.review)
        self.review.refresh_from_db()

    @invariant()
    def an_approval_ends_and_conditions_and_waivers_do_too(self) -> None:
        held = Review.objects.filter(repository__team=getattr(self, "team", None), state__in=HELD)
        assert not held.filter(valid_until=None).exists()
        assert not Waiver.objects.filter(kind="waiver", ends_on=None).exists()

    @invariant()
    def waivers_are_approved_by_another(self) -> None:
        approved = Waiver.objects.filter(repository=getattr(self, "repository", None), state="approved")
        assert all(one.decided_by_id not in (None, one.requested_by_id) and one.ends_on for one in approved)

    @invariant()
    def one_approval_of_a_repository_is_in_force(self) -> None:
        held = Review.objects.filter(repository=getattr(self, "repository", None), state__in=HELD)
        assert held.count() <= 1
