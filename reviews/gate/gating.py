"""
6: the gate's answer for a commit of a repository, put together from its scan, its reviews and the team's policy.

    answer(repository, named(repository, "7ac01d9"), timezone.now())      # gate.Answer; any text for a commit will do
    head(repository, timezone.now())                                      # of the newest commit that was scanned

Everybody who asks is told the same: this module reads, `reviews.gate.answering` decides. Nothing here writes.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from django.db.models import F, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from reviews import recount, scoring
from reviews.advisories import age
from reviews.checklist import REQUIRED, Tier
from reviews.gate import answering
from reviews.gate.answering import Glass, Question, Scanned
from reviews.gate.approvals import Change, How, Reviewed
from reviews.models import Condition, Repository, Review, ReviewCommit, Scan, SignOff
from reviews.scanning import basis
from reviews.scoring import Scorecard
from reviews.workflow.states import HELD, OPEN, State
from scanners import registry

_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_WHOLE = (40, 64)
_UNFINISHED = (Scan.State.REQUESTED, Scan.State.RUNNING, Scan.State.FAILED)


class CommitError(ValueError):
    """A text that names no commit, or more than one. The message says what to do.

    `code` is commit_malformed or commit_ambiguous.
    """

    def __init__(self, code: str, message: str, next_step: str) -> None:
        super().__init__(f"{message} {next_step}")
        self.code, self.message, self.next_step = code, message, next_step


def named(repository: Repository, text: str) -> str:
    """The commit that a text names: whole, or by its first digits if only one known commit begins so.

    One that nobody knows is returned as it is. Raises CommitError.
    """
    wanted = text.strip().lower()
    if not _COMMIT.fullmatch(wanted):
        raise CommitError("commit_malformed", "This is no commit.", "Give 7 to 64 hexadecimal digits.")
    if len(wanted) in _WHOLE:
        return wanted
    known: list[QuerySet] = [
        repository.scans.filter(commit__startswith=wanted).order_by().values_list("commit"),
        repository.scans.filter(wanted_commit__startswith=wanted).order_by().values_list("wanted_commit"),
        repository.reviews.filter(commit__startswith=wanted).order_by().values_list("commit"),
    ]
    found = [commit for (commit,) in known[0].union(*known[1:])]
    if len(found) > 1:
        raise CommitError("commit_ambiguous", f"{len(found)} commits begin with {wanted}.", "Give more digits.")
    return found[0] if found else wanted


def answer(repository: Repository, commit: str, now: datetime) -> answering.Answer:
    """Whether a commit may go out, by its whole name. Read the repository with its team, to save a query."""
    return _answer(repository, commit, _scan(repository, commit), now)


def head(repository: Repository, now: datetime) -> answering.Answer:
    """The answer for the newest commit that was scanned; stale once the branch is known to have moved on.

    Without any finished scan it is pending, for no commit. Read the repository with its team and newest scan.
    """
    scan = repository.latest_scan
    if scan is None:
        first = repository.scans.filter(state__in=_UNFINISHED, pull_request=None).order_by("-pk").first()
        return _answer(repository, "", first, now)
    return _answer(repository, scan.commit, scan, now, current=not _moved_on(repository, scan))


def _answer(
    repository: Repository, commit: str, scan: Scan | None, now: datetime, *, current: bool = True
) -> answering.Answer:
    now, tier = now.astimezone(UTC), Tier(repository.tier)
    question = Question(
        commit=commit,
        now=now,
        tier=tier,
        scan=_scanned(repository, scan, now.date()),
        needs_review=repository.tier in repository.team.review_tiers,
        reviews=tuple(_reviewed(review, repository, commit, scan) for review in _reviews(repository, commit, scan)),
        glass=_glass(repository, commit),
        current=current,
    )
    return answering.answer(question)


def _scan(repository: Repository, commit: str) -> Scan | None:
    """The newest finished scan of a commit, of the branch before others; else the newest that asked for it by name."""
    scans = repository.scans.order_by(F("pull_request").asc(nulls_first=True), "-pk")
    done = scans.filter(commit=commit, state=Scan.State.DONE).first()
    if done is not None:
        return done
    asked = scans.filter(Q(commit=commit) | Q(wanted_commit=commit))
    return asked.filter(state__in=_UNFINISHED).first()


def _moved_on(repository: Repository, scan: Scan) -> bool:
    """Whether the head is known to have moved, and no scan has found yet where to; or another branch is asked for now.

    A scan that nobody finished says so, whatever took its place; one that found the commit at the head takes it back.
    """
    at_head = repository.scans.filter(Scan.OF_HEAD, branch=scan.branch, pk__gt=scan.pk).order_by("-pk")
    back = Coalesce(Subquery(at_head.filter(commit=scan.commit).values("pk")[:1]), scan.pk)
    noticed = at_head.filter(trigger__in=(Scan.Trigger.WEBHOOK, Scan.Trigger.POLL), commit="", pk__gt=back)
    return scan.branch != repository.branch or noticed.exclude(wanted_commit=scan.commit).exists()


def _scanned(repository: Repository, scan: Scan | None, today: date) -> Scanned:
    if scan is None:
        return Scanned(Scanned.State.NONE)
    if scan.state in _UNFINISHED:
        return Scanned(Scanned.State(scan.state), scan.pk, error=scan.error_message, next=scan.error_next)
    cards = tuple(_cards(repository, scan, today))
    return Scanned(Scanned.State.DONE, scan.pk, cards, changed=_changed(repository, scan))


def _cards(repository: Repository, scan: Scan, today: date) -> Iterator[tuple[date, Scorecard]]:
    """The scorecard of today, and those of the days on which the level may fall, by waivers that end or by old data."""
    required = REQUIRED[Tier(repository.tier)].rank
    scan.repository, day = repository, today
    while True:
        dated = recount.as_of(scan, day)
        card, until = _read(dated), dated.card_until
        if card is None or (until and until < day):
            return
        yield day, card
        if card.raw_level.rank >= required:  # No waiver can take it away, but advisories grow old.
            until = age.last_day(scan.compared, day)
        if until is None or card.level.rank < required:
            return
        day = until + timedelta(days=1)


def _read(scan: Scan) -> Scorecard | None:
    try:
        return scoring.from_json(scan.scorecard)
    except ValueError:
        return None


def _changed(repository: Repository, scan: Scan) -> str:
    rules = scan.rule_set != registry.digest()
    rest = bool(scan.basis) and scan.basis != basis(repository)
    if rules:
        return "The rules and the settings of the repository have changed" if rest else "The rules have changed"
    return "The checklist or the settings of the repository have changed" if rest else ""


def _reviews(repository: Repository, commit: str, scan: Scan | None) -> QuerySet[Review]:
    """Those about the commit, and those that are in force for another one."""
    compared = ReviewCommit.objects.filter(review__repository=repository, commit=commit)
    about = Q(commit=commit) | Q(commit="", wanted_commit=commit) | Q(pk__in=compared.values("review"))
    if scan is not None and scan.tree:
        about |= Q(tree=scan.tree)
    reviews = repository.reviews.filter(about | Q(state__in=HELD)) if commit else repository.reviews.none()
    return reviews.select_related("claimed_by").prefetch_related(
        Prefetch("conditions", Condition.objects.exclude(state=Condition.State.DROPPED)),
        Prefetch("commits", compared),
        Prefetch("sign_offs", SignOff.objects.filter(decision=SignOff.Decision.REAFFIRM)),
    )


def _reviewed(review: Review, repository: Repository, commit: str, scan: Scan | None) -> Reviewed:
    compared = next(iter(review.commits.all()), None)
    return Reviewed(
        key=review.pk,
        number=review.number,
        how=_how(review, repository, commit, scan, compared),
        state=State(review.state),
        tier=Tier(review.tier),
        commit=review.commit,
        decided_at=review.decided_at,
        valid_until=review.valid_until,
        due_on=tuple(one.due_on for one in review.conditions.all() if one.state == Condition.State.OPEN),
        conditioned=frozenset(ref for condition in review.conditions.all() for ref in condition.refs),
        changes=tuple(Change(ref, kind, compared.digests.get(ref, "")) for ref, kind, _ in compared.changes)
        if compared
        else (),
        reaffirmed=tuple(sign_off.items for sign_off in review.sign_offs.all()),
        holder=review.claimed_by.username if review.claimed_by else "",
    )


def _how(review: Review, repository: Repository, commit: str, scan: Scan | None, compared: ReviewCommit | None) -> How:
    """How a review is about a commit. The newest scanned one is compared with what is in force; older ones are not."""
    if review.commit == commit or (review.state in OPEN and not review.commit and review.wanted_commit == commit):
        return How.OWN
    if scan is not None and scan.tree and review.tree == scan.tree:
        return How.SAME_FILES
    if compared is not None:
        return How.COMPARED
    compares = scan is None or scan.state != Scan.State.DONE or scan.pk == repository.latest_scan_id
    return How.NOT_COMPARED if compares else How.OTHER


def _glass(repository: Repository, commit: str) -> Glass | None:
    broken = repository.broken_glass.filter(commit=commit).select_related("by", "second").order_by("-pk").first()
    if broken is None:
        return None
    second = broken.second.username if broken.second else ""
    return Glass(broken.by.username, broken.reason, broken.at, broken.ends_at, second)
