"""Plays the scripts of the demo: every step by the service that a page would call, in the name of who takes it.

What was done stands in the audit log and in the rows, so playing again goes on where it ended, after an interruption
too. Where somebody who looks around has done something else, the script of that repository ends and leaves it to them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from reviews.demo import answering, excusing, judging
from reviews.demo.scene import LostError, Scene
from reviews.demo.script import Step, read
from reviews.models import AuditEvent, Repository, Scan
from reviews.signoff import turns
from reviews.waivers import decisions, life
from reviews.workflow.transitions import RefusedError

ACTS: Mapping[str, Callable[[Scene], bool]] = {**answering.ACTS, **judging.ACTS, **excusing.ACTS}
_BUSY = (Scan.State.REQUESTED, Scan.State.RUNNING)


@dataclass(frozen=True, slots=True)
class Played:
    """How far the scripts are: the repositories that wait for a worker, and why others went another way.

    `events` are those of the audit log, `scans` those that wait or run: while they change, something goes on.
    """

    waiting: tuple[str, ...]
    left: Mapping[str, str]
    events: int
    scans: int


def play(repositories: Iterable[Repository]) -> Played:
    """Play as far as it goes now."""
    waiting, left = [], {}
    for repository in repositories:
        try:
            if not play_steps(repository, read(repository.slug)):
                waiting.append(repository.slug)
        except (RefusedError, life.RefusedError, ValidationError, LostError) as error:
            left[repository.slug] = _reason(error)
    return Played(tuple(waiting), left, AuditEvent.objects.count(), Scan.objects.filter(state__in=_BUSY).count())


def play_steps(repository: Repository, steps: Iterable[Step]) -> bool:
    """Whether all steps are done. Raises what an act raises that the workflow, or what is there, does not allow."""
    if repository.scans.filter(trigger=Scan.Trigger.HISTORY, state__in=_BUSY).exists():
        return False
    try:
        return all(ACTS[step.do](Scene(repository, step)) for step in steps)
    except (turns.ConflictError, decisions.ConflictError):  # a worker, or somebody who looks around, was first
        return False


def _reason(error: Exception) -> str:
    return " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
