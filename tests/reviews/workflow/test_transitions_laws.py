"""Whatever people do in whatever order, with old pages and lost roles: no state of a review breaks what it promises."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    precondition,
    rule,
    run_state_machine_as_test,
)

from reviews import recount
from reviews.models import Condition, Membership, Review, ReviewCommit, Scan
from reviews.signoff import answers, casefile, conditions, deciding, freezing, glass, opening
from reviews.signoff.turns import Seen
from reviews.waivers import asking, decisions, life
from reviews.workflow.quorum import quorum
from reviews.workflow.states import ANSWERING, HELD, IN_FORCE, OPEN, State
from tests.factories import ScanFactory
from tests.reviews.reviewing import LATER, Role, answered
from tests.reviews.rows import COMMIT, card
from tests.reviews.workflow.acting import Acting, fresh, names, refs, signers

pytestmark = pytest.mark.django_db


class Life(Acting):
    """One review, from wherever it begins to whatever becomes of it."""

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
        elif not fails:
            self.rescan(found)

    def rescan(self, found: Scan) -> None:
        """A newer scan that found other things leaves every human decision as it is."""
        before = self.decided()
        self.repository.latest_scan = found
        self.repository.save()
        recount.refresh(self.repository)
        freezing.follow_scans()
        assert self.decided() == before

    def decided(self) -> tuple[object, ...]:
        """All that people said."""
        review = Review.objects.get(pk=self.review.pk)
        answered = list(review.items.values_list("ref", "answer", "rationale", "carried", "digest"))
        waivers = list(self.repository.waivers.values_list("pk", "state"))
        return Seen.of(review), answered, waivers, review.sign_offs.count(), review.conditions.count()

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
            shown = casefile.case(self.review, self.now).state
            deciding.draw_ends(self.review)
        self.review.refresh_from_db()
        assert self.review.state == shown

    @rule(name=names, ref=refs, days=st.integers(-1, 40))
    def ask_for_a_waiver(self, name: str, ref: str, days: int) -> None:
        given = {"reason": "accepted", "justification": "The drill is on Monday.", "cap": 1}
        wish = asking.Wish(self.repository, item=ref, ends_on=self.now.date() + timedelta(days=days), **given)
        self.do(lambda _: asking.ask(wish, self.people[name]), seen_counts=False)

    @rule(name=signers, action=st.sampled_from([*[life.Action.APPROVE] * 3, *life.Action]))
    def decide_on_a_waiver(self, name: str, action: life.Action) -> None:
        for waiver in self.repository.waivers.order_by("-pk")[:1]:
            self.do(lambda _, waiver=waiver: decisions.decide(action, waiver, self.people[name]), seen_counts=False)


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
