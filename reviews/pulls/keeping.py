"""What a scan of a pull request leaves behind: its numbers, a comparison, and what the forge is told."""

from typing import Any

from reviews import results, waived
from reviews.models import PullRequest, Repository, Scan
from reviews.pulls import comparing, telling
from reviews.pulls.comparing import Start
from scanners.finding import Report


def newer(scan: Scan) -> Scan | None:
    """The scan that waits for a newer head of the same pull request. Call it where the repository is locked."""
    waiting = Scan.objects.filter(pull_request=scan.pull_request_id, state=Scan.State.REQUESTED)
    return waiting.exclude(pk=scan.pk).order_by("-pk").first()


def keep(scan: Scan, result: results.Result, base: Report, start: Start) -> dict[str, Any]:
    """Write everything beside the scan's own row, and return what belongs there. Call it in the ending transaction.

    Findings, trend and newest scan of the repository stay as they are. Of a closed pull request nobody is told.
    """
    kept = results.keep_apart(scan, result)
    Scan.objects.filter(pk=scan.pk).update(**kept)
    scan = Scan.objects.select_related("repository__team", "pull_request").get(pk=scan.pk)
    comparison = comparing.made(scan, result.report, base, start, waived.today())
    comparison.save()
    PullRequest.objects.filter(scans=scan).update(latest_scan=scan, head=scan.commit)
    if scan.pull_request and scan.pull_request.state == PullRequest.State.OPEN:
        telling.tell(scan, comparison)
    return kept


def lock(scan: Scan) -> None:
    """Hold the scan's repository, so that nothing is asked of it or told about it meanwhile."""
    Repository.objects.select_for_update(no_key=True).get(pk=scan.repository_id)
