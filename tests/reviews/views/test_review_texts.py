"""Nothing that somebody writes into a review is markup, and its lists cost no queries for their rows."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from reviews.audit import trail
from reviews.models import BreakGlass, Comment, Condition, Evidence, Review, ReviewCommit, ReviewItem, SignOff
from reviews.signoff import casefile
from reviews.workflow.states import State
from tests.factories import RepositoryFactory
from tests.reviews.review_places import broken, condition_of
from tests.reviews.reviewing import LATER, cast_of, review_in
from tests.reviews.rows import finished
from tests.reviews.views.test_pages import EVIL

pytestmark = pytest.mark.django_db
INLINE = (" style=", "<style", "javascript:", " onclick=", " hx-on", "<script>", "<img src=x")


@pytest.fixture
def cast(team):
    return cast_of(team)


@pytest.fixture
def hostile(team, cast) -> Review:
    """A review in which every text that somebody can write is markup."""
    repository = RepositoryFactory(team=team, name=EVIL[:80], slug="evil", branch=EVIL[:90])
    finished(repository, subject=EVIL)
    given = {"title": EVIL[:80], "repository": repository, "note": EVIL, "authors_note": EVIL}
    review = review_in(State.IN_REVIEW, team, cast.submitter, authors=[[EVIL, EVIL, 1]], **given)
    said = {"title": EVIL, "question": EVIL, "rationale": EVIL, "found_reason": EVIL, "facts": {"lines": [EVIL]}}
    ReviewItem.objects.update(**said)
    file = {"path": EVIL, "snippet": [[1, EVIL, True]], "problem": EVIL, "state": "failed"}
    for item in review.items.all():
        Comment.objects.create(item=item, author=cast.third, text=EVIL)
        Evidence.objects.create(item=item, kind="file", added_by=cast.submitter, **file)
        Evidence.objects.create(item=item, kind="link", added_by=cast.submitter, text=f"javascript:{EVIL}")
    condition_of(review, cast.submitter)
    Condition.objects.update(text=EVIL, verified_note=EVIL)
    broken(repository, cast.lead)
    BreakGlass.objects.update(reason=EVIL)
    ReviewCommit.objects.create(review=review, commit=LATER, tree=LATER, changes=[["Q10", EVIL, EVIL]], digests={})
    bound = {"commit": LATER, "tree": LATER, "rule_set": EVIL[:60], "evidence_digest": "71aa" * 16}
    SignOff.objects.create(review=review, reviewer=cast.third, decision="request-changes", round=1, note=EVIL, **bound)
    trail.record(team, cast.third, "review-sent-back", review, EVIL)
    casefile.seal(review)
    return review


def paths(review: Review) -> list[str]:
    of_repository = ("payments", "evil")
    return [
        reverse("review", args=[review.pk]),
        reverse("reviews") + "?group=all",
        reverse("repository-reviews", args=of_repository),
        reverse("open-review", args=of_repository),
        reverse("break-glass", args=of_repository),
        reverse("add-condition", args=[review.pk]) + "?item=Q10",
        reverse("search") + "?q=alert",
    ]


@pytest.mark.parametrize("state", [State.SELF_ASSESSMENT, State.IN_REVIEW, State.NEEDS_REAFFIRMATION, State.WITHDRAWN])
def test_what_people_write_is_never_markup(client, cast, hostile, state):
    Review.objects.update(state=state)
    client.force_login(cast.authority)
    for path in paths(hostile):
        text = client.get(path).content.decode()
        assert "&lt;script&gt;" in text
        assert [markup for markup in INLINE if markup in text.lower().replace("javascript:&lt;", "")] == []


def test_a_conflict_shows_what_happened_as_text(client, cast, hostile):
    client.force_login(cast.lead)
    url = reverse("move-review", args=[hostile.pk, "reject"])
    text = client.post(url, {"seen": "submitted:a:b:1", "note": EVIL}).content.decode()
    assert text.count("&lt;script&gt;alert(1)") >= 2
    assert "<script>alert" not in text


def test_only_addresses_on_the_web_are_links(client, cast, hostile):
    client.force_login(cast.lead)
    text = client.get(reverse("review", args=[hostile.pk])).content.decode()
    assert 'href="javascript:' not in text


@pytest.mark.parametrize("name", ["reviews", "repository-reviews"])
def test_the_queries_of_a_list_do_not_grow_with_its_rows(client, team, cast, name):
    repository = review_in(State.IN_REVIEW, team, cast.submitter).repository
    condition_of(review_in(State.APPROVED, team, cast.submitter, repository=repository), cast.submitter)
    given = {"reviews": [], "repository-reviews": ["payments", repository.slug]}[name]
    url = reverse(name, args=given) + "?group=all"
    client.force_login(cast.lead)
    client.get(url)
    with CaptureQueriesContext(connection) as before:
        client.get(url)
    for state in (State.SUBMITTED, State.APPROVED, State.SUSPENDED, State.IN_REVIEW):
        condition_of(review_in(state, team, cast.submitter, repository=repository), cast.submitter)
    with CaptureQueriesContext(connection) as after:
        client.get(url)
    assert len(after) <= len(before)
