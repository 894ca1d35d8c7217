"""The past of a repository, through real git, the queue of record and the rules."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from reviews import intake, past, queue, scanning, trends
from reviews.models import FindingEvent, Repository, Scan, Team
from tests.factories import RepositoryFactory
from tests.origin import commit_files
from tests.reviews.running import leased, scanned

pytestmark = pytest.mark.django_db(transaction=True)

RULE = "request-without-timeout"
WAITS = "import requests\n\n\ndef pay(url):\n    return requests.get(url)\n"
BOUNDED = WAITS.replace("get(url)", "get(url, timeout=5)")


@pytest.fixture
def commits(origin: Path) -> list[str]:
    """Six commits a month apart, the fault in every second one. The fourth says it is of the year after."""
    days = ["2026-01-01", "2026-02-01", "2026-03-01", "2027-01-01", "2026-05-01", "2026-06-01"]
    texts = [WAITS, BOUNDED] * 3
    return [
        commit_files(origin, {"pay.py": text, "new.txt": day}, date=f"{day}T00:00:00+00:00")
        for day, text in zip(days, texts, strict=True)
    ]


@pytest.fixture
def repository(team: Team, origin: Path, commits: list[str]) -> Repository:
    """Registered, its head scanned."""
    made = RepositoryFactory(team=team, url=f"file://{origin}")
    scanned(made)
    return made


def work() -> int:
    """Do all scans that are due, and say how many that were."""
    done = 0
    while lease := queue.lease("w"):
        scanning.run(lease)
        done += 1
    return done


def test_it_is_filled_from_the_oldest_on_and_only_once(repository: Repository, commits: list[str]) -> None:
    assert past.ask(repository, 50, seconds=30) == past.Asked(5, 5)
    waiting = repository.scans.filter(state="requested").order_by("pk")
    assert list(waiting.values_list("wanted_commit", flat=True)) == commits[:-1]
    assert past.ask(repository, 50, seconds=30).asked == 0
    work()
    assert past.ask(repository, 50, seconds=30).asked == 0
    assert past.standing(repository) == past.Standing(0, 5, 0)


def test_points_of_the_trend_are_added_and_nothing_of_today_changes(repository: Repository) -> None:
    head = repository.latest_scan
    stands = list(repository.findings.order_by("pk").values())
    events = FindingEvent.objects.count()
    past.ask(repository, 5, seconds=30)
    assert work() == 5
    repository.refresh_from_db()
    assert repository.latest_scan == head
    assert list(repository.findings.order_by("pk").values()) == stands
    assert FindingEvent.objects.count() == events
    course = trends.courses(repository.scans.all())[repository.pk]
    assert len(course) == 6
    assert course[0].at.isoformat() == "2026-01-01T00:00:00+00:00"
    assert course[-1].at <= timezone.now()


def test_a_push_goes_first_and_a_kill_loses_nothing(repository: Repository, origin: Path) -> None:
    past.ask(repository, 5, seconds=30)
    dead = leased("dead")
    Scan.objects.filter(pk=dead.scan).update(leased_until=timezone.now() - timezone.timedelta(hours=1))
    queue.requeue_expired()
    pushed = commit_files(origin, {"pay.py": "import os\n"}, date="2026-07-01T00:00:00+00:00")
    asked = intake.request_scan(repository, trigger=Scan.Trigger.WEBHOOK)
    lease = leased()
    assert lease.scan == asked.pk
    scanning.run(lease)
    assert past.standing(repository).waiting == 5
    work()
    repository.refresh_from_db()
    assert repository.latest_scan.commit == pushed
    assert past.standing(repository) == past.Standing(0, 5, 0)


def test_each_so_many_commits_reach_further_back(repository: Repository, commits: list[str]) -> None:
    past.ask(repository, 2, every=2, seconds=30)
    wanted = repository.scans.filter(state="requested").order_by("pk").values_list("wanted_commit", flat=True)
    assert list(wanted) == [commits[1], commits[3]]


@pytest.mark.parametrize(("count", "every"), [(0, 1), (201, 1), (1, 0), (200, 26)])
def test_the_past_has_a_bound(repository: Repository, count: int, every: int) -> None:
    with pytest.raises(past.RefusedError, match="past_too_long"):
        past.ask(repository, count, every=every, seconds=30)


def test_before_the_first_scan_there_is_no_past(team: Team, origin: Path) -> None:
    with pytest.raises(past.RefusedError, match="no_scan_yet"):
        past.ask(RepositoryFactory(team=team, url=f"file://{origin}"), 5, seconds=30)


def test_the_command_says_how_far_it_is(repository: Repository) -> None:
    out = io.StringIO()
    call_command("fill_past", repository.pk, commits=3, stdout=out)
    assert "3 earlier commits, 3 of them asked for now. Of its past 0 are done, 3 wait and 0 failed." in out.getvalue()
    with pytest.raises(CommandError, match="repository_unknown"):
        call_command("fill_past", repository.pk + 1)
    with pytest.raises(CommandError, match="past_too_long"):
        call_command("fill_past", repository.pk, commits=900)


class TestPage:
    def test_an_engineer_fills_it_in_and_sees_how_far_it_is(self, repository, client, teammate) -> None:
        client.force_login(teammate)
        page = reverse("repository-scans", args=[repository.team.slug, repository.slug])
        assert "Fill in the past" in client.get(page).content.decode()
        url = reverse("request-past", args=[repository.team.slug, repository.slug])
        text = client.post(url, {"span": "20"}, follow=True).content.decode()
        assert "earlier commits are asked for" in text
        assert "waiting" in text

    def test_what_the_server_refuses_is_said_there(self, repository, client, teammate) -> None:
        Repository.objects.update(url="file:///nowhere/gone.git")
        client.force_login(teammate)
        url = reverse("request-past", args=[repository.team.slug, repository.slug])
        assert "Repositories on this machine can be read only" in client.post(url, follow=True).content.decode()
