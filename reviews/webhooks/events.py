"""
What a forge can report that matters here, the same whichever forge it was.

An event is a hint and never the truth: it says where to look on the server, and what is found there counts.
Every text in it was checked by `scanners.git.names`, or shortened; a commit is a full id, or empty when none was named.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

Json = dict[str, Any]
MOST_REFS = 100


@dataclass(frozen=True, slots=True)
class Push:
    """A branch moved to `commit`, or was deleted when that is empty."""

    branch: str
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag was made, moved, or released; or deleted when `deleted`.

    Forges differ in what they name for an annotated tag: `commit` may be the id of the tag itself.
    """

    name: str
    commit: str = ""
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull or merge request was opened, changed, or closed.

    `ref` is what the server is to be asked for to get its head. Empty: the server does not show it, as with forks at
    Bitbucket Cloud. `head`, `author` and `url` are empty when this event does not tell them: what is known stays true.
    A draft is open like any other.
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


@dataclass(frozen=True, slots=True)
class Several:
    """Two or more refs changed in one delivery; see `narrowed`."""

    events: tuple[Push | Tag, ...]


Event = Push | Tag | PullRequest | Ping | Ignored | Several
_KINDS: dict[str, type[Event]] = {
    "push": Push,
    "tag": Tag,
    "pull-request": PullRequest,
    "ping": Ping,
    "ignored": Ignored,
    "several": Several,
}


def narrowed(event: Event, wanted: Callable[[Push | Tag], bool]) -> Event:
    """
    Of several changed refs those that are wanted, branches first, at most `MOST_REFS`; one of them stands for itself.

    When none is wanted, it says so as an ignored event. Any other event stays as it is.
    """
    if not isinstance(event, Several):
        return event
    chosen = [one for one in event.events if wanted(one)]
    kept = tuple(sorted(chosen, key=lambda one: isinstance(one, Tag))[:MOST_REFS])
    if not kept:
        return Ignored(f"None of the {len(event.events)} changed branches and tags is one that is looked at here.")
    return kept[0] if len(kept) == 1 else Several(kept)


def as_json(event: Event) -> Json:
    """The event as plain data, for a row of the database."""
    if isinstance(event, Several):
        return {"kind": "several", "events": [as_json(one) for one in event.events]}
    kind = next(name for name, made in _KINDS.items() if made is type(event))
    return {"kind": kind, **asdict(event)}


def from_json(data: Json) -> Event:
    """The event that `as_json` gave."""
    rest = {name: value for name, value in data.items() if name != "kind"}
    if data["kind"] == "several":
        rest["events"] = tuple(from_json(one) for one in rest["events"])
    return _KINDS[data["kind"]](**rest)
