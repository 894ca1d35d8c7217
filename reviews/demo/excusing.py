"""Waivers and false positives in a script: asked for, and decided. As in `reviews.demo.answering`."""

from reviews.demo.scene import LostError, Scene, ahead
from reviews.models import Waiver
from reviews.waivers import asking, decisions
from reviews.waivers.life import Action


def ask(scene: Scene) -> bool:
    """`why`, and for a waiver `reason`, `days` and perhaps `control`; for `item`, `rule` (and `path`) or `findings`."""
    says = scene.step.says
    if scene.repository.waivers.filter(requested_by=scene.by, justification=says["why"]).exists():
        return True
    wish = asking.Wish(
        scene.repository,
        kind=says.get("kind", Waiver.Kind.WAIVER),
        findings=_findings(scene),
        rule=says.get("rule", ""),
        path=says.get("path", ""),
        item=says.get("item", ""),
        reason=says.get("reason", ""),
        justification=says["why"],
        control=says.get("control", ""),
        ends_on=ahead(says["days"]) if "days" in says else None,
        cap=says.get("cap", 1),
        review=scene.find_review(),
    )
    asking.ask(wish, scene.by)
    return True


def decide(scene: Scene) -> bool:
    """`decision` is approve or decline, `why` that of the request; `note` goes with it."""
    says = scene.step.says
    asked = scene.repository.waivers.filter(justification=says["why"]).first()
    if asked is None:
        raise LostError(f"Nobody asked for a waiver in {scene.repository.name} because “{says['why']}”.")
    if asked.state == Waiver.State.REQUESTED:
        decisions.decide(Action(says["decision"]), asked, scene.by, version=asked.version, note=says["note"])
    return True


def _findings(scene: Scene) -> tuple[int, ...]:
    """The open findings that the step describes."""
    if "findings" not in scene.step.says:
        return ()
    found = scene.repository.findings.filter(state="open", **scene.step.says["findings"])
    return tuple(found.values_list("pk", flat=True))


ACTS = {"ask": ask, "decide": decide}
