"""One mail, from the messages that it is made of to what a mail server says of it."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pytest_django import Settings

from reviews.models import OutboxMessage
from reviews.outbox.mail import Mailer, NotSentError, compose
from tests.mail_server import DROP, HANG, MailServer
from tests.services import free_port

USER = {"EMAIL_HOST_USER": "plimsoll", "EMAIL_HOST_PASSWORD": "hunter2"}


def message(**fields: str) -> OutboxMessage:
    usual = {
        "key": "k",
        "recipient": "ada@example.org",
        "subject": "Grüße",
        "body": "Fürs Erste: ✓",
        "kind": "decision",
    }
    return OutboxMessage(**(usual | fields))


def refused(**fields: str) -> NotSentError:
    """Why a mail is not sent."""
    with Mailer() as mailer, pytest.raises(NotSentError) as found:
        mailer.send([message(**fields)])
    return found.value


@pytest.fixture
def use(settings: Settings) -> Callable[..., None]:
    """A function that makes Django send through a server, with further settings."""

    def point(server: MailServer, **more: object) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        known = {"EMAIL_HOST": "localhost", "EMAIL_PORT": server.port, "EMAIL_TIMEOUT": 0.5}
        for name, value in (known | more).items():
            setattr(settings, name, value)

    return point


class TestCompose:
    def test_one_message_is_a_mail_of_its_own(self) -> None:
        mail = compose([message(subject="payments-api: decision", body="ada approved.")])
        assert (mail.subject, mail.to) == ("[Plimsoll] payments-api: decision", ["ada@example.org"])
        assert mail.body == "ada approved.\n\n\n-- \nPlimsoll at http://testserver\n"

    def test_several_are_one_mail_in_their_order(self) -> None:
        mail = compose([message(subject="first", body="1"), message(subject="second", body="2")])
        assert mail.subject == "[Plimsoll] first and 1 more"
        assert mail.body.startswith("first\n\n1\n\n\nsecond\n\n2\n\n\n-- ")

    def test_the_same_messages_have_the_same_id_and_others_another_one(self) -> None:
        made = [compose([message(key=key) for key in keys]).message()["Message-ID"] for keys in ("a", "a", "b", "ab")]
        assert len(set(made)) == 3
        assert made[0] == made[1]
        assert made[0].endswith("@testserver>")

    def test_robots_do_not_answer_it(self) -> None:
        assert compose([message()]).message()["Auto-Submitted"] == "auto-generated"

    def test_a_line_break_makes_no_header(self) -> None:
        made = compose([message(subject="x\r\nBcc: all@example.org")]).message()
        assert made["Bcc"] is None
        assert "\n" not in made["Subject"]

    def test_a_long_subject_is_cut(self) -> None:
        assert len(compose([message(subject="x" * 200)]).subject) <= 140

    @pytest.mark.parametrize("address", ["ada", "a@b@c", "ada@example.org\nBcc: b@example.org", "a@x.org, b@x.org", ""])
    def test_what_is_no_address_is_refused_for_good(self, address: str) -> None:
        with pytest.raises(NotSentError, match="not an e-mail address") as found:
            compose([message(recipient=address)])
        assert not found.value.retry


class TestSend:
    def test_a_mail_arrives_as_it_was_written(self, use: Callable[..., None]) -> None:
        with MailServer() as server:
            use(server, DEFAULT_FROM_EMAIL="Plimsoll <plimsoll@example.org>")
            Mailer().send([message(body="Fürs Erste: ✓\n.\nEnde")])
        (mail,) = server.mails
        assert mail.recipient == mail.message["To"] == "ada@example.org"
        assert (mail.message["Subject"], mail.message["From"]) == (
            "[Plimsoll] Grüße",
            "Plimsoll <plimsoll@example.org>",
        )
        assert mail.text.startswith("Fürs Erste: ✓\n.\nEnde\n")

    def test_many_go_over_one_connection(self, use: Callable[..., None]) -> None:
        with MailServer() as server:
            use(server)
            with Mailer() as mailer:
                for key in "abc":
                    mailer.send([message(key=key)])
        assert (len(server.mails), server.connections) == (3, 1)

    def test_nothing_to_send_needs_no_connection(self, use: Callable[..., None]) -> None:
        with MailServer() as server:
            use(server)
            with Mailer():
                pass
        assert server.connections == 0

    def test_after_a_refusal_the_next_mail_is_sent(self, use: Callable[..., None]) -> None:
        with MailServer({"RCPT TO:<gone@": "550 5.1.1 no such mailbox"}) as server:
            use(server)
            with Mailer() as mailer:
                with pytest.raises(NotSentError):
                    mailer.send([message(recipient="gone@example.org")])
                mailer.send([message()])
        assert [mail.recipient for mail in server.mails] == ["ada@example.org"]


class TestTrouble:
    @pytest.mark.parametrize(
        ("says", "reason", "retry", "stop"),
        [
            ({"RCPT": "550 5.1.1 no such\tmailbox"}, "refuses the recipient: 550 5.1.1 no such mailbox", False, False),
            ({"RCPT": "451 4.7.1 greylisted"}, "refuses the recipient: 451 4.7.1 greylisted", True, False),
            ({"RCPT": "421 going down"}, "refuses the recipient: 421 going down", True, False),
            ({".": "554 5.7.1 looks like spam"}, "refuses the mail: 554 5.7.1 looks like spam", False, False),
            ({".": "452 disk full"}, "refuses the mail: 452 disk full", True, False),
            ({"DATA": "451 later"}, "refuses the mail: 451 later", True, False),
            ({"MAIL": "550 not you"}, "refuses PLIMSOLL_MAIL_FROM: 550 not you", True, True),
            ({"CONNECT": "554 go away"}, "takes no mail: 554 go away", True, True),
            ({"CONNECT": DROP}, "broke off: Connection unexpectedly closed", True, True),
            ({"MAIL": DROP}, "broke off: Connection unexpectedly closed", True, True),
            ({".": DROP}, "broke off: Connection unexpectedly closed", True, True),
            ({"CONNECT": HANG}, "did not answer within 0.5 seconds", True, True),
            ({"RCPT": HANG}, "did not answer within 0.5 seconds", True, True),
            ({".": HANG}, "did not answer within 0.5 seconds", True, True),
            ({"EHLO": "502 no", "HELO": "502 no"}, "takes no mail: 502 no", True, True),
        ],
    )
    def test_has_a_name_and_says_whether_to_try_again(
        self, use: Callable[..., None], says: dict[str, str], reason: str, retry: bool, stop: bool
    ) -> None:
        with MailServer(says) as server:
            use(server)
            error = refused()
        assert reason in str(error)
        assert (error.retry, error.stop) == (retry, stop)

    def test_nobody_listens(self, settings: Settings) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
        error = refused()
        assert str(error) == "The mail server cannot be reached: Connection refused."
        assert (error.retry, error.stop) == (True, True)

    def test_no_such_host(self, settings: Settings) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST = "mail.invalid"
        assert "cannot be reached" in str(refused())

    def test_a_long_reply_is_cut(self, use: Callable[..., None]) -> None:
        with MailServer({"RCPT": "550 " + "x" * 400}) as server:
            use(server)
            assert len(str(refused())) < 260


class TestPassword:
    def test_is_given_to_the_server(self, use: Callable[..., None]) -> None:
        with MailServer() as server:
            use(server, **USER)
            Mailer().send([message()])
        assert server.users == ["\0plimsoll\0hunter2"]

    def test_a_refusal_does_not_repeat_it(self, use: Callable[..., None]) -> None:
        with MailServer({"AUTH": "535 hunter2 is wrong"}) as server:
            use(server, **USER)
            error = refused()
        assert str(error) == "The mail server refuses the user or password of PLIMSOLL_SMTP_URL (535)."
        assert (error.retry, error.stop) == (True, True)

    def test_a_server_that_takes_none_gets_no_mail(self, use: Callable[..., None]) -> None:
        with MailServer({"EHLO": "250 mail.example.org"}) as server:
            use(server, **USER)
            assert "broke off: SMTP AUTH extension not supported" in str(refused())
        assert server.mails == []


class TestTls:
    @pytest.fixture
    def certificate(self, tmp_path: Path) -> Path:
        """A certificate for localhost that signs itself, with its key."""
        key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string("CN=localhost")
        now = datetime.now(UTC)
        made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path = tmp_path / "localhost.pem"
        path.write_bytes(made.sign(key, SHA256()).public_bytes(Encoding.PEM) + secret)
        return path

    @pytest.fixture
    def server(self, certificate: Path, use: Callable[..., None]) -> MailServer:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server = MailServer(tls=context)
        use(server, EMAIL_USE_TLS=True, EMAIL_TIMEOUT=5, **USER)
        return server

    def test_an_unknown_certificate_gets_neither_password_nor_mail(self, server: MailServer) -> None:
        with server:
            error = refused()
        assert "No safe connection to the mail server" in str(error)
        assert (error.retry, error.stop, server.users, server.mails) == (True, True, [], [])

    def test_a_known_one_gets_both(
        self, server: MailServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with server:
            Mailer().send([message()])
        assert (len(server.users), len(server.mails)) == (1, 1)

    def test_a_server_without_it_gets_nothing(self, use: Callable[..., None]) -> None:
        with MailServer({"EHLO": "250 mail.example.org"}) as server:
            use(server, EMAIL_USE_TLS=True)
            assert "STARTTLS extension not supported" in str(refused())
        assert server.mails == []
