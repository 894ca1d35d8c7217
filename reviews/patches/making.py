"""A job worked out: its files mended and proved together, and one patch of all that held."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from reviews.models import Finding, Patch
from reviews.patches.questions import Job
from reviews.patches.workshop import Workshop
from scanners.fixes.offered import fixes
from scanners.fixes.request import MendKey

LARGEST = 2 * 1024 * 1024
_SILENT = "The fix could not be proved."


class TooLargeError(Exception):
    """The patch is larger than LARGEST bytes. The message says by how much."""


@dataclass(slots=True)
class Answer:
    """What a patch holds: its bytes, the findings that it clears, and those that it does not, with the reason."""

    body: bytes = b""
    files: int = 0
    fixed: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)

    @property
    def state(self) -> Patch.State:
        """Whether there is something to apply."""
        return Patch.State.READY if self.body else Patch.State.NOTHING


def answer(job: Job, shop: Workshop, show: Callable[[int, int], None]) -> Answer:
    """The patch that a job comes to. `show` is told how many files are done, of how many.

    Raises SourceError when the commit cannot be had, and TooLargeError.
    """
    made = Answer(refused=[_told(finding, why=why) for finding, why in job.left])
    if not job.wanted:
        return made
    outcome = shop.mend(job.targets(), _counting(len(job.wanted), show))
    fixed = set(outcome.fixed())
    reasons = {(refused.path, refused.target): refused.why for refused in outcome.refused}
    for place, finding in job.targets().items():
        if place in fixed:
            made.fixed.append(_told(finding, title=fixes()[finding.rule].says))
        else:
            made.refused.append(_told(finding, why=reasons.get(place, _SILENT)))
    made.body, made.files = outcome.patch(shop.scan.repository.sub_path), len(outcome.mended)
    if len(made.body) > LARGEST:
        raise TooLargeError(f"The patch has {len(made.body):,} bytes; {LARGEST:,} are kept.")
    return made


def _counting(total: int, show: Callable[[int, int], None]) -> Callable[[MendKey], None]:
    done = 0
    show(done, total)

    def mended(_: MendKey) -> None:
        nonlocal done
        done += 1
        show(done, total)

    return mended


def _told(finding: Finding, **more: str) -> dict[str, Any]:
    return {"finding": finding.pk, "rule": finding.rule, "path": finding.path, "line": finding.line} | more
