"""The guards of the review workflow: what has to be so before something may be done. Pure.

A guard looks at a `Case`, the facts about one review at one moment, and at an `Actor`. It returns the reasons against
it, each a sentence that says what to do; its docstring says what it asks for and is shown on the page of the workflow.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from reviews.workflow.items import ItemCase
from reviews.workflow.quorum import Actor, Given, Slot, filled
from reviews.workflow.states import State


@dataclass(frozen=True, slots=True)
class Clock:
    """What of an approval ends by itself: `due_on` are the dates of the conditions that nobody verified yet."""

    now: datetime
    valid_until: datetime | None = None
    due_on: tuple[date, ...] = ()

    @property
    def expired(self) -> bool:
        """Whether the validity is over."""
        return self.valid_until is not None and self.now >= self.valid_until

    @property
    def overdue(self) -> bool:
        """Whether the last day of a condition is over."""
        return any(self.now.date() > due for due in self.due_on)


@dataclass(frozen=True, slots=True)
class Case:
    """One review at one moment. `given` are the sign-offs of this round that are bound to what stands there now."""

    state: State
    clock: Clock
    items: tuple[ItemCase, ...] = ()
    slots: tuple[Slot, ...] = ()
    given: tuple[Given, ...] = ()
    authors_known: bool = True
    conditions: int = 0
    claimed_by: int | None = None
    changed: tuple[str, ...] = ()
    outside: Mapping[int, str] = field(default_factory=dict)

    def why_not_independent(self, actor: Actor) -> str:
        """Why a person does not count as a reviewer here; empty when they do."""
        return self.outside.get(actor.key or 0, "")


Guard = Callable[[Case, Actor], tuple[str, ...]]


def unless(fine: bool, reason: str) -> tuple[str, ...]:
    """No reason against it when it is fine, else this one."""
    return () if fine else (reason,)


def of_the_team(_case: Case, actor: Actor) -> tuple[str, ...]:
    """An engineer of the team or more."""
    return unless(actor.rank >= Actor.ENGINEER, "This needs the role engineer. Ask a maintainer of the team for it.")


def starts(case: Case, actor: Actor) -> tuple[str, ...]:
    """An engineer of the team or more, or Plimsoll itself when a release is tagged."""
    return () if actor.key is None else of_the_team(case, actor)


def reviews(_case: Case, actor: Actor) -> tuple[str, ...]:
    """A reviewer of the team or more."""
    return unless(actor.rank >= Actor.REVIEWER, "This needs the role reviewer. Ask a maintainer of the team for it.")


def has_authority(_case: Case, actor: Actor) -> tuple[str, ...]:
    """Somebody with the duty release authority."""
    fine = actor.has("authority")
    return unless(fine, "This needs the duty release authority. Ask a maintainer of the team who has it.")


def by_itself(_case: Case, actor: Actor) -> tuple[str, ...]:
    """Plimsoll itself; nobody does this by hand."""
    return unless(actor.key is None, "Plimsoll does this by itself.")


def independent(case: Case, actor: Actor) -> tuple[str, ...]:
    """The reviewer submitted nothing, answered nothing and wrote no commit since the last approval."""
    known = unless(case.authors_known, "The authors of the commits are not known yet. Wait until they are read.")
    why = case.why_not_independent(actor)
    return known + unless(not why, f"You {why}. Somebody else has to review this.")


def items_ready(case: Case, _actor: Actor) -> tuple[str, ...]:
    """Each required item passes, is waived, has a condition, or does not apply for a reason; unknown ones are seen."""
    return tuple(f"{item.ref}: {item.missing}" for item in case.items if item.required and item.missing)


def no_blocker(case: Case, _actor: Actor) -> tuple[str, ...]:
    """No required item is open, and nobody of the quorum says that one must change."""
    return tuple(f"{item.ref}: {item.blocker}" for item in case.items if item.blocker)


def items_agreed(case: Case, _actor: Actor) -> tuple[str, ...]:
    """Every asked item has been agreed to by a reviewer, on the evidence as it is now."""
    left = [item.ref for item in case.items if item.asked and item.required and not item.agreed]
    return unless(not left, f"No verdict yet on {', '.join(left[:8])}{' and more' if len(left) > 8 else ''}.")


def not_signed_yet(case: Case, actor: Actor) -> tuple[str, ...]:
    """Each person signs once in a round, unless the evidence has changed since."""
    signed = any(given.key == actor.key for given in case.given)
    return unless(not signed, "You have signed this round already. Another person has to.")


def quorum_filled(case: Case, actor: Actor) -> tuple[str, ...]:
    """The sign-offs fill the quorum of the tier."""
    open_ = [slot.said for slot, given in filled(case.slots, (*case.given, actor.gives())) if given is None]
    return unless(not open_, f"Still to sign: {', '.join(open_)}.")


def quorum_open(case: Case, actor: Actor) -> tuple[str, ...]:
    """The sign-offs do not fill the quorum of the tier yet."""
    return unless(bool(quorum_filled(case, actor)), "This sign-off fills the quorum, so it decides.")


def without_conditions(case: Case, _actor: Actor) -> tuple[str, ...]:
    """No condition is attached."""
    return unless(not case.conditions, "Conditions are attached. Approve with conditions.")


def with_conditions(case: Case, _actor: Actor) -> tuple[str, ...]:
    """At least one condition is attached."""
    return unless(bool(case.conditions), "No condition is attached. Add one, or approve without.")


def holds_the_claim(case: Case, actor: Actor) -> tuple[str, ...]:
    """The person who claimed the review, a lead, or the release authority."""
    fine = actor.key == case.claimed_by or actor.has("lead") or actor.has("authority")
    return unless(fine, "Somebody else holds the review. A lead or they themselves can release it.")


def nobody_signed(case: Case, _actor: Actor) -> tuple[str, ...]:
    """Nobody has signed this round."""
    return unless(not case.given, "There is a sign-off in this round already.")


def changes_seen(case: Case, _actor: Actor) -> tuple[str, ...]:
    """Each changed item is agreed to again, or was before."""
    return unless(not case.changed, f"Still to reaffirm: {', '.join(case.changed)}.")


def changes_left(case: Case, _actor: Actor) -> tuple[str, ...]:
    """At least one changed item is left that nobody agreed to again."""
    return unless(bool(case.changed), "No changed item is left, so this reaffirms the approval.")


def is_expired(case: Case, _actor: Actor) -> tuple[str, ...]:
    """The validity of the approval is over."""
    return unless(case.clock.expired, "The approval is still valid.")


def is_overdue(case: Case, _actor: Actor) -> tuple[str, ...]:
    """The last day of a condition is over and nobody verified it."""
    return unless(case.clock.overdue, "No condition is overdue.")


def is_not_overdue(case: Case, _actor: Actor) -> tuple[str, ...]:
    """No condition is overdue."""
    return unless(not case.clock.overdue, "A condition is overdue. It has to be verified first.")


def still_valid(case: Case, _actor: Actor) -> tuple[str, ...]:
    """The approval is neither over nor suspended."""
    return unless(not case.clock.expired, "The validity of the approval is over. Open another review.")
