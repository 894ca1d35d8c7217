"""Scans of small trees: the real rules look at files in memory, and the rows are those that a worker would leave."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.db import transaction
from django.utils import timezone

from reviews import results
from reviews.models import Repository, Scan
from scanners.finding import Report
from scanners.git.store import CommitInfo
from scanners.scan import scan_files
from tests.factories import ScanFactory

SERVICE = {
    "pay/main.py": (
        "import requests\n"
        "from fastapi import FastAPI\n"
        "\n"
        "app = FastAPI()\n"
        "\n"
        "\n"
        "@app.get('/rates')\n"
        "def rates():\n"
        "    return requests.get('https://rates.example.org').json()\n"
    ),
    "compose.yaml": "services:\n  db:\n    image: postgres:18\n",
    "docs/runbook.md": "# When it is down\n\nLast reviewed: 2026-03-02\n\nCall ann.\n",
    ".github/CODEOWNERS": "* @payments\n",
    "tests/test_rates.py": "from pay.main import rates\n\n\ndef test_rates():\n    assert rates()\n",
}


def scan_of(repository: Repository, files: Mapping[str, str], commit: str, **fields: Any) -> Scan:
    """A finished scan of these files at a commit, the newest one of the repository."""
    report = report_of(files, repository.kind)
    scan = ScanFactory(repository=repository, state=Scan.State.RUNNING, **fields)
    with transaction.atomic():
        kept = results.keep(scan, results.Result(info(commit), report, "basis"))
    Scan.objects.filter(pk=scan.pk).update(state=Scan.State.DONE, **kept)
    repository.refresh_from_db()
    return Scan.objects.get(pk=scan.pk)


def report_of(files: Mapping[str, str], kind: str = "http-api") -> Report:
    """What the rules say about these files; the same files are looked at once."""
    return _report(tuple(files.items()), kind)


@cache
def _report(files: tuple[tuple[str, str], ...], kind: str) -> Report:
    return scan_files({path: text.encode() for path, text in files}, kind)


def info(commit: str) -> CommitInfo:
    """A commit of that id."""
    now = timezone.now()
    names = {"author_name": "ann", "author_email": "ann@example.org", "authored_at": now, "subject": "Change"}
    return CommitInfo(**({"sha": commit, "tree": commit[::-1]} | names))
