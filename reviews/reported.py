"""What pages say of the events that a forge reported: in words, and as the facts that were understood of each."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reviews.models import Delivery, Hook, Repository
from reviews.webhooks import body, signatures

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
_REFUSALS = signatures.TEXTS | body.TEXTS
_ANY_REFUSAL = ("A request was refused.", "Look at the answer in the forge's list of deliveries, and send it again.")


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


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something that arrived was not believed or could not be read. `at` is the first of its minute."""

    at: datetime
    code: str
    message: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Heard:
    """How a hook does: what arrived and what was refused last. `word`: silent, heard or refused, by the newest."""

    word: str
    last: Line | None
    refusal: Refusal | None


def heard(hook: Hook) -> Heard:
    """How a hook does now."""
    newest = hook.deliveries.select_related("scan", "review").defer("payload", "scan__scorecard").first()
    last = Line(newest, said(newest, hook.repository.provider)) if newest else None
    refused = refusal(hook)
    if refused and (newest is None or newest.received_at < refused.at):
        return Heard("refused", last, refused)
    return Heard("heard" if last else "silent", last, refused)


def refusal(hook: Hook) -> Refusal | None:
    """The last refusal, in words."""
    if hook.refused_at is None:
        return None
    message, next_step = _REFUSALS.get(hook.refused_code, _ANY_REFUSAL)
    return Refusal(hook.refused_at, hook.refused_code, message.format(field="A part of it"), next_step)


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
    """What was understood of an event, in the order of reading. What is empty or goes without saying is left out."""
    known = ((name, asks[name]) for name in _FACTS if name in asks and (asks[name] or name == "open"))
    return [Fact(_FACTS[name], _text(value), name in _CODES) for name, value in known]


def _text(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
