"""
What one person may do with a review now, from the table of the workflow: allowed, or refused with its reasons. Pure.

    choices(case, actor)        # a Choice for each action of this state that is in the person's role
    find(choices, "approve")    # that one, or None

What is not in somebody's role is not offered at all. A refused choice stays, because its reasons say what is missing.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from reviews.workflow import guards as need
from reviews.workflow.guards import Case, Guard
from reviews.workflow.quorum import Actor, filled
from reviews.workflow.states import Action
from reviews.workflow.transitions import refusals, transition

_ROLE: frozenset[Guard] = frozenset({need.of_the_team, need.starts, need.reviews, need.has_authority, need.by_itself})
_OF_AN_ITEM = re.compile(r"([A-Z]\d+): ")
_SHOWN = 6


class Asks(StrEnum):
    """What a choice wants to be told beside the click."""

    NOTHING = "nothing"
    NOTE = "note"
    REASON = "reason"
    COMMIT = "commit"


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to do. `name` stands in the address of its form; `place` is primary, plain or more."""

    name: str
    label: str
    does: str
    asks: Asks
    place: str
    danger: bool
    reasons: tuple[str, ...]

    @property
    def allowed(self) -> bool:
        """Whether it may be done now."""
        return not self.reasons

    @property
    def quiet(self) -> bool:
        """Whether it gives way to others where there is little room."""
        return self.place == "plain" and self.name != Action.REQUEST_CHANGES

    @property
    def signs(self) -> bool:
        """Whether it adds a sign-off."""
        return self.name in _SIGNING

    @property
    def counts(self) -> bool:
        """Whether its sign-off fills a place of the quorum."""
        return self.name in _FITS

    @property
    def said(self) -> tuple[str, ...]:
        """The reasons in short: those of single items as one sentence."""
        return summed_up(self.reasons)


@dataclass(frozen=True, slots=True)
class _Offer:
    action: Action
    label: str
    asks: Asks = Asks.NOTHING
    place: str = "plain"
    danger: bool = False


_OFFERS = (
    _Offer(Action.START, "Start the review", place="primary"),
    _Offer(Action.RETRY, "Scan again", place="primary"),
    _Offer(Action.SUBMIT, "Submit for review", place="primary"),
    _Offer(Action.CLAIM, "Claim the review", place="primary"),
    _Offer(Action.REQUEST_CHANGES, "Request changes", Asks.REASON),
    _Offer(Action.REJECT, "Reject", Asks.REASON, danger=True),
    _Offer(Action.APPROVE_WITH_CONDITIONS, "Approve with conditions", Asks.NOTE),
    _Offer(Action.APPROVE, "Approve", Asks.NOTE, place="primary"),
    _Offer(Action.REAFFIRM, "Reaffirm all", Asks.NOTE, place="primary"),
    _Offer(Action.MOVE, "Move to another commit", Asks.COMMIT, place="more"),
    _Offer(Action.RELEASE, "Release the review", place="more"),
    _Offer(Action.WITHDRAW, "Withdraw the review", Asks.NOTE, place="more", danger=True),
    _Offer(Action.REVOKE, "Revoke the approval", Asks.REASON, place="more", danger=True),
)
_SIGNING = (Action.APPROVE, Action.APPROVE_WITH_CONDITIONS, Action.REJECT, Action.REQUEST_CHANGES, Action.REAFFIRM)
_FITS = {Action.APPROVE: need.without_conditions, Action.APPROVE_WITH_CONDITIONS: need.with_conditions}


def choices(case: Case, actor: Actor) -> tuple[Choice, ...]:
    """Everything that this state and the person's role have to offer."""
    return tuple(_choice(offer, case, actor) for offer in _OFFERS if _offered(offer.action, case, actor))


def find(offered: Iterable[Choice], name: str) -> Choice | None:
    """The choice of that name."""
    return next((one for one in offered if one.name == name), None)


def summed_up(reasons: Iterable[str]) -> tuple[str, ...]:
    """Reasons that belong to single items as one sentence, the others as they are."""
    every = list(reasons)
    refs = [found[1] for reason in every if (found := _OF_AN_ITEM.match(reason))]
    others = tuple(reason for reason in every if not _OF_AN_ITEM.match(reason))
    if not refs:
        return others
    more = f" and {len(refs) - _SHOWN} more" if len(refs) > _SHOWN else ""
    is_ = "1 item is" if len(refs) == 1 else f"{len(refs)} items are"
    return (f"{is_} in the way: {', '.join(refs[:_SHOWN])}{more}.", *others)


def _offered(action: Action, case: Case, actor: Actor) -> bool:
    row = transition(action)
    mine = not any(guard(case, actor) for guard in row.guards if guard in _ROLE)
    return case.state in row.sources and mine


def _choice(offer: _Offer, case: Case, actor: Actor) -> Choice:
    action, reasons = _reasons(offer.action, case, actor)
    does = transition(action).does
    return Choice(offer.action.value, offer.label, does, offer.asks, offer.place, offer.danger, reasons)


def _reasons(action: Action, case: Case, actor: Actor) -> tuple[Action, tuple[str, ...]]:
    """A sign-off that leaves the quorum open is the action sign, whichever way it points."""
    if action is Action.REAFFIRM:
        return action, refusals(action, replace(case, changed=()), actor)
    if action not in _FITS or not still_open(case, actor):
        return action, refusals(action, case, actor)
    return Action.SIGN, (*refusals(Action.SIGN, case, actor), *_FITS[action](case, actor))


def still_open(case: Case, actor: Actor) -> tuple[str, ...]:
    """The places of the quorum that nobody fills once this person has signed."""
    places = filled(case.slots, (*case.given, actor.gives()))
    return tuple(slot.said for slot, given in places if given is None)


def why_not(offered: Iterable[Choice]) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """What keeps refused choices away, each reason once: (labels of the choices that it keeps away, reasons)."""
    by_reason: dict[str, list[str]] = {}
    for one in offered:
        for reason in one.said:
            by_reason.setdefault(reason, []).append(one.label)
    grouped: dict[tuple[str, ...], list[str]] = {}
    for reason, labels in by_reason.items():
        grouped.setdefault(tuple(labels), []).append(reason)
    return tuple((labels, tuple(reasons)) for labels, reasons in grouped.items())
