"""What a finished scan leaves behind: the findings of its repository brought up to date, its tree and its numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Max
from django.utils import timezone

from reviews import recount, trees
from reviews.advisories.stored import Stored
from reviews.following import follow, seen_in
from reviews.matching import Seen
from reviews.models import Repository, Scan, ScanTree
from scanners.finding import Report
from scanners.git.store import CommitInfo

_SUBJECT = Scan._meta.get_field("subject").max_length


@dataclass(frozen=True, slots=True)
class Result:
    """All that is known when the rules are done. `basis` is a digest of what the scorecard depends on beside them.

    `advisories` are those that its dependencies were compared with, None where nobody loaded any.
    """

    commit: CommitInfo
    report: Report
    basis: str
    advisories: Stored | None = None

    @property
    def known(self) -> str:
        """The digest of the advisories; empty without any."""
        return self.advisories.row.digest if self.advisories else ""


def keep(scan: Scan, result: Result) -> dict[str, Any]:
    """Write everything beside the scan's own row, and return what belongs there. Call it in the ending transaction.

    Findings follow the newest commit only: a scan of an older one gives a point of the trend and leaves them alone.
    """
    repository, seen = _locked(scan), seen_in(result.report)
    latest = repository.latest_scan
    kept = _keep_tree(scan, repository, result, seen)
    moment = _moment(scan, result.commit)
    if not scan.wanted_commit or latest is None or _follows(scan, result.commit, latest):
        follow(scan, result.report, seen, previous=latest, at=moment)
        Repository.objects.filter(pk=repository.pk).update(latest_scan=scan)
    return _row(scan, result, kept, moment)


def keep_apart(scan: Scan, result: Result) -> dict[str, Any]:
    """As `keep`, of what is not on the branch: no finding of the repository follows it."""
    repository, seen = _locked(scan), seen_in(result.report)
    return _row(scan, result, _keep_tree(scan, repository, result, seen), timezone.now())


def of_commit(commit: CommitInfo) -> dict[str, Any]:
    """The fields of a scan that say what it looked at."""
    return {
        "commit": commit.sha,
        "tree": commit.tree,
        "authored_at": commit.authored_at,
        "author": commit.author_name,
        "subject": commit.subject[:_SUBJECT],
    }


def _locked(scan: Scan) -> Repository:
    """Held until the end, so that no waiver is approved between the count and the scan becoming the newest."""
    return Repository.objects.select_for_update(no_key=True).get(pk=scan.repository_id)


def _keep_tree(scan: Scan, repository: Repository, result: Result, seen: Sequence[Seen]) -> dict[str, Any]:
    """What the scan looked at, written down; returns what it counted."""
    kept = recount.content(repository, result.report, seen)
    report = result.report
    packed = {"files": trees.content(report), "facts": report.facts, "counted": kept, "inventory": report.inventory}
    packed["asked"] = result.advisories.asked if result.advisories else {}
    ScanTree.objects.create(scan=scan, **{name: trees.pack(content) for name, content in packed.items()})
    return kept


def _row(scan: Scan, result: Result, kept: dict[str, Any], moment: datetime) -> dict[str, Any]:
    """The scan's own fields. It takes the place of those that said the same before."""
    _replace_same(scan, result)
    numbers = recount.numbers(scan.repository_id, kept, moment.astimezone(UTC).date())
    return of_commit(result.commit) | _numbers(result) | numbers


def _follows(scan: Scan, commit: CommitInfo, latest: Scan) -> bool:
    """Whether a commit that was asked for by its name is newer than the newest one.

    Of two that were both found at the head, the order counts in which they were; else what their authors say.
    """
    if latest.authored_at is None or commit.sha == latest.commit:
        return True
    if scan.trigger == Scan.Trigger.HISTORY and latest.trigger != Scan.Trigger.HISTORY:
        return False  # Whatever its author says of the time, somebody went back for it.
    heads = Scan.objects.filter(Scan.OF_HEAD, repository=scan.repository_id, branch=scan.branch)
    found = heads.filter(commit__in=(commit.sha, latest.commit)).order_by().values("commit").annotate(last=Max("pk"))
    seen = {row["commit"]: row["last"] for row in found}
    if len(seen) > 1:
        return seen[commit.sha] > seen[latest.commit]
    # Amending keeps the author's time. History is asked for in its order, so of equals the later one is newer.
    return commit.authored_at > latest.authored_at or (not seen and commit.authored_at == latest.authored_at)


def _moment(scan: Scan, commit: CommitInfo) -> datetime:
    """When what the scan says was true: history speaks of its commit's time, but never of the future."""
    now = timezone.now()
    return min(commit.authored_at, now) if scan.trigger == Scan.Trigger.HISTORY else now


def _replace_same(scan: Scan, result: Result) -> None:
    """Of several scorecards of one commit, such as before and after a change of tier, the last counts."""
    same = Scan.objects.filter(repository=scan.repository_id, branch=scan.branch, state=Scan.State.DONE)
    same.filter(commit=result.commit.sha, rule_set=result.report.rule_set, advisories=result.known).update(
        state=Scan.State.SUPERSEDED, superseded_by=scan
    )


def _numbers(result: Result) -> dict[str, Any]:
    report = result.report
    return {
        "rule_set": report.rule_set,
        "basis": result.basis,
        "advisories": result.known,
        "compared": result.advisories.row if result.advisories else None,
        "coverage": report.coverage,
        "python_files": report.python_files,
        "lines": report.lines,
    }
