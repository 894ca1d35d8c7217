"""
The life of a waiver or a false positive as a table, and what a request has to say. Pure.

    refusals(Action.APPROVE, case, actor)     # () when it may be done, else each reason as a sentence with what to do
    move(Action.APPROVE, case, actor)         # the state afterwards; raises RefusedError
    faults(wish, today)                       # {field: what is wrong with a request}; empty when it may be made

`reviews.waivers.decisions` does nothing that is not in TRANSITIONS.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from reviews.workflow.guards import unless
from reviews.workflow.quorum import Actor
from scanners.finding import Severity

MAINTAINER = 3
MOST_DAYS: Mapping[Severity, int] = {
    Severity.CRITICAL: 14,
    Severity.HIGH: 30,
    Severity.MEDIUM: 90,
    Severity.LOW: 180,
}
MOST_FINDINGS = 1000
LONGEST = 4000
WARN_DAYS = (10, 2)
_DUTIES: Mapping[Severity, tuple[str, ...]] = {
    Severity.CRITICAL: ("security", "authority"),
    Severity.HIGH: ("lead", "security", "authority"),
}


class State(StrEnum):
    """Where a request stands."""

    REQUESTED = "requested"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    ENDED = "ended"


class Action(StrEnum):
    """What moves it on."""

    APPROVE = "approve"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    REVOKE = "revoke"
    END = "end"


class RefusedError(Exception):
    """It may not be done. `reasons` are sentences that say what to do."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Case:
    """One waiver on one day. `ends_on` is its last day; None for a false positive."""

    state: State
    severity: Severity
    requested_by: int
    ends_on: date | None
    today: date

    @property
    def over(self) -> bool:
        """Whether its last day is over, whether or not a job wrote it down."""
        return self.ends_on is not None and self.ends_on < self.today

    @property
    def effective(self) -> State:
        """What is so on this day."""
        return State.ENDED if self.state is State.APPROVED and self.over else self.state


Guard = Callable[[Case, Actor], tuple[str, ...]]


def may_decide(severity: Severity, actor: Actor) -> bool:
    """Whether somebody has the authority for a severity; whether they asked for it is not looked at."""
    if severity in _DUTIES:
        return any(actor.has(duty) for duty in _DUTIES[severity])
    return actor.rank >= Actor.REVIEWER


def decider(severity: Severity) -> str:
    """Who may decide, in words."""
    duties = ["release authority" if duty == "authority" else duty for duty in _DUTIES.get(severity, ())]
    return f"a reviewer with the duty {' or '.join(duties)}" if duties else "a reviewer"


def decides(case: Case, actor: Actor) -> tuple[str, ...]:
    """Critical: the duty security or release authority. High: lead as well. Medium and low: the role reviewer."""
    return unless(
        may_decide(case.severity, actor),
        f"A decision about {case.severity} severity needs {decider(case.severity)}. Ask one of them.",
    )


def another(case: Case, actor: Actor) -> tuple[str, ...]:
    """Somebody else than who asked."""
    return unless(actor.key != case.requested_by, "You asked for it. Somebody else has to decide.")


def asker(case: Case, actor: Actor) -> tuple[str, ...]:
    """Who asked for it."""
    return unless(actor.key == case.requested_by, "Only who asked can withdraw the request. Decline it instead.")


def takes_back(case: Case, actor: Actor) -> tuple[str, ...]:
    """A maintainer, or somebody who may decide about this severity."""
    fine = actor.rank >= MAINTAINER or may_decide(case.severity, actor)
    return unless(fine, f"Revoking needs a maintainer or {decider(case.severity)}. Ask one of them.")


def in_time(case: Case, _actor: Actor) -> tuple[str, ...]:
    """The last day is not over and not further away than the severity allows, counted from the day of the decision."""
    if case.over:
        return ("Its last day is over. Decline it; whoever still needs it asks again.",)
    most = MOST_DAYS[case.severity]
    late = case.ends_on is not None and (case.ends_on - case.today).days > most
    return unless(not late, f"It would run longer than {most} days, the most for {case.severity}. Ask again.")


def is_over(case: Case, actor: Actor) -> tuple[str, ...]:
    """Its last day is over; Plimsoll does this by itself."""
    return unless(case.over and actor.key is None, "Plimsoll ends it by itself when its last day is over.")


@dataclass(frozen=True, slots=True)
class Transition:
    """One way between states. `past` names the audit event and stands in its sentence."""

    action: Action
    source: State
    target: State
    guards: tuple[Guard, ...]
    past: str
    does: str


A, S = Action, State
TRANSITIONS = (
    Transition(A.APPROVE, S.REQUESTED, S.APPROVED, (decides, another, in_time), "approved", "It holds from now on."),
    Transition(
        A.DECLINE, S.REQUESTED, S.DECLINED, (decides, another), "declined", "Nothing changes; the asker is told."
    ),
    Transition(A.WITHDRAW, S.REQUESTED, S.WITHDRAWN, (asker,), "withdrawn", "Nothing changes."),
    Transition(A.REVOKE, S.APPROVED, S.REVOKED, (takes_back,), "revoked", "What it covered is open again."),
    Transition(A.END, S.APPROVED, S.ENDED, (is_over,), "ended", "What it covered is open again since its last day."),
)
_BY_ACTION = {row.action: row for row in TRANSITIONS}


def transition(action: Action) -> Transition:
    """The row of the table."""
    return _BY_ACTION[action]


def refusals(action: Action, case: Case, actor: Actor) -> tuple[str, ...]:
    """Why something cannot be done now, each a sentence; empty when it can."""
    row = _BY_ACTION[action]
    state = case.state if action is A.END else case.effective
    if state is not row.source:
        return (f"It is {state}; this is only possible while it is {row.source}.",)
    return tuple(reason for guard in row.guards for reason in guard(case, actor))


def move(action: Action, case: Case, actor: Actor) -> State:
    """The state after an action. Raises RefusedError."""
    reasons = refusals(action, case, actor)
    if reasons:
        raise RefusedError(reasons)
    return _BY_ACTION[action].target


def last_day(severity: Severity, today: date) -> date:
    """The latest day that a waiver of this severity may end on."""
    return today + timedelta(days=MOST_DAYS[severity])
