"""What pages say of the events that a forge reported: in words, and as the facts that were understood of each."""

from dataclasses import dataclass
from typing import Any

from reviews.models import Delivery, Repository

Json = dict[str, Any]
_FACTS = {
    "branch": "Branch",
    "name": "Tag",
    "commit": "Commit",
    "deleted": "Deleted",
    "number": "Number",
    "title": "Title",
    "author": "Author",
    "source": "From",
    "target": "Into",
    "head": "Head",
    "ref": "Read from",
    "open": "Open",
    "url": "Page",
    "why": "Why",
}
_CODES = {"commit", "head", "ref"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was understood. `is_code`: it is a name of git."""

    label: str
    text: str
    is_code: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A delivery as a row of the list: the row itself and what it reports, in words."""

    row: Delivery
    said: str


def said(delivery: Delivery, provider: str) -> str:
    """What a delivery reports, in a few words: "Push to main"."""
    asks = delivery.asks
    match asks.get("kind"):
        case "push":
            return f"Push to {asks['branch']}" if asks["commit"] else f"Branch {asks['branch']} deleted"
        case "tag":
            return f"Tag {asks['name']} deleted" if asks["deleted"] else f"Tag {asks['name']}"
        case "pull-request":
            sign = "Merge request !" if provider == Repository.Provider.GITLAB else "Pull request #"
            return f"{sign}{asks['number']}{'' if asks['open'] else ' closed'}"
        case "ping":
            return "Trial of the hook"
        case _:
            return delivery.event


def facts(asks: Json) -> list[Fact]:
    """What was understood of an event, in the order of reading. Empty values are left out."""
    known = ((name, asks[name]) for name in _FACTS if name in asks)
    return [Fact(_FACTS[name], _text(value), name in _CODES) for name, value in known if value != ""]


def _text(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
