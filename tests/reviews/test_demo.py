"""The demo: stories that can be told, repositories with the same bytes, and a fleet that is made once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from reviews import queue, scanning
from reviews.demo import fleet
from reviews.demo.origin import Commit, mirror, write
from reviews.demo.story import StoryError, commits
from reviews.models import Membership, Repository, Scan, Team, User
from scanners.git.address import parse_source
from scanners.git.history import history
from scanners.git.policy import Policy
from scanners.git.store import CommitInfo, Store
from tests.origin import commit_files, make_repository

TODAY = datetime(2026, 11, 20, 8, tzinfo=UTC)
STORY = """\
@= ada Ada Marsh <ada@harbour.example>

@@ 20 ada: Begin
@+ app.py
import os

print(os.name)
@+ old.py

@@ 3 ada: Go on
@~ app.py
@<
print(os.name)
@>
print(os.sep)
@- old.py
"""


class TestStory:
    def test_tells_commits_with_their_files(self) -> None:
        first, second = commits(STORY, TODAY)
        assert (first.message, first.author) == ("Begin", "Ada Marsh <ada@harbour.example>")
        assert first.files == {"app.py": "import os\n\nprint(os.name)\n", "old.py": ""}
        assert second.files == {"app.py": "import os\n\nprint(os.sep)\n", "old.py": None}

    def test_dates_count_back_from_today(self) -> None:
        dates = [commit.at.date() for commit in commits(STORY, TODAY)]
        assert dates == [(TODAY - timedelta(days=20)).date(), (TODAY - timedelta(days=3)).date()]

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("print(os.name)\n@>", "print(os.path)\n@>"),
            ("@~ app.py", "@~ nowhere.py"),
            ("@- old.py", "@- nowhere.py"),
            ("3 ada:", "3 bob:"),
            ("3 ada: Go on", "soon"),
        ],
    )
    def test_refuses_what_cannot_be_told(self, old: str, new: str) -> None:
        with pytest.raises(StoryError):
            commits(STORY.replace(old, new), TODAY)

    @pytest.mark.parametrize("service", fleet.SERVICES, ids=lambda service: service.name)
    def test_each_service_has_half_a_year_of_history(self, service: fleet.Service) -> None:
        told = commits((Path(fleet.__file__).parent / "stories" / f"{service.name}.txt").read_text("utf-8"), TODAY)
        assert len(told) >= 12
        assert told == sorted(told, key=lambda commit: commit.at)
        assert timedelta(weeks=24) < TODAY - told[0].at < timedelta(weeks=27)
        assert timedelta(0) < TODAY - told[-1].at < timedelta(weeks=2)


class TestOrigin:
    def test_the_same_commits_are_the_same_repository(self, tmp_path: Path) -> None:
        for name in ("one.git", "two.git"):
            write(tmp_path / name, commits(STORY, TODAY))
        assert _head(tmp_path / "one.git") == _head(tmp_path / "two.git")

    def test_keeps_bytes_dates_and_authors(self, tmp_path: Path) -> None:
        write(tmp_path / "o.git", [Commit("Odd", "Zoë <z@x.example>", TODAY, {"a b.bin": b"\0\n\xff"})])
        (commit,) = _commits(tmp_path / "o.git")
        with Store(tmp_path / "o.git") as store:
            (entry,) = store.entries(commit.sha)
            assert store.read(entry.sha) == b"\0\n\xff"
        assert (entry.path, commit.author_name, commit.authored_at) == ("a b.bin", "Zoë", TODAY)

    def test_is_there_whole_or_not_at_all(self, tmp_path: Path) -> None:
        with pytest.raises(OSError, match="ended with"):
            write(tmp_path / "o.git", [Commit("Bad", "nobody", TODAY, {"../a": "x"})])
        assert list(tmp_path.iterdir()) == []

    def test_a_mirror_follows_its_checkout(self, tmp_path: Path) -> None:
        checkout = make_repository(tmp_path / "checkout.git", branch="work")
        for content in ("1", "2"):
            commit_files(checkout, {"a.py": content}, branch="work")
            mirror(checkout, tmp_path / "mirror.git")
        assert len(_commits(tmp_path / "mirror.git")) == 2


def _commits(path: Path) -> list[CommitInfo]:
    policy = Policy(local_roots=(path.parent,))
    return history(parse_source(f"file://{path}", policy), "main", 100, policy=policy)


def _head(path: Path) -> str:
    return _commits(path)[-1].sha


@pytest.fixture
def place(tmp_path: Path, settings: Settings) -> Path:
    settings.DATA_DIR = tmp_path
    settings.LOCAL_ROOTS = [tmp_path / "demo"]
    settings.BASE_DIR = tmp_path / "not-a-checkout"
    return tmp_path / "demo"


@pytest.mark.django_db(transaction=True)
class TestDemo:
    def test_makes_three_teams_with_people_who_cannot_sign_in(self, place: Path) -> None:
        call_command("demo")
        assert set(Team.objects.values_list("slug", flat=True)) == {"payments", "storefront", "data"}
        assert not any(user.has_usable_password() for user in User.objects.all())
        assert Membership.objects.filter(user__username="ruth.adler", role="reviewer").count() == 3

    def test_asks_for_all_history_oldest_first_and_does_none_of_it(self, place: Path) -> None:
        call_command("demo")
        assert Repository.objects.count() == len(fleet.SERVICES)
        repository = Repository.objects.get(slug="money")
        wanted = repository.scans.order_by("pk").values_list("wanted_commit", flat=True)
        assert list(wanted) == [commit.sha for commit in _commits(place / "money.git")]
        assert set(Scan.objects.values_list("state", "trigger")) == {("requested", "history")}

    def test_a_second_time_changes_nothing(self, place: Path) -> None:
        call_command("demo")
        before = sorted(Scan.objects.values_list("pk", "state"))
        call_command("demo")
        assert sorted(Scan.objects.values_list("pk", "state")) == before

    def test_our_own_repository_is_there_when_we_run_from_a_checkout(self, place: Path, settings: Settings) -> None:
        commit_files(make_repository(settings.BASE_DIR / ".git"), {"a.py": "1\n"})
        call_command("demo")
        own = Repository.objects.get(slug="plimsoll")
        commit_files(settings.BASE_DIR / ".git", {"a.py": "2\n"})
        call_command("demo")
        assert own.scans.count() == 2

    def test_its_scans_can_be_done(self, place: Path) -> None:
        call_command("demo")
        Scan.objects.exclude(repository__slug="nightly-export").delete()
        for held in iter(lambda: queue.lease("w"), None):
            scanning.run(held)
        repository = Repository.objects.get(slug="nightly-export")
        assert set(repository.scans.values_list("state", flat=True)) == {"done"}
        assert repository.latest_scan.subject == "Give up on the chat quietly"
