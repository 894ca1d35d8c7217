"""What becomes of an event about a pull request."""

import pytest

from reviews.models import PullRequest, Repository, Scan, Team
from reviews.pulls.seen import Seen
from tests.factories import RepositoryFactory
from tests.reviews.pulls.proposing import reported, row

pytestmark = pytest.mark.django_db(transaction=True)
HEAD, NEXT = "a" * 40, "b" * 40


@pytest.fixture
def repository(team: Team) -> Repository:
    return RepositoryFactory(team=team, name="pay")


def states() -> list[str]:
    return list(Scan.objects.order_by("pk").values_list("state", flat=True))


def test_an_open_one_is_written_down_and_its_head_asked_for(repository: Repository) -> None:
    asked = reported(repository, HEAD)
    assert (asked.code, asked.text) == ("", f"Scan {asked.scan.pk} looks at its head.")
    known = row()
    assert (known.title, known.author, known.head, known.state) == ("Pay", "ada", HEAD, "open")
    assert (known.source, known.target, known.ref) == ("topic-7", "main", "refs/pull/7/head")
    assert known.url == "https://forge.example.org/pulls/7"
    scan = asked.scan
    assert (scan.pull_request, scan.branch, scan.wanted_commit, scan.trigger) == (known, known.ref, HEAD, "pull")


def test_the_same_event_twice_is_one_row_and_one_scan(repository: Repository) -> None:
    first, second = reported(repository, HEAD), reported(repository, HEAD, title="Pay better")
    assert first.scan == second.scan
    assert row().title == "Pay better"


def test_a_newer_head_takes_the_place_of_one_that_waits(repository: Repository) -> None:
    older, newer = reported(repository, HEAD).scan, reported(repository, NEXT).scan
    assert states() == ["superseded", "requested"]
    assert Scan.objects.get(pk=older.pk).superseded_by == newer
    assert row().head == NEXT


def test_others_wait_on(repository: Repository) -> None:
    reported(repository, HEAD, 7)
    reported(repository, NEXT, 8)
    assert states() == ["requested", "requested"]


def test_a_closed_one_ends_what_waits(repository: Repository) -> None:
    reported(repository, HEAD)
    closed = reported(repository, HEAD, open=False)
    assert closed == Seen(None, "It is closed; nothing of it waits any more.")
    assert (states(), row().state) == (["superseded"], "closed")


def test_a_closed_one_that_nobody_knew_is_not_written_down(repository: Repository) -> None:
    reported(repository, HEAD, open=False)
    assert not PullRequest.objects.exists()


def test_one_that_is_opened_again_is_scanned_again(repository: Repository) -> None:
    reported(repository, HEAD)
    reported(repository, HEAD, open=False)
    assert reported(repository, HEAD).scan
    assert (states(), row().state) == (["superseded", "requested"], "open")


def test_what_goes_to_another_branch_is_none_of_ours(repository: Repository) -> None:
    asked = reported(repository, HEAD, target="stable")
    assert (asked.scan, asked.code) == (None, "other_target")
    assert asked.text == "It goes to stable; only what goes to main is scanned."
    assert not PullRequest.objects.exists()


def test_one_that_turns_to_another_branch_ends_what_waits(repository: Repository) -> None:
    reported(repository, HEAD)
    assert reported(repository, HEAD, target="stable").code == "other_target"
    assert (states(), row().state, row().target) == (["superseded"], "closed", "stable")


def test_a_fork_that_the_server_does_not_show_is_written_down_and_not_scanned(repository: Repository) -> None:
    asked = reported(repository, HEAD, ref="")
    assert (asked.scan, asked.code, row().head) == (None, "head_not_shown", HEAD)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//evil.example", "", "https://x/" + "a" * 1000])
def test_what_is_no_address_is_no_link(repository: Repository, url: str) -> None:
    reported(repository, HEAD, url=url)
    assert row().url == ""


def test_long_texts_are_cut(repository: Repository) -> None:
    reported(repository, HEAD, title="t" * 400, author="a" * 300)
    assert (len(row().title), len(row().author)) == (300, 200)


def test_the_same_number_in_another_repository_is_another_one(repository: Repository, team: Team) -> None:
    reported(repository, HEAD)
    reported(RepositoryFactory(team=team), HEAD)
    assert PullRequest.objects.count() == 2
