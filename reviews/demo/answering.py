"""What the team of a repository does in a script: opens a review, answers its items, and hands it in.

Every act is done once: it returns whether it is done now, and False while something else has to happen first.
"""

from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from reviews.demo.fleet import person
from reviews.demo.scene import Scene, ahead
from reviews.models import ReviewItem
from reviews.outcomes import Outcome
from reviews.signoff import answers, conditions, evidence, opening
from reviews.signoff.turns import Seen
from reviews.workflow.states import ANSWERING, State

_NOT_READ = (State.DRAFT, State.SCANNING, State.SCAN_FAILED)


def open_review(scene: Scene) -> bool:
    """`commit` is the message of the commit, `occasion` why the review is held."""
    if scene.find_review() is None:
        commit, occasion = scene.commit(scene.step.says["commit"]), scene.step.says["occasion"]
        opening.open_review(scene.repository, scene.by, title=scene.step.review, occasion=occasion, commit=commit)
    return True


def start(scene: Scene) -> bool:
    """Done when the scan of the commit has ended and the items are filled in."""
    review = scene.review
    if review.state == State.DRAFT and not scene.told("review-started", review):
        opening.start(review, scene.by, Seen.of(review))
    return scene.review.state not in _NOT_READ


def answer(scene: Scene) -> bool:
    """`items` holds by ref the answer with its words, and what it rests on: `note`, `link`, `file` or `upload`."""
    for ref, said in scene.step.says["items"].items():
        item = scene.item(ref)
        value = next(outcome for outcome in answers.ANSWERS if outcome in said)
        if not _answered(scene, item, value, said[value]):
            answers.answer(item, scene.by, value, said[value])
        _attach(scene, item, said)
    return True


def confirm(scene: Scene) -> bool:
    """Takes over every answer of the last approval that is asked for."""
    review = scene.review
    for item in review.items.filter(carried=True, required=True) if review.state in ANSWERING else ():
        answers.confirm(item, scene.by)
    return True


def acknowledge(scene: Scene) -> bool:
    """Of every item that the scan could not tell."""
    for item in _short(scene, Outcome.UNKNOWN) if scene.review.state in ANSWERING else ():
        answers.acknowledge(item, scene.by)
    return True


def condition(scene: Scene) -> bool:
    """`text`, `owner`, `verifier`, `days` until it is due; `items`, or all that fail and have no excuse yet."""
    says, review = scene.step.says, scene.review
    if review.state not in ANSWERING or review.conditions.filter(text=says["text"]).exists():
        return True
    refs = says.get("items") or [item.ref for item in _short(scene, Outcome.FAIL)]
    if refs:
        owner, verifier = person(says["owner"]), person(says["verifier"])
        conditions.add(review, scene.by, conditions.Wish(says["text"], refs, owner, verifier, ahead(says["days"])))
    return True


def submit(scene: Scene) -> bool:
    """Waits until the files are read."""
    review = scene.review
    if scene.told("review-submitted", review, round=scene.step.round):
        return True
    if review.state in ANSWERING and evidence.waiting(review):
        return False
    opening.submit(review, scene.by, Seen.of(review))
    return True


def say(scene: Scene) -> bool:
    """A comment: `text` on `item`."""
    item, text = scene.item(scene.step.says["item"]), scene.step.says["text"]
    if not item.comments.filter(author=scene.by, text=text).exists():
        answers.comment(item, scene.by, text)
    return True


def _answered(scene: Scene, item: ReviewItem, value: str, words: str) -> bool:
    """Whether this was said already. What somebody made of it in the first round since then stays."""
    if item.review.state not in ANSWERING or (item.answer, item.rationale) == (value, words.strip()):
        return True
    return scene.step.round == 1 and scene.told("item-answered", item.review, ref=item.ref)


def _short(scene: Scene, outcome: Outcome) -> list[ReviewItem]:
    """The required items of the scan that keep the review from being handed in because of this outcome."""
    review = scene.review
    short = {
        case.ref: case
        for case in scene.case(review).items
        if case.required and not case.asked and case.missing and case.outcome is outcome
    }
    return list(review.items.filter(ref__in=short))


def _attach(scene: Scene, item: ReviewItem, said: Mapping[str, Any]) -> None:
    here = item.evidence.filter(added_by=scene.by)
    if "note" in said and not here.filter(text=said["note"]).exists():
        evidence.add_note(item, scene.by, said["note"])
    if "link" in said and not here.filter(text=said["link"]).exists():
        evidence.add_link(item, scene.by, said["link"])
    if "upload" in said and not here.filter(text=said["upload"]).exists():
        evidence.add_upload(item, scene.by, SimpleUploadedFile(said["upload"], said["content"].encode()))
    if "file" in said:
        path, _, lines = said["file"].partition(":")
        first, _, last = lines.partition("-")
        if not here.filter(path=path).exists():
            evidence.add_file(item, scene.by, path, int(first) if first else None, int(last) if last else None)


ACTS = {
    "open": open_review,
    "start": start,
    "answer": answer,
    "confirm": confirm,
    "acknowledge": acknowledge,
    "condition": condition,
    "submit": submit,
    "say": say,
}
