"""What the reviews of a repository say about a commit, case by case."""

from datetime import timedelta

import pytest

from reviews.checklist import Tier
from reviews.gate.approvals import How, says
from reviews.gate.verdicts import Verdict
from reviews.workflow.states import OPEN, State
from tests.reviews.asked import NOW, change, day, review


def said(*reviews, tier=Tier.A, needed=True, now=NOW):
    """The codes and verdicts of what the reviews say."""
    return [(reason.code, reason.verdict) for reason in says(reviews, tier, needed=needed, now=now)]


def text(*reviews, tier=Tier.A):
    return says(reviews, tier, needed=True, now=NOW)[0].text


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (How.OWN, "approves this commit"),
        (How.SAME_FILES, "approves bbbbbbb, which has the same files"),
        (How.COMPARED, "approves bbbbbbb, and this commit was compared with it item by item"),
    ],
)
def test_an_approval_covers_its_commit_the_same_files_and_what_was_compared(how, words):
    assert said(review(how=how)) == [("review-approved", Verdict.PASS)]
    assert text(review(how=how)) == f"Review 3 {words}, until 22 Dec 2026, 12:00 UTC."


def test_an_approval_of_another_commit_covers_nothing():
    assert said(review(how=How.OTHER)) == [("review-needed", Verdict.FAIL)]


def test_where_no_review_is_needed_and_none_covers_nothing_is_said():
    assert said(review(how=How.OTHER), needed=False) == []
    assert said(needed=False) == []


def test_without_a_review_the_next_step_is_to_open_one():
    (reason,) = says((), Tier.A, needed=True, now=NOW)
    assert reason.text == "Tier A asks for an approved review, and none covers this commit."
    assert reason.next == "Open a review of this commit."


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        ("rejected", Verdict.FAIL),
        ("revoked", Verdict.FAIL),
        ("suspended", Verdict.FAIL),
        ("expired", Verdict.STALE),
        ("stale", Verdict.STALE),
        ("superseded", Verdict.STALE),
    ],
)
@pytest.mark.parametrize("needed", [True, False])
def test_what_is_decided_against_or_over_is_no_pass_even_where_none_is_needed(state, verdict, needed):
    assert said(review(state), needed=needed) == [(f"review-{state}", verdict)]


def test_open_conditions_let_out_with_conditions_until_the_first_is_due():
    both = review("approved-with-conditions", due_on=(day(9), day(3)))
    (reason,) = says((both,), Tier.A, needed=True, now=NOW)
    assert reason.verdict is Verdict.CONDITIONS
    assert reason.text.endswith("; 2 conditions are still to be met.")
    assert reason.next == "Have it verified by the end of 26 Sep 2026, or the approval is suspended."
    assert said(both, now=NOW + timedelta(days=4)) == [("review-suspended", Verdict.FAIL)]


def test_the_last_day_of_a_condition_still_counts():
    due = review("approved-with-conditions", due_on=(NOW.date(),))
    assert said(due) == [("review-conditions", Verdict.CONDITIONS)]


def test_conditions_that_are_all_met_leave_an_approval():
    assert said(review("approved-with-conditions")) == [("review-approved", Verdict.PASS)]


def test_an_overdue_condition_is_named_with_its_day():
    assert text(review(due_on=(day(-2),))) == "Review 3 is suspended: a condition was to be met by 21 Sep 2026."


def test_an_approval_ends_by_itself():
    assert said(review(valid_until=NOW)) == [("review-expired", Verdict.STALE)]
    assert text(review(valid_until=NOW)) == "Review 3 was valid until 23 Sep 2026, 12:00 UTC."


def test_what_a_newer_commit_changes_does_not_touch_the_approved_commit():
    assert said(review("needs-reaffirmation")) == [("review-approved", Verdict.PASS)]


def test_a_superseded_approval_names_the_newer_one():
    newer = review(how=How.OTHER, number=4, decided_at=NOW)
    assert said(review("superseded"), newer) == [("review-superseded", Verdict.STALE)]
    assert text(review("superseded"), newer) == "Review 3 is superseded by review 4 of bbbbbbb."
    assert text(review("superseded")) == "Review 3 is superseded by a newer one."


def test_of_two_decisions_the_newer_counts():
    approved, rejected = review(number=9), review("rejected", decided_at=NOW)
    assert said(approved, rejected) == [("review-rejected", Verdict.FAIL)]
    assert said(rejected, review(number=9, decided_at=NOW + timedelta(days=1))) == [("review-approved", Verdict.PASS)]


def test_an_approval_for_a_lower_tier_is_stale_when_the_tier_was_raised():
    codes = [("review-lower-tier", Verdict.STALE)]
    assert said(review(tier=Tier.B))[1:] == codes
    assert said(review(tier=Tier.A), tier=Tier.B) == [("review-approved", Verdict.PASS)]


@pytest.mark.parametrize("state", OPEN)
def test_an_open_review_is_waited_for_and_says_for_whom(state):
    (reason,) = says((review(state),), Tier.A, needed=True, now=NOW)
    assert (reason.code, reason.verdict, reason.review) == ("review-open", Verdict.PENDING, 30)
    assert reason.text.startswith("Review 3 of this commit ")
    assert reason.next


def test_who_holds_a_review_is_named():
    assert text(review("in-review", holder="bob")) == "Review 3 of this commit is in review. bob holds it."
    assert text(review("submitted", holder="bob")) == "Review 3 of this commit waits for a reviewer."


def test_an_open_review_beside_a_decision_is_only_mentioned():
    open_ = review("submitted", number=4)
    assert said(review("expired"), open_) == [("review-expired", Verdict.STALE), ("review-open", None)]


def test_a_withdrawn_review_is_none():
    assert said(review("withdrawn")) == [("review-needed", Verdict.FAIL)]


def test_a_commit_that_is_still_to_be_compared_waits():
    later = review(how=How.NOT_COMPARED)
    assert said(later) == said(later, tier=Tier.B, needed=False) == [("not-compared", Verdict.PENDING)]
    assert said(later, tier=Tier.C, needed=False) == []


def test_nothing_is_waited_for_once_the_approval_is_over():
    assert said(review(how=How.NOT_COMPARED, valid_until=NOW)) == [("review-expired", Verdict.STALE)]


@pytest.mark.parametrize(
    ("tier", "kind", "verdict"),
    [
        (Tier.A, "changed", Verdict.FAIL),
        (Tier.A, "reopened", Verdict.FAIL),
        (Tier.B, "changed", None),
        (Tier.B, "reopened", Verdict.FAIL),
        (Tier.C, "changed", None),
        (Tier.C, "reopened", None),
    ],
)
@pytest.mark.parametrize("state", ["approved", "needs-reaffirmation"])
def test_what_a_later_commit_changes_counts_by_tier(tier, kind, verdict, state):
    later = review(state, How.COMPARED, changes=(change(kind),))
    assert said(later, tier=tier) == [("review-approved", Verdict.PASS), (f"items-{kind}", verdict)]


def test_changed_and_reopened_items_are_said_apart():
    later = review(how=How.COMPARED, changes=(change(), change("reopened", "S1"), change(ref="T2")))
    _, reopened, changed = says((later,), Tier.B, needed=True, now=NOW)
    assert reopened.text == "Reopened since review 3 and not reaffirmed: S1."
    assert changed.text == "Changed since review 3 and not reaffirmed: T1, T2."
    assert (reopened.items, changed.items) == (("S1",), ("T1", "T2"))


@pytest.mark.parametrize(
    ("signed", "codes"),
    [
        ({"T1": "new"}, ["review-approved"]),
        ({"T1": "older"}, ["review-approved", "items-changed"]),
        ({"S1": "new"}, ["review-approved", "items-changed"]),
    ],
)
def test_a_sign_off_covers_exactly_what_its_reviewer_looked_at(signed, codes):
    later = review("needs-reaffirmation", How.COMPARED, changes=(change(),), reaffirmed=({}, signed))
    assert [code for code, _ in said(later)] == codes


def test_an_item_without_a_digest_cannot_be_reaffirmed():
    later = review(how=How.COMPARED, changes=(change(digest=""),), reaffirmed=({"T1": ""},))
    assert said(later)[1:] == [("items-changed", Verdict.FAIL)]


def test_a_review_that_is_no_longer_open_is_over_in_every_state():
    over = [state for state in State if state not in OPEN and state != "withdrawn"]
    assert all(said(review(state)) for state in over)
