"""What reviewers do in a script, and what is done about a release beside its review. As in `reviews.demo.answering`."""

from reviews.demo.scene import LostError, Scene
from reviews.models import Review, Verdict
from reviews.signoff import answers, conditions, deciding, glass, opening
from reviews.signoff.turns import Seen
from reviews.workflow.states import HELD, State

Value = Verdict.Value


def claim(scene: Scene) -> bool:
    """Waits until the authors of the commits are known."""
    review = scene.review
    if scene.told("review-claimed", review, round=scene.step.round):
        return True
    if review.state == State.SUBMITTED and review.authors_state == Review.Authors.PENDING:
        return False
    opening.claim(review, scene.by, Seen.of(review))
    return True


def judge(scene: Scene) -> bool:
    """A verdict: `value` on `items`, or on everything that is asked and required."""
    review, says = scene.review, scene.step.says
    asked = review.items.filter(asked=True, required=True)
    for item in review.items.filter(ref__in=says["items"]) if "items" in says else asked:
        known = {"ref": item.ref, "value": says["value"], "round": scene.step.round}
        if not scene.told("verdict-given", review, **known):
            answers.give_verdict(item, scene.by, says["value"], item.digest)
    return True


def send_back(scene: Scene) -> bool:
    """`note` says what has to change."""
    review = scene.review
    if not scene.told("review-sent-back", review, round=scene.step.round):
        deciding.request_changes(review, scene.by, Seen.of(review), scene.step.says["note"])
    return True


def sign(scene: Scene) -> bool:
    """With conditions where there are any; `note` goes with it."""
    review = scene.review
    given = review.sign_offs.filter(reviewer=scene.by, round=scene.step.round)
    if not given.filter(decision__in=(deciding.Decision.APPROVE, deciding.Decision.CONDITIONS)).exists():
        with_conditions = scene.case(review).conditions > 0
        decision = deciding.Decision.CONDITIONS if with_conditions else deciding.Decision.APPROVE
        deciding.sign(review, scene.by, Seen.of(review), decision, scene.step.says.get("note", ""))
    return True


def compare(scene: Scene) -> bool:
    """Nobody's act: waits until the newest commit has been held against the approval."""
    scene.repository.refresh_from_db(fields=["latest_scan"])
    newest, review = scene.repository.latest_scan, scene.review
    if newest is None or review.state not in HELD or newest.commit == review.commit:
        return True
    return review.commits.filter(scan=newest).exists()


def reaffirm(scene: Scene) -> bool:
    """Those of `items` that the newest commit changed; `note` goes with it."""
    review, says = scene.review, scene.step.says
    done = review.sign_offs.filter(reviewer=scene.by, decision=deciding.Decision.REAFFIRM).exists()
    changed = [ref for ref in scene.case(review).changed if ref in says["items"]]
    if changed and not done:
        deciding.reaffirm(review, scene.by, Seen.of(review), changed, says["note"])
    return True


def verify(scene: Scene) -> bool:
    """The condition `text`; `note` says how one knows."""
    wanted = scene.review.conditions.filter(text=scene.step.says["text"]).first()
    if wanted is None:
        raise LostError(f"{scene.review} has no condition “{scene.step.says['text']}”.")
    if wanted.state == wanted.State.OPEN:
        conditions.verify(wanted, scene.by, scene.step.says["note"])
    return True


def break_glass(scene: Scene) -> bool:
    """Lets `commit`, named by its message, out for the `reason`."""
    commit, reason = scene.commit(scene.step.says["commit"]), scene.step.says["reason"]
    if not scene.repository.broken_glass.filter(commit=commit, by=scene.by).exists():
        glass.break_glass(scene.repository, scene.by, commit, reason)
    return True


def stand_by(scene: Scene) -> bool:
    """As the second person, to the newest broken glass; `note` says what one saw."""
    broken = scene.repository.broken_glass.filter(commit=scene.commit(scene.step.says["commit"])).first()
    if broken is None:
        raise LostError(f"{scene.repository.name} has no broken glass.")
    if broken.second_id is None:
        glass.second(broken, scene.by, scene.step.says["note"])
    return True


ACTS = {
    "claim": claim,
    "judge": judge,
    "send back": send_back,
    "sign": sign,
    "compare": compare,
    "reaffirm": reaffirm,
    "verify": verify,
    "break glass": break_glass,
    "stand by": stand_by,
}
