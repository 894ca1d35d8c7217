"""
What the forge is told of a scanned pull request: a status of its head, and one comment that is kept up to date.

    tell(scan, comparison)     # in the transaction that ends the scan
    tell_failures()            # what failed, or lost its worker for the last time: called after scans and by a tick

`PullRequest.latest_scan` is the newest scan that was told, or would have been if the forge was to be told.
"""

from collections.abc import Iterator

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse

from reviews.checklist import Level
from reviews.forges import messages
from reviews.models import Comparison, PullRequest, Repository, Scan
from reviews.pulls import judging, wording
from reviews.pulls.judging import Change, Judgement
from scanners import registry

log = structlog.get_logger(__name__)

NAME = "plimsoll/pull-request"
_AT_ONCE = 100


def change(scan: Scan, comparison: Comparison) -> Change:
    """What a scan says that its pull request changes."""
    counted = comparison.counted
    return Change(
        before=Level(comparison.base_level or Level.NONE),
        after=Level(scan.level or Level.NONE),
        new=counted["new"],
        severe=counted["severe"],
        fixed=counted["fixed"],
        unread=tuple(counted["unread"]),
    )


def judgement(scan: Scan) -> Judgement | None:
    """What the status of an ended scan says; None for one that did not end by itself. Read it with its comparison."""
    if scan.state == Scan.State.FAILED:
        return judging.failed(scan.error_message, scan.error_next)
    comparison = getattr(scan, "comparison", None)
    return judging.judge(change(scan, comparison)) if comparison and scan.level else None


def tell(scan: Scan, comparison: Comparison) -> None:
    """Put the status and the comment about a finished scan into the outbox."""
    changed = change(scan, comparison)
    judged = judging.judge(changed)
    _status(scan, scan.commit, judged)
    said = wording.Said(
        judgement=judged,
        change=changed,
        commit=scan.commit,
        start=start(comparison, scan.repository),
        url=_url(scan),
        rule_url=lambda rule: settings.BASE_URL + reverse("rule", args=[rule]),
        new=comparison.new,
        fixed=comparison.fixed,
        before=(comparison.base_score_low, comparison.base_score_high),
        after=(scan.score_low, scan.score_high),
        fixes={rule.id: rule.fix for rule in registry.rules().values()},
        notes=tuple(notes(comparison)),
    )
    messages.comment(_pull_request(scan), wording.comment(said), only_update=not changed.is_told)


def tell_failures() -> int:
    """Tell of the scans of open pull requests that failed and were not told of yet. Returns how many."""
    untold = Q(pull_request__latest_scan=None) | Q(pk__gt=F("pull_request__latest_scan"))
    failed = Scan.objects.filter(untold, state=Scan.State.FAILED, pull_request__state=PullRequest.State.OPEN)
    return sum(_tell_failure(pk) for pk in failed.order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])


def start(comparison: Comparison, repository: Repository) -> str:
    """What a pull request was compared with, as it goes on after the commit."""
    at = f"is compared with {wording.code(comparison.base_commit[:7])}"
    branch = wording.code(repository.branch)
    if comparison.base == Comparison.Base.MERGE_BASE:
        return f"{at}, where it left {branch}."
    return f"{at}, the head of {branch}: no commit that both have was found."


def notes(comparison: Comparison) -> Iterator[str]:
    """What a pull request hides from the rules, as sentences."""
    shares = [
        excluded / (files + excluded) if excluded else 0
        for files, excluded in zip(comparison.counted["files"], comparison.counted["excluded"], strict=True)
    ]
    if shares[0] != shares[1]:
        yield f"It leaves {shares[1]:.1%} of the files out of scans, before {shares[0]:.1%}."
    for why, number in sorted(comparison.counted["gone"].items()):
        yield f"Not reported any more, although nobody fixed them: {number:,}. {why}"


def _tell_failure(pk: int) -> bool:
    with transaction.atomic():
        scan = Scan.objects.select_related("repository", "pull_request").get(pk=pk)
        Repository.objects.select_for_update(no_key=True).get(pk=scan.repository_id)
        pull_request = _pull_request(scan)
        pull_request.refresh_from_db()
        later = pull_request.scans.filter(pk__gt=pk).exclude(state=Scan.State.SUPERSEDED)
        if pull_request.state != PullRequest.State.OPEN or later.exists():
            return False
        PullRequest.objects.filter(pk=pull_request.pk).update(latest_scan=scan)
        judged = judging.failed(scan.error_message, scan.error_next)
        commit = scan.commit or scan.wanted_commit or pull_request.head
        if commit:
            _status(scan, commit, judged)
            messages.comment(pull_request, wording.failed(judged, commit, _url(scan)), only_update=True)
    log.info("pull-request-failure-told", scan=pk, pull_request=pull_request.pk)
    return True


def _status(scan: Scan, commit: str, judged: Judgement) -> None:
    state = messages.State(judged.state.value)
    messages.status(scan.repository, messages.Status(commit, state, judged.text, _url(scan), NAME))


def _url(scan: Scan) -> str:
    repository, number = scan.repository, _pull_request(scan).number
    return settings.BASE_URL + reverse("pull-request", args=[repository.team.slug, repository.slug, number])


def _pull_request(scan: Scan) -> PullRequest:
    assert scan.pull_request
    return scan.pull_request
