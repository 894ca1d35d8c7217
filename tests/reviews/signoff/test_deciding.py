"""What reviewers decide, what it is bound to, and what becomes of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from reviews.models import AuditEvent, Condition, Evidence, Review, ReviewCommit, Verdict
from reviews.signoff import casefile, conditions, deciding, opening
from reviews.signoff.turns import ConflictError, Seen
from reviews.workflow.states import State
from reviews.workflow.transitions import RefusedError
from tests.reviews.reviewing import LATER, Cast, agreed, cast_of, review_in, scanned
from tests.reviews.rows import COMMIT

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(team) -> Cast:
    return cast_of(team)


@pytest.fixture
def review(team, people) -> Review:
    """At tier A, in review, agreed to by one reviewer."""
    made = review_in(State.IN_REVIEW, team, people.submitter, tier="A", claimed_by=people.lead)
    agreed(made, people.lead)
    return made


def seen(review: Review) -> Seen:
    review.refresh_from_db()
    return Seen.of(review)


def approve(review: Review, *signers) -> None:
    for signer in signers:
        deciding.sign(review, signer, seen(review), "approve")
    review.refresh_from_db()


def test_the_signature_that_fills_the_quorum_decides(review, people):
    approve(review, people.third)
    assert review.state == "in-review"
    approve(review, people.security)
    assert review.state == "approved"
    assert review.valid_until - review.decided_at == timedelta(days=90)


def test_a_sign_off_names_all_that_it_rests_on(review, people):
    approve(review, people.security)
    row = review.sign_offs.get()
    bound = (row.reviewer, row.duties, row.decision, row.round, row.commit, row.tree, row.rule_set)
    assert bound == (people.security, ["security"], "approve", 1, COMMIT, COMMIT, "rules-1")
    assert row.evidence_digest == review.evidence_digest
    assert row.items == dict(review.items.values_list("ref", "digest"))


def test_two_without_the_security_duty_do_not_decide(review, people):
    approve(review, people.third, people.lead)
    assert review.state == "in-review"


def test_evidence_that_changes_after_a_signature_voids_it(review, people):
    approve(review, people.third)
    item = review.items.get(ref="Q10")
    Evidence.objects.create(item=item, kind="note", text="And on Tuesday.", added_by=people.submitter)
    casefile.seal(review)
    agreed(review, people.lead)
    approve(review, people.security)
    assert review.state == "in-review"


def test_a_verdict_counts_only_for_what_it_saw(review, people):
    item = review.items.get(ref="Q10")
    Verdict.objects.filter(item=item).update(digest="0" * 64)
    with pytest.raises(RefusedError, match="No verdict yet on Q10"):
        deciding.sign(review, people.third, seen(review), "approve")


def test_an_old_page_decides_nothing(review, people):
    old = seen(review)
    approve(review, people.third)
    with pytest.raises(ConflictError):
        deciding.sign(review, people.security, old, "approve")
    assert review.sign_offs.count() == 1


def test_changes_asked_for_need_a_reason_and_open_the_answers(review, people):
    with pytest.raises(RefusedError, match="Say what has to change"):
        deciding.request_changes(review, people.third, seen(review), " ")
    deciding.request_changes(review, people.third, seen(review), "Add a timeout.")
    assert seen(review).state == "changes-requested"


def test_a_signature_of_an_earlier_round_does_not_count(review, people):
    approve(review, people.third)
    deciding.request_changes(review, people.security, seen(review), "Add a timeout.")
    opening.submit(review, people.submitter, seen(review))
    opening.claim(review, people.lead, seen(review))
    approve(review, people.security)
    assert (review.state, review.round) == ("in-review", 2)


def test_rejecting_decides_at_once(review, people):
    deciding.reject(review, people.third, seen(review), "The drill failed.")
    assert seen(review).state == "rejected"
    assert review.sign_offs.get().note == "The drill failed."


def test_an_approval_takes_the_place_of_the_one_before(team, people):
    repository = scanned(team, "C")
    earlier = review_in(State.APPROVED, team, people.submitter, repository=repository)
    later = review_in(State.IN_REVIEW, team, people.submitter, repository=repository)
    agreed(later, people.lead)
    approve(later, people.third)
    assert (seen(earlier).state, later.state) == ("superseded", "approved")


def attach(review: Review, people: Cast, days: int = 3) -> Condition:
    due = timezone.now().date() + timedelta(days=days)
    return conditions.add(review, people.lead, conditions.Wish("Drill done.", ["Q10"], people.third, people.lead, due))


def test_with_a_condition_the_approval_is_one_with_conditions(review, people):
    attach(review, people)
    agreed(review, people.lead)
    with pytest.raises(RefusedError, match="Approve with conditions"):
        deciding.sign(review, people.third, seen(review), "approve")
    for signer in (people.third, people.security):
        deciding.sign(review, signer, seen(review), "approve-with-conditions")
    assert seen(review).state == "approved-with-conditions"


def overdue(team, people) -> Condition:
    """A condition of an approval, a day over."""
    review = review_in(State.APPROVED_WITH_CONDITIONS, team, people.submitter)
    yesterday = timezone.now().date() - timedelta(days=1)
    given = {"owner": people.submitter, "verifier": people.lead, "added_by": people.lead, "due_on": yesterday}
    return Condition.objects.create(review=review, text="Drill done.", refs=["Q10"], **given)


def test_an_overdue_condition_suspends_even_if_no_job_ran(team, people):
    review = overdue(team, people).review
    assert casefile.case(review, timezone.now()).state is State.SUSPENDED
    deciding.draw_ends(review)
    assert seen(review).state == "suspended"


@pytest.mark.parametrize("job_ran", [True, False])
def test_verifying_it_gives_the_approval_back(team, people, job_ran):
    condition = overdue(team, people)
    for review in [condition.review] * job_ran:
        deciding.draw_ends(review)
    conditions.verify(condition, people.lead, "Saw the log of the drill.")
    assert seen(condition.review).state == "approved-with-conditions"
    assert casefile.case(condition.review, timezone.now()).state is State.APPROVED_WITH_CONDITIONS


def test_only_the_one_named_verifies(team, people):
    condition = overdue(team, people)
    for other in (people.submitter, people.security):
        with pytest.raises(RefusedError, match="lead is the one"):
            conditions.verify(condition, other, "Looks fine.")


def test_an_approval_ends_and_the_end_is_written_down_once(team, people):
    review = review_in(State.APPROVED, team, people.submitter, valid_until=timezone.now() - timedelta(seconds=1))
    assert casefile.case(review, timezone.now()).state is State.EXPIRED
    deciding.draw_ends(review)
    deciding.draw_ends(review)
    assert AuditEvent.objects.filter(kind="review-expired").count() == 1


def test_the_authority_alone_revokes(team, people):
    review = review_in(State.APPROVED, team, people.submitter)
    with pytest.raises(RefusedError, match="release authority"):
        deciding.revoke(review, people.lead, seen(review), "Incident 212.")
    deciding.revoke(review, people.authority, seen(review), "Incident 212.")
    assert seen(review).state == "revoked"


class TestReaffirming:
    @pytest.fixture
    def questioned(self, team, people) -> Review:
        """A newer commit changes what two items rest on."""
        review = review_in(State.APPROVED, team, people.submitter)
        changes = [["Q10", "changed", "pay.py"], ["Q23", "reopened", "T1 fails"]]
        digests = {"Q10": "new10", "Q23": "new23"}
        ReviewCommit.objects.create(review=review, commit=LATER, tree=LATER, digests=digests, changes=changes)
        opening.by_itself(review, opening.Action.CHANGE, "pay.py changed")
        return review

    def test_all_changed_items_have_to_be_seen(self, questioned, people):
        deciding.reaffirm(questioned, people.third, seen(questioned), ["Q10"])
        assert seen(questioned).state == "needs-reaffirmation"
        deciding.reaffirm(questioned, people.security, seen(questioned), ["Q23"])
        assert seen(questioned).state == "approved"
        assert [row.commit for row in questioned.sign_offs.all()] == [LATER, LATER]

    def test_what_changes_again_has_to_be_seen_again(self, questioned, people):
        deciding.reaffirm(questioned, people.third, seen(questioned), ["Q10", "Q23"])
        again = {"digests": {"Q10": "newer"}, "changes": [["Q10", "changed", "pay.py"]]}
        ReviewCommit.objects.create(review=questioned, commit="c" * 40, tree="c" * 40, **again)
        assert [ref for ref, *_ in casefile.changed(questioned)] == ["Q10"]

    def test_who_submitted_reaffirms_nothing(self, questioned, people):
        with pytest.raises(RefusedError):
            deciding.reaffirm(questioned, people.submitter, seen(questioned), ["Q10"])

    def test_nothing_chosen_is_nothing_reaffirmed(self, questioned, people):
        with pytest.raises(RefusedError, match="Choose at least one"):
            deciding.reaffirm(questioned, people.third, seen(questioned), ["Q1"])
