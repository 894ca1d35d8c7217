"""Many deliver at once, or die while they do: each message is sent, and once, unless the death hides that it was."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from pytest_django import Settings

from config.env import BASE_DIR
from reviews.models import OutboxMessage, Team
from reviews.outbox import delivery
from tests.mail_server import HANG, MailServer
from tests.reviews.posting import comments, let_expire, message, states
from tests.services import database_url, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

DELIVER = "import django; django.setup(); from reviews.outbox import delivery; delivery.deliver()"


def test_twenty_deliverers_send_each_message_once(team: Team, mail_server: MailServer, settings: Settings) -> None:
    settings.EMAIL_TIMEOUT = 10
    rows = [message(team, f"m{number}") for number in range(40)]
    digest = comments(team, *(f"c{number}" for number in range(20)))
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: deliver_and_leave(), range(20)))
    sent = sorted(mail.message["Message-ID"] for mail in mail_server.mails)
    assert len(set(sent)) == len(sent) == len(rows) + 1
    assert [mail.text.count("happened.") for mail in mail_server.mails if mail.recipient[:3] == "ada"] == [len(digest)]
    assert set(OutboxMessage.objects.values_list("state", "attempts")) == {("sent", 1)}


def test_a_killed_process_gives_its_message_back(team: Team, mail_server: MailServer) -> None:
    row = message(team)
    mail_server.says["RCPT"] = HANG
    kill_when(mail_server, lambda: mail_server.connections and OutboxMessage.objects.filter(state="sending"))
    assert (states(), delivery.deliver(), mail_server.mails) == (["sending"], False, [])
    mail_server.says.clear()
    let_expire()
    delivery.deliver()
    row.refresh_from_db()
    assert (row.state, row.attempts, len(mail_server.mails)) == ("sent", 2, 1)


def test_killed_before_it_is_written_down_the_same_mail_goes_twice_under_one_id(
    team: Team, mail_server: MailServer
) -> None:
    comments(team, "a", "b")
    mail_server.says["."] = HANG  # The server has the mail, and its answer never comes.
    kill_when(mail_server, lambda: mail_server.mails)
    mail_server.says.clear()
    let_expire()
    delivery.deliver()
    first, second = mail_server.mails
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert first.text == second.text
    assert states() == ["sent", "sent"]


def test_who_lost_its_lease_while_sending_changes_nothing(team: Team, mail_server: MailServer) -> None:
    row = message(team)
    mail_server.on_mail = let_another_take_over
    delivery.deliver()
    row.refresh_from_db()
    assert (row.state, row.fence, row.attempts, row.finished_at) == ("sending", 2, 2, None)


def let_another_take_over() -> None:
    let_expire()
    assert delivery.claim()
    connection.close()


def deliver_and_leave() -> None:
    try:
        delivery.deliver()
    finally:
        connection.close()


def kill_when(server: MailServer, reached: Callable[[], object]) -> None:
    """Deliver in a process of its own, and kill it in the middle."""
    url = f"smtp://127.0.0.1:{server.port}?tls=none"
    ours = {"PLIMSOLL_SMTP_URL": url, "PLIMSOLL_MAIL_FROM": "plimsoll@example.org", "DATABASE_URL": database_url()}
    command = [sys.executable, "-c", DELIVER]
    process = subprocess.Popen(command, env=os.environ | ours, cwd=BASE_DIR)
    try:
        wait_until(reached)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
