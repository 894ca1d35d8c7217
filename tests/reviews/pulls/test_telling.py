"""What the forge is told of pull requests: rows of the outbox, written with the result."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from reviews import queue, scanning
from reviews.models import Forge, Repository, Scan, User
from reviews.pulls import telling
from tests.git_server import GitServer
from tests.origin import commit_files
from tests.reviews.pulls.proposing import BOUNDED, CLEAN, REFUNDS, RULE, git, looked_at, proposed, reported, row, told
from tests.reviews.running import leased, scanned
from tests.reviews.waiver_rows import give, waiver

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/repositories/payments/pay/pulls/7/"


class TestFinished:
    def test_a_severe_finding_fails_and_stands_in_the_comment(
        self, repository: Repository, origin: Path, settings: Settings
    ) -> None:
        head = proposed(origin, 7, {"refunds.py": REFUNDS})
        looked_at(repository, head)
        [status], [comment] = told("status"), told("comment")
        assert (status["commit"], status["state"], status["name"]) == (head, "failure", telling.NAME)
        assert status["text"].startswith("1 new finding of high or critical severity; level none, ")
        assert status["url"] == settings.BASE_URL + PAGE
        assert (comment["number"], comment["only_update"]) == (7, False)
        assert f"| high | [{RULE}]({settings.BASE_URL}/rules/{RULE}/) | `refunds.py:5` |" in comment["markdown"]
        assert f"({settings.BASE_URL}{PAGE})" in comment["markdown"]

    def test_what_mends_is_a_success(self, repository: Repository, origin: Path) -> None:
        looked_at(repository, proposed(origin, 7, {"pay.py": BOUNDED}))
        [status], [comment] = told("status"), told("comment")
        assert status["state"] == "success"
        assert "`pay.py:5`" in comment["markdown"]

    def test_without_a_change_only_a_comment_that_is_there_is_kept_up_to_date(
        self, repository: Repository, origin: Path
    ) -> None:
        looked_at(repository, proposed(origin, 7, {"notes.txt": "Hello.\n"}))
        assert [comment["only_update"] for comment in told("comment")] == [True]

    def test_the_newest_head_has_the_comment(self, repository: Repository, origin: Path) -> None:
        looked_at(repository, proposed(origin, 7, {"refunds.py": REFUNDS}))
        new = commit_files(origin, {"refunds.py": None}, branch="topic-7", date="2026-02-03T12:00:00+00:00")
        git(origin, "update-ref", "refs/pull/7/head", new)
        looked_at(repository, new)
        [comment] = told("comment")
        assert (comment["only_update"], new[:7] in comment["markdown"]) == (True, True)
        assert [status["state"] for status in told("status")] == ["failure", "success"]

    def test_a_file_that_cannot_be_read_any_more_is_an_error(self, repository: Repository, origin: Path) -> None:
        looked_at(repository, proposed(origin, 7, {"amounts.py": "def (:\n"}))
        [status] = told("status")
        assert (status["state"], "1 file more could not be read" in status["text"]) == ("error", True)

    def test_what_is_hidden_is_said(self, repository: Repository, origin: Path) -> None:
        looked_at(repository, proposed(origin, 7, {".plimsoll.toml": 'exclude = ["pay.py"]\n'}))
        [comment] = told("comment")
        assert "It leaves 50.0% of the files out of scans, before 0.0%." in comment["markdown"]
        assert "The file is no longer scanned." in comment["markdown"]

    def test_a_forge_that_is_to_be_told_nothing_is_told_nothing(self, repository: Repository, origin: Path) -> None:
        Forge.objects.update(posts_statuses=False, posts_comments=False)
        looked_at(repository, proposed(origin, 7, {"refunds.py": REFUNDS}))
        assert (told("status"), told("comment")) == ([], [])


class TestWaived:
    @pytest.fixture
    def waived(self, repository: Repository, owner: User, reviewer: User) -> None:
        """Every call without a timeout is waived, up to five of them."""
        scanned(repository)
        waiver(owner, give(reviewer, "security", "release"), repository, rule=RULE)

    def test_what_a_waiver_covers_is_new_and_fails_nothing(
        self, repository: Repository, origin: Path, waived: None
    ) -> None:
        scan = looked_at(repository, proposed(origin, 7, {"refunds.py": REFUNDS}))
        rows = [one for one in scan.comparison.new if one["rule"] == RULE]
        assert [one["waived"] for one in rows] == [True]
        assert (scan.comparison.counted["severe"], told("status")[-1]["state"]) == (0, "success")


class TestFailed:
    def test_a_scan_that_fails_ends_in_a_status_once(self, repository: Repository, origin: Path) -> None:
        head = proposed(origin, 7, {"refunds.py": REFUNDS})
        git(origin, "branch", "-m", "main", "trunk")
        scan = looked_at(repository, head)
        assert (scan.state, told("status")) == ("failed", [])
        assert (telling.tell_failures(), telling.tell_failures()) == (1, 0)
        [status], [comment] = told("status"), told("comment")
        assert (status["commit"], status["state"]) == (head, "error")
        assert status["text"] == "The scan failed: the repository has no such branch."
        assert (comment["only_update"], row().latest_scan) == (True, scan)

    def test_a_scan_that_is_tried_again_is_told_when_it_ends(
        self, repository: Repository, origin: Path, server: GitServer, settings: Settings
    ) -> None:
        head = proposed(origin, 7, {"refunds.py": REFUNDS})
        settings.MAX_ATTEMPTS = 2
        server.stop()
        scan = looked_at(repository, head)
        assert (scan.state, telling.tell_failures()) == ("requested", 0)
        Scan.objects.update(available_at=timezone.now())
        scanning.run(leased())
        assert (telling.tell_failures(), [status["state"] for status in told("status")]) == (1, ["error"])

    def test_a_worker_that_died_for_the_last_time_is_told(self, repository: Repository, origin: Path) -> None:
        reported(repository, proposed(origin, 7, {"refunds.py": REFUNDS}))
        leased()
        Scan.objects.update(attempts=9, leased_until=timezone.now() - timedelta(seconds=1))
        queue.requeue_expired()
        assert telling.tell_failures() == 1
        assert told("status")[0]["text"].startswith("The scan failed: the worker died in attempt 9")

    def test_what_a_newer_head_or_a_closed_one_left_behind_is_not_told(
        self, repository: Repository, origin: Path
    ) -> None:
        reported(repository, proposed(origin, 7, {"refunds.py": REFUNDS}))
        reported(repository, proposed(origin, 8, {"more.py": CLEAN}), number=8)
        Scan.objects.update(state=Scan.State.FAILED, error_message="No.")
        reported(repository, proposed(origin, 7, {"pay.py": BOUNDED}))
        reported(repository, number=8, open=False)
        assert (telling.tell_failures(), told("status")) == (0, [])
