"""
The release-readiness review as a state machine: every state, and every way from one to another. Pure.

    effective(State.APPROVED, clock)     # State.EXPIRED when its validity is over, whether or not a job wrote it down
    refusals(Action.SUBMIT, case, actor) # () when it may be done, else each reason as a sentence with what to do
    move(Action.APPROVE, case, actor)    # the state afterwards; raises RefusedError

`TRANSITIONS` is the whole contract: the page that explains the workflow is drawn from it, and `reviews.signoff` does
nothing that is not in it. Guards look at a `Case`, the facts about one review at one moment, and at an `Actor`.
"""

from dataclasses import dataclass

from reviews.workflow import guards as need
from reviews.workflow.guards import Case, Clock, Guard
from reviews.workflow.quorum import Actor
from reviews.workflow.states import HELD, IN_FORCE, OPEN, Action, State

A = Action
S = State


class RefusedError(Exception):
    """The workflow does not allow it. `reasons` are sentences that say what to do."""

    def __init__(self, action: Action, reasons: tuple[str, ...]) -> None:
        super().__init__(" ".join(reasons))
        self.action = action
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Transition:
    """One way between states. `does` says what happens beside the change of state."""

    action: Action
    sources: tuple[State, ...]
    target: State
    guards: tuple[Guard, ...]
    does: str


REVIEWER = (need.reviews, need.independent)
TRANSITIONS = (
    Transition(A.START, (S.DRAFT,), S.SCANNING, (need.starts,), "Asks for the scan of exactly this commit."),
    Transition(
        A.SCANNED,
        (S.SCANNING,),
        S.SELF_ASSESSMENT,
        (need.by_itself,),
        "Freezes commit, tree, rule set, checklist and questions; fills in what the scan and the last approval say.",
    ),
    Transition(A.SCAN_FAILS, (S.SCANNING,), S.SCAN_FAILED, (need.by_itself,), "Keeps the error of the scan."),
    Transition(A.RETRY, (S.SCAN_FAILED,), S.SCANNING, (need.of_the_team,), "Asks for the scan again."),
    Transition(
        A.SUBMIT,
        (S.SELF_ASSESSMENT, S.CHANGES_REQUESTED),
        S.SUBMITTED,
        (need.of_the_team, need.items_ready),
        "Freezes the answers and tells the reviewers. A resubmission begins the next round.",
    ),
    Transition(A.CLAIM, (S.SUBMITTED,), S.IN_REVIEW, REVIEWER, "Makes the reviewer the one who holds the review."),
    Transition(
        A.RELEASE,
        (S.IN_REVIEW,),
        S.SUBMITTED,
        (need.reviews, need.holds_the_claim, need.nobody_signed),
        "Frees the review.",
    ),
    Transition(
        A.REQUEST_CHANGES,
        (S.IN_REVIEW,),
        S.CHANGES_REQUESTED,
        REVIEWER,
        "Opens the answers again; sign-offs of the round are void.",
    ),
    Transition(
        A.SIGN,
        (S.IN_REVIEW,),
        S.IN_REVIEW,
        (*REVIEWER, need.not_signed_yet, need.no_blocker, need.items_agreed, need.quorum_open),
        "Adds a sign-off that fills one place of the quorum.",
    ),
    Transition(
        A.APPROVE,
        (S.IN_REVIEW,),
        S.APPROVED,
        (
            *REVIEWER,
            need.not_signed_yet,
            need.no_blocker,
            need.items_agreed,
            need.without_conditions,
            need.quorum_filled,
        ),
        "Adds the sign-off that fills the quorum; earlier approvals of the repository are superseded.",
    ),
    Transition(
        A.APPROVE_WITH_CONDITIONS,
        (S.IN_REVIEW,),
        S.APPROVED_WITH_CONDITIONS,
        (*REVIEWER, need.not_signed_yet, need.no_blocker, need.items_agreed, need.with_conditions, need.quorum_filled),
        "As approve; the conditions run from now on.",
    ),
    Transition(A.REJECT, (S.IN_REVIEW,), S.REJECTED, REVIEWER, "Adds the sign-off; the gate fails for the commit."),
    Transition(
        A.MOVE,
        (S.SCAN_FAILED, S.SELF_ASSESSMENT, S.SUBMITTED, S.IN_REVIEW, S.CHANGES_REQUESTED),
        S.SCANNING,
        (need.of_the_team,),
        "Starts again on another commit; answers stay where their evidence is unchanged, sign-offs do not count.",
    ),
    Transition(A.WITHDRAW, OPEN, S.WITHDRAWN, (need.of_the_team,), "Ends the review without a decision."),
    Transition(
        A.CHANGE,
        IN_FORCE,
        S.NEEDS_REAFFIRMATION,
        (need.by_itself,),
        "A newer commit changes what an agreed item rests on; only these items are asked again.",
    ),
    Transition(
        A.REAFFIRM,
        (S.NEEDS_REAFFIRMATION,),
        S.APPROVED,
        (*REVIEWER, need.still_valid, need.is_not_overdue, need.changes_seen),
        "Adds a sign-off for the changed items; back to with conditions where conditions run.",
    ),
    Transition(
        A.REAFFIRM_SOME,
        (S.NEEDS_REAFFIRMATION,),
        S.NEEDS_REAFFIRMATION,
        (*REVIEWER, need.still_valid, need.changes_left),
        "Adds a sign-off for some of the changed items.",
    ),
    Transition(
        A.SETTLE,
        (S.NEEDS_REAFFIRMATION,),
        S.APPROVED,
        (need.by_itself, need.still_valid, need.is_not_overdue, need.changes_seen),
        "A newer commit takes the changes back; back to with conditions where conditions run.",
    ),
    Transition(A.LAPSE, (*HELD,), S.STALE, (need.by_itself,), "The commit is no longer part of the branch."),
    Transition(A.EXPIRE, HELD, S.EXPIRED, (need.by_itself, need.is_expired), "Ends the approval."),
    Transition(
        A.SUSPEND,
        (*IN_FORCE, S.NEEDS_REAFFIRMATION),
        S.SUSPENDED,
        (need.by_itself, need.is_overdue),
        "The gate fails until met.",
    ),
    Transition(
        A.RESTORE,
        (S.SUSPENDED,),
        S.APPROVED_WITH_CONDITIONS,
        (need.by_itself, need.is_not_overdue, need.still_valid),
        "Every overdue condition has been verified; to needs reaffirmation where an item has changed meanwhile.",
    ),
    Transition(A.REVOKE, HELD, S.REVOKED, (need.has_authority,), "Takes the approval back, with a reason."),
    Transition(A.SUPERSEDE, HELD, S.SUPERSEDED, (need.by_itself,), "A newer review of the repository was approved."),
)
_BY_ACTION = {transition.action: transition for transition in TRANSITIONS}


def effective(state: State, clock: Clock) -> State:
    """What is so at this moment. Ends take effect by themselves; jobs only write them down."""
    if state in HELD and clock.expired:
        return S.EXPIRED
    if state in (*IN_FORCE, S.NEEDS_REAFFIRMATION) and clock.overdue:
        return S.SUSPENDED
    return state


def transition(action: Action) -> Transition:
    """The row of the table."""
    return _BY_ACTION[action]


def refusals(action: Action, case: Case, actor: Actor) -> tuple[str, ...]:
    """Why an action cannot be done now, each a sentence; empty when it can."""
    row = _BY_ACTION[action]
    if case.state not in row.sources:
        return (f"The review is {case.state.label}; this is only possible when it is {_either(row.sources)}.",)
    return tuple(reason for guard in row.guards for reason in guard(case, actor))


def move(action: Action, case: Case, actor: Actor) -> State:
    """The state after an action. Raises RefusedError."""
    reasons = refusals(action, case, actor)
    if reasons:
        raise RefusedError(action, reasons)
    if action in (Action.REAFFIRM, Action.SETTLE) and case.conditions:
        return S.APPROVED_WITH_CONDITIONS
    if action is Action.RESTORE and case.changed:
        return S.NEEDS_REAFFIRMATION
    return _BY_ACTION[action].target


def _either(states: tuple[State, ...]) -> str:
    *first, last = (state.label for state in states)
    return f"{', '.join(first)} or {last}" if first else last
