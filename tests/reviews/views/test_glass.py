"""Broken glass, by its forms."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from reviews.models import BreakGlass, OutboxMessage, Review
from tests.reviews.review_places import broken
from tests.reviews.reviewing import cast_of, scanned

pytestmark = pytest.mark.django_db
WHY = "Customers cannot pay since the last release."


@pytest.fixture
def cast(team):
    return cast_of(team)


@pytest.fixture
def repository(team):
    return scanned(team)


@pytest.fixture
def url(repository) -> str:
    return reverse("break-glass", args=["payments", repository.slug])


def page(client, who, url) -> str:
    client.force_login(who)
    return client.get(url).content.decode()


def test_it_says_what_follows_and_who_may(client, cast, url):
    assert "No glass was broken" in page(client, cast.lead, url)
    assert "This needs the duty release authority." in page(client, cast.lead, url)
    assert "Type the name of the repository to confirm" in page(client, cast.authority, url)


def test_the_commit_is_filled_in_by_the_link_to_the_form(client, cast, url):
    assert f'value="{"8" * 40}"' in page(client, cast.authority, url + f"?commit={'8' * 40}")


def test_a_release_authority_breaks_it_and_everybody_is_told(client, cast, repository, url):
    client.force_login(cast.authority)
    answer = client.post(url, {"commit": "8" * 40, "reason": WHY, "name": repository.name})
    assert answer.headers["Location"] == url
    assert BreakGlass.objects.get().by == cast.authority
    assert Review.objects.get().wanted_commit == "8" * 40
    assert OutboxMessage.objects.filter(kind="glass-broken").exists()
    assert WHY in page(client, cast.lead, url)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "something else"}, "This is not the name. No glass was broken."),
        ({"reason": "Hurry."}, "Say why this cannot wait"),
        ({"commit": "main"}, "This is not a full commit id."),
        ({"commit": ""}, "This field is required."),
    ],
)
def test_what_is_wrong_is_said_and_breaks_nothing(client, cast, repository, url, change, said):
    client.force_login(cast.authority)
    answer = client.post(url, {"commit": "8" * 40, "reason": WHY, "name": repository.name} | change)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not BreakGlass.objects.exists()


def test_nobody_else_breaks_it(client, cast, repository, url):
    client.force_login(cast.lead)
    answer = client.post(url, {"commit": "8" * 40, "reason": WHY, "name": repository.name})
    assert answer.status_code == 403
    assert not BreakGlass.objects.exists()


def test_a_second_person_stands_by_it(client, cast, repository, url):
    pane = broken(repository, cast.authority)
    assert "Nobody yet" in page(client, cast.lead, url)
    client.post(reverse("second-glass", args=["payments", repository.slug, pane.pk]), {"note": "I looked."})
    pane.refresh_from_db()
    assert pane.second == cast.lead
    assert "Nobody yet" not in page(client, cast.lead, url)


@pytest.mark.parametrize(
    ("who", "note", "said"),
    [
        ("lead", "", "This field is required."),
        ("authority", "I looked.", "Somebody other than who broke the glass has to do this."),
    ],
)
def test_the_second_person_is_another_one_who_says_what_they_saw(client, cast, repository, who, note, said):
    pane = broken(repository, cast.authority)
    client.force_login(getattr(cast, who))
    answer = client.post(reverse("second-glass", args=["payments", repository.slug, pane.pk]), {"note": note})
    pane.refresh_from_db()
    assert (answer.status_code, pane.second) == (422, None)
    assert said in answer.content.decode()


def test_it_shows_when_nobody_looked_in_time_and_when_it_is_over(client, cast, repository, url):
    broken(repository, cast.authority)
    long_ago = timezone.now() - timedelta(days=8)
    BreakGlass.objects.update(at=long_ago, ends_at=long_ago + timedelta(days=7))
    text = page(client, cast.lead, url)
    assert "Nobody looked in time" in text
    assert "over since" in text
