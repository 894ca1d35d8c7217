"""What every page has in common: nothing of a scanned repository is markup, and rows cost no queries."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from reviews.models import Scan
from scanners.finding import FileReport, Problem, Skipped, Suppression
from tests.factories import RepositoryFactory, ScanFactory
from tests.reviews.rows import RULE, changed, finished, fleet_of, found, tree

pytestmark = pytest.mark.django_db
EVIL = """<script>alert(1)</script>"><img src=x onerror=alert(1)>{{ 7|add:7 }}'"""
SHORT = "<b>x</b>"


@pytest.fixture
def hostile(team) -> dict[str, str]:
    """Pages of a repository in which every text that somebody else can write is markup."""
    repository = RepositoryFactory(team=team, name=EVIL[:80], slug="evil", branch=SHORT, sub_path=EVIL[:90])
    scan = finished(repository, author=EVIL, subject=EVIL, commit="7" * 40, leased_by=EVIL[:120])
    finding = found(repository, path=EVIL, qualname=EVIL, message=EVIL, snippet=[[1, EVIL, True]])
    changed(finding, scan, detail=EVIL)
    file = FileReport(EVIL, "b" * 40, "python/service/", 20, False, Problem("code", EVIL, EVIL, 3))
    tree(
        scan,
        files=(file,),
        skipped=(Skipped(EVIL, "vendored", EVIL),),
        suppressions=(Suppression(EVIL, 3, (EVIL,), EVIL, False),),
    )
    failed = ScanFactory(
        repository=repository,
        state=Scan.State.FAILED,
        finished_at=timezone.now(),
        error_code="x",
        error_message=EVIL,
        error_next=EVIL,
    )
    of_repository = {"team": team.slug, "repository": repository.slug}
    return {
        "fleet": reverse("fleet") + "?open=payments",
        "team": reverse("team", args=["payments"]),
        "repository": reverse("repository", kwargs=of_repository),
        "repository-findings": reverse("repository-findings", kwargs=of_repository),
        "findings": reverse("findings"),
        "finding": reverse("finding", args=[finding.pk]),
        "sites": reverse("sites", kwargs=of_repository | {"rule": RULE}),
        "gate": reverse("repository-gate", kwargs=of_repository),
        "scan": reverse("scan", args=[scan.pk]),
        "failed": reverse("scan", args=[failed.pk]),
        "scans": reverse("scans"),
        "status": reverse("status"),
        "settings": reverse("repository-settings", kwargs=of_repository),
        "rule": reverse("rule", args=[RULE]),
        "search": reverse("search") + "?q=script",
        "search-commit": reverse("search") + "?q=7777",
    }


PAGES = [
    "fleet",
    "team",
    "repository",
    "repository-findings",
    "findings",
    "finding",
    "sites",
    "gate",
    "scan",
    "failed",
    "scans",
]
PAGES += ["status", "settings", "rule", "search", "search-commit"]


@pytest.mark.parametrize("page", PAGES)
def test_what_a_repository_says_is_never_markup(client, owner, hostile, page):
    client.force_login(owner)
    response = client.get(hostile[page], follow=True)
    text = response.content.decode()
    assert response.status_code == 200
    assert "&lt;script&gt;" in text
    for markup in ("<script>alert", "<img src=x", "<b>x</b>"):
        assert markup not in text


@pytest.mark.parametrize("page", PAGES)
def test_pages_hold_no_inline_style_script_or_handler(client, owner, hostile, page):
    client.force_login(owner)
    text = client.get(hostile[page], follow=True).content.decode().lower()
    for inline in (" style=", "<style", "javascript:", " onclick=", " hx-on"):
        assert inline not in text
    assert "<script>" not in text


def url_of(name: str, **kwargs) -> str:
    return reverse(name, kwargs=kwargs)


ROWS = ["fleet", "team", "findings", "repository-findings", "scans", "repository-scans", "repository", "scan", "status"]
ROWS += ["rule", "members", "search", "repository-gate"]


def urls(repository) -> dict[str, str]:
    here = {"team": "payments", "repository": repository.slug}
    return {
        "fleet": reverse("fleet") + "?open=payments",
        "team": url_of("team", team="payments"),
        "findings": reverse("findings"),
        "repository-findings": url_of("repository-findings", **here),
        "scans": reverse("scans"),
        "repository-scans": url_of("repository-scans", **here),
        "repository": url_of("repository", **here),
        "repository-gate": url_of("repository-gate", **here),
        "scan": url_of("scan", pk=repository.latest_scan.pk),
        "status": reverse("status"),
        "rule": url_of("rule", rule=RULE),
        "members": url_of("members", team="payments"),
        "search": reverse("search") + "?q=service",
    }


def grow(team, repository, times: int) -> None:
    """More of everything: repositories, scans of each state, findings, events."""
    for number, more in enumerate(fleet_of(team, times), start=repository.scans.count()):
        ScanFactory(repository=more, state=Scan.State.FAILED, finished_at=timezone.now())
        ScanFactory(repository=more, wanted_commit=str(number).zfill(40))
        newer = finished(repository, at=timezone.now() - timedelta(days=number), commit=str(number).zfill(40))
        changed(found(repository, line=number), newer)


@pytest.mark.parametrize("page", ROWS)
def test_the_queries_of_a_page_do_not_grow_with_its_rows(client, team, owner, page):
    (repository,) = fleet_of(team, 1)
    grow(team, repository, 1)
    client.force_login(owner)
    client.get(urls(repository)[page])
    with CaptureQueriesContext(connection) as before:
        client.get(urls(repository)[page])
    grow(team, repository, 3)
    with CaptureQueriesContext(connection) as after:
        client.get(urls(repository)[page])
    assert len(after) <= len(before)
