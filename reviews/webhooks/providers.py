"""The forges, each a module that verifies, names and reads its own requests."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from reviews.webhooks import azure, bitbucket, bitbucket_server, gitea, github, gitlab, signatures
from reviews.webhooks.events import Event, Json


class Provider(Protocol):
    """What is asked of a forge's module, in this order. The names of headers are in lower case."""

    def verify(self, headers: Mapping[str, str], raw: bytes, secrets: Sequence[str], now: datetime) -> None:
        """Return when one of the secrets proves the request. Raises RefusedError."""

    def delivery(self, headers: Mapping[str, str], raw: bytes) -> tuple[str, str]:
        """The name of this delivery, at most 200 characters, and of its event, at most 100. Raises nothing."""

    def read(self, event_name: str, payload: Json) -> Event:
        """What a payload that `body.read` gave asks for. Raises BadBodyError."""


PROVIDERS: dict[str, Provider] = {
    "github": github,
    "gitlab": gitlab,
    "gitea": gitea,
    "bitbucket": bitbucket,
    "bitbucket-server": bitbucket_server,
    "azure": azure,
}


def get(name: str) -> Provider:
    """The forge's module. Raises KeyError for a name that is none."""
    return PROVIDERS[name]


def new_secret(name: str) -> str:
    """A secret for a new hook, in the form that this forge takes. GitLab's serves as token and as signing token."""
    return signatures.new_secret(standard=name == "gitlab")
