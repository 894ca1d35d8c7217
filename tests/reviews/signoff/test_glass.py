"""Breaking the glass: who may, what it leaves behind, and the second person."""

import pytest
from django.db import IntegrityError

from reviews.models import AuditEvent, BreakGlass, OutboxMessage, Repository
from reviews.signoff import glass
from reviews.workflow.transitions import RefusedError
from scanners.git.errors import SourceError
from tests.reviews.reviewing import Cast, cast_of, scanned
from tests.reviews.rows import COMMIT

pytestmark = pytest.mark.django_db
WHY = "The shop is down and this is the mend."


@pytest.fixture
def people(team) -> Cast:
    return cast_of(team)


@pytest.fixture
def repository(team) -> Repository:
    return scanned(team)


@pytest.fixture
def broken(repository, people) -> BreakGlass:
    return glass.break_glass(repository, people.authority, COMMIT, WHY)


def test_it_is_loud(broken, people):
    event = AuditEvent.objects.get(kind="glass-broken")
    assert (event.actor, WHY in event.text) == ("authority", True)
    told = set(OutboxMessage.objects.filter(kind="glass-broken").values_list("recipient", flat=True))
    assert {people.lead.email, people.security.email, people.third.email} <= told


def test_the_review_that_has_to_follow_is_opened(broken, repository):
    review = repository.reviews.get()
    assert (review.state, review.occasion, review.wanted_commit) == ("draft", "after-an-incident", COMMIT)


def test_it_opens_one_commit_for_seven_days(broken):
    assert (broken.commit, (broken.ends_at - broken.at).days) == (COMMIT, 7)


@pytest.mark.parametrize("name", ["lead", "security", "submitter"])
def test_nobody_but_the_authority_breaks_it(repository, people, name):
    with pytest.raises(RefusedError, match="release authority"):
        glass.break_glass(repository, getattr(people, name), COMMIT, WHY)


def test_a_site_admin_is_no_authority(repository, admin):
    with pytest.raises(RefusedError):
        glass.break_glass(repository, admin, COMMIT, WHY)


def test_it_needs_a_reason_that_can_be_read_afterwards(repository, people):
    with pytest.raises(RefusedError, match="why this cannot wait"):
        glass.break_glass(repository, people.authority, COMMIT, "urgent")


def test_it_needs_a_whole_commit(repository, people):
    with pytest.raises(SourceError):
        glass.break_glass(repository, people.authority, "7ac01d9", WHY)


def test_a_second_person_stands_by_it_once(broken, people):
    glass.second(broken, people.third, "Saw the outage.")
    broken.refresh_from_db()
    assert broken.second == people.third
    with pytest.raises(RefusedError, match="already"):
        glass.second(broken, people.lead, "Me too.")


def test_who_broke_it_is_not_the_second(broken, people):
    with pytest.raises(RefusedError, match="Somebody other"):
        glass.second(broken, people.authority, "It is fine.")


def test_an_engineer_is_not_the_second(broken, people):
    with pytest.raises(RefusedError, match="role reviewer"):
        glass.second(broken, people.submitter, "It is fine.")


def test_the_database_refuses_it_as_well(broken):
    with pytest.raises(IntegrityError):
        BreakGlass.objects.filter(pk=broken.pk).update(second=broken.by)
