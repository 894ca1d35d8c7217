"""What failed is sent again when somebody asks for it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from reviews.models import OutboxMessage, Repository, Team
from reviews.outbox import holding
from tests.factories import RepositoryFactory
from tests.reviews.posting import message, states

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
FAILED = {"state": "failed", "attempts": 8, "problem": "550 no", "finished_at": timezone.now()}


@pytest.fixture
def repository(team: Team) -> Repository:
    return RepositoryFactory(team=team)


def again() -> int:
    return holding.again(OutboxMessage.objects.all())


def test_a_failed_message_waits_with_all_its_attempts(team: Team) -> None:
    row = message(team, **FAILED, available_at=timezone.now() + HOUR)
    assert again() == 1
    row.refresh_from_db()
    assert (row.state, row.attempts, row.problem, row.finished_at) == ("waiting", 0, "", None)
    assert row.available_at <= timezone.now()


@pytest.mark.parametrize("state", ["waiting", "sending", "sent", "superseded", "no-server"])
def test_others_stay_as_they_are(team: Team, state: str) -> None:
    message(team, state=state, attempts=3)
    assert (again(), states(), OutboxMessage.objects.get().attempts) == (0, [state], 3)


@pytest.mark.parametrize("state", ["waiting", "sent", "superseded"])
def test_what_is_told_newer_already_is_not_told_again(team: Team, repository: Repository, state: str) -> None:
    message(team, "old", repository=repository, topic="t", **FAILED)
    message(team, "new", repository=repository, topic="t", state=state)
    assert (again(), states()) == (0, ["superseded", state])


def test_of_several_of_one_topic_the_newest_waits(team: Team, repository: Repository) -> None:
    for key in ("old", "new"):
        message(team, key, repository=repository, topic="t", **FAILED)
    message(team, "other", repository=RepositoryFactory(team=team), topic="t", **FAILED)
    assert (again(), states()) == (2, ["superseded", "waiting", "waiting"])


def test_mails_have_no_topic_to_share(team: Team) -> None:
    message(team, "a", **FAILED)
    message(team, "b", **FAILED)
    assert (again(), states()) == (2, ["waiting", "waiting"])
