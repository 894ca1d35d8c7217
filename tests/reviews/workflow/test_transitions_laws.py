"""Whatever people do in whatever order, with old pages and lost roles: no state of a review breaks what it promises."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from unittest.mock import patch

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from reviews.models import AuditEvent, Condition, Membership, Review, ReviewCommit, Team, User, Waiver
from reviews.signoff import answers, casefile, conditions, deciding, freezing, glass, opening
from reviews.signoff.turns import ConflictError, Seen
from reviews.workflow.quorum import quorum
from reviews.workflow.states import ANSWERING, HELD, IN_FORCE, OPEN, State
from reviews.workflow.transitions import TRANSITIONS, RefusedError
from tests.factories import MembershipFactory, ScanFactory, TeamFactory
from tests.reviews.reviewing import LATER, Role, agreed, answered, item_of, person, review_in, scanned
from tests.reviews.rows import COMMIT, card

pytestmark = pytest.mark.django_db
REFUSALS = (RefusedError, ConflictError, ValidationError)
WAYS = {(source.value, row.target.value) for row in TRANSITIONS for source in row.sources}
# Back to what it was: an approval with conditions is reaffirmed as one.
WAYS |= {("needs-reaffirmation", "approved-with-conditions")}
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


class Life(RuleBasedStateMachine):
    """One review, from draft to whatever becomes of it."""

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
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)

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
        return done

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

    @rule(name=names, current=fresh)
    @precondition(lambda self: self.review.state in (State.DRAFT, State.SCAN_FAILED))
    def start(self, name: str, current: bool) -> None:
        self.do(lambda seen: opening.start(self.review, self.people[name], seen), current=current)

    @rule(fails=st.sampled_from([False, False, False, True]), wrote=st.booleans())
    def scan(self, fails: bool, wrote: bool) -> None:
        wanted = self.review.wanted_commit or COMMIT
        state = "failed" if fails else "done"
        fields = {
            "commit": wanted,
            "tree": wanted,
            "rule_set": f"r{self.repository.scans.count()}",
            "wanted_commit": wanted,
        }
        found = ScanFactory(repository=self.repository, state=state, scorecard=card(self.repository, {}), **fields)
        if self.review.state == State.SCANNING:
            Review.objects.filter(pk=self.review.pk).update(scan=found)
            self.review.refresh_from_db()
            self.do(lambda _: freezing.follow_scan(self.review), seen_counts=False)
            self.fill(wrote)

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

    @rule(name=names, ref=refs, value=st.sampled_from(["pass", "pass", "fail", "not-applicable"]))
    @precondition(lambda self: self.review.state in OPEN)
    def answer(self, name: str, ref: str, value: str) -> None:
        item = self.review.items.filter(ref=ref).first()
        if item and self.do(
            lambda _: answers.answer(item, self.people[name], value, "We tried it."), seen_counts=False
        ):
            item.refresh_from_db()
            answered(item, self.people[name], value)
            casefile.seal(self.review)
            self.review.refresh_from_db()

    @rule(name=names, current=fresh)
    @precondition(lambda self: self.review.state in ANSWERING)
    def submit(self, name: str, current: bool) -> None:
        self.do(lambda seen: opening.submit(self.review, self.people[name], seen), current=current)

    @rule(name=signers, current=fresh, back=st.booleans())
    @precondition(lambda self: self.review.state in (State.SUBMITTED, State.IN_REVIEW))
    def claim(self, name: str, current: bool, back: bool) -> None:
        self.do(lambda seen: opening.claim(self.review, self.people[name], seen), current=current)
        if back:
            self.do(lambda seen: opening.release(self.review, self.people[name], seen), current=current)

    @rule(name=signers, value=st.sampled_from(["agree", "agree", "agree", "must-change", "condition"]))
    @precondition(lambda self: self.review.state in (State.IN_REVIEW,))
    def give_verdicts(self, name: str, value: str) -> None:
        for item in self.review.items.filter(required=True):
            self.do(
                lambda _, item=item: answers.give_verdict(item, self.people[name], value, item.digest),
                seen_counts=False,
            )

    @rule(name=signers, current=fresh, decision=st.sampled_from(["approve", "approve", "approve-with-conditions"]))
    @precondition(lambda self: self.review.state in (State.IN_REVIEW,))
    def sign(self, name: str, current: bool, decision: str) -> None:
        given = self.review.sign_offs.filter(decision__startswith="approve", round=self.review.round)
        if self.do(lambda seen: deciding.sign(self.review, self.people[name], seen, decision), current=current):
            bound = given.filter(commit=self.review.commit, evidence_digest=self.review.evidence_digest)
            people = {row.reviewer_id: set(row.duties) for row in bound}
            places = quorum(self.review.tier)
            enough = len(people) >= len(places) and {slot.duty for slot in places} - {""} <= set().union(
                *people.values()
            )
            assert (self.review.state in IN_FORCE) == enough

    @precondition(lambda self: self.review.state == State.IN_REVIEW)
    @rule(decision=st.sampled_from(["approve", "approve-with-conditions"]))
    def conclude(self, decision: str) -> None:
        """Everybody who can does what is left to do."""
        for name in ("lead", "security", "authority"):
            self.give_verdicts(name, "agree")
            self.sign(name, True, decision)

    @precondition(lambda self: self.seldom())
    @rule(name=signers, current=fresh, how=st.sampled_from(["changes", "changes", "reject", "withdraw", "revoke"]))
    def end(self, name: str, current: bool, how: str) -> None:
        ways = {
            "changes": deciding.request_changes,
            "reject": deciding.reject,
            "withdraw": opening.withdraw,
            "revoke": deciding.revoke,
        }
        self.do(lambda seen: ways[how](self.review, self.people[name], seen, "Because of the drill."), current=current)

    @precondition(lambda self: self.seldom())
    @rule(name=names, current=fresh)
    def move(self, name: str, current: bool) -> None:
        self.do(lambda seen: opening.move_to(self.review, self.people[name], seen, LATER), current=current)

    @rule(name=names, owner=signers, verifier=signers, days=st.integers(0, 40))
    @precondition(lambda self: self.review.state in OPEN)
    def attach_condition(self, name: str, owner: str, verifier: str, days: int) -> None:
        due = self.now.date() + timedelta(days=days)
        people = (self.people[owner], self.people[verifier])
        wish = conditions.Wish("The drill is done.", ["Q10"], *people, due)
        self.do(lambda _: conditions.add(self.review, self.people[name], wish), seen_counts=False)

    @rule(name=names, how=st.sampled_from(["verify", "drop"]))
    @precondition(lambda self: self.review.state in (*HELD, State.IN_REVIEW))
    def end_condition(self, name: str, how: str) -> None:
        condition = self.review.conditions.filter(state=Condition.State.OPEN).first()
        ways = {
            "verify": lambda _: conditions.verify(condition, self.people[name], "Seen."),
            "drop": lambda _: conditions.drop(condition, self.people[name]),
        }
        if condition:
            self.do(ways[how], seen_counts=False)

    @rule(ref=refs)
    @precondition(lambda self: self.review.state in IN_FORCE)
    def push(self, ref: str) -> None:
        """A newer commit changes what an item rests on."""
        count = ReviewCommit.objects.filter(review=self.review).count()
        if self.review.state in IN_FORCE:
            fields = {"commit": f"{count:040}", "tree": f"{count:040}", "digests": {ref: f"d{count}"}}
            ReviewCommit.objects.create(review=self.review, changes=[[ref, "changed", "pay.py"]], **fields)
            self.do(lambda _: opening.by_itself(self.review, opening.Action.CHANGE, "changed"), seen_counts=False)

    @rule(name=signers, current=fresh, chosen=st.lists(refs, max_size=2))
    @precondition(lambda self: self.review.state in (State.NEEDS_REAFFIRMATION,))
    def reaffirm(self, name: str, current: bool, chosen: list[str]) -> None:
        self.do(lambda seen: deciding.reaffirm(self.review, self.people[name], seen, chosen), current=current)

    @rule(name=names)
    def break_glass(self, name: str) -> None:
        why = "The shop is down and this is the mend."
        self.do(
            lambda _: glass.break_glass(self.repository, self.people[name], COMMIT, why, self.review), seen_counts=False
        )

    @rule(name=signers, role=st.sampled_from([Role.VIEWER, *[Role.REVIEWER] * 5]))
    def change_role(self, name: str, role: str) -> None:
        Membership.objects.filter(team=self.team, user=self.people[name]).update(role=role)

    @rule(days=st.sampled_from([1, 5, 100, 200]))
    def pass_time(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule()
    def draw_ends(self) -> None:
        with patch("django.utils.timezone.now", lambda: self.now):
            shown = casefile.state_now(self.review, self.now)
            deciding.draw_ends(self.review)
        self.review.refresh_from_db()
        assert self.review.state == shown

    @invariant()
    def the_log_is_whole(self) -> None:
        assert not hasattr(self, "team") or chain_faults(self.team) == []

    @invariant()
    def an_approval_ends_and_conditions_and_waivers_do_too(self) -> None:
        held = Review.objects.filter(repository__team=getattr(self, "team", None), state__in=HELD)
        assert not held.filter(valid_until=None).exists()
        assert not Waiver.objects.filter(kind="waiver", ends_on=None).exists()

    @invariant()
    def one_approval_of_a_repository_is_in_force(self) -> None:
        held = Review.objects.filter(repository=getattr(self, "repository", None), state__in=HELD)
        assert held.count() <= 1


def chain_faults(team: Team) -> list[int]:
    """The events that do not follow the one before them."""
    rows = list(AuditEvent.objects.filter(team=team).order_by("seq").values_list("seq", "previous", "digest"))
    before = [(0, "", "0" * 64), *rows]
    return [seq for (last, _, digest), (seq, previous, _) in pairwise(before) if (seq, previous) != (last + 1, digest)]


def test_no_life_of_a_review_breaks_its_promises(request):
    examples = request.config.option.rounds
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            phases=[Phase.generate],  # A life of forty steps takes minutes to shrink and is read as easily.
            suppress_health_check=list(HealthCheck),
        ),
    )
