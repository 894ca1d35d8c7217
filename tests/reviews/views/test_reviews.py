"""The pages of reviews: lists, opening one, one review in each of its states, and how it all goes on."""

import gzip

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from reviews.models import Comment, Condition, Review, ReviewCommit, Scan, SignOff
from reviews.signoff import casefile
from reviews.workflow.states import DECIDED, OPEN, State
from reviews.workflow.transitions import TRANSITIONS
from tests.factories import ScanFactory
from tests.reviews.review_places import condition_of
from tests.reviews.reviewing import LATER, agreed, answered, cast_of, item_of, person, review_in, scanned
from tests.reviews.rows import finished

pytestmark = pytest.mark.django_db
HTMX = {"hx-request": "true"}


@pytest.fixture
def cast(team):
    return cast_of(team)


def page(client, who, url) -> str:
    client.force_login(who)
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def of(review) -> str:
    return reverse("review", args=[review.pk])


class TestList:
    def test_says_what_will_be_there(self, client, cast):
        text = page(client, cast.lead, reverse("reviews"))
        assert "No review is open" in text
        assert reverse("review-workflow") in text

    @pytest.mark.parametrize(
        ("query", "shown"),
        [
            ("", {"submitted", "in review"}),
            ("?group=decided", {"approved"}),
            ("?group=all", {"submitted", "in review", "approved", "withdrawn"}),
            ("?group=mine", {"submitted", "in review"}),
            ("?group=nonsense", {"submitted", "in review"}),
        ],
    )
    def test_is_narrowed_by_what_stands_where(self, client, team, cast, query, shown):
        for state in (State.SUBMITTED, State.IN_REVIEW, State.APPROVED, State.WITHDRAWN):
            review_in(state, team, cast.submitter, title=f"of {state.label}")
        text = page(client, cast.third, reverse("reviews") + query)
        every = {state.label for state in State}
        assert {label for label in every if f"of {label}<" in text} == shown

    def test_is_narrowed_by_team_and_repository(self, client, team, cast):
        first, second = (review_in(State.SUBMITTED, team, cast.submitter, title=title) for title in ("1.0", "2.0"))
        text = page(client, cast.lead, reverse("reviews") + f"?repository={second.repository_id}&team=payments")
        assert of(second) in text
        assert of(first) not in text
        assert "No review fits the filter" in page(client, cast.lead, reverse("reviews") + "?team=search")

    def test_names_who_holds_it_and_what_is_still_to_be_met(self, client, team, cast):
        review_in(State.IN_REVIEW, team, cast.submitter, claimed_by=cast.lead)
        condition_of(review_in(State.APPROVED_WITH_CONDITIONS, team, cast.submitter), cast.submitter)
        text = page(client, cast.submitter, reverse("reviews") + "?group=all")
        assert '<td data-l="Waits for">lead' in text
        assert "1 condition open" in text
        assert "valid until" in text

    def test_shows_nothing_of_other_teams(self, client, team, cast, stranger):
        review = review_in(State.SUBMITTED, team, cast.submitter)
        assert of(review) not in page(client, stranger, reverse("reviews") + "?group=all")

    def test_gives_htmx_the_part_that_changes(self, client, team, cast):
        review_in(State.SUBMITTED, team, cast.submitter)
        client.force_login(cast.lead)
        text = client.get(reverse("reviews"), headers=HTMX).content.decode()
        assert text.strip().startswith('<div id="reviews"')

    def test_says_that_nothing_waits_for_one(self, client, cast):
        assert "Nothing waits for you" in page(client, cast.lead, reverse("reviews") + "?group=mine")

    def test_of_a_repository_offers_to_open_one(self, client, team, cast):
        repository = scanned(team)
        url = reverse("repository-reviews", args=["payments", repository.slug])
        opening = reverse("open-review", args=["payments", repository.slug])
        assert opening in page(client, cast.submitter, url)
        assert opening not in page(client, person(team, "reader", "viewer"), url)
        review = review_in(State.SUBMITTED, team, cast.submitter, repository=repository)
        assert of(review) in page(client, cast.submitter, url)

    def test_is_found_by_its_number(self, client, team, cast):
        review = review_in(State.SUBMITTED, team, cast.submitter)
        client.force_login(cast.lead)
        numbered = reverse("numbered-review", args=["payments", review.repository.slug, review.number])
        assert client.get(numbered).headers["Location"] == of(review)

    def test_is_found_by_its_title(self, client, team, cast):
        review = review_in(State.SUBMITTED, team, cast.submitter, title="Great leap 7")
        client.force_login(cast.lead)
        assert client.get(reverse("search") + "?q=great+leap").headers["Location"] == of(review)


class TestOpening:
    @pytest.fixture
    def url(self, team) -> str:
        return reverse("open-review", args=["payments", scanned(team).slug])

    def test_makes_a_review_that_waits_for_its_scan(self, client, cast, url):
        client.force_login(cast.submitter)
        answer = client.post(url, {"title": "3.2.0", "occasion": "release"})
        review = Review.objects.get()
        assert answer.headers["Location"] == of(review)
        assert (review.state, review.opened_by, review.wanted_commit) == (State.SCANNING, cast.submitter, "")
        assert review.scan.trigger == Scan.Trigger.REVIEW

    @pytest.mark.parametrize("given", [{"scanned": "7ac01d9" + "0" * 33}, {"commit": " 7AC01D9" + "0" * 33}])
    def test_takes_a_scanned_commit_or_any_other(self, client, cast, url, given):
        client.force_login(cast.submitter)
        client.post(url, {"title": "3.2.0", "occasion": "release"} | given)
        assert Review.objects.get().wanted_commit == "7ac01d9" + "0" * 33

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"title": ""}, "id_title"),
            ({"title": "x" * 81}, "id_title"),
            ({"occasion": "boredom"}, "id_occasion"),
            ({"commit": "main; rm -rf"}, "id_commit"),
            ({"scanned": "8" * 40}, "id_scanned"),
        ],
    )
    def test_keeps_what_was_entered_and_says_what_is_wrong(self, client, cast, url, given, field):
        client.force_login(cast.submitter)
        answer = client.post(url, {"title": "3.2.0", "occasion": "release"} | given)
        assert answer.status_code == 422
        assert f'id="{field}_error"' in answer.content.decode()
        assert not Review.objects.exists()

    def test_shows_how_far_the_scan_is(self, client, team, cast):
        repository = scanned(team)
        scan = ScanFactory(repository=repository, state=Scan.State.RUNNING, step="scan", progress={"steps": {}})
        review = review_in(State.SCANNING, team, cast.submitter, repository=repository, scan=scan)
        progress = reverse("review-progress", args=[review.pk])
        assert f'hx-get="{progress}" hx-trigger="every 2s"' in page(client, cast.lead, of(review))
        assert "hx-get" in client.get(progress).content.decode()
        Review.objects.update(state=State.SELF_ASSESSMENT)
        assert client.get(progress).headers["HX-Refresh"] == "true"


class TestReview:
    @pytest.mark.parametrize("state", list(State))
    def test_has_a_page_in_each_state_for_everybody(self, client, team, cast, state):
        review = review_in(state, team, cast.submitter)
        reader = person(team, "reader", "viewer")
        for who in (cast.submitter, cast.lead, cast.authority, reader):
            assert state.label.capitalize() in page(client, who, of(review))

    def test_puts_first_what_is_in_the_way(self, client, team, cast):
        review = review_in(State.SELF_ASSESSMENT, team, cast.submitter)
        item_of(review, "Q16", title="A restore was rehearsed")
        casefile.seal(review)
        text = page(client, cast.submitter, of(review))
        assert text.index('id="case-Q16"') < text.index('id="item-Q10"')
        assert "Not answered yet." in text
        assert "1 item is in the way: Q16." in text
        assert 'aria-disabled="true" aria-describedby="why-not-1 ">Submit for review' in text

    def test_says_what_was_so_at_the_last_approval(self, client, team, cast):
        before = review_in(State.APPROVED, team, cast.submitter, title="3.1.0")
        review = review_in(State.IN_REVIEW, team, cast.submitter, repository=before.repository, previous=before)
        item_of(review, "Q16")
        text = page(client, cast.lead, of(review))
        assert "<dt>At 3.1.0</dt><dd>pass: “As we did it.”</dd>" in text
        assert '<dt>At 3.1.0</dt><dd class="dim">not asked</dd>' in text

    def test_shows_each_sign_off_with_what_it_binds(self, client, team, cast):
        review = review_in(State.IN_REVIEW, team, cast.submitter)
        sign(review, cast.third, note="The drill is missing.")
        text = page(client, cast.lead, of(review))
        assert "Changes requested" in text
        assert "“The drill is missing.”" in text
        assert f'title="{review.commit}"' in text

    def test_names_the_open_places_and_who_is_not_counted(self, client, team, cast):
        authors = [["Third", cast.third.email, 2], ["Ann Other", "ann@elsewhere.example", 1]]
        review = review_in(State.IN_REVIEW, team, cast.submitter, tier="A", authors=authors)
        text = page(client, cast.lead, of(review))
        assert "a reviewer with the duty security" in text
        assert "third (wrote commits since the last approval)" in text
        assert "Wrote commits and are no members of Payments: Ann Other." in text

    def test_shows_what_a_newer_commit_changes(self, client, team, cast):
        review = review_in(State.NEEDS_REAFFIRMATION, team, cast.submitter)
        changes = [["Q10", "changed", "refunds.py changed"]]
        ReviewCommit.objects.create(review=review, commit=LATER, tree=LATER, changes=changes, digests={"Q10": "d"})
        text = page(client, cast.lead, of(review))
        assert "refunds.py changed" in text
        assert "Reaffirm Q10" in text
        assert "Reaffirm all" in text
        assert "Reaffirm Q10" not in page(client, cast.submitter, of(review))

    def test_offers_to_move_to_a_newer_commit(self, client, team, cast):
        review = review_in(State.SELF_ASSESSMENT, team, cast.submitter)
        finished(review.repository, commit=LATER)
        assert "Move the review to 8bd02ea" in page(client, cast.submitter, of(review))
        assert "Move the review to" not in page(client, person(team, "reader", "viewer"), of(review))

    def test_lists_conditions_with_who_verifies_them(self, client, team, cast):
        review = review_in(State.APPROVED_WITH_CONDITIONS, team, cast.submitter)
        condition = condition_of(review, cast.submitter)
        assert "It is met" in page(client, condition.verifier, of(review))
        assert "It is met" not in page(client, cast.submitter, of(review))
        Condition.objects.update(state=Condition.State.VERIFIED, verified_note="Seen it.")
        assert "Seen it." in page(client, cast.submitter, of(review))

    def test_says_what_the_gate_answers_once_it_is_decided(self, client, team, cast):
        review = review_in(State.REJECTED, team, cast.submitter)
        assert "It may not go out" in page(client, cast.submitter, of(review))
        assert "It may not go out" not in page(client, cast.submitter, of(review_in(State.IN_REVIEW, team, cast.lead)))

    @pytest.mark.parametrize(
        ("state", "said"),
        [
            (Review.Authors.PENDING, "still being read"),
            (Review.Authors.FAILED, "could not be read, so nobody can sign. The server is gone."),
        ],
    )
    def test_says_when_the_authors_are_not_known(self, client, team, cast, state, said):
        note = "The server is gone."
        review = review_in(State.IN_REVIEW, team, cast.submitter, authors_state=state, authors_note=note)
        assert said in page(client, cast.lead, of(review))

    def test_shows_its_history(self, client, team, cast):
        review = review_in(State.SUBMITTED, team, cast.submitter)
        client.force_login(cast.lead)
        client.post(reverse("move-review", args=[review.pk, "claim"]), {"seen": seen(review)})
        assert f"lead claimed {review.repository.name} 3.2.0" in page(client, cast.lead, of(review))

    def test_costs_few_queries_and_bytes_however_many_items(self, client, team, cast):
        before = review_in(State.APPROVED, team, cast.submitter)
        review = review_in(State.IN_REVIEW, team, cast.submitter, repository=before.repository, previous=before)
        for number in range(60):
            item = answered(item_of(review, f"Q{100 + number}"), cast.submitter)
            Comment.objects.create(item=item, author=cast.third, text="Hm.")
        casefile.seal(review)
        agreed(review, cast.third)
        client.force_login(cast.lead)
        client.get(of(review))
        with CaptureQueriesContext(connection) as queries:
            text = client.get(of(review)).content
        assert len(queries) <= 25
        assert len(gzip.compress(text)) < 30_000


def test_the_workflow_is_shown_as_the_table_that_decides(client, viewer):
    text = page(client, viewer, reverse("review-workflow"))
    assert text.count('<g class="way') == text.count('<tr id="way-') == len(TRANSITIONS)
    assert all(row.does in text for row in TRANSITIONS)
    assert 'role="img"' in text


def test_the_navigation_counts_what_waits_for_one(client, team, cast):
    review_in(State.SUBMITTED, team, cast.submitter)
    waiting = '<span class="count" title="waiting for you">1<'
    assert waiting in page(client, cast.lead, "/account/")
    assert waiting not in page(client, cast.submitter, "/account/")


def test_every_state_is_in_a_group():
    assert set(OPEN) | set(DECIDED) | {State.WITHDRAWN} == set(State)


def seen(review) -> str:
    review.refresh_from_db()
    return f"{review.state}:{review.commit}:{review.evidence_digest}:{review.version}"


def sign(review, by, note: str) -> SignOff:
    """A request for changes in the first round."""
    bound = {"commit": review.commit, "tree": review.tree, "rule_set": "rules-1", "evidence_digest": "71aa" * 16}
    return SignOff.objects.create(review=review, reviewer=by, decision="request-changes", round=1, note=note, **bound)
