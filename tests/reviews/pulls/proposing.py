"""Pull requests in real repositories: commits on branches of their own, refs as a forge makes them, events, scans."""

import subprocess
from pathlib import Path
from typing import Any

from reviews import scanning
from reviews.models import Comparison, OutboxMessage, PullRequest, Repository, Scan
from reviews.pulls.seen import Seen, seen
from reviews.webhooks import events
from tests.origin import commit_files
from tests.reviews.running import leased

RULE = "request-without-timeout"
WAITS = "import requests\n\n\ndef pay(url):\n    return requests.get(url)\n"
BOUNDED = WAITS.replace("get(url)", "get(url, timeout=5)")
REFUNDS = "import requests\n\n\ndef refund(url):\n    return requests.post(url)\n"
CLEAN = '"""Amounts."""\n\n\ndef total(amounts):\n    """The sum."""\n    return sum(amounts)\n'


def git(origin: Path, *arguments: str) -> str:
    """Run git in a bare repository."""
    command = ["git", "-C", str(origin), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def proposed(origin: Path, number: int, files: dict[str, Any], start: str = "main", ref: str = "") -> str:
    """Put `files` on top of a commit, as the head of a pull request; returns the head."""
    branch = f"topic-{number}"
    git(origin, "update-ref", f"refs/heads/{branch}", git(origin, "rev-parse", start))
    head = commit_files(origin, files, branch=branch, message=f"Propose {number}", date="2026-02-01T12:00:00+00:00")
    git(origin, "update-ref", ref or f"refs/pull/{number}/head", head)
    return head


def event(head: str = "", number: int = 7, **fields: Any) -> events.PullRequest:
    """What the forge reports of an open pull request to main."""
    usual = {"ref": f"refs/pull/{number}/head", "source": f"topic-{number}", "target": "main", "open": True}
    named = {"title": "Pay", "author": "ada", "url": f"https://forge.example.org/pulls/{number}"}
    return events.PullRequest(**({"number": number, "head": head} | usual | named | fields))


def reported(repository: Repository, head: str = "", number: int = 7, **fields: Any) -> Seen:
    """Take in the event."""
    return seen(repository, event(head, number, **fields))


def looked_at(repository: Repository, head: str = "", number: int = 7, **fields: Any) -> Scan:
    """Report a pull request and do its scan."""
    asked = reported(repository, head, number, **fields)
    scanning.run(leased())
    assert asked.scan
    return Scan.objects.select_related("pull_request", "repository").get(pk=asked.scan.pk)


def compared(scan: Scan) -> Comparison:
    """What a finished scan found; a scan that failed says why."""
    assert scan.state == Scan.State.DONE, scan.error_message
    return scan.comparison


def found(rows: list[dict[str, Any]], rule: str = RULE) -> list[str]:
    """The paths at which a rule found something."""
    return [row["path"] for row in rows if row["rule"] == rule]


def row(number: int = 7) -> PullRequest:
    """The row of a pull request as it is now."""
    return PullRequest.objects.select_related("latest_scan").get(number=number)


def told(channel: str) -> list[dict[str, Any]]:
    """What waits to be told through a channel."""
    return list(OutboxMessage.objects.filter(channel=channel, state="waiting").values_list("data", flat=True))
