"""What becomes of a delivery, as a sentence for people; and what can be said of one without asking anybody."""

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass

from reviews.models import Delivery, Repository, Review, Scan
from reviews.webhooks.events import Event, Ignored, Ping, Push, Tag

State = Delivery.State


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a delivery: `code` says why nothing came of it."""

    state: Delivery.State
    text: str
    code: str = ""
    scan: Scan | None = None
    review: Review | None = None


def at_once(repository: Repository, event: Event) -> Outcome | None:
    """The outcome of an event that leads to nothing, or None: a worker has to do something."""
    match event:
        case Ping():
            return Outcome(State.DONE, "The hook works.")
        case Ignored():
            return ignored("event_ignored", event.why)
        case Push():
            return _push(repository, event)
        case Tag():
            return _tag(repository, event)
        case _:
            return None


def is_wanted(repository: Repository, event: Event) -> bool:
    """Whether a worker has to do something for an event."""
    return at_once(repository, event) is None


def done(text: str, *, scan: Scan | None = None, review: Review | None = None) -> Outcome:
    """It led to something, or it was there already."""
    return Outcome(State.DONE, text, scan=scan, review=review)


def ignored(code: str, text: str) -> Outcome:
    """It asks for nothing here."""
    return Outcome(State.IGNORED, text, code)


def failed(code: str, text: str) -> Outcome:
    """It asked for something that cannot be done."""
    return Outcome(State.FAILED, text, code)


def together(outcomes: Sequence[Outcome]) -> Outcome:
    """One outcome of the parts of a delivery: what was done counts, and what was left is not told beside it."""
    told = [one for one in outcomes if one.state == State.DONE] or outcomes
    scans = (one.scan for one in told if one.scan)
    opened = (one.review for one in told if one.review)
    text = " ".join(one.text for one in told)
    return Outcome(told[0].state, text, told[0].code, scan=next(scans, None), review=next(opened, None))


def _push(repository: Repository, push: Push) -> Outcome | None:
    if push.branch != repository.branch:
        text = f"The branch {push.branch} is not scored here; {repository.branch} is."
        return ignored("other_branch", text)
    if not push.commit:
        text = f"The branch {push.branch} was deleted. Its last scan stays; choose another branch in the settings."
        return ignored("branch_deleted", text)
    return None


def _tag(repository: Repository, tag: Tag) -> Outcome | None:
    if tag.deleted:
        return ignored("tag_deleted", f"The tag {tag.name} was deleted. A review that it opened stays.")
    if not fnmatch.fnmatchcase(tag.name, repository.release_tags):
        wanted = f"only {repository.release_tags} does" if repository.release_tags else "no tag does here"
        return ignored("other_tag", f"The tag {tag.name} opens no review; {wanted}.")
    return None
