"""Pages of the running site in a real Chromium, signed in, with everything the browser complains about written down."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page

from reviews.models import Repository, Scan
from tests.factories import RepositoryFactory, ScanFactory
from tests.reviews.rows import changed, finished, found, tree


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """Errors on the console, broken scripts and refused content. A test that causes one fails."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield said
    # The browser also writes down that a form was answered with 409 or 422, as it should be.
    assert [one for one in said if "status of 409" not in one and "status of 422" not in one] == []


@pytest.fixture
def visit(page: Page, live_server: Any, complaints: list[str]) -> Callable[..., Page]:
    """Open a path of the site as somebody."""

    def open_as(person: Any, path: str) -> Page:
        sign_in(page.context, person, live_server.url)
        page.goto(live_server.url + path)
        return page

    return open_as


@pytest.fixture
def plain(browser: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """Open a path of the site as somebody, in a browser that runs no script."""
    context = browser.new_context(java_script_enabled=False)

    def open_as(person: Any, path: str) -> Page:
        sign_in(context, person, live_server.url)
        page = context.new_page()
        page.goto(live_server.url + path)
        return page

    yield open_as
    context.close()


def sign_in(context: BrowserContext, person: Any, url: str) -> None:
    """Give a browser the session of a person."""
    client = Client()
    client.force_login(person)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}])


@pytest.fixture
def pay(transactional_db: None, team: Any) -> Repository:
    """A repository of Payments with some history, findings, and files that could not be read."""
    repository = RepositoryFactory(team=team, name="pay", tier="A")
    now = timezone.now()
    for week, bad in ((20, 9), (8, 6), (2, 4)):
        finished(
            repository, at=now - timedelta(weeks=week), bad=bad, commit=str(week).zfill(40), rule_set=f"r{week > 9}"
        )
    scan = finished(repository, at=now)
    tree(scan)
    for line in range(1, 4):
        changed(found(repository, line=line), scan)
    found(repository, line=9, rule="cause-dropped", severity="low", confidence="low")
    changed(found(repository, line=7, state="fixed"), scan, "fixed")
    return repository


@pytest.fixture
def running(pay: Repository) -> Scan:
    """A scan that a worker is at."""
    now = timezone.now()
    return ScanFactory(
        repository=pay,
        state=Scan.State.RUNNING,
        step=Scan.Step.SCAN,
        started_at=now,
        leased_by="scan-1",
        attempts=1,
        leased_until=now + timedelta(seconds=settings.LEASE_SECONDS),
        progress={"total": 412, "cached": 373, "scanned": 20, "steps": {"fetch": 1.8}},
    )
