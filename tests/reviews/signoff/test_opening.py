"""A review from its opening to the table of the reviewers."""

import pytest
from django.core.exceptions import ValidationError

from reviews.models import AuditEvent, OutboxMessage, Review, Scan
from reviews.signoff import deciding, freezing, opening
from reviews.signoff.turns import ConflictError, Seen, turn
from reviews.workflow.states import Action, State
from reviews.workflow.transitions import RefusedError
from tests.reviews.reviewing import LATER, Cast, cast_of, person, review_in, scanned
from tests.reviews.rows import COMMIT, card

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(team) -> Cast:
    return cast_of(team)


@pytest.fixture
def draft(team, people) -> Review:
    return opening.open_review(scanned(team), people.submitter, title=" 3.2.0 ", occasion="release", commit=LATER)


def seen(review: Review) -> Seen:
    review.refresh_from_db()
    return Seen.of(review)


def kinds(review: Review) -> list[str]:
    """What the audit log says about a review, oldest first."""
    events = AuditEvent.objects.filter(subject=f"review:{review.pk}").order_by("seq")
    return list(events.values_list("kind", flat=True))


class TestOpening:
    def test_a_draft_is_numbered_and_told_of(self, draft, people):
        assert (draft.state, draft.number, draft.title, draft.tier) == ("draft", 1, "3.2.0", "B")
        again = opening.open_review(draft.repository, people.submitter, title="3.3", occasion="periodic")
        assert again.number == 2
        assert kinds(draft) == ["review-opened"]

    @pytest.mark.parametrize(
        ("wish", "field"),
        [
            ({"title": " "}, "title"),
            ({"occasion": "boredom"}, "occasion"),
            ({"commit": "main; rm -rf /"}, "commit"),
        ],
    )
    def test_what_cannot_be_is_refused_by_field(self, draft, people, wish, field):
        with pytest.raises(ValidationError) as refused:
            opening.open_review(
                draft.repository, people.submitter, **({"title": "1", "occasion": "release", "commit": ""} | wish)
            )
        assert list(refused.value.message_dict) == [field]

    def test_a_release_tag_opens_one_by_itself(self, draft):
        made = opening.open_review(draft.repository, None, title="v4", occasion="release", commit=LATER)
        assert (made.opened_by, AuditEvent.objects.get(subject=f"review:{made.pk}").actor) == (None, "plimsoll")


class TestScanning:
    def test_starting_asks_for_exactly_this_commit(self, draft, people):
        opening.start(draft, people.submitter, seen(draft))
        draft.refresh_from_db()
        assert (draft.state, draft.scan.wanted_commit, draft.scan.trigger) == ("scanning", LATER, "review")

    def test_a_finished_scan_freezes_what_the_review_is_about(self, draft, people):
        done(started(draft, people))
        assert freezing.follow_scans() == 1
        draft.refresh_from_db()
        assert (draft.state, draft.commit, draft.tree, draft.rule_set) == ("self-assessment", LATER, LATER, "r1")
        assert draft.checklist
        assert draft.evidence_digest
        assert draft.items.filter(asked=True).exists()

    def test_following_twice_changes_nothing(self, draft, people):
        done(started(draft, people))
        freezing.follow_scans()
        before = (seen(draft), kinds(draft))
        assert freezing.follow_scans() == 0
        assert before == (seen(draft), kinds(draft))

    def test_a_failed_scan_says_why_and_can_be_asked_for_again(self, draft, people):
        scan = started(draft, people)
        Scan.objects.filter(pk=scan.pk).update(state="failed", error_message="It is gone.", error_next="Look.")
        freezing.follow_scans()
        draft.refresh_from_db()
        assert (draft.state, draft.note) == ("scan-failed", "It is gone. Look.")
        opening.start(draft, people.submitter, seen(draft))
        assert seen(draft).state == "scanning"

    def test_a_scan_that_another_commit_replaced_is_asked_for_again(self, draft, people):
        scan = started(draft, people)
        other = draft.repository.latest_scan
        Scan.objects.filter(pk=scan.pk).update(state="superseded", superseded_by=other)
        assert freezing.follow_scans() == 0
        draft.refresh_from_db()
        assert (draft.state, draft.scan.state, draft.scan.wanted_commit) == ("scanning", "requested", LATER)

    def test_an_answer_that_is_there_already_is_taken(self, draft, people):
        Scan.objects.filter(pk=started(draft, people).pk).update(state="superseded")
        other = done(Scan.objects.create(repository=draft.repository, branch="main", wanted_commit=LATER))
        draft.repository.scans.filter(state="superseded").update(superseded_by=other)
        freezing.follow_scans()
        draft.refresh_from_db()
        assert (draft.state, draft.scan) == ("self-assessment", other)


def started(draft: Review, people: Cast) -> Scan:
    opening.start(draft, people.submitter, seen(draft))
    draft.refresh_from_db()
    return draft.scan


def done(scan: Scan) -> Scan:
    """The scan as a worker leaves it."""
    fields = {"commit": LATER, "tree": LATER, "rule_set": "r1", "scorecard": card(scan.repository, {})}
    Scan.objects.filter(pk=scan.pk).update(state="done", **fields)
    scan.refresh_from_db()
    return scan


class TestHandingIn:
    def test_reviewers_are_asked_and_the_others_are_not(self, team, people):
        review = review_in(State.SELF_ASSESSMENT, team, people.submitter)
        opening.submit(review, people.submitter, seen(review))
        asked = set(OutboxMessage.objects.filter(kind="review-requested").values_list("recipient", flat=True))
        assert asked == {one.email for one in people.reviewers}

    def test_a_second_submission_is_the_second_round(self, team, people):
        review = review_in(State.CHANGES_REQUESTED, team, people.submitter)
        opening.submit(review, people.submitter, seen(review))
        review.refresh_from_db()
        assert (review.state, review.round) == ("submitted", 2)

    def test_an_open_item_is_named_and_nothing_is_handed_in(self, team, people):
        review = review_in(State.SELF_ASSESSMENT, team, people.submitter)
        review.items.filter(ref="Q10").update(answer="")
        with pytest.raises(RefusedError, match="Q10: not answered yet"):
            opening.submit(review, people.submitter, seen(review))
        assert (seen(review).state, kinds(review)) == ("self-assessment", [])

    def test_an_old_page_hands_nothing_in(self, team, people):
        review = review_in(State.SELF_ASSESSMENT, team, people.submitter)
        old = seen(review)
        opening.submit(review, people.submitter, old)
        with pytest.raises(ConflictError, match="Read it again"):
            opening.withdraw(review, people.submitter, old)
        assert seen(review).state == "submitted"


class TestClaiming:
    def test_a_claim_is_exclusive_until_it_is_given_back(self, team, people):
        review = review_in(State.SUBMITTED, team, people.submitter)
        opening.claim(review, people.third, seen(review))
        with pytest.raises(RefusedError, match="in review"):
            opening.claim(review, people.security, seen(review))
        with pytest.raises(RefusedError, match="Somebody else holds"):
            opening.release(review, people.security, seen(review))
        opening.release(review, people.lead, seen(review))
        review.refresh_from_db()
        assert (review.state, review.claimed_by) == ("submitted", None)

    def test_a_reviewer_who_wrote_commits_is_refused(self, team, people):
        review = review_in(State.SUBMITTED, team, people.submitter, authors=[["T", people.third.email, 2]])
        with pytest.raises(RefusedError, match="wrote commits"):
            opening.claim(review, people.third, seen(review))

    def test_who_submitted_an_earlier_round_is_refused(self, team, people):
        review = review_in(State.SELF_ASSESSMENT, team, people.submitter)
        opening.submit(review, people.third, seen(review))
        opening.claim(review, people.lead, seen(review))
        deciding.request_changes(review, people.lead, seen(review), "Add a timeout.")
        opening.submit(review, people.submitter, seen(review))
        with pytest.raises(RefusedError, match="You submitted this review"):
            opening.claim(review, people.third, seen(review))

    def test_a_site_admin_without_membership_reviews_nothing(self, team, people, admin):
        review = review_in(State.SUBMITTED, team, people.submitter)
        with pytest.raises(RefusedError, match="role reviewer"):
            opening.claim(review, admin, seen(review))

    def test_whoever_left_can_do_nothing(self, team, people):
        review = review_in(State.SUBMITTED, team, people.submitter)
        gone = person(team, "gone", "reviewer")
        gone.is_active = False
        gone.save()
        with pytest.raises(RefusedError):
            opening.claim(review, gone, seen(review))


class TestMoving:
    def test_another_commit_starts_again_and_keeps_the_round(self, team, people):
        review = review_in(State.IN_REVIEW, team, people.submitter, claimed_by=people.lead)
        opening.move_to(review, people.submitter, seen(review), LATER)
        review.refresh_from_db()
        assert (review.state, review.wanted_commit, review.claimed_by) == ("scanning", LATER, None)
        assert review.scan.wanted_commit == LATER

    def test_a_decided_review_stays_where_it_is(self, team, people):
        review = review_in(State.APPROVED, team, people.submitter)
        with pytest.raises(RefusedError):
            opening.move_to(review, people.submitter, seen(review), LATER)


def test_a_turn_that_fails_half_way_leaves_nothing(team, people):
    review = review_in(State.SUBMITTED, team, people.submitter)
    before = (seen(review), AuditEvent.objects.count(), OutboxMessage.objects.count())
    with pytest.raises(OSError, match="the light went out"):
        claimed_in_the_dark(review, people)
    assert before == (seen(review), AuditEvent.objects.count(), OutboxMessage.objects.count())


def claimed_in_the_dark(review: Review, people: Cast) -> None:
    with turn(review, people.lead) as taken:
        taken.go(Action.CLAIM, "claimed", claimed_by=people.lead)
        raise OSError("the light went out")


def test_what_a_page_saw_survives_the_form(team, people):
    review = review_in(State.SUBMITTED, team, people.submitter)
    assert Seen.parse(str(seen(review))) == seen(review)
    assert seen(review).commit == COMMIT


@pytest.mark.parametrize("text", ["", "x", "submitted:a:b:one", "nowhere:a:b:1", "submitted:a:b:1:2"])
def test_a_made_up_page_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        Seen.parse(text)
