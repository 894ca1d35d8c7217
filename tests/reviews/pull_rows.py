"""Rows of pull requests as finished scans leave them."""

from typing import Any

from reviews.models import Comparison, PullRequest, Repository, Scan
from tests.factories import ScanFactory
from tests.reviews.rows import RULE, SNIPPET, tree

HEAD, BASE = "5" * 40, "1234567" + "0" * 33


def proposal(repository: Repository, number: int = 7, **fields: Any) -> PullRequest:
    """An open pull request that nobody has scanned."""
    usual = {"title": "Take wallets", "author": "ada", "source": "wallets", "target": "main", "head": HEAD}
    usual |= {"ref": f"refs/pull/{number}/head", "url": f"https://forge.example.org/pulls/{number}"}
    return PullRequest.objects.create(repository=repository, number=number, **usual | fields)


def finding(**fields: Any) -> dict[str, Any]:
    """One finding as a comparison keeps it."""
    usual = {"rule": RULE, "path": "capture/bank.py", "line": 118, "end_line": 118, "message": "It has no timeout."}
    return usual | {"severity": "high", "confidence": "high", "snippet": SNIPPET, "waived": False} | fields


def judged(
    pull: PullRequest,
    opened: tuple[Any, ...] = (),
    mended: tuple[Any, ...] = (),
    *,
    level: str = "silver",
    **counted: Any,
) -> Scan:
    """A finished scan of a pull request, its newest one, beside a base that reached silver."""
    scored = {"level": level, "score_low": 82.0, "score_high": 84.0, "commit": HEAD, "tree": HEAD, "rule_set": "r"}
    kept = {"pull_request": pull, "branch": pull.ref, "trigger": "pull", "state": Scan.State.DONE, "step": "score"}
    scan: Scan = ScanFactory(repository=pull.repository, **kept, **scored)
    tree(scan)
    both = {"files": [10, 10], "excluded": [0, 0], "unread": [0, 0], "gone": {}}
    severe = sum(one["severity"] == "high" and not one["waived"] for one in opened)
    Comparison.objects.create(
        scan=scan,
        base="merge-base",
        base_commit=BASE,
        base_level="silver",
        base_score_low=86.0,
        base_score_high=88.0,
        new=list(opened),
        fixed=list(mended),
        counted={"new": len(opened), "severe": severe, "fixed": len(mended)} | both | counted,
    )
    PullRequest.objects.filter(pk=pull.pk).update(latest_scan=scan)
    pull.refresh_from_db()
    return scan
