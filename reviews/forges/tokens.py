"""Which access token a forge's API gets, and in which header. A token never appears in a repr or a text."""

from collections.abc import Generator

import httpx

from reviews.forges.errors import error
from scanners.git.credential import Credential
from scanners.git.errors import SourceError

# What git is given as a user name beside a token that stands for itself.
NOBODY = frozenset({"x-access-token", "x-token-auth", "x-bitbucket-api-token-auth", "oauth2", ""})


class Key(httpx.Auth):
    """Puts the token into each request. `hides` takes it out of a text that a forge may have put it into."""

    def __init__(self, header: str, value: str, token: str) -> None:
        self._header = header
        self._value = value
        self._secrets = (value, value.rpartition(" ")[2], token)

    def __repr__(self) -> str:
        return "Key(…)"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """As httpx asks for it: the request with its header."""
        request.headers[self._header] = self._value
        yield request

    def hides(self, text: str) -> str:
        """The text without the token."""
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text


def parse(text: str) -> Credential:
    """Read `token` or `user:token`. Raises ForgeError forge_token_missing or forge_token_malformed."""
    if not text:
        raise error("forge_token_missing")
    try:
        return Credential.parse(text)
    except SourceError:
        raise error("forge_token_malformed") from None


def bearer(known: Credential) -> Key:
    """The token as OAuth has it."""
    return Key("Authorization", f"Bearer {known.token}", known.token)


def basic(known: Credential) -> Key:
    """User name and token as HTTP has it."""
    return Key("Authorization", known.header, known.token)


def basic_or_bearer(known: Credential) -> Key:
    """Basic for the token of a person who is named, bearer for one that stands for itself."""
    return bearer(known) if known.username in NOBODY else basic(known)
