"""PLIMSOLL_SMTP_URL and PLIMSOLL_MAIL_FROM -> what Django needs to send mail."""

from dataclasses import dataclass, field
from email.utils import parseaddr
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from pydantic import ValidationInfo

_PORTS = {"tls": 465, "starttls": 587, "none": 25}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed in: nowhere when `host` is empty. `tls` is tls, starttls or none."""

    host: str = ""
    port: int = 25
    user: str = ""
    password: str = field(default="", repr=False)
    tls: str = "none"


def mail_server(url: str) -> MailServer:
    """The server of smtp://USER:PASSWORD@HOST:PORT?tls=starttls|none or smtps://...; without a URL, none.

    Raises ValueError, which says nothing of the URL: it holds a password.
    """
    if not url:
        return MailServer()
    parts, port = _split(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/") or parts.fragment:
        raise ValueError("this is not the URL of a mail server")
    tls = _tls(parts)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password) or not (user + password).isascii():
        raise ValueError("it needs a user and a password, or neither, in ASCII; encode other signs as %40 for @")
    if password and tls == "none" and parts.hostname not in _LOOPBACK:
        raise ValueError("tls=none would send the password so that everybody on the way can read it")
    return MailServer(parts.hostname, port or _PORTS[tls], user, password, tls)


def checked_server(url: str) -> str:
    """`url`, if it names a mail server or nothing. Raises ValueError."""
    mail_server(url)
    return url


def checked_sender(sender: str, info: ValidationInfo) -> str:
    """`sender`, if it is "Name <address>" or an address; with a mail server it must be there. Raises ValueError."""
    if not sender and info.data.get("smtp_url"):
        raise ValueError("it is required with PLIMSOLL_SMTP_URL")
    if sender:
        _check_address(sender)
    return sender


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError:  # Its text may quote a part of the password.
        raise ValueError("this is not a URL: encode signs such as / or # in the password as %2F or %23") from None


def _tls(parts: SplitResult) -> str:
    if parts.scheme == "smtps" and not parts.query:
        return "tls"
    options = parse_qsl(parts.query, keep_blank_values=True) or [("tls", "starttls")]
    if parts.scheme == "smtps" or options not in ([("tls", "starttls")], [("tls", "none")]):
        raise ValueError("after the ? only tls=starttls or tls=none may stand, and with smtps nothing")
    return options[0][1]


def _check_address(sender: str) -> None:
    name, address = parseaddr(sender)
    try:
        validate_email(address)
    except ValidationError:
        raise ValueError("this is not an e-mail address") from None
    if not sender.isprintable() or (not name and address != sender.strip("<> ")):
        raise ValueError("this is not one sender")
