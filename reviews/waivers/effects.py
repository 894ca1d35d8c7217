"""What happens when a waiver ends and nothing was done: the scorecard made again without it."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from math import floor

from reviews import recount, trees
from reviews.advisories import age
from reviews.checklist import REQUIRED, Tier
from reviews.excuses import Cover
from reviews.models import Repository, ScanTree, Waiver
from reviews.scoring import Scorecard


def effects(waivers: Iterable[Waiver], today: date) -> dict[int, str]:
    """By key, what happens at the end. Nothing is said where the newest scan kept no counts."""
    by_repository: dict[Repository, list[Waiver]] = defaultdict(list)
    for waiver in waivers:
        by_repository[waiver.repository].append(waiver)
    scans = {repository.latest_scan_id: repository for repository in by_repository}
    kept = ScanTree.objects.filter(scan__in=[scan for scan in scans if scan]).select_related("scan__compared")
    found: dict[int, str] = {}
    for tree in kept.defer("files", "facts", "inventory", "asked", "scan__scorecard"):
        repository, counted = scans[tree.scan_id], age.brought_up(trees.unpack(tree.counted), tree.scan.compared)
        found |= _of_one(repository, counted, by_repository[repository], today) if counted else {}
    return found


def _of_one(repository: Repository, kept: recount.Json, waivers: Iterable[Waiver], today: date) -> dict[int, str]:
    ground = recount.ground(repository.pk, kept, today)
    before = ground.scored()
    tier = Tier(repository.tier)
    return {waiver.pk: effect(tier, before, ground.scored(but=[waiver.pk])) for waiver in waivers}


def effect(tier: Tier, before: tuple[Scorecard, Cover], after: tuple[Scorecard, Cover]) -> str:
    """What changes from one scorecard to another, as it stands behind "if nothing happens": the gravest thing alone."""
    (now, held), (then, left) = before, after
    if now.level.rank >= REQUIRED[tier].rank > then.level.rank:
        return "gate fails"
    if then.level.rank < now.level.rank:
        return f"{now.level} falls to {then.level}"
    lost = floor(now.score.low) - floor(then.score.low) if now.score and then.score else 0
    if lost:
        return f"score falls by {lost}"
    opened = len({*held.waived, *held.false} - {*left.waived, *left.false})
    return f"{opened} finding{'s open' if opened > 1 else ' opens'} again" if opened else "nothing changes"
