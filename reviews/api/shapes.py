"""What the API says of things, and how a row becomes that. The schema at /api/v1/openapi.json is made of these."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from ninja import Schema
from pydantic import ConfigDict, Field

from reviews.models import Repository, Scan

UNFINISHED = (Scan.State.REQUESTED, Scan.State.RUNNING)


class RepositoryName(Schema):
    """Which repository is spoken of."""

    id: int
    name: str
    slug: str
    team: str = Field(description="The slug of its team.")
    tier: str = Field(description="A, B or C.")
    page: str = Field(description="The address of its scorecard, for people.")


class RepositoryOut(RepositoryName):
    """A repository of the token's team."""

    url: str
    branch: str
    sub_path: str
    level: str | None = Field(description="none, bronze, silver or gold; null before the first finished scan.")


class RepositoriesOut(Schema):
    """Some repositories."""

    repositories: list[RepositoryOut] = Field(description="By their numbers.")
    next: str | None = Field(description="Where the following ones are; null when these are the last.")


class ReasonOut(Schema):
    """One sentence of the answer. What it is about stands beside it: a scan, a review, items, rules."""

    code: str = Field(description="Says which sentence it is and never changes its meaning.")
    verdict: str | None = Field(description="What this reason alone would answer; null for what decides nothing.")
    text: str
    next: str = Field(description="What to do about it; may be empty.")
    review: int | None = None
    scan: int | None = None
    items: list[str] = []
    rules: list[str] = []


class GateLinks(Schema):
    """Where more is said."""

    self: str
    page: str = Field(description="The same answer, for people.")
    scan: str | None = Field(description="The scan that it rests on; null without one.")


class GateOut(Schema):
    """Whether a commit may go out now."""

    repository: RepositoryName = Field(description="Its id, name, slug, team, tier and page.")
    commit: str = Field(description="Empty when the head was asked for and nothing has been scanned yet.")
    verdict: str = Field(description="pass, pass-with-conditions, fail, pending, stale or unknown.")
    expires: datetime | None = Field(description="When it changes by itself; null when it does not.")
    reasons: list[ReasonOut] = Field(description="The deciding one first.")
    asked: datetime = Field(description="The moment for which this is the answer.")
    level: str | None = Field(description="What the commit has reached; null before a finished scan of it.")
    required_level: str = Field(description="What the tier of the repository asks for.")
    links: GateLinks = Field(description="This answer, its page and its scan.")


class ScanWish(Schema):
    """What is to be scanned."""

    model_config = ConfigDict(extra="forbid")

    commit: str | None = Field(None, description="40 or 64 hexadecimal digits; without it the head of the branch.")


class Score(Schema):
    """A score from 0 to 100. What could not be told makes it an interval."""

    low: float
    high: float


class Files(Schema):
    """How far a scan has come."""

    done: int
    total: int


class ScanLinks(Schema):
    """Where more is said."""

    self: str
    page: str = Field(description="The scan, for people.")
    gate: str | None = Field(description="The gate's answer for its commit; null until the commit is known.")


class ScanProblem(Schema):
    """Why a scan failed."""

    code: str
    message: str
    next: str


class ScanOut(Schema):
    """A scan, and what came of it."""

    id: int = Field(description="Its number.")
    repository: RepositoryName = Field(description="Its id, name, slug, team, tier and page.")
    state: str = Field(description="requested, running, done, failed or superseded.")
    trigger: str = Field(description="What asked for it: person, webhook, pull, poll, registered, history or review.")
    branch: str = Field(description="Or the whole ref of a pull request.")
    commit: str | None = Field(description="Null until the head was looked up.")
    step: str | None = Field(description="The step that it is at: fetch, list, scan, match or score.")
    files: Files | None = Field(description="How many are done, of how many; null until they are listed.")
    requested_at: datetime = Field(description="When it was asked for.")
    started_at: datetime | None = Field(description="When a worker took it up; null until then.")
    finished_at: datetime | None = Field(description="When it ended; null until then.")
    superseded_by: int | None = Field(description="The scan that took its place.")
    problem: ScanProblem | None = Field(description="Why it failed: code, message and next; else null.")
    level: str | None = Field(description="What the commit reached; null until the scan is done.")
    score: Score | None = Field(description="From low to high, of 100; null without anything to score.")
    open_findings: dict[str, int] = Field(description="How many are open after it, by severity.")
    links: ScanLinks = Field(description="This answer, its page and the gate's answer for the commit.")


def absolute(name: str, *args: Any) -> str:
    """The whole address of a route."""
    return f"{settings.BASE_URL}{reverse(name, args=args)}"


def repository_name(repository: Repository) -> dict[str, Any]:
    """A RepositoryName. Read the repository with its team."""
    page = absolute("repository", repository.team.slug, repository.slug)
    named = {name: getattr(repository, name) for name in ("id", "name", "slug", "tier")}
    return named | {"team": repository.team.slug, "page": page}


def repository_out(repository: Repository, level: str | None) -> dict[str, Any]:
    """A RepositoryOut."""
    place = {name: getattr(repository, name) for name in ("url", "branch", "sub_path")}
    return repository_name(repository) | place | {"level": level}


def scan_out(scan: Scan) -> dict[str, Any]:
    """A ScanOut. Read the scan with its repository and team."""
    commit = scan.commit or scan.wanted_commit or None
    gate = absolute("api:gate", scan.repository_id)
    plain = ("id", "state", "trigger", "branch", "requested_at", "started_at", "finished_at", "open_findings")
    return {name: getattr(scan, name) for name in plain} | {
        "repository": repository_name(scan.repository),
        "commit": commit,
        "step": scan.step or None,
        "files": _files(scan.progress),
        "superseded_by": scan.superseded_by_id,
        "problem": _problem(scan),
        "level": scan.level or None,
        "score": None if scan.score_low is None else {"low": scan.score_low, "high": scan.score_high},
        "links": {
            "self": absolute("api:scan", scan.pk),
            "page": absolute("scan", scan.pk),
            "gate": f"{gate}?commit={commit}" if commit else None,
        },
    }


def _files(progress: dict[str, Any]) -> dict[str, int] | None:
    if not progress.get("total"):
        return None
    return {"done": progress.get("cached", 0) + progress.get("scanned", 0), "total": progress["total"]}


def _problem(scan: Scan) -> dict[str, str] | None:
    if not scan.error_code:
        return None
    return {"code": scan.error_code, "message": scan.error_message, "next": scan.error_next}
