"""The status page says how old the advisories are and what to do; only staff see from where they come."""

import pytest
from django.urls import reverse

from reviews.advisories.loading import load
from reviews.advisories.reading import read_again
from reviews.advisories.standing import standing
from tests.reviews.advisories.osv import days_ago, folder, record

pytestmark = pytest.mark.django_db


def page(client, person) -> str:
    client.force_login(person)
    return client.get(reverse("status")).content.decode()


@pytest.fixture
def staff(viewer):
    viewer.is_staff = True
    viewer.save()
    return viewer


def test_before_the_first_load_staff_are_told_how(client, staff, stranger):
    assert "manage.py load_advisories SOURCE" in page(client, staff)
    assert "Ask the operator to load them." in page(client, stranger)
    assert not standing().well


def test_it_shows_the_day_and_to_staff_the_source(client, staff, stranger, tmp_path):
    load(str(folder(tmp_path, record("A-1"))))
    assert (f"from {tmp_path}" in page(client, staff), "by hand" in page(client, stranger)) == (True, True)
    assert str(tmp_path) not in page(client, stranger)
    assert standing().well


def test_what_is_too_old_is_said(client, viewer, tmp_path):
    load(str(folder(tmp_path, record("A-1", day=days_ago(15)))))
    assert "older than 14 days" in page(client, viewer)


def test_a_failed_reading_is_named_with_its_next_step(client, staff, tmp_path, settings):
    load(str(folder(tmp_path, record("A-1"))))
    settings.ADVISORIES = str(tmp_path / "nowhere")
    read_again()
    text = page(client, staff)
    assert ("source_missing" in text, "Give a folder, a zip or tar archive" in text, standing().well) == (
        True,
        True,
        False,
    )
