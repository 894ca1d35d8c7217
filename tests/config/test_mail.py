"""Where mails are handed in, as one URL."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from config.env import BASE_DIR
from config.mail import MailServer, checked_sender, mail_server
from tests.services import surroundings

INFO = SimpleNamespace(data={"smtp_url": "smtp://mail.example.org"})
SENDER = "Plimsoll <plimsoll@example.org>"


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("", MailServer()),
        ("smtp://mail.example.org", MailServer("mail.example.org", 587, tls="starttls")),
        ("smtp://mail.example.org?tls=none", MailServer("mail.example.org", 25, tls="none")),
        ("smtp://a:b@mail.example.org:2525?tls=starttls", MailServer("mail.example.org", 2525, "a", "b", "starttls")),
        ("smtps://a%40b:c%2Fd@mail.example.org/", MailServer("mail.example.org", 465, "a@b", "c/d", "tls")),
        ("smtp://a:b@127.0.0.1:25?tls=none", MailServer("127.0.0.1", 25, "a", "b", "none")),
        ("smtp://[::1]:1025?tls=none", MailServer("::1", 1025, tls="none")),
    ],
)
def test_an_address_says_how_to_reach_the_server(url, server):
    assert mail_server(url) == server


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mail.example.org", "this is not the URL of a mail server"),
        ("http://mail.example.org", "this is not the URL of a mail server"),
        ("smtp://", "this is not the URL of a mail server"),
        ("smtp://mail.example.org/inbox", "this is not the URL of a mail server"),
        ("smtp://user:hunter2/3@mail.example.org", "this is not a URL"),
        ("smtp://user:hunter2#3@mail.example.org", "this is not a URL"),
        ("smtp://user:hunter2@mail.example.org:70000", "this is not a URL"),
        ("smtp://user:hunter2@[mail", "this is not a URL"),
        ("smtp://user@mail.example.org", "it needs a user and a password"),
        ("smtp://user:hunter2ü@mail.example.org", "it needs a user and a password"),
        ("smtp://mail.example.org?tls=perhaps", "after the ? only"),
        ("smtp://mail.example.org?timeout=5", "after the ? only"),
        ("smtps://mail.example.org?tls=none", "after the ? only"),
        ("smtp://user:hunter2@mail.example.org?tls=none", "tls=none would send the password"),
    ],
)
def test_a_bad_address_is_refused_without_showing_the_password(url, reason):
    with pytest.raises(ValueError, match=r"^[^?]+") as found:
        mail_server(url)
    assert reason in str(found.value)
    assert "hunter" not in str(found.value)


def test_the_password_is_in_no_representation():
    assert "hunter2" not in repr(mail_server("smtp://user:hunter2@mail.example.org"))


def settings_with(tmp_path, **variables):
    """What Django's settings say in a process that starts with these variables."""
    code = (
        "from django.conf import settings as s; from django.core.mail import get_connection; c = get_connection();"
        "print(type(c).__module__, s.EMAIL_HOST, s.EMAIL_PORT, s.EMAIL_HOST_USER, s.EMAIL_HOST_PASSWORD,"
        " s.EMAIL_USE_TLS, s.EMAIL_USE_SSL, s.EMAIL_TIMEOUT, s.DEFAULT_FROM_EMAIL, s.ENV)"
    )
    environment = surroundings(PLIMSOLL_DATA=str(tmp_path), DJANGO_SETTINGS_MODULE="config.settings", **variables)
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, check=False)


def test_django_sends_through_the_server_and_never_waits_for_ever(tmp_path):
    url = "smtp://user:hunter2@mail.example.org"
    said = settings_with(tmp_path, PLIMSOLL_SMTP_URL=url, PLIMSOLL_MAIL_FROM=SENDER).stdout
    assert said.startswith(
        "django.core.mail.backends.smtp mail.example.org 587 user hunter2 True False 10 Plimsoll <plimsoll@example.org>"
    )
    assert said.count("hunter2") == 1


def test_without_a_server_mails_are_shown_where_the_process_runs(tmp_path):
    assert settings_with(tmp_path).stdout.startswith("django.core.mail.backends.console  25   False False 10 ")


@pytest.mark.parametrize(
    ("variables", "start"),
    [
        (
            {"PLIMSOLL_SMTP_URL": "smtp://mail.example.org"},
            "plimsoll: PLIMSOLL_MAIL_FROM: it is required with PLIMSOLL_SMTP_URL. Set it to the sender of mails, such",
        ),
        (
            {"PLIMSOLL_SMTP_URL": "smtp://user:hunter2@mail.example.org?tls=none", "PLIMSOLL_MAIL_FROM": SENDER},
            "plimsoll: PLIMSOLL_SMTP_URL: tls=none would send the password so that everybody on the way can read it.",
        ),
    ],
)
def test_a_half_configured_server_stops_the_start_with_one_line(tmp_path, variables, start):
    done = settings_with(tmp_path, **variables)
    (line,) = done.stderr.splitlines()
    assert (done.returncode, line.startswith(start), "hunter2" in line) == (2, True, False)


@pytest.mark.parametrize("sender", ["a@example.org", "Plimsoll <a@example.org>", "<a@example.org>"])
def test_a_sender_is_an_address_with_or_without_a_name(sender):
    assert checked_sender(sender, INFO) == sender


@pytest.mark.parametrize("sender", ["me", "a@b", "a@example.org, b@example.org", "a@example.org\nBcc: b@example.org"])
def test_a_sender_that_is_not_one_address_is_refused(sender):
    with pytest.raises(ValueError, match=r"this is not (one sender|an e-mail address)"):
        checked_sender(sender, INFO)
