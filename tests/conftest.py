from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import TransactionTestCase, override_settings
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import Browser, Page, sync_playwright
from redis import Redis

from reviews.audit import appendonly
from reviews.models import Membership, Team, User
from tests.factories import MembershipFactory, TeamFactory, UserFactory
from tests.origin import make_repository
from tests.services import HOME, chromium, redis

# A busy machine is no failure.
hypothesis_settings.register_profile("patient", deadline=None)
hypothesis_settings.load_profile("patient")

Role = Membership.Role
PLAIN_STATIC_FILES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# A browser in a container, as root, that talks to nobody by itself.
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--no-first-run",
]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With PostgreSQL, keep what uses the database; the rest has run with SQLite. Pages are drawn once, too."""
    if config.option.database == "postgresql":
        keep = [item for item in items if _uses_database(item) and "browser" not in item.fixturenames]
        config.hook.pytest_deselected(items=[item for item in items if item not in keep])
        items[:] = keep


def _uses_database(item: pytest.Item) -> bool:
    fixtures = {"db", "transactional_db", "django_db_setup", "live_server"}
    return bool(item.get_closest_marker("django_db") or fixtures & set(item.fixturenames))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.skipped and item.config.option.no_skips and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
    return report


@pytest.fixture(scope="session", autouse=True)
def plain_static_files() -> Iterator[None]:
    """Serve static files under their own names: nothing has to be collected before a test."""
    with override_settings(STORAGES=PLAIN_STATIC_FILES):
        yield


@pytest.fixture(scope="session", autouse=True)
def tables_that_can_be_emptied() -> Iterator[None]:
    """After a test with real transactions its tables are emptied, which the triggers of the audit log refuse."""
    empty = TransactionTestCase._fixture_teardown

    def without_triggers(case: TransactionTestCase) -> None:
        appendonly.remove(connection)
        empty(case)
        appendonly.install(connection)

    with pytest.MonkeyPatch.context() as patching:
        patching.setattr(TransactionTestCase, "_fixture_teardown", without_triggers)
        yield


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()


# The cast: people of the team Payments, one of another team, and the site admin.


@pytest.fixture
def team(db: None) -> Team:
    return TeamFactory(name="Payments", slug="payments")


@pytest.fixture
def owner(team: Team) -> User:
    """A maintainer of Payments."""
    return _member(team, "owner", Role.MAINTAINER)


@pytest.fixture
def reviewer(team: Team) -> User:
    return _member(team, "reviewer", Role.REVIEWER)


@pytest.fixture
def teammate(team: Team) -> User:
    """An engineer of Payments."""
    return _member(team, "teammate", Role.ENGINEER)


@pytest.fixture
def viewer(team: Team) -> User:
    return _member(team, "viewer", Role.VIEWER)


@pytest.fixture
def stranger(db: None) -> User:
    """A maintainer of another team, Search."""
    return _member(TeamFactory(name="Search", slug="search"), "stranger", Role.MAINTAINER)


@pytest.fixture
def admin(db: None) -> User:
    """The site admin, who is in no team."""
    return UserFactory(username="admin", is_staff=True, is_superuser=True)


def _member(team: Team, name: str, role: str) -> User:
    return MembershipFactory(team=team, user__username=name, role=role).user


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """An empty bare repository that may be registered by its path; fill it with tests.origin.commit_files."""
    return make_repository(HOME / "repositories" / tmp_path.name / "origin.git")


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    with redis() as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The URL of a real Redis that is empty."""
    client = Redis.from_url(redis_server)
    client.flushall()
    client.close()
    return redis_server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    if not path:
        pytest.skip("needs a Chromium: put one on PATH or name it in CHROMIUM")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page of its own, in a browser that waits at most ten seconds for anything."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()
