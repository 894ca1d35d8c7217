"""The source is read again on its own; what fails is named and tried again, less and less often."""

from datetime import timedelta

import pytest
from django.utils import timezone

from reviews import tasks
from reviews.advisories import reading
from reviews.advisories.reading import is_due, read_again
from reviews.models import Advisory, AdvisoryReading
from tests.reviews.advisories.osv import folder, record

pytestmark = pytest.mark.django_db


@pytest.fixture
def source(tmp_path, settings):
    settings.ADVISORIES = str(folder(tmp_path / "pypi", record("A-1")))
    return tmp_path / "pypi"


def row() -> AdvisoryReading:
    return AdvisoryReading.objects.get()


def last_read(**ago: float) -> None:
    AdvisoryReading.objects.update(attempted_at=timezone.now() - timedelta(**ago))


def test_nobody_reads_what_nobody_named(settings):
    settings.ADVISORIES = ""
    assert (is_due(), read_again()) == (False, False)


def test_it_is_read_once_in_a_while(source, settings):
    settings.ADVISORIES_SECONDS = 3600
    assert (is_due(), read_again(), is_due(), read_again()) == (True, True, False, False)
    assert (Advisory.objects.count(), row().until, row().code) == (1, None, "")
    last_read(minutes=59)
    assert not is_due()
    last_read(minutes=61)
    assert read_again()


def test_a_failure_is_named_and_tried_again_sooner(source, settings):
    settings.ADVISORIES = str(source / "nowhere")
    assert read_again()
    assert (row().code, row().failures, row().until) == ("source_missing", 1, None)
    assert (str(source) in row().problem, "OSV" in row().next_step) == (True, True)
    last_read(minutes=4)
    assert not is_due()
    last_read(minutes=6)
    assert read_again()
    last_read(minutes=6)
    assert (row().failures, is_due()) == (2, False)
    last_read(minutes=11)
    settings.ADVISORIES = str(source)
    assert read_again()
    assert (row().code, row().failures, row().problem) == ("", 0, "")


def test_a_mirror_that_cannot_be_reached_is_named(settings):
    settings.ADVISORIES = "https://127.0.0.1/advisory-database.git"
    read_again()
    assert (row().code, bool(row().next_step)) == ("address_not_public", True)


def test_who_reads_keeps_others_away_until_it_must_be_dead(source):
    AdvisoryReading.objects.create(pk=1, until=timezone.now() + timedelta(minutes=19))
    assert not read_again()
    AdvisoryReading.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert read_again()


def test_what_nobody_expected_is_named_and_raised(source, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(reading, "load", broken)
    with pytest.raises(ZeroDivisionError):
        read_again()
    assert (row().code, row().problem, row().until) == ("internal_error", "Plimsoll failed: ZeroDivisionError.", None)


def test_the_tasks_read_and_compare(source):
    tasks.read_advisories()
    tasks.tend_advisories()
    assert (Advisory.objects.count(), is_due()) == (1, False)
