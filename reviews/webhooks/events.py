"""
What a forge can report that matters here, the same whichever forge it was.

An event is a hint and never the truth: it says where to look on the server, and what is found there counts.
Every text in it was checked by `scanners.git.names`, or shortened; a commit is a full id, or empty when none was named.
"""

from dataclasses import asdict, dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Push:
    """A branch moved to `commit`, or was deleted when that is empty."""

    branch: str
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag was made, moved, or released; or deleted when `deleted`."""

    name: str
    commit: str = ""
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull or merge request was opened, changed, or closed.

    `ref` is what the server is to be asked for to get its head. Empty: the server does not show it, as with forks at
    Bitbucket Cloud.
    """

    number: int
    ref: str
    head: str
    source: str
    target: str
    open: bool
    title: str = ""
    author: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Ping:
    """The forge tries the hook out."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """An event that asks for nothing here; `why` says so in a sentence."""

    why: str


Event = Push | Tag | PullRequest | Ping | Ignored
_KINDS: dict[str, type[Event]] = {
    "push": Push,
    "tag": Tag,
    "pull-request": PullRequest,
    "ping": Ping,
    "ignored": Ignored,
}


def as_json(event: Event) -> Json:
    """The event as plain data, for a row of the database."""
    kind = next(name for name, made in _KINDS.items() if made is type(event))
    return {"kind": kind, **asdict(event)}


def from_json(data: Json) -> Event:
    """The event that `as_json` gave."""
    rest = {name: value for name, value in data.items() if name != "kind"}
    return _KINDS[data["kind"]](**rest)
