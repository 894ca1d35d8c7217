"""Reviews of real repositories, frozen by a real scan, for the tests of what workers read for them."""

import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from reviews import queue, scanning
from reviews.models import Evidence, Repository, Review, ReviewItem, User
from reviews.signoff import freezing, opening, reading
from reviews.workflow.states import State
from tests.reviews.running import scanned

PAY = '''\
"""Pays."""

import requests

LIMIT = 5


def pay(amount):
    """Pay an amount."""
    return requests.post("https://bank", json={"amount": amount}, timeout=LIMIT)


def refund(amount):
    return requests.post("https://bank/refund", json={"amount": amount}, timeout=LIMIT)
'''
RUNBOOK = "# Runbook\n\n1. Call Ada.\n2. Look at the queue.\n"
FILES = {"pay.py": PAY, "docs/runbook.md": RUNBOOK, "drill.data": "restored in 20 minutes\n"}


def frozen(repository: Repository, by: User, commit: str = "", **fields: Any) -> Review:
    """A review that was started and whose scan has ended: in self-assessment."""
    review = opening.open_review(repository, by, title="3.2.0", occasion="release", commit=commit)
    Review.objects.filter(pk=review.pk).update(**fields)
    opening.start(Review.objects.get(pk=review.pk), by)
    while lease := queue.lease("w"):
        scanning.run(lease)
    freezing.follow_scans()
    return fresh(review)


def fresh(review: Review) -> Review:
    """The review as it stands in the database."""
    return Review.objects.select_related("repository__team", "repository__latest_scan", "previous").get(pk=review.pk)


def asked(review: Review, ref: str = "Q23") -> ReviewItem:
    """One asked item."""
    return review.items.get(ref=ref)


def read_all() -> int:
    """Let workers read until nothing is due; how often there was something."""
    times = 0
    while reading.do_one():
        times += 1
        assert times < 20, "there is always more to read"
    return times


def approved(review: Review, **fields: Any) -> Review:
    """The review once it was decided."""
    until = {"decided_at": timezone.now(), "valid_until": timezone.now() + timedelta(days=90)}
    Review.objects.filter(pk=review.pk).update(**{"state": State.APPROVED} | until | fields)
    return fresh(review)


def pushed(repository: Repository) -> None:
    """The head of the branch is scanned after a push."""
    scanned(repository)


def row(evidence: Evidence) -> Evidence:
    """Evidence as it stands in the database."""
    return Evidence.objects.select_related("item", "upload").get(pk=evidence.pk)


def git(repository: Path, *arguments: str) -> str:
    """What git says to a command in a repository."""
    done = subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True, check=True, timeout=60)
    return done.stdout.decode().strip()
