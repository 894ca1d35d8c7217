"""
7: an approval and the commits after it: only items whose evidence changed are asked again.

    waiting()                               # approved reviews whose repository has a newer scan than was compared
    compare(review, scratch, tick)          # holds that scan against the approval; may run at any time, twice too

What an item rests on is the facts of the scan and the files that people named, both without formatting and place. Equal
trees rest on the same. Findings that went away change nothing, so that nobody is asked again for a fix.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import structlog
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from reviews import trees
from reviews.models import Evidence, Review, ReviewCommit, ReviewItem, Scan, ScanTree
from reviews.signoff import authorship, casefile, prefill
from reviews.signoff.authorship import enough
from reviews.signoff.comparing import Commits, Row, approved, difference, named, rests, stored
from reviews.signoff.contents import Contents, contents
from reviews.signoff.evidence import place
from reviews.signoff.opening import by_itself
from reviews.signoff.turns import turn
from reviews.sources import credential, policy
from reviews.workflow.states import HELD, IN_FORCE, Action, State
from reviews.workflow.transitions import RefusedError
from scanners.evidence import EvidenceError, again, moved
from scanners.git.address import parse_source
from scanners.git.ancestry import is_part
from scanners.git.authors import Authors
from scanners.git.errors import SourceError

log = structlog.get_logger(__name__)

_REACH = 20_000
_SAID_ITEMS = 5
Digests = dict[str, str]
Changes = list[list[str]]


def waiting() -> QuerySet[Review]:
    """Approved reviews that the newest scan of their repository has not been held against."""
    newest = ReviewCommit.objects.filter(review=OuterRef("pk")).order_by("-pk").values("commit")[:1]
    held = Review.objects.filter(state__in=HELD).exclude(repository__latest_scan=None)
    return held.annotate(compared=Coalesce(Subquery(newest), F("commit"))).exclude(
        compared=F("repository__latest_scan__commit")
    )


def compare(review: Review, scratch: Path, tick: Callable[[], None]) -> bool:
    """Compare each item, keep the result, and question the approval if an item changed. Returns whether it is done.

    `scratch` is an empty directory, `tick` as of `fetch`. What could not be fetched is to be tried again later.
    """
    scan = review.repository.latest_scan
    if scan is None or not waiting().filter(pk=review.pk).exists():
        return True
    try:
        if scan.tree != review.tree and _has_left(review, scan, scratch, tick):
            return _lapse(review, scan)
        found = _compared(review, scan, scratch, tick)
        wrote = _authors(review, scan, scratch, tick) if found and found[1] else None
    except SourceError as error:
        log.warning("review-not-compared", review=review.pk, scan=scan.pk, code=error.code)
        return False
    if found is None:
        return False
    _keep(review, scan, *found, wrote)
    return True


def _authors(review: Review, scan: Scan, scratch: Path, tick: Callable[[], None]) -> Authors:
    """Who wrote what changed: they do not reaffirm it."""
    room = scratch / "authors"
    room.mkdir()
    return authorship.between(review.repository, review.commit, scan.commit, room, tick)


def _compared(review: Review, scan: Scan, scratch: Path, tick: Callable[[], None]) -> tuple[Digests, Changes] | None:
    """The digest of each item at the commit of the scan, and what differs; None while a scan is waited for."""
    items = list(review.items.prefetch_related("evidence"))
    if scan.tree == review.tree:
        return {item.ref: rests(stored(item), [Row(one, one.digest) for one in _files(item)]) for item in items}, []
    before = approved(review, scan, items)
    if before is None:
        return None
    after = prefill.facts(scan, [item.ref for item in items])
    commits, now = Commits.of(review, scan), _rows(review, scan, items, scratch, tick)
    digests, changes = {}, []
    for item in items:
        facts = after[item.ref]
        digests[item.ref] = rests(facts, now[item.ref])
        differs = difference(item, before.get(item.ref, facts), facts, now[item.ref], commits)
        if differs:
            changes.append([item.ref, *differs])
    return digests, changes


def _rows(
    review: Review, scan: Scan, items: Sequence[ReviewItem], scratch: Path, tick: Callable[[], None]
) -> Mapping[str, list[Row]]:
    """The files that are evidence as they are at the commit of the scan. Nothing is fetched when all are the same."""
    listed = ScanTree.objects.filter(scan=scan).only("files").first()
    blobs = {row[0]: row[1] for row in trees.unpack(listed.files)["files"]} if listed else {}
    live = {item.ref: _files(item) for item in items}
    if all(one.blob and one.blob == blobs.get(one.path) for rows in live.values() for one in rows):
        return {ref: [Row(one, one.digest) for one in rows] for ref, rows in live.items()}
    place_ = scratch / "files"
    place_.mkdir()
    commits = Commits.of(review, scan)
    with contents(review.repository, scan.commit, place_, tick) as files:
        return {ref: [_row(one, files, commits) for one in rows] for ref, rows in live.items()}


def _files(item: ReviewItem) -> list[Evidence]:
    kind, state = Evidence.Kind.FILE, Evidence.State.READ
    return [one for one in item.evidence.all() if one.kind == kind and one.state == state and one.removed_at is None]


def _row(one: Evidence, files: Contents, commits: Commits) -> Row:
    """One file again. Its digest there is that of what is there now, so that it can be agreed to once."""
    blob = files.blob(one.path)
    if blob == one.blob:
        return Row(one, one.digest)
    if not blob:
        return Row(one, "", f"{named(one)} is there at {commits.old} and not at {commits.new}")
    try:
        content = files.read(one.path)
    except EvidenceError as error:
        problem = error.problem.message.rstrip(".")
        return Row(one, blob, f"{named(one)} could be read at {commits.old}, not at {commits.new}: {problem}")
    if again(place(one), content) is not None:
        return Row(one, one.digest)
    try:
        digest = moved(place(one), content).place.digest
    except EvidenceError:
        digest = blob
    return Row(one, digest, f"{named(one)} differs between {commits.old} and {commits.new}")


def _keep(review: Review, scan: Scan, digests: Digests, changes: Changes, wrote: Authors | None) -> None:
    """Write the result down as the newest one, unless the approval has ended, and question it where it has to be."""
    with turn(review, None, stored=True) as taken:
        found = taken.review
        if found.state not in HELD or found.commit != review.commit:
            return
        found.commits.filter(commit=scan.commit).delete()
        people = {"authors": [list(one) for one in wrote.people], "authors_known": enough(wrote)} if wrote else {}
        known = {"scan": scan, "commit": scan.commit, "tree": scan.tree}
        ReviewCommit.objects.create(review=found, digests=digests, changes=changes, **known, **people)
        refs = [ref for ref, *_ in changes]
        taken.tell("commit-compared", f"compared {scan.commit[:7]} with", compared=scan.commit, changed=refs)
        left = casefile.changed(found)
        if left and found.state in IN_FORCE:
            _move(found, Action.CHANGE, _note(left))
        elif not left and found.state == State.NEEDS_REAFFIRMATION:
            _move(found, Action.SETTLE, f"{scan.commit[:7]} takes the changes back.")


def _move(review: Review, action: Action, note: str) -> None:
    """A transition of its own accord, unless the approval ended meanwhile."""
    try:
        by_itself(review, action, note)
    except RefusedError as refused:
        log.info("review-not-moved", review=review.pk, action=action, reasons=refused.reasons)


def _note(changes: Sequence[tuple[str, str, str]]) -> str:
    said = [f"{ref} {kind}: {what}" for ref, kind, what in changes[:_SAID_ITEMS]]
    more = len(changes) - _SAID_ITEMS
    return "\n".join([*said, f"and {more} more items"] if more > 0 else said)


def _has_left(review: Review, scan: Scan, scratch: Path, tick: Callable[[], None]) -> bool:
    """Whether the approved commit was at the head of the branch once and is no part of it any more.

    Only what can be told within so many commits counts; a commit with the approved one's files stands for it.
    """
    heads = Scan.objects.filter(Scan.OF_HEAD, repository=review.repository_id)
    both = {review.commit, scan.commit}
    seen = heads.filter(branch=review.repository.branch, commit__in=both).values_list("commit", flat=True)
    if set(seen) != both:
        return False
    repository, rules = review.repository, policy()
    alike = review.commits.filter(tree=review.tree).values_list("commit", flat=True)
    room = scratch / "history"
    room.mkdir()
    part = is_part(
        parse_source(repository.url, rules),
        {review.commit, *alike},
        scan.commit,
        room,
        policy=rules,
        tick=tick,
        credential=credential(repository),
        limit=_REACH,
    )
    return part is False


def _lapse(review: Review, scan: Scan) -> bool:
    text = f"{review.commit[:7]} is no part of {scan.branch} any more, and {scan.commit[:7]} has other files."
    _move(review, Action.LAPSE, text)
    return True
