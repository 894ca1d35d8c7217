"""Uploads given out again: to whom, and so that no browser takes one for a page."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from reviews.models import Evidence, Review, Team, User
from reviews.signoff import evidence
from reviews.signoff.uploads import MOST_BODY, MOST_BYTES
from reviews.workflow.states import State
from tests.reviews.reviewing import review_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def review(team: Team, teammate: User) -> Review:
    return review_in(State.SELF_ASSESSMENT, team, teammate)


@pytest.fixture
def attached(review: Review, teammate: User) -> Evidence:
    file = SimpleUploadedFile('r\u00e9sum\u00e9 "\u202e1".txt', "50 % \u00fc".encode())
    return evidence.add_upload(review.items.get(ref="Q23"), teammate, file)


def address(one: Evidence, review: Review) -> str:
    return reverse("evidence", args=[review.pk, one.pk])


def test_it_is_saved_and_never_shown(client, viewer: User, attached: Evidence, review: Review) -> None:
    client.force_login(viewer)
    answer = client.get(address(attached, review))
    assert (answer.status_code, answer.content.decode()) == (200, "50 % \u00fc")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer["Cache-Control"] == "private, no-cache"
    disposition = answer["Content-Disposition"]
    assert disposition.isascii()
    assert disposition == "attachment; filename*=utf-8''r%C3%A9sum%C3%A9%20%221%22.txt"


def test_strangers_do_not_learn_that_it_is_there(client, stranger: User, attached: Evidence, review: Review) -> None:
    client.force_login(stranger)
    assert client.get(address(attached, review)).status_code == 404


def test_it_is_found_in_its_own_review_only(client, team, teammate, viewer, attached: Evidence) -> None:
    other = review_in(State.SELF_ASSESSMENT, team, teammate)
    client.force_login(viewer)
    assert client.get(address(attached, other)).status_code == 404


def test_removed_ones_can_still_be_looked_up(client, viewer, teammate, attached: Evidence, review: Review) -> None:
    evidence.remove(attached, teammate)
    client.force_login(viewer)
    assert client.get(address(attached, review)).status_code == 200


def test_other_evidence_is_no_file(client, viewer, teammate, review: Review) -> None:
    note = evidence.add_note(review.items.get(ref="Q23"), teammate, "x")
    client.force_login(viewer)
    assert client.get(address(note, review)).status_code == 404


@pytest.mark.parametrize(("size", "status"), [(MOST_BYTES + 1, 422), (MOST_BODY + 1, 400)])
def test_what_is_too_large_is_refused_by_name(client, teammate, review: Review, size: int, status: int) -> None:
    client.force_login(teammate)
    place = reverse("attach-evidence", args=[review.pk, "Q23", "upload"])
    answer = client.post(place, {"file": SimpleUploadedFile("a.txt", b"x" * size)})
    assert answer.status_code == status
    assert "larger than 5" in answer.content.decode() or "too large" in answer.content.decode()
    assert not Evidence.objects.filter(kind="upload").exists()
