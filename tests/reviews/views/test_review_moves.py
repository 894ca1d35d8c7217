"""What moves a review on, by its forms: done, refused with reasons, or too late."""

import pytest
from django.urls import reverse

from reviews.models import AuditEvent, Condition, OutboxMessage, Review, ReviewCommit, Scan, SignOff
from reviews.signoff import casefile
from reviews.signoff.turns import Seen
from reviews.workflow.states import State
from tests.reviews.review_places import condition_of
from tests.reviews.reviewing import LATER, agreed, cast_of, item_of, person, review_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(team):
    return cast_of(team)


@pytest.fixture
def do(client):
    """Post one of the forms of a review as somebody, by default on what its page shows now."""

    def post(who, review, name, **data):
        client.force_login(who)
        fresh = Review.objects.get(pk=review.pk)
        url = reverse("move-review", args=[review.pk, name])
        return client.post(url, {"seen": str(Seen.of(fresh))} | data)

    return post


def home(review) -> str:
    return reverse("review", args=[review.pk])


def state_of(review) -> State:
    review.refresh_from_db()
    return State(review.state)


class TestDone:
    @pytest.mark.parametrize(
        ("state", "who", "name", "data", "then"),
        [
            (State.DRAFT, "submitter", "start", {}, State.SCANNING),
            (State.SCAN_FAILED, "submitter", "retry", {}, State.SCANNING),
            (State.SELF_ASSESSMENT, "submitter", "submit", {}, State.SUBMITTED),
            (State.SELF_ASSESSMENT, "submitter", "withdraw", {"note": "Not now."}, State.WITHDRAWN),
            (State.SELF_ASSESSMENT, "submitter", "move", {"commit": LATER}, State.SCANNING),
            (State.SUBMITTED, "lead", "claim", {}, State.IN_REVIEW),
            (State.IN_REVIEW, "lead", "release", {}, State.SUBMITTED),
            (State.IN_REVIEW, "lead", "request-changes", {"note": "No drill."}, State.CHANGES_REQUESTED),
            (State.IN_REVIEW, "lead", "reject", {"note": "Not this one."}, State.REJECTED),
            (State.IN_REVIEW, "lead", "approve", {"note": ""}, State.APPROVED),
            (State.APPROVED, "authority", "revoke", {"note": "It leaks."}, State.REVOKED),
        ],
    )
    def test_goes_on_and_leads_back_to_the_review(self, do, team, cast, state, who, name, data, then):
        review = review_in(state, team, cast.submitter)
        agreed(review, cast.third)
        answer = do(getattr(cast, who), review, name, **data)
        assert (answer.status_code, answer.headers["Location"]) == (303, home(review))
        assert state_of(review) is then

    def test_a_sign_off_that_leaves_the_quorum_open_is_only_recorded(self, do, team, cast):
        review = review_in(State.IN_REVIEW, team, cast.submitter, tier="A")
        agreed(review, cast.third)
        do(cast.third, review, "approve")
        assert state_of(review) is State.IN_REVIEW
        do(cast.security, review, "approve", note="Good.")
        assert state_of(review) is State.APPROVED
        assert list(SignOff.objects.values_list("decision", "note")) == [("approve", ""), ("approve", "Good.")]

    def test_an_approval_with_conditions_runs_them(self, do, team, cast):
        review = review_in(State.IN_REVIEW, team, cast.submitter)
        condition_of(review, cast.submitter)
        casefile.seal(review)
        agreed(review, cast.third)
        do(cast.lead, review, "approve-with-conditions")
        assert state_of(review) is State.APPROVED_WITH_CONDITIONS
        assert Condition.objects.get().state == Condition.State.OPEN

    def test_one_changed_item_is_reaffirmed_or_all(self, do, team, cast):
        review = review_in(State.NEEDS_REAFFIRMATION, team, cast.submitter)
        changes = [["Q10", "changed", "a"], ["Q23", "changed", "b"]]
        digests = {"Q10": "1", "Q23": "2"}
        ReviewCommit.objects.create(review=review, commit=LATER, tree=LATER, changes=changes, digests=digests)
        do(cast.lead, review, "reaffirm", items="Q10")
        assert state_of(review) is State.NEEDS_REAFFIRMATION
        assert do(cast.lead, review, "reaffirm").status_code == 303
        assert state_of(review) is State.APPROVED
        assert list(SignOff.objects.values_list("items", flat=True)) == [{"Q10": "1"}, {"Q23": "2"}]

    def test_a_move_asks_for_the_scan_of_that_commit(self, do, team, cast):
        review = review_in(State.SUBMITTED, team, cast.submitter)
        do(cast.submitter, review, "move", commit=f" {LATER.upper()} ")
        assert Scan.objects.filter(state=Scan.State.REQUESTED).get().wanted_commit == LATER

    def test_the_reviewers_are_told_of_a_submission(self, do, team, cast):
        do(cast.submitter, review_in(State.SELF_ASSESSMENT, team, cast.submitter), "submit")
        assert OutboxMessage.objects.filter(kind="review-requested", recipient=cast.lead.email).exists()


class TestRefused:
    @pytest.mark.parametrize(
        ("state", "who", "name", "data", "said"),
        [
            (State.SELF_ASSESSMENT, "submitter", "submit", {}, "Q16: not answered yet."),
            (State.SELF_ASSESSMENT, "submitter", "move", {"commit": "main"}, "This is not a full commit id."),
            (State.IN_REVIEW, "lead", "approve", {"note": "So be it."}, "Q16: not answered yet."),
            (State.IN_REVIEW, "lead", "reject", {"note": ""}, "This field is required."),
            (State.IN_REVIEW, "lead", "claim", {}, "this is only possible when it is submitted"),
            (State.IN_REVIEW, "lead", "reject", {"note": "x" * 4001}, "at most 4000 characters"),
            (State.NEEDS_REAFFIRMATION, "lead", "reaffirm", {}, "Choose at least one changed item."),
        ],
    )
    def test_says_why_and_keeps_what_was_typed(self, do, team, cast, state, who, name, data, said):
        review = review_in(state, team, cast.submitter)
        item_of(review, "Q16")
        answer = do(getattr(cast, who), review, name, **data)
        text = answer.content.decode()
        assert answer.status_code == 422
        assert said in text
        assert data.get("note", "") in text
        assert state_of(review) is state

    @pytest.mark.parametrize(
        ("who", "name", "said"),
        [
            ("submitter", "claim", "This needs the role reviewer."),
            ("lead", "revoke", "This needs the duty release authority."),
        ],
    )
    def test_what_is_not_in_the_role_is_forbidden(self, do, team, cast, who, name, said):
        review = review_in({"claim": State.SUBMITTED, "revoke": State.APPROVED}[name], team, cast.submitter)
        answer = do(getattr(cast, who), review, name, note="Because.")
        assert answer.status_code == 403
        assert said in answer.content.decode()

    def test_who_is_not_independent_is_told_so(self, do, team, cast):
        review = review_in(State.SUBMITTED, team, cast.lead)
        answer = do(cast.lead, review, "claim")
        assert answer.status_code == 422
        assert "You submitted this review. Somebody else has to review this." in answer.content.decode()

    @pytest.mark.parametrize("page", ["", "nonsense", "submitted:a:b:x", "asleep:a:b:1"])
    def test_a_form_that_names_no_page_decides_nothing(self, do, team, cast, page):
        review = review_in(State.SUBMITTED, team, cast.submitter)
        answer = do(cast.lead, review, "claim", seen=page)
        assert answer.status_code == 422
        assert "Read the review again, then decide." in answer.content.decode()

    def test_what_is_no_choice_is_not_there(self, do, team, cast):
        assert do(cast.lead, review_in(State.SUBMITTED, team, cast.submitter), "bless").status_code == 404

    def test_a_viewer_moves_nothing(self, do, team, cast):
        review = review_in(State.SELF_ASSESSMENT, team, cast.submitter)
        assert do(person(team, "reader", "viewer"), review, "withdraw").status_code == 403


class TestTooLate:
    def test_says_who_decided_what_and_when_and_keeps_what_was_typed(self, do, team, cast):
        review = review_in(State.IN_REVIEW, team, cast.submitter)
        shown = str(Seen.of(review))
        do(cast.third, review, "request-changes", note="No drill.")
        at = AuditEvent.objects.filter(kind="review-signed").get().at
        answer = do(cast.lead, review, "reject", seen=shown, note="I had a reason <b>.")
        text = answer.content.decode()
        assert answer.status_code == 409
        assert "third gave the sign-off" in text
        assert f'datetime="{at}"' in text
        assert "readonly>I had a reason &lt;b&gt;.</textarea>" in text
        assert f'href="{home(review)}">Read the review again' in text
        assert SignOff.objects.count() == 1

    def test_an_outdated_page_is_refused_though_the_state_is_the_same(self, do, team, cast):
        review = review_in(State.IN_REVIEW, team, cast.submitter)
        agreed(review, cast.third)
        shown = str(Seen.of(review))
        item_of(review, "Q16", required=False)
        casefile.seal(review)
        assert do(cast.lead, review, "approve", seen=shown).status_code == 409
        assert state_of(review) is State.IN_REVIEW

    def test_of_two_who_claim_one_gets_it(self, do, team, cast):
        review = review_in(State.SUBMITTED, team, cast.submitter)
        shown = str(Seen.of(review))
        assert do(cast.lead, review, "claim", seen=shown).status_code == 303
        assert do(cast.third, review, "claim", seen=shown).status_code == 409
        review.refresh_from_db()
        assert review.claimed_by == cast.lead
