"""What a finished scan leaves behind: the findings of its repository brought up to date, its tree and its numbers."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from reviews import checklist, scoring, trees
from reviews.following import follow
from reviews.models import Repository, Scan, ScanTree
from reviews.outcomes import Evidence
from scanners.finding import Report
from scanners.git.store import CommitInfo

_SUBJECT = Scan._meta.get_field("subject").max_length


@dataclass(frozen=True, slots=True)
class Result:
    """All that is known when the rules are done. `basis` is a digest of what the scorecard depends on beside them."""

    commit: CommitInfo
    report: Report
    card: scoring.Scorecard
    basis: str


def score(repository: Repository, report: Report, items: checklist.Checklist) -> scoring.Scorecard:
    """The scorecard of one report under the repository's tier and kind."""
    evidence = Evidence(
        counts=report.counts,
        python_files=report.python_files,
        unread_files=sum(file.problem is not None for file in report.files if file.path_class.startswith("python/")),
        coverage=report.coverage,
    )
    return scoring.scorecard(items.items, evidence, checklist.Tier(repository.tier), checklist.Kind(repository.kind))


def keep(scan: Scan, result: Result) -> dict[str, Any]:
    """Write everything beside the scan's own row, and return what belongs there. Call it in the ending transaction.

    Findings follow the newest commit only: a scan of an older one gives a point of the trend and leaves them alone.
    """
    repository = Repository.objects.select_related("latest_scan").get(pk=scan.repository_id)
    latest = repository.latest_scan
    ScanTree.objects.create(scan=scan, files=trees.pack(trees.content(result.report)), facts=trees.pack(_facts(result)))
    if not scan.wanted_commit or latest is None or _follows(result.commit, latest):
        follow(scan, result.report, previous=latest, at=_moment(scan, result.commit))
        Repository.objects.filter(pk=repository.pk).update(latest_scan=scan)
    _replace_same(scan, result)
    return of_commit(result.commit) | _numbers(result)


def of_commit(commit: CommitInfo) -> dict[str, Any]:
    """The fields of a scan that say what it looked at."""
    return {
        "commit": commit.sha,
        "tree": commit.tree,
        "authored_at": commit.authored_at,
        "author": commit.author_name,
        "subject": commit.subject[:_SUBJECT],
    }


def _follows(commit: CommitInfo, latest: Scan) -> bool:
    return latest.authored_at is None or commit.authored_at >= latest.authored_at


def _moment(scan: Scan, commit: CommitInfo) -> datetime:
    """When what the scan says was true: history speaks of its commit's time, but never of the future."""
    now = timezone.now()
    return min(commit.authored_at, now) if scan.trigger == Scan.Trigger.HISTORY else now


def _facts(result: Result) -> dict[str, Any]:
    return {kind: [dict(fact) for fact in facts] for kind, facts in result.report.facts.items()}


def _replace_same(scan: Scan, result: Result) -> None:
    """Of several scorecards of one commit, such as before and after a change of tier, the last counts."""
    same = Scan.objects.filter(repository=scan.repository_id, branch=scan.branch, state=Scan.State.DONE)
    same.filter(commit=result.commit.sha, rule_set=result.report.rule_set).update(
        state=Scan.State.SUPERSEDED, superseded_by=scan
    )


def _numbers(result: Result) -> dict[str, Any]:
    report, card = result.report, result.card
    return {
        "rule_set": report.rule_set,
        "basis": result.basis,
        "level": card.level.value,
        "score_low": card.score.low if card.score else None,
        "score_high": card.score.high if card.score else None,
        "scorecard": scoring.as_json(card),
        "open_findings": dict(Counter(finding.severity.value for finding in report.findings)),
        "coverage": report.coverage,
        "python_files": report.python_files,
        "lines": report.lines,
    }
