"""What is put into the outbox for forges."""

import pytest
from django.db import transaction

from reviews.forges import messages
from reviews.forges.messages import Comment, State, telling
from reviews.models import Forge, OutboxMessage, Repository, Team
from tests.factories import RepositoryFactory
from tests.forge_server import ForgeServer
from tests.reviews.forges.telling import COMMIT, URL, a_status, pull, rows, told

pytestmark = pytest.mark.django_db


class TestTelling:
    def test_needs_a_forge_that_is_told_something(self, repository: Repository) -> None:
        assert telling(repository) == repository.forge
        Forge.objects.update(posts_statuses=False)
        assert telling(repository) == repository.forge
        Forge.objects.update(posts_comments=False)
        assert telling(repository) is None

    def test_needs_to_know_whose_forge_it_is(self, repository: Repository) -> None:
        repository.provider = ""
        assert telling(repository) is None
        assert telling(RepositoryFactory(provider="github")) is None

    @pytest.mark.parametrize(("statuses", "comments"), [(True, False), (False, True), (False, False)])
    def test_each_of_both_is_a_choice(self, repository: Repository, statuses: bool, comments: bool) -> None:
        Forge.objects.update(posts_statuses=statuses, posts_comments=comments)
        made = (messages.status(repository, a_status()), messages.comment(pull(repository), "2 new"))
        assert (made[0] is not None, made[1] is not None) == (statuses, comments)
        assert OutboxMessage.objects.count() == statuses + comments


class TestStatus:
    def test_is_a_row_that_waits(self, repository: Repository, team: Team) -> None:
        row = messages.status(repository, a_status())
        assert row is not None
        row.refresh_from_db()
        assert (row.state, row.channel, row.team, row.repository) == ("waiting", "status", team, repository)
        assert (row.topic, row.recipient) == (f"status:{COMMIT}:plimsoll/gate", "GitHub: acme/payments@7ac01d9")
        assert (row.subject, row.body) == ("Commit status plimsoll/gate: success", "Level silver.")
        assert row.data == {
            "commit": COMMIT,
            "state": "success",
            "text": "Level silver.",
            "url": URL,
            "name": "plimsoll/gate",
        }
        assert messages.read(row) == a_status()

    def test_is_gone_with_the_transaction_that_it_tells_of(self, repository: Repository) -> None:
        with transaction.atomic():
            messages.status(repository, a_status())
            transaction.set_rollback(True)
        assert rows() == []

    def test_takes_the_place_of_one_that_waits(self, repository: Repository) -> None:
        for state in (State.PENDING, State.SUCCESS):
            messages.status(repository, a_status(state))
        messages.status(repository, a_status(name="plimsoll/change"))
        messages.status(repository, a_status(commit="b" * 40))
        assert [state for _, state, _ in rows()] == ["superseded", "waiting", "waiting", "waiting"]

    @pytest.mark.parametrize(
        ("state", "more"), [("waiting", 0), ("sending", 0), ("sent", 0), ("failed", 1), ("superseded", 1)]
    )
    def test_is_not_said_twice(self, repository: Repository, state: str, more: int) -> None:
        messages.status(repository, a_status())
        OutboxMessage.objects.update(state=state)
        assert (messages.status(repository, a_status()) is not None) == bool(more)
        assert OutboxMessage.objects.count() == 1 + more

    def test_is_said_again_after_another_one(self, repository: Repository) -> None:
        for state in (State.SUCCESS, State.FAILURE, State.SUCCESS):
            messages.status(repository, a_status(state))
            OutboxMessage.objects.update(state="sent")
        assert OutboxMessage.objects.count() == 3

    def test_of_a_sub_path_has_a_name_of_its_own(self, team: Team, github: ForgeServer) -> None:
        row = messages.status(told(team, github, sub_path="services/pay"), a_status())
        assert row is not None
        assert row.data["name"] == "plimsoll/gate/services/pay"

    def test_is_one_short_line(self) -> None:
        status = a_status(text="two\r\nlines " + "x" * 300)
        assert (status.text[:12], len(status.text)) == ("two lines xx", 140)


class TestComment:
    @pytest.mark.parametrize(
        ("provider", "recipient", "subject"),
        [
            ("github", "GitHub: acme/payments#7", "Comment on #7 Pay"),
            ("gitlab", "GitLab: acme/payments!7", "Comment on !7 Pay"),
        ],
    )
    def test_is_a_row_that_waits(self, repository: Repository, provider: str, recipient: str, subject: str) -> None:
        repository.provider = provider
        row = messages.comment(pull(repository), "**2 new**", only_update=True)
        assert row is not None
        assert (row.channel, row.topic, row.recipient, row.subject) == ("comment", "comment:7", recipient, subject)
        assert messages.read(row) == Comment(7, "**2 new**", only_update=True)

    def test_takes_the_place_of_one_that_waits(self, repository: Repository) -> None:
        for number, text in ((7, "one"), (7, "two"), (8, "one")):
            found = repository.pull_requests.filter(number=number).first() or pull(repository, number)
            messages.comment(found, text)
        assert [state for _, state, _ in rows()] == ["superseded", "waiting", "waiting"]
