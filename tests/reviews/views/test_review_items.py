"""What people say about the items of a review, by the forms on its page."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from reviews.models import Comment, Evidence, ReviewItem, Verdict
from reviews.signoff import casefile
from reviews.workflow.states import State
from tests.reviews.review_places import condition_of
from tests.reviews.reviewing import cast_of, item_of, person, review_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(team):
    return cast_of(team)


@pytest.fixture
def assessed(team, cast):
    """A review that its team answers: Q16 is open, Q17 is carried over, U1 and U2 could not be told."""
    review = review_in(State.SELF_ASSESSMENT, team, cast.submitter)
    item_of(review, "Q16", takes=["file", "link", "note", "upload"])
    item_of(review, "Q17", answer="pass", carried=True)
    for ref in ("U1", "U2"):
        item_of(review, ref, asked=False, found="unknown")
    casefile.seal(review)
    return review


@pytest.fixture
def judged(team, cast):
    review = review_in(State.IN_REVIEW, team, cast.submitter)
    item_of(review, "Q16")
    casefile.seal(review)
    return review


@pytest.fixture
def do(client):
    """Post a form about an item as somebody."""

    def post(who, name, review, *args, **data):
        client.force_login(who)
        return client.post(reverse(name, args=[review.pk, *args]), data)

    return post


def item(review, ref) -> ReviewItem:
    return review.items.get(ref=ref)


def place(review, ref) -> str:
    return reverse("review", args=[review.pk]) + f"#item-{ref}"


class TestAnswers:
    def test_lead_back_to_the_item(self, do, cast, assessed):
        answer = do(cast.submitter, "answer-item", assessed, "Q16", answer="pass", rationale="Tried on Monday.")
        assert (answer.status_code, answer.headers["Location"]) == (303, place(assessed, "Q16"))
        found = item(assessed, "Q16")
        assert (found.answer, found.rationale, found.answered_by) == ("pass", "Tried on Monday.", cast.submitter)

    @pytest.mark.parametrize(
        ("ref", "data", "said"),
        [
            ("Q16", {"rationale": "Because so."}, "Choose one of the three."),
            ("Q16", {"answer": "perhaps"}, "Select a valid choice"),
            ("Q16", {"answer": "pass", "rationale": "x" * 4001}, "at most 4000 characters"),
            ("U1", {"answer": "pass", "rationale": "Sure."}, "what the scan found stays"),
        ],
    )
    def test_that_cannot_be_taken_come_back(self, do, cast, assessed, ref, data, said):
        answer = do(cast.submitter, "answer-item", assessed, ref, **data)
        text = answer.content.decode()
        assert answer.status_code == 422
        assert said in text
        assert data.get("rationale", "") in text
        assert item(assessed, ref).answer == ""

    def test_are_closed_once_the_review_is_submitted(self, do, cast, judged):
        answer = do(cast.submitter, "answer-item", judged, "Q16", answer="pass")
        assert answer.status_code == 422
        assert "The review is in review; this needs self assessment or changes requested." in answer.content.decode()

    def test_of_the_last_approval_are_confirmed_one_by_one_or_all(self, do, cast, assessed):
        do(cast.submitter, "confirm-item", assessed, "Q17")
        assert not item(assessed, "Q17").carried
        ReviewItem.objects.filter(ref__in=["Q17", "Q16"]).update(carried=True)
        assert do(cast.submitter, "confirm-items", assessed).status_code == 303
        assert not assessed.items.filter(carried=True).exists()

    def test_what_could_not_be_told_is_acknowledged_one_by_one_or_all(self, do, cast, assessed):
        do(cast.submitter, "acknowledge-item", assessed, "U1")
        assert item(assessed, "U1").acknowledged_by == cast.submitter
        assert item(assessed, "U2").acknowledged_by is None
        do(cast.submitter, "acknowledge-items", assessed)
        assert item(assessed, "U2").acknowledged_by == cast.submitter

    def test_of_an_item_that_is_not_there_are_not_there(self, do, cast, assessed):
        assert do(cast.submitter, "answer-item", assessed, "Q99", answer="pass").status_code == 404


class TestEvidence:
    @pytest.mark.parametrize(
        ("kind", "data", "kept"),
        [
            ("link", {"url": "https://wiki.example.org/drill"}, {"text": "https://wiki.example.org/drill"}),
            ("note", {"text": "Seen on Monday."}, {"text": "Seen on Monday."}),
            ("file", {"path": "docs/runbook.rst", "line": "3", "end_line": "9"}, {"line": 3, "end_line": 9}),
        ],
    )
    def test_is_attached(self, do, cast, assessed, kind, data, kept):
        answer = do(cast.submitter, "attach-evidence", assessed, "Q16", kind, **data)
        assert answer.headers["Location"] == place(assessed, "Q16")
        assert Evidence.objects.filter(item__ref="Q16", kind=kind, **kept).exists()

    def test_is_uploaded_and_given_out_to_be_saved(self, client, do, cast, assessed):
        file = SimpleUploadedFile("Drill of May.txt", b"it worked")
        do(cast.submitter, "attach-evidence", assessed, "Q16", "upload", file=file)
        kept = Evidence.objects.get(kind="upload")
        answer = client.get(reverse("evidence", args=[assessed.pk, kept.pk]))
        assert answer.content == b"it worked"
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="Drill of May.txt"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff"

    @pytest.mark.parametrize(
        ("kind", "data", "said"),
        [
            ("link", {"url": "javascript:alert(1)"}, "This is not an address on the web."),
            ("note", {"text": " "}, "This field is required."),
            ("file", {"path": "../secret"}, "This is not the path of a file."),
            ("file", {"path": "a.rst", "line": "9", "end_line": "3"}, "The last line comes before the first."),
            ("upload", {}, "This field is required."),
        ],
    )
    def test_that_cannot_be_taken_comes_back(self, do, cast, assessed, kind, data, said):
        answer = do(cast.submitter, "attach-evidence", assessed, "Q16", kind, **data)
        assert answer.status_code == 422
        assert said in answer.content.decode()

    def test_is_taken_away_and_stays_as_a_row(self, do, cast, assessed):
        note = Evidence.objects.filter(item__ref="Q10").get()
        do(cast.submitter, "remove-evidence", assessed, note.pk)
        note.refresh_from_db()
        assert note.removed_by == cast.submitter

    def test_of_another_kind_or_review_is_not_there(self, client, do, team, cast, assessed):
        note = Evidence.objects.filter(item__ref="Q10").get()
        assert do(cast.submitter, "attach-evidence", assessed, "Q16", "rumour").status_code == 404
        assert client.get(reverse("evidence", args=[assessed.pk, note.pk])).status_code == 404
        other = review_in(State.SELF_ASSESSMENT, team, cast.submitter)
        assert do(cast.submitter, "remove-evidence", other, note.pk).status_code == 404


class TestVerdicts:
    @pytest.mark.parametrize(("ref", "value"), [("Q10", "agree"), ("Q16", "must-change")])
    def test_are_bound_to_what_was_shown(self, do, cast, judged, ref, value):
        digest = item(judged, ref).digest
        answer = do(cast.lead, "give-verdict", judged, ref, value=value, digest=digest)
        assert answer.headers["Location"] == place(judged, ref)
        assert Verdict.objects.filter(item__ref=ref, value=value, digest=digest, reviewer=cast.lead).exists()

    def test_on_other_evidence_are_too_late(self, do, cast, judged):
        answer = do(cast.lead, "give-verdict", judged, "Q10", value="agree", digest="old")
        assert answer.status_code == 409
        assert not Verdict.objects.exists()

    def test_that_agree_need_an_answer_first(self, do, cast, judged):
        answer = do(cast.lead, "give-verdict", judged, "Q16", value="agree", digest=item(judged, "Q16").digest)
        assert answer.status_code == 422
        assert "Q16: not answered yet." in answer.content.decode()

    def test_with_a_condition_go_on_to_say_which(self, do, cast, judged):
        digest = item(judged, "Q10").digest
        answer = do(cast.lead, "give-verdict", judged, "Q10", value="condition", digest=digest)
        assert answer.headers["Location"] == reverse("add-condition", args=[judged.pk]) + "?item=Q10"
        condition_of(judged, cast.submitter)
        answer = do(cast.lead, "give-verdict", judged, "Q10", value="condition", digest=digest)
        assert answer.headers["Location"] == place(judged, "Q10")

    def test_are_for_reviewers(self, do, cast, judged):
        data = {"value": "agree", "digest": item(judged, "Q10").digest}
        assert do(cast.submitter, "give-verdict", judged, "Q10", **data).status_code == 403


class TestComments:
    def test_are_open_to_everybody_who_sees_the_review(self, do, team, cast, judged):
        do(person(team, "reader", "viewer"), "comment-on-item", judged, "Q10", text="Incident 212 was this.")
        assert Comment.objects.get().text == "Incident 212 was this."

    def test_need_words(self, do, cast, judged):
        assert do(cast.lead, "comment-on-item", judged, "Q10", text="").status_code == 422

    def test_end_with_the_decision(self, do, team, cast):
        review = review_in(State.APPROVED, team, cast.submitter)
        answer = do(cast.lead, "comment-on-item", review, "Q10", text="One more thing.")
        assert answer.status_code == 422
        assert "One more thing." in answer.content.decode()
