"""
7: what reviewers do with a submitted review, up to the decision and after it.

A sign-off that leaves the quorum open is recorded and nothing else; the one that fills it decides. Sign-offs are only
ever added, and each is bound to commit, tree, rule set and evidence. Raises as `reviews.signoff.opening`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from reviews import recount
from reviews.audit import trail
from reviews.models import Condition, Review, SignOff, User
from reviews.signoff.opening import by_itself, team_of, tell
from reviews.signoff.turns import ConflictError, Seen, Turn, turn
from reviews.workflow import guards as need
from reviews.workflow.states import HELD, IN_FORCE, Action, State
from reviews.workflow.transitions import RefusedError

# Proposals without a source beyond the custom to look at each service at least once a year.
VALID_DAYS = {"A": 90, "B": 180, "C": 365}
_FINAL = {
    SignOff.Decision.APPROVE: Action.APPROVE,
    SignOff.Decision.CONDITIONS: Action.APPROVE_WITH_CONDITIONS,
}
Decision = SignOff.Decision


def sign(review: Review, by: User, seen: Seen, decision: str, note: str = "") -> State:
    """Approve, or approve with conditions. Returns the state then: in review while the quorum is open."""
    with turn(review, by, seen) as taken:
        final = _FINAL[Decision(decision)]
        open_ = bool(need.quorum_filled(taken.case, taken.actor))
        fits = need.without_conditions if final is Action.APPROVE else need.with_conditions
        reasons = fits(taken.case, taken.actor) if open_ else ()
        taken.need(not reasons, final, " ".join(reasons))
        until = valid_until(taken.now, taken.review.tier)
        decided = {} if open_ else {"decided_at": taken.now, "valid_until": until, "note": note}
        commit = taken.review.commit
        state = taken.go(Action.SIGN if open_ else final, "signed" if open_ else "approved", **decided)
        _add(taken, by, decision, note, commit)
        if not open_:
            _supersede_earlier(taken)
            recount.refresh(taken.review.repository)
        told = "signed" if open_ else f"decided: {state.label}"
        tell(taken, "decision", team_of(taken), f"{by.username} {told}.")
    return state


def request_changes(review: Review, by: User, seen: Seen, note: str) -> None:
    """Send the review back to its team, which may answer again."""
    with turn(review, by, seen) as taken:
        taken.need(bool(note.strip()), Action.REQUEST_CHANGES, "Say what has to change.")
        taken.go(Action.REQUEST_CHANGES, "asked for changes of", note=note, claimed_by=None)
        _add(taken, by, Decision.CHANGES, note, taken.review.commit)
        tell(taken, "changes-requested", team_of(taken), f"{by.username} asks for changes: {note}")


def reject(review: Review, by: User, seen: Seen, note: str) -> None:
    """Decide against the release of this commit."""
    with turn(review, by, seen) as taken:
        taken.need(bool(note.strip()), Action.REJECT, "Say why it is rejected.")
        taken.go(Action.REJECT, "rejected", note=note, decided_at=taken.now)
        _add(taken, by, Decision.REJECT, note, taken.review.commit)
        recount.refresh(taken.review.repository)
        tell(taken, "decision", team_of(taken), f"{by.username} rejected the release: {note}")


def reaffirm(review: Review, by: User, seen: Seen, refs: Sequence[str], note: str = "") -> State:
    """Agree to changed items at the newest compared commit; the approval is back when none is left."""
    with turn(review, by, seen) as taken:
        newest = taken.review.commits.order_by("-pk").first()
        agreed = {ref: newest.digests.get(ref, "") for ref in refs if ref in taken.case.changed} if newest else {}
        taken.need(bool(agreed), Action.REAFFIRM, "Choose at least one changed item.")
        left = tuple(ref for ref in taken.case.changed if ref not in agreed)
        taken.case = replace(taken.case, changed=left)
        state = taken.go(Action.REAFFIRM_SOME if left else Action.REAFFIRM, "reaffirmed items of", note=note)
        _add(taken, by, Decision.REAFFIRM, note, newest.commit if newest else "", agreed)
        tell(taken, "decision", team_of(taken), f"{by.username} reaffirmed {', '.join(agreed)}.")
    return state


def revoke(review: Review, by: User, seen: Seen, note: str) -> None:
    """Take an approval back."""
    with turn(review, by, seen) as taken:
        taken.need(bool(note.strip()), Action.REVOKE, "Say why the approval is taken back.")
        taken.go(Action.REVOKE, "revoked the approval of", note=note)
        tell(taken, "decision", team_of(taken), f"{by.username} revoked the approval: {note}")


def valid_until(now: datetime, tier: str) -> datetime:
    """When an approval given now ends."""
    return now + timedelta(days=VALID_DAYS[tier])


def draw_ends(review: Review) -> None:
    """Write down what time did to a review: its end, or a condition that is overdue. May run at any time, twice too."""
    with turn(review, None, stored=True) as taken:
        clock = taken.case.clock
        drawn = State(taken.review.state)
    if drawn in HELD and clock.expired:
        by_itself(review, Action.EXPIRE, "its validity is over")
    elif drawn in (*IN_FORCE, State.NEEDS_REAFFIRMATION) and clock.overdue:
        by_itself(review, Action.SUSPEND, "a condition is overdue")


def draw_due(now: datetime) -> int:
    """Draw the end of every review that time has overtaken by `now`. Returns for how many it was tried."""
    over = Q(state__in=[state.value for state in HELD], valid_until__lte=now)
    running = [state.value for state in (*IN_FORCE, State.NEEDS_REAFFIRMATION)]
    overdue = Condition.objects.filter(review=OuterRef("pk"), state=Condition.State.OPEN, due_on__lt=now.date())
    due = Review.objects.filter(over | Q(Exists(overdue), state__in=running)).order_by("pk")
    for review in (reviews := list(due)):
        try:
            draw_ends(review)
        except (ConflictError, RefusedError):  # another run was first
            continue
    return len(reviews)


def _add(taken: Turn, by: User, decision: str, note: str, commit: str, items: Mapping[str, str] | None = None) -> None:
    """The sign-off itself. Its digest goes into the audit log, so that neither can be changed without the other."""
    review = taken.review
    bound = dict(review.items.values_list("ref", "digest")) if items is None else dict(items)
    sign_off = SignOff.objects.create(
        review=review,
        reviewer=by,
        duties=sorted(taken.actor.gives().duties),
        decision=decision,
        round=review.round,
        commit=commit,
        tree=review.tree,
        rule_set=review.rule_set,
        evidence_digest=review.evidence_digest,
        items=bound,
        note=note,
    )
    digest = trail.sign_off_digest(sign_off)
    taken.tell(
        "review-signed", f"gave the sign-off {Decision(decision).label!r} on", sign_off=sign_off.pk, digest=digest
    )


def _supersede_earlier(taken: Turn) -> None:
    """One approval of a repository is in force; the newest takes the place of the others."""
    others = Review.objects.filter(repository=taken.review.repository_id, state__in=[state.value for state in HELD])
    for earlier in others.exclude(pk=taken.review.pk).order_by("pk"):
        by_itself(earlier, Action.SUPERSEDE, f"{taken.review.title} was approved")
