"""When findings were introduced: looked for after the scan, by the lines of a real history."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.urls import reverse

from reviews import introducing
from reviews.models import Introduction, Repository, Scan, Team, Tracing
from tests.factories import RepositoryFactory
from tests.origin import commit_files
from tests.reviews.running import scanned

pytestmark = pytest.mark.django_db(transaction=True)

RULE = "request-without-timeout"
CALM = "import requests\n\n\ndef pay(url):\n    return None\n"
WAITS = CALM.replace("None", "requests.get(url)")
BO, CY = "Bo Builder <bo@example.org>", "Cy Coder <cy@example.org>"


@pytest.fixture
def repository(team: Team, origin: Path) -> Repository:
    commit_files(origin, {"pay.py": CALM, "notes.md": "One.\n"}, date="2025-01-01T12:00:00+00:00")
    return RepositoryFactory(team=team, url=f"file://{origin}")


def introduced(repository: Repository) -> Introduction:
    return Introduction.objects.get(finding__repository=repository, finding__rule=RULE)


def test_a_finding_is_as_old_as_its_line_and_not_as_its_first_scan(repository: Repository, origin: Path) -> None:
    guilty = commit_files(origin, {"pay.py": WAITS}, author=BO, date="2025-03-01T12:00:00+00:00")
    commit_files(origin, {"pay.py": f"# Ours.\n{WAITS}"}, author=CY, date="2025-06-01T12:00:00+00:00")
    scanned(repository)
    assert introducing.do_one()
    made = introduced(repository)
    assert (made.state, made.commit, made.author) == ("known", guilty, "Bo Builder")
    assert made.authored_at == datetime(2025, 3, 1, 12, tzinfo=UTC)
    assert not introducing.do_one()


def test_what_is_older_than_the_history_names_no_commit(
    repository: Repository, origin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(introducing, "DEPTHS", (2,))
    commit_files(origin, {"pay.py": WAITS}, author=BO)
    for number in range(3):
        commit_files(origin, {"notes.md": f"{number}\n"}, date=f"2025-07-0{number + 1}T12:00:00+00:00")
    scanned(repository)
    introducing.do_one()
    made = introduced(repository)
    assert (made.state, made.commit, made.author) == ("older", "", "")
    assert made.authored_at == datetime(2025, 7, 2, 12, tzinfo=UTC)


def test_a_finding_about_no_line_says_so(repository: Repository) -> None:
    scanned(repository)
    introducing.do_one()
    made = Introduction.objects.get(finding__repository=repository, finding__rule="owners-missing")
    assert (made.state, "not about a line" in made.why) == ("unknown", True)


def test_one_that_comes_back_is_looked_for_anew(repository: Repository, origin: Path) -> None:
    for content in (WAITS, CALM, WAITS):
        last = commit_files(origin, {"pay.py": content}, author=CY)
        scanned(repository)
        introducing.do_one()
    assert introduced(repository).commit == last


def test_nobody_looks_while_a_scan_waits(repository: Repository) -> None:
    scanned(repository)
    Scan.objects.create(repository=repository, branch="main", trigger=Scan.Trigger.PERSON)
    assert not introducing.do_one()


def test_a_failure_is_kept_by_name_and_given_up_until_the_next_scan(repository: Repository, origin: Path) -> None:
    commit_files(origin, {"pay.py": WAITS})
    scanned(repository)
    origin.rename(origin.with_name("gone.git"))
    assert introducing.do_one()
    tracing = Tracing.objects.get(repository=repository)
    assert (tracing.error_code, tracing.ended) == ("repository_not_found", repository.latest_scan)
    assert not introducing.due().exists()
    origin.with_name("gone.git").rename(origin)
    commit_files(origin, {"notes.md": "Two.\n"})
    scanned(repository)
    assert introducing.do_one()
    assert Tracing.objects.get(repository=repository).error_code == ""


def test_below_a_sub_path_files_are_found(team: Team, origin: Path) -> None:
    guilty = commit_files(origin, {"services/pay/pay.py": WAITS}, author=BO)
    repository = RepositoryFactory(team=team, url=f"file://{origin}", sub_path="services/pay")
    scanned(repository)
    introducing.do_one()
    assert introduced(repository).commit == guilty


def test_the_page_of_a_finding_says_who_when_and_where(client, viewer, repository: Repository, origin: Path) -> None:
    guilty = commit_files(origin, {"pay.py": WAITS}, author=BO)
    scanned(repository)
    finding = repository.findings.get(rule=RULE)
    client.force_login(viewer)
    page = reverse("finding", args=[finding.pk])
    assert "Not looked for yet" in client.get(page).content.decode()
    introducing.do_one()
    assert "by Bo Builder" in client.get(page).content.decode()
    Repository.objects.filter(pk=repository.pk).update(url="https://github.com/team/pay.git", provider="github")
    assert f"https://github.com/team/pay/commit/{guilty}" in client.get(page).content.decode()
