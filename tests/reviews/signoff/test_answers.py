"""Answers while they are open, verdicts while a review is held, comments until it is decided."""

import pytest

from reviews.models import AuditEvent, Review, ReviewItem
from reviews.signoff import answers
from reviews.signoff.turns import ConflictError, Seen
from reviews.workflow.states import State
from reviews.workflow.transitions import RefusedError
from tests.reviews.reviewing import Cast, cast_of, item_of, review_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(team) -> Cast:
    return cast_of(team)


@pytest.fixture
def answering(team, people) -> Review:
    return review_in(State.SELF_ASSESSMENT, team, people.submitter)


@pytest.fixture
def held(team, people) -> Review:
    return review_in(State.IN_REVIEW, team, people.submitter, claimed_by=people.lead)


def item(review: Review, ref: str = "Q10") -> ReviewItem:
    return review.items.get(ref=ref)


def test_an_answer_is_kept_and_changes_what_a_verdict_is_about(answering, people):
    before = (item(answering).digest, Seen.of(answering))
    answers.answer(item(answering), people.submitter, "not-applicable", " There is no store. ")
    answering.refresh_from_db()
    now = item(answering)
    assert (now.answer, now.rationale, now.answered_by) == ("not-applicable", "There is no store.", people.submitter)
    assert now.digest != before[0]
    assert (answering.evidence_digest != before[1].evidence_digest, answering.version) == (True, before[1].version + 1)


def test_nobody_overwrites_an_answer_they_never_saw(answering, people):
    shown = item(answering)
    answers.answer(shown, people.lead, "fail", "The drill failed.", digest=shown.digest)
    with pytest.raises(ConflictError):
        answers.answer(shown, people.submitter, "pass", "It went well.", digest=shown.digest)
    assert item(answering).answer == "fail"


@pytest.mark.parametrize("value", ["", "unknown", "waived", "pass; drop table"])
def test_an_answer_is_one_of_three(answering, people, value):
    with pytest.raises(RefusedError, match="pass, fail or not applicable"):
        answers.answer(item(answering), people.submitter, value, "")


def test_what_a_scan_found_is_not_answered(answering, people):
    found = item_of(answering, "T1", asked=False, found="fail")
    with pytest.raises(RefusedError, match="what the scan found stays"):
        answers.answer(found, people.submitter, "pass", "It is fine.")


@pytest.mark.parametrize("state", [State.SUBMITTED, State.IN_REVIEW, State.APPROVED, State.SCANNING])
def test_answers_are_frozen_otherwise(team, people, state):
    review = review_in(state, team, people.submitter)
    with pytest.raises(RefusedError, match=state.label):
        answers.answer(item(review), people.submitter, "fail", "")


def test_a_viewer_answers_nothing(answering, viewer):
    with pytest.raises(RefusedError, match="role engineer"):
        answers.answer(item(answering), viewer, "fail", "")


def test_a_carried_answer_is_confirmed(answering, people):
    ReviewItem.objects.filter(review=answering).update(carried=True)
    answers.confirm(item(answering), people.submitter)
    assert (item(answering).carried, item(answering, "Q23").carried) == (False, True)


def test_an_unknown_is_acknowledged_by_name(answering, people):
    unknown = item_of(answering, "T1", asked=False, found="unknown")
    answers.acknowledge(unknown, people.submitter)
    assert item(answering, "T1").acknowledged_by == people.submitter


class TestVerdicts:
    def test_the_newest_of_a_reviewer_counts(self, held, people):
        for value in ("must-change", "agree"):
            answers.give_verdict(item(held), people.lead, value, item(held).digest)
        assert [row.value for row in item(held).verdicts.all()] == ["must-change", "agree"]

    def test_it_makes_pages_that_show_the_review_outdated(self, held, people):
        before = held.version
        answers.give_verdict(item(held), people.lead, "must-change", item(held).digest)
        held.refresh_from_db()
        assert held.version > before

    def test_a_verdict_on_what_is_no_longer_there_is_a_conflict(self, held, people):
        with pytest.raises(ConflictError):
            answers.give_verdict(item(held), people.lead, "agree", "0" * 64)

    def test_agreeing_needs_something_to_agree_to(self, held, people):
        open_ = item_of(held, "Q7")
        with pytest.raises(RefusedError, match="Q7: not answered yet"):
            answers.give_verdict(open_, people.lead, "agree", open_.digest)
        answers.give_verdict(open_, people.lead, "must-change", open_.digest)

    def test_whoever_submitted_gives_none(self, held, people):
        with pytest.raises(RefusedError):
            answers.give_verdict(item(held), people.submitter, "agree", item(held).digest)

    def test_there_is_no_fourth(self, held, people):
        with pytest.raises(RefusedError, match="Choose agree"):
            answers.give_verdict(item(held), people.lead, "fine", item(held).digest)


def test_comments_change_nothing_that_is_signed(held, people, viewer):
    before = Seen.of(held)
    answers.comment(item(held), viewer, " Incident 212 was this call. ")
    held.refresh_from_db()
    assert Seen.of(held) == before
    assert item(held).comments.get().text == "Incident 212 was this call."
    assert AuditEvent.objects.get().kind == "item-commented"


@pytest.mark.parametrize("text", ["", "  ", "x" * 4001])
def test_a_comment_says_something_and_not_too_much(held, people, text):
    with pytest.raises(RefusedError, match="Write something"):
        answers.comment(item(held), people.lead, text)


def test_a_decided_review_is_not_talked_about(team, people):
    review = review_in(State.APPROVED, team, people.submitter)
    with pytest.raises(RefusedError, match="decided"):
        answers.comment(item(review), people.lead, "Wait.")
