"""Which messages forges are told, in which order, and how often they are tried."""

from datetime import timedelta

import pytest
from django.utils import timezone

from reviews.forges import delivery, messages
from reviews.forges.messages import State
from reviews.models import Forge, OutboxMessage, PullRequest, Repository, Team
from reviews.outbox import holding
from tests.forge_server import DROP, HANG, LOSE, ForgeServer, Trouble
from tests.reviews.forges.telling import a_status, pull, rows, told
from tests.reviews.posting import let_expire, message, now_due, states

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def wake_up() -> None:
    """Let the time until the next attempt pass, also for the forges."""
    now_due()
    Forge.objects.update(rests_until=None)


def seconds_until(moment: object) -> float:
    return (moment - timezone.now()).total_seconds()  # type: ignore[operator] # a time, as the model says


class TestDeliver:
    def test_tells_what_is_due(self, forge: ForgeServer, team: Team) -> None:
        repository = told(team, forge)
        messages.status(repository, a_status())
        messages.comment(pull(repository), "**2 new**")
        assert not delivery.deliver()
        assert states() == ["sent", "sent"]
        (status,), (comment,) = forge.statuses, forge.comments(7)
        assert (status.text, comment.text.partition("\n")[0]) == ("Level silver.", "**2 new**")
        assert PullRequest.objects.get().comment.partition("/")[0] == str(comment.name)
        assert forge.violations == []

    def test_keeps_one_comment_up_to_date(self, forge: ForgeServer, team: Team) -> None:
        request = pull(told(team, forge))
        for text in ("2 new", "1 new", "all fixed"):
            messages.comment(request, text)
            delivery.deliver()
        (comment,) = forge.comments(7)
        assert (comment.text.partition("\n")[0], comment.version) == ("all fixed", 2)
        assert states() == ["sent", "sent", "sent"]

    def test_a_comment_that_only_updates_is_not_made(self, github: ForgeServer, repository: Repository) -> None:
        messages.comment(pull(repository), "all fixed", only_update=True)
        delivery.deliver()
        assert (states(), github.comments(7), PullRequest.objects.get().comment) == (["sent"], [], "")

    def test_leaves_mails_alone(self, team: Team, repository: Repository) -> None:
        message(team)
        assert not delivery.deliver()
        assert states() == ["waiting"]

    def test_says_whether_more_may_be_due(self, github: ForgeServer, repository: Repository) -> None:
        for number in range(3):
            messages.status(repository, a_status(name=f"s{number}"))
        assert [delivery.deliver(most=2), delivery.deliver(most=2)] == [True, False]

    def test_what_is_not_to_be_told_any_more_is_not(self, github: ForgeServer, repository: Repository) -> None:
        messages.status(repository, a_status())
        Forge.objects.update(posts_statuses=False)
        delivery.deliver()
        assert (states(), github.calls) == (["superseded"], [])


class TestOrder:
    def test_only_the_newest_of_a_topic_is_told(self, github: ForgeServer, repository: Repository) -> None:
        messages.status(repository, a_status(State.PENDING))
        messages.status(repository, a_status(State.SUCCESS))
        OutboxMessage.objects.update(state="waiting")  # As when two that write them do not see each other.
        delivery.deliver()
        assert (states(), [told.state for told in github.statuses]) == (["superseded", "sent"], ["success"])

    def test_nobody_tells_what_is_newer_meanwhile(self, github: ForgeServer, repository: Repository) -> None:
        messages.status(repository, a_status(State.PENDING))
        assert delivery.claim()
        messages.status(repository, a_status(State.SUCCESS))
        messages.status(repository, a_status(name="other"))
        delivery.deliver()
        assert (states(), [told.name for told in github.statuses]) == (["sending", "waiting", "sent"], ["other"])

    def test_what_a_silent_process_held_ends_with_something_newer(self, repository: Repository) -> None:
        messages.status(repository, a_status(State.PENDING))
        held = delivery.claim()
        assert held
        messages.status(repository, a_status(State.SUCCESS))
        let_expire()
        delivery.deliver()
        holding.change([(held, {"state": "failed"})])
        assert states() == ["superseded", "sent"]

    def test_an_attempt_that_waits_ends_with_something_newer(self, github: ForgeServer, repository: Repository) -> None:
        messages.status(repository, a_status(State.PENDING))
        first = delivery.claim()
        assert first
        messages.status(repository, a_status(State.SUCCESS))
        holding.change([(first, holding.later("busy", 3600))])
        delivery.deliver()
        assert (states(), [told.state for told in github.statuses]) == (["superseded", "sent"], ["success"])


class TestNeverTwice:
    def test_a_comment_whose_answer_was_lost_is_found_again(self, forge: ForgeServer, team: Team) -> None:
        messages.comment(pull(told(team, forge)), "**2 new**")
        forge.says = [Trouble(how=LOSE)] * 2  # The list of comments, and then the new one itself.
        for _ in range(3):
            delivery.deliver()
            wake_up()
        (comment,) = forge.comments(7)
        assert states() == ["sent"]
        assert PullRequest.objects.get().comment.partition("/")[0] == str(comment.name)


class TestTrouble:
    @pytest.mark.parametrize("status", [401, 403, 404, 422])
    def test_what_is_refused_for_good_has_failed(
        self, github: ForgeServer, repository: Repository, status: int
    ) -> None:
        github.always = Trouble(status, {}, b'{"message": "No."}')
        row = messages.status(repository, a_status())
        assert row is not None
        delivery.deliver()
        row.refresh_from_db()
        assert (row.state, row.attempts, len(github.calls)) == ("failed", 1, 1)
        assert "It says: No." in row.problem
        assert "(forge_" in row.problem

    def test_the_first_retry_comes_after_ten_seconds(self, github: ForgeServer, repository: Repository) -> None:
        github.says = [Trouble(500)]
        row = messages.status(repository, a_status())
        assert row is not None
        delivery.deliver()
        row.refresh_from_db()
        assert (row.state, row.attempts, row.leased_until) == ("waiting", 1, None)
        assert 5 < seconds_until(row.available_at) <= 12
        wake_up()
        delivery.deliver()
        row.refresh_from_db()
        assert (row.state, row.problem, len(github.statuses)) == ("sent", "", 1)

    @pytest.mark.parametrize(
        "headers", [{"Retry-After": "600"}, {"X-RateLimit-Reset": str(int(timezone.now().timestamp()) + 660)}]
    )
    def test_a_forge_that_asks_to_wait_is_left_alone(
        self, github: ForgeServer, repository: Repository, headers: dict[str, str]
    ) -> None:
        github.always = Trouble(429, headers)
        messages.status(repository, a_status())
        messages.status(repository, a_status(name="other"))
        delivery.deliver()
        messages.status(repository, a_status(name="newer"))
        now_due()
        assert (delivery.deliver(), len(github.calls)) == (False, 1)
        assert 500 < seconds_until(Forge.objects.get().rests_until) < 700
        github.always = None
        wake_up()
        delivery.deliver()
        assert states() == ["sent"] * 3

    @pytest.mark.parametrize("how", [HANG, DROP])
    def test_with_one_forge_holds_up_no_other(
        self, github: ForgeServer, repository: Repository, team: Team, how: str
    ) -> None:
        github.always = Trouble(how=how)
        with ForgeServer("gitea") as other:
            well = told(team, other)
            for number in range(3):
                messages.status(repository, a_status(name=f"s{number}"))
                messages.status(well, a_status(name=f"s{number}"))
            delivery.deliver(seconds=2)
            assert (len(github.calls), len(other.statuses)) == (1, 3)
        assert states() == ["waiting", "sent"] * 3

    def test_after_a_day_of_attempts_it_has_failed(self, github: ForgeServer, repository: Repository) -> None:
        github.always = Trouble(500)
        messages.status(repository, a_status())
        for _ in range(delivery.MOST_ATTEMPTS + 1):
            wake_up()
            delivery.deliver()
        assert [row[1:] for row in rows()] == [("failed", delivery.MOST_ATTEMPTS)]
        assert len(github.calls) == delivery.MOST_ATTEMPTS

    def test_one_that_ends_every_process_has_failed(self, github: ForgeServer, repository: Repository) -> None:
        messages.status(repository, a_status())
        for _ in range(delivery.MOST_ATTEMPTS):
            assert delivery.claim()
            let_expire()
        delivery.deliver()
        assert (states(), github.calls) == (["failed"], [])

    def test_all_attempts_take_about_a_day(self) -> None:
        seconds = sum(delivery.retry_delay(attempt) for attempt in range(1, delivery.MOST_ATTEMPTS))
        assert timedelta(hours=17) < timedelta(seconds=seconds) < timedelta(hours=28)
