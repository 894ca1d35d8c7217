"""An access token on its way to git: in an environment, never in an argument, a file or a text that is shown."""

import base64
from dataclasses import dataclass, field

from scanners.git.errors import error
from scanners.regex import regex

_VISIBLE = regex(r"[\x21-\x7e]{1,4096}")


@dataclass(frozen=True)
class Credential:
    """A user name and the token that goes with it. Its repr does not show the token."""

    token: str = field(repr=False)
    username: str = "x-access-token"

    @classmethod
    def parse(cls, text: str) -> "Credential":
        """Read `token` or `user:token`. Raises SourceError credential_malformed."""
        if not _VISIBLE.fullmatch(text):
            raise error("credential_malformed")
        username, separator, token = text.partition(":")
        return cls(token, username) if separator else cls(text)

    @property
    def header(self) -> str:
        """The value of the Authorization header."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.token}".encode()).decode()
