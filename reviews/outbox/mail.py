"""Messages of the outbox as one mail, and the mail server that takes it or says why not."""

import hashlib
import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.validators import validate_email

from reviews.models import OutboxMessage
from reviews.outbox.notify import line

_LONGEST_SUBJECT = 120
_LONGEST_REPLY = 200


class NotSentError(Exception):
    """Why the server did not take a mail. `retry`: it may later. `stop`: it would not take another one now either."""

    def __init__(self, reason: str, *, retry: bool, stop: bool = False) -> None:
        super().__init__(reason)
        self.retry = retry
        self.stop = stop


class Mailer:
    """One connection to the mail server, opened by the first mail and, after a trouble, by the next one again."""

    def __init__(self) -> None:
        self._connection = get_connection()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._close()

    def send(self, messages: Sequence[OutboxMessage]) -> None:
        """Hand in the messages, all for one recipient, as one mail. Raises NotSentError."""
        mail = compose(messages)
        try:
            self._connection.open()
            self._connection.send_messages([mail])
        except OSError as error:  # smtplib's errors are some of these.
            self._close()
            raise _named(error) from error

    def _close(self) -> None:
        with suppress(OSError):  # What was said of a mail stands; a bad farewell changes nothing.
            self._connection.close()


def compose(messages: Sequence[OutboxMessage]) -> EmailMessage:
    """One mail of one or more messages for the same recipient. Raises NotSentError when that is no address."""
    first, *others = messages
    _check(first.recipient)
    subject = line(first.subject, _LONGEST_SUBJECT) + (f" and {len(others)} more" if others else "")
    blocks = [f"{message.subject}\n\n{message.body}" for message in messages] if others else [first.body]
    foot = f"-- \nPlimsoll at {settings.BASE_URL}\n"
    headers = {"Message-ID": message_id(messages), "Auto-Submitted": "auto-generated"}
    body = "\n\n\n".join([*blocks, foot])
    return EmailMessage(f"[Plimsoll] {subject}", body, to=[first.recipient], headers=headers)


def message_id(messages: Sequence[OutboxMessage]) -> str:
    """The same for the same messages, so that mail systems can drop what is sent a second time."""
    keys = "\0".join(message.key for message in messages)
    return f"<{hashlib.sha256(keys.encode()).hexdigest()[:32]}@{urlsplit(settings.BASE_URL).hostname}>"


def _check(address: str) -> None:
    try:
        validate_email(address)
    except ValidationError:
        raise NotSentError("This is not an e-mail address. Correct it in the account.", retry=False) from None


def _named(error: OSError) -> NotSentError:
    """What the error means for the mail and for those behind it."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            code, reply = next(iter(error.recipients.values()))
            return NotSentError(f"The mail server refuses the recipient: {_said(code, reply)}", retry=code < 500)
        case smtplib.SMTPDataError():
            said = _said(error.smtp_code, error.smtp_error)
            return NotSentError(f"The mail server refuses the mail: {said}", retry=error.smtp_code < 500)
        case smtplib.SMTPAuthenticationError():  # Its reply may repeat what it was given.
            return _away(f"The mail server refuses the user or password of PLIMSOLL_SMTP_URL ({error.smtp_code}).")
        case smtplib.SMTPSenderRefused():
            return _away(f"The mail server refuses PLIMSOLL_MAIL_FROM: {_said(error.smtp_code, error.smtp_error)}")
        case smtplib.SMTPResponseException():
            return _away(f"The mail server takes no mail: {_said(error.smtp_code, error.smtp_error)}")
        case smtplib.SMTPServerDisconnected() if isinstance(error.__context__, TimeoutError):
            return _away(f"The mail server did not answer within {settings.EMAIL_TIMEOUT} seconds.")
        case smtplib.SMTPException():
            return _away(f"The mail server broke off: {line(str(error), _LONGEST_REPLY)}")
        case ssl.SSLError():
            return _away(f"No safe connection to the mail server: {line(str(error), _LONGEST_REPLY)}")
        case TimeoutError():
            return _away(f"The mail server did not answer within {settings.EMAIL_TIMEOUT} seconds.")
        case _:
            return _away(f"The mail server cannot be reached: {error.strerror or type(error).__name__}.")


def _away(reason: str) -> NotSentError:
    return NotSentError(reason, retry=True, stop=True)


def _said(code: int, reply: bytes | str) -> str:
    text = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
    return line(f"{code} {text}", _LONGEST_REPLY)
