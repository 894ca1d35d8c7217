"""Which messages are delivered, together with which others, and how often they are tried."""

from datetime import timedelta

import pytest
from django.utils import timezone

from reviews.models import OutboxMessage, Team
from reviews.outbox import delivery
from tests.factories import TeamFactory
from tests.mail_server import DROP, HANG, MailServer
from tests.reviews.posting import comments, let_expire, message, now_due, states

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


class TestClaim:
    def test_takes_the_longest_due_and_says_until_when(self, team: Team) -> None:
        message(team, "young")
        old = message(team, "old", available_at=timezone.now() - HOUR)
        (held,) = delivery.claim()
        old.refresh_from_db()
        assert (held.pk, held.fence, held.attempts) == (old.pk, old.fence, old.attempts) == (old.pk, 1, 1)
        assert old.state == "sending"
        assert timezone.now() < old.leased_until < timezone.now() + timedelta(minutes=3)

    @pytest.mark.parametrize("fields", [{"state": "sent"}, {"state": "failed"}, {"state": "no-server"}])
    def test_leaves_what_has_ended(self, team: Team, fields: dict[str, str]) -> None:
        message(team, **fields)
        assert delivery.claim() == []

    def test_leaves_what_is_not_due_and_what_somebody_holds(self, team: Team) -> None:
        message(team, "later", available_at=timezone.now() + HOUR)
        message(team, "held", state="sending", leased_until=timezone.now() + HOUR)
        assert delivery.claim() == []

    def test_takes_over_from_a_process_that_fell_silent(self, team: Team) -> None:
        message(team)
        (first,) = delivery.claim()
        let_expire()
        (second,) = delivery.claim()
        assert (second.pk, second.fence, second.attempts) == (first.pk, 2, 2)

    def test_urgent_messages_go_one_by_one(self, team: Team) -> None:
        message(team, "a", recipient="ada@example.org")
        message(team, "b", recipient="ada@example.org")
        assert [len(delivery.claim()) for _ in range(3)] == [1, 1, 0]

    def test_the_others_of_a_recipient_go_together_whatever_the_team(self, team: Team) -> None:
        comments(team, "a", "b")
        comments(TeamFactory(), "c")
        comments(team, "d", to="bob@example.org")
        message(team, "e", recipient="ada@example.org")
        held = [[message.key for message in delivery.claim()] for _ in range(4)]
        assert held == [["a", "b", "c"], ["d"], ["e"], []]

    def test_no_mail_grows_without_bound(self, team: Team) -> None:
        comments(team, *(f"c{number}" for number in range(60)))
        assert [len(delivery.claim()) for _ in range(3)] == [50, 10, 0]


class TestDeliver:
    def test_sends_what_is_due_over_one_connection(self, team: Team, mail_server: MailServer) -> None:
        sent, later = message(team, "a"), message(team, "later", available_at=timezone.now() + HOUR)
        message(team, "b")
        assert not delivery.deliver()
        assert [mail.recipient for mail in mail_server.mails] == ["a@example.org", "b@example.org"]
        assert mail_server.connections == 1
        sent.refresh_from_db()
        assert (sent.state, sent.attempts, sent.leased_until) == ("sent", 1, None)
        assert sent.finished_at is not None
        assert states() == ["sent", "waiting", "sent"]
        assert later.attempts == 0

    def test_says_whether_more_may_be_due(self, team: Team, mail_server: MailServer) -> None:
        for key in "abc":
            message(team, key)
        assert [delivery.deliver(most=2), delivery.deliver(most=2)] == [True, False]
        assert states() == ["sent"] * 3

    def test_what_is_not_urgent_is_one_mail(self, team: Team, mail_server: MailServer) -> None:
        comments(team, "a", "b")
        delivery.deliver()
        (mail,) = mail_server.mails
        assert mail.message["Subject"] == "[Plimsoll] about a and 1 more"
        assert "about a\n\na happened.\n\n\nabout b\n\nb happened." in mail.text
        assert states() == ["sent", "sent"]


class TestNoServer:
    def test_what_is_due_ends_as_not_sent_and_does_not_pile_up(self, team: Team) -> None:
        due = message(team)
        message(team, "later", available_at=timezone.now() + HOUR)
        assert not delivery.deliver()
        due.refresh_from_db()
        assert states() == ["no-server", "waiting"]
        assert (due.attempts, due.finished_at is not None) == (0, True)

    def test_old_news_is_not_sent_once_there_is_one(self, team: Team, request: pytest.FixtureRequest) -> None:
        message(team)
        delivery.deliver()
        mail_server = request.getfixturevalue("mail_server")
        delivery.deliver()
        assert (mail_server.mails, states()) == ([], ["no-server"])


class TestTrouble:
    def test_a_recipient_refused_for_good_has_failed_and_holds_up_nobody(
        self, team: Team, mail_server: MailServer
    ) -> None:
        mail_server.says["RCPT TO:<gone@"] = "550 5.1.1 no such mailbox"
        gone = message(team, "gone")
        message(team, "ada")
        delivery.deliver()
        gone.refresh_from_db()
        assert states() == ["failed", "sent"]
        assert gone.problem == "The mail server refuses the recipient: 550 5.1.1 no such mailbox"
        assert (gone.attempts, gone.finished_at is not None) == (1, True)

    def test_no_address_has_failed_without_asking_the_server(self, team: Team, mail_server: MailServer) -> None:
        row = message(team, recipient="ada@example.org\nBcc: all@example.org")
        delivery.deliver()
        row.refresh_from_db()
        assert (row.state, mail_server.connections) == ("failed", 0)

    def test_a_deferred_recipient_is_tried_again_later(self, team: Team, mail_server: MailServer) -> None:
        mail_server.says["RCPT"] = "451 4.7.1 greylisted"
        row = message(team)
        delivery.deliver()
        row.refresh_from_db()
        assert (row.state, row.attempts, row.leased_until) == ("waiting", 1, None)
        assert "451 4.7.1 greylisted" in row.problem
        assert timedelta(minutes=9) < row.available_at - timezone.now() < timedelta(minutes=16)
        del mail_server.says["RCPT"]
        now_due()
        delivery.deliver()
        row.refresh_from_db()
        assert (row.state, row.attempts, row.problem, len(mail_server.mails)) == ("sent", 2, "", 1)

    def test_after_eight_attempts_it_has_failed_with_the_reason(self, team: Team, mail_server: MailServer) -> None:
        mail_server.says["RCPT"] = "451 busy"
        row = message(team)
        for _ in range(9):
            now_due()
            delivery.deliver()
        row.refresh_from_db()
        assert (row.state, row.attempts) == ("failed", 8)
        assert row.problem == "The mail server refuses the recipient: 451 busy"

    @pytest.mark.parametrize("where", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "."])
    @pytest.mark.parametrize("how", [HANG, DROP])
    def test_a_server_that_hangs_or_breaks_off_is_left_alone_for_a_minute(
        self, team: Team, mail_server: MailServer, where: str, how: str
    ) -> None:
        mail_server.says[where] = how
        message(team, "a")
        other = message(team, "b")
        assert not delivery.deliver()
        assert not delivery.deliver()
        other.refresh_from_db()
        assert (states(), other.attempts, mail_server.connections) == (["waiting", "waiting"], 0, 1)
        assert timedelta(seconds=50) < other.available_at - timezone.now() <= timedelta(seconds=61)
        mail_server.says.clear()
        now_due()
        delivery.deliver()
        assert states() == ["sent", "sent"]

    def test_one_that_ends_every_process_has_failed(self, team: Team, mail_server: MailServer) -> None:
        row = message(team)
        for _ in range(delivery.MOST_ATTEMPTS):
            assert delivery.claim()
            let_expire()
        delivery.deliver()
        row.refresh_from_db()
        assert (row.state, row.problem) == ("failed", "The process that sent it died, 8 times.")
        assert mail_server.mails == []


class TestRetryDelay:
    @pytest.mark.parametrize(("attempt", "minutes"), [(1, 10), (2, 20), (3, 40), (7, 640)])
    def test_doubles(self, attempt: int, minutes: float) -> None:
        assert minutes * 60 <= delivery.retry_delay(attempt) <= minutes * 90

    def test_all_attempts_take_about_a_day(self) -> None:
        seconds = sum(delivery.retry_delay(attempt) for attempt in range(1, delivery.MOST_ATTEMPTS))
        assert timedelta(hours=20) < timedelta(seconds=seconds) < timedelta(hours=33)


class TestDropOld:
    @pytest.mark.parametrize(
        ("state", "days", "kept"),
        [
            ("sent", 29, 1),
            ("sent", 31, 0),
            ("no-server", 29, 1),
            ("no-server", 31, 0),
            ("failed", 89, 1),
            ("failed", 91, 0),
        ],
    )
    def test_forgets_what_has_ended_long_ago(self, team: Team, state: str, days: int, kept: int) -> None:
        message(team, state=state, finished_at=timezone.now() - timedelta(days=days))
        assert (delivery.drop_old(), OutboxMessage.objects.count()) == (1 - kept, kept)

    def test_keeps_what_waits(self, team: Team) -> None:
        message(team, created_at=timezone.now() - timedelta(days=400))
        assert delivery.drop_old() == 0
