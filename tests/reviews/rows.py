"""Rows as finished scans leave them, with scorecards that the real scoring made."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from reviews import checklist, scoring, trees
from reviews.models import Finding, FindingEvent, Repository, Scan, ScanTree
from reviews.outcomes import Evidence
from scanners import registry
from scanners.finding import FileReport, Problem, Report, RuleCount, Severity, Skipped, Suppression
from tests.factories import RepositoryFactory, ScanFactory

RULE = "request-without-timeout"
COMMIT = "7ac01d9" + "0" * 33
SNIPPET = [
    [117, "    body = {}", False],
    [118, "    answer = session.post(url)", True],
    [119, "    return answer", False],
]


def the_checklist() -> checklist.Checklist:
    """The checklist with the rules there are."""
    whole, rules = checklist.read(), registry.rules().values()
    answered = {rule.item for rule in rules}
    items = tuple(item for item in whole.items if item.asked or item.ref in answered)
    return checklist.joined(replace(whole, items=items), rules)


def card(repository: Repository, counts: Mapping[str, RuleCount], **evidence: Any) -> dict[str, Any]:
    """The scorecard of some sites, as a scan keeps it."""
    tier, kind = checklist.Tier(repository.tier), checklist.Kind(repository.kind)
    ran = {rule: RuleCount(applicable=False, reason="Nothing of the kind.") for rule in registry.rules()} | dict(counts)
    return scoring.as_json(scoring.scorecard(the_checklist().items, Evidence(ran, **evidence), tier, kind))


def finished(repository: Repository, *, good: int = 41, bad: int = 3, unresolved: int = 2, **fields: Any) -> Scan:
    """A finished scan that looked at sites of RULE only, and is the newest one of its repository."""
    kept = card(repository, {RULE: RuleCount(good, {Severity.HIGH: bad} if bad else {}, unresolved)})
    at = fields.pop("at", timezone.now())
    scan = ScanFactory(
        repository=repository,
        state=Scan.State.DONE,
        requested_at=at,
        started_at=at - timedelta(seconds=14),
        finished_at=at,
        step=Scan.Step.SCORE,
        progress={"total": 412, "cached": 385, "scanned": 27, "steps": {"fetch": 1.8, "list": 0.1, "scan": 11.0}},
        scorecard=kept,
        level=kept["level"],
        score_low=kept["score"] and kept["score"]["low"],
        score_high=kept["score"] and kept["score"]["high"],
        open_findings={"high": bad} if bad else {},
        coverage=0.991,
        python_files=408,
        lines=61240,
        **{"commit": COMMIT, "tree": COMMIT, "rule_set": "rules-1", "author": "ann", "subject": "Answer"} | fields,
    )
    repository.latest_scan = scan
    repository.save()
    return scan


def found(repository: Repository, **fields: Any) -> Finding:
    """An open finding of RULE, seen by the repository's newest scan."""
    given = {"line": 118, "path": "capture/bank.py", "rule": RULE, "state": Finding.State.OPEN} | fields
    scan = repository.latest_scan
    return Finding.objects.create(
        repository=repository,
        **{
            "identity": hashlib.sha256(repr(sorted(given.items())).encode()).hexdigest(),
            "area": "timeouts",
            "severity": "high",
            "confidence": "high",
            "end_line": 118,
            "qualname": "BankGateway.capture",
            "anchor": "a",
            "line_hash": "l",
            "message": "The call has no timeout.",
            "snippet": SNIPPET,
            "first_scan": scan,
            "last_scan": scan,
            "first_seen_at": timezone.now(),
        }
        | given,
    )


def changed(finding: Finding, scan: Scan, kind: str = "opened", detail: str = "") -> FindingEvent:
    """What a scan did to a finding."""
    return FindingEvent.objects.create(finding=finding, scan=scan, kind=kind, detail=detail)


def tree(scan: Scan, **parts: Any) -> ScanTree:
    """What a scan looked at: one file that was read and one that was not, unless said."""
    problem = Problem("syntax", "Python 2 syntax.", "Exclude the folder, or port it.", 14)
    files = (FileReport("pay.py", "a" * 40, "python/service/", 20, False), read_not("legacy.py", problem))
    report = Report(
        **{
            "commit": scan.commit,
            "rule_set": scan.rule_set,
            "files": files,
            "skipped": (Skipped("vendor/six.py", "vendored", "Other people's code."),),
            "findings": (),
            "counts": {},
            "suppressions": (Suppression("pay.py", 3, (RULE,), "the peer closes after 5 s", True),),
            "facts": {},
            "lines": 40,
            "python_files": 2,
            "coverage": 0.5,
        }
        | parts
    )
    return ScanTree.objects.create(scan=scan, files=trees.pack(trees.content(report)))


def read_not(path: str, problem: Problem) -> FileReport:
    """A file that could not be read."""
    return FileReport(path, "b" * 40, "python/service/", 20, False, problem)


def fleet_of(team: Any, number: int, *, at: datetime | None = None) -> list[Repository]:
    """`number` scanned repositories of a team, each with a finding and an event."""
    made = [RepositoryFactory(team=team) for _ in range(number)]
    for repository in made:
        scan = finished(repository, at=at or timezone.now())
        tree(scan)
        changed(found(repository), scan)
    return made
