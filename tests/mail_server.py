"""A mail server on loopback that keeps what it is given, and can refuse, hang or break off at any command."""

import base64
import socketserver
import ssl
import threading
from collections.abc import Callable
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any, NamedTuple

HANG, DROP = "hang", "drop"
_USUAL = {
    "CONNECT": "220 mail.example.org",
    "EHLO": "250-mail.example.org\r\n250-8BITMIME\r\n250-AUTH PLAIN\r\n250 STARTTLS",
    "STARTTLS": "220 begin",
    "AUTH": "235 welcome",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    ".": "250 taken",
    "RSET": "250 ok",
    "QUIT": "221 bye",
}


class Mail(NamedTuple):
    """One mail that arrived whole, and whether the sender was told that it did."""

    recipient: str
    message: EmailMessage
    taken: bool

    @property
    def text(self) -> str:
        return str(self.message.get_content()).replace("\r\n", "\n")


class MailServer:
    """Listens on `port` while the block runs. `mails` keeps what arrived, `users` who signed in, `connections` counts.

    `says` maps the beginning of a line of the client, or CONNECT, or a single dot for the end of the data, to another
    reply than the usual one; HANG says nothing until the server ends, DROP closes the connection. `on_mail` is called
    when a mail has arrived whole, before the reply.
    """

    def __init__(self, says: dict[str, str] | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.says = says or {}
        self.tls = tls
        self.mails: list[Mail] = []
        self.users: list[str] = []
        self.on_mail: Callable[[], object] = lambda: None
        self.connections = 0
        self.ended = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Session)
        self._server.owner = self
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> "MailServer":
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()

    def reply(self, line: str) -> str:
        """What is said to a line."""
        special = next((reply for start, reply in self.says.items() if line.upper().startswith(start.upper())), "")
        return special or _USUAL.get(line.split(" ")[0].upper(), "500 what?")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64
    owner: MailServer


class _GoneError(Exception):
    """The conversation is over."""


class _Session(socketserver.StreamRequestHandler):
    server: _Server
    recipient = ""

    def handle(self) -> None:
        self.server.owner.connections += 1
        try:
            self.say("CONNECT")
            while line := self.rfile.readline().decode().strip():
                if self.say(line) in "23":
                    getattr(self, f"after_{line.split(' ')[0].lower()}", self.nothing)(line)
        except (OSError, _GoneError):
            return

    def say(self, line: str) -> str:
        """Reply to a line. Returns the first digit of the reply."""
        reply = self.server.owner.reply(line)
        if reply == HANG:
            self.server.owner.ended.wait()
        if reply in (HANG, DROP):
            raise _GoneError
        self.wfile.write(f"{reply}\r\n".encode())
        return reply[0]

    def nothing(self, line: str) -> None:
        """Most commands change nothing here."""

    def after_starttls(self, _line: str) -> None:
        assert self.server.owner.tls
        safe: Any = self.server.owner.tls.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = safe.makefile("rb"), safe.makefile("wb", buffering=0)

    def after_auth(self, line: str) -> None:
        self.server.owner.users.append(base64.b64decode(line.split(" ")[2]).decode())

    def after_rcpt(self, line: str) -> None:
        self.recipient = line.partition("<")[2].partition(">")[0]

    def after_data(self, _line: str) -> None:
        lines = iter(self.rfile.readline, b".\r\n")
        message = BytesParser(policy=default).parsebytes(b"".join(line.removeprefix(b".") for line in lines))
        assert isinstance(message, EmailMessage)
        taken = self.server.owner.reply(".").startswith("250")
        self.server.owner.mails.append(Mail(self.recipient, message, taken))
        self.server.owner.on_mail()
        self.say(".")

    def after_quit(self, _line: str) -> None:
        raise _GoneError
