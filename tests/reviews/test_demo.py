"""The demo: stories that can be told, repositories with the same bytes, and a fleet that is made once."""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from reviews import members, queue, scanning
from reviews.advisories import loading
from reviews.audit import verifying
from reviews.deliveries import sorting
from reviews.demo import acts, fleet, proposed, script
from reviews.demo.origin import Commit, mirror, pull_ref, write
from reviews.demo.story import StoryError, commits, on_top
from reviews.models import (
    Advisory,
    AuditEvent,
    Delivery,
    Membership,
    OutboxMessage,
    Repository,
    Review,
    Scan,
    Team,
    User,
    Waiver,
)
from reviews.signoff import answers, freezing, opening, reading
from reviews.signoff.turns import Seen
from scanners.git.address import parse_source
from scanners.git.fetch import fetch
from scanners.git.history import history
from scanners.git.policy import Policy
from scanners.git.scratch import scratch_dir
from scanners.git.store import CommitInfo, Store
from tests.origin import commit_files, make_repository
from tests.reviews.advisories.osv import folder, record

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

    def test_tells_what_comes_on_top_of_a_story(self) -> None:
        more = "@@ 1 ada: Once more\n@~ app.py\n@<\nprint(os.sep)\n@>\nprint(os.linesep)\n"
        (added,) = on_top(STORY, more, TODAY)
        assert (added.message, added.files) == ("Once more", {"app.py": "import os\n\nprint(os.linesep)\n"})

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

    def test_a_pull_request_starts_where_the_branch_is(self, tmp_path: Path) -> None:
        main, proposed = (Commit(text, "Ada <a@b.example>", TODAY, {f"{text}.py": text}) for text in ("Begin", "Wish"))
        write(tmp_path / "o.git", [main], pulls={7: [proposed]})
        (head,) = _commits(tmp_path / "o.git")
        policy = Policy(local_roots=(tmp_path,))
        source = parse_source(f"file://{tmp_path}/o.git", policy)
        with scratch_dir(tmp_path / "scratch") as scratch:
            fetched = fetch(source, pull_ref(7), scratch, policy=policy, tick=lambda: None)
            with Store(fetched.git_dir, policy) as store:
                assert [entry.path for entry in store.entries(fetched.commit)] == ["Begin.py", "Wish.py"]
        assert head.subject == "Begin"

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


SCRIPTS = [script.read(service.name) for service in fleet.SERVICES]
NAMED = {step.says["commit"] for steps in SCRIPTS for step in steps if "commit" in step.says}


class TestScripts:
    @pytest.mark.parametrize("service", fleet.SERVICES, ids=lambda service: service.name)
    def test_each_step_is_an_act_of_somebody_of_the_team(self, service: fleet.Service) -> None:
        steps = script.read(service.name)
        assert {step.do for step in steps} <= acts.ACTS.keys()
        assert {step.by for step in steps} <= {one.name for one in fleet.PEOPLE[service.team]}

    def test_what_a_step_leaves_out_is_as_in_the_step_before(self) -> None:
        steps = script.parse("""\
step = [{do = "a", by = "Ada Marsh", review = "1"}, {do = "b", round = 2}, {do = "c", review = "2", x = 1}]
""")
        assert steps == (
            script.Step("a", "Ada Marsh", "1", 1, {}),
            script.Step("b", "Ada Marsh", "1", 2, {}),
            script.Step("c", "Ada Marsh", "2", 1, {"x": 1}),
        )

    def test_a_repository_without_a_script_has_no_steps(self) -> None:
        assert script.read(fleet.OWN.name) == ()


@pytest.mark.django_db(transaction=True)
class TestDemo:
    def test_makes_three_teams_with_people_who_cannot_sign_in(self, place: Path) -> None:
        call_command("demo")
        assert set(Team.objects.values_list("slug", flat=True)) == {"payments", "storefront", "data"}
        assert not any(user.has_usable_password() for user in User.objects.all())
        ruths = Membership.objects.filter(user__username="ruth.adler").values_list("role", "duties")
        assert list(ruths) == [("reviewer", ["lead", "security"])] * 3

    def test_the_first_site_admin_may_decide_until_somebody_says_otherwise(self, place: Path) -> None:
        admin = User.objects.create_superuser("admin")
        call_command("demo")
        held = Membership.objects.filter(user=admin).order_by("team__name")
        assert {(one.role, *one.duties) for one in held} == {("maintainer", "security", "authority")}
        members.change_duties(held[0], [], by=admin)
        members.remove(held[1], by=admin)
        call_command("demo")
        assert list(held.values_list("team__slug", "duties")) == [
            ("data", []),
            ("storefront", ["security", "authority"]),
        ]

    def test_asks_for_all_history_oldest_first_and_does_none_of_it(self, place: Path) -> None:
        call_command("demo")
        assert Repository.objects.count() == len(fleet.SERVICES)
        repository = Repository.objects.get(slug="money")
        wanted = repository.scans.order_by("pk").values_list("wanted_commit", flat=True)
        assert list(wanted) == [commit.sha for commit in _commits(place / "money.git")]
        assert set(Scan.objects.values_list("state", "trigger")) == {("requested", "history")}

    def test_reports_pull_requests_through_the_front_door(self, place: Path) -> None:
        call_command("demo")
        while sorting.sort_some():
            pass
        asked = Scan.objects.filter(trigger=Scan.Trigger.PULL_REQUEST).values_list("repository__slug", "branch")
        numbers = {slug: proposed.pulls(slug, TODAY) for slug in ("payments-api", "payout-worker", "catalogue-api")}
        assert sorted(asked) == sorted((slug, pull_ref(number)) for slug, made in numbers.items() for number in made)
        assert not Delivery.objects.exclude(state=Delivery.State.DONE).exists()

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
        assert repository.latest_scan.subject == "Take the last passwords out of the image and the code"

    def test_a_service_locks_a_version_with_a_made_up_fault(self, place: Path) -> None:
        call_command("demo")
        repository = Repository.objects.get(slug="catalogue-api")
        newest = repository.scans.filter(trigger=Scan.Trigger.HISTORY).order_by("-pk").first()
        Scan.objects.exclude(pk=newest.pk).delete()
        scanning.run(queue.lease("w"))
        (finding,) = repository.findings.filter(rule="vulnerable-dependency")
        assert finding.message.startswith("harbour-tiles 1.4.2 has a published fault: DEMO-2026-1; fixed in 1.5.0")

    def test_leaves_real_advisories_alone(self, place: Path, tmp_path: Path) -> None:
        loading.load(str(folder(tmp_path / "real", record("A-1"))))
        call_command("demo")
        assert list(Advisory.objects.values_list("ident", flat=True)) == ["A-1"]


@pytest.fixture
def repositories(place: Path) -> dict[str, Repository]:
    """The demo by name, where workers find the commits that its scripts name, and the newest ones."""
    call_command("demo")
    found = {one.slug: one for one in Repository.objects.order_by("pk")}
    for slug, repository in found.items():
        told = _commits(place / f"{slug}.git")
        kept = [commit.sha for commit in told if commit.subject in NAMED] + [told[-1].sha]
        repository.scans.exclude(wanted_commit__in=kept).delete()
    return found


@pytest.fixture
def money(repositories: dict[str, Repository]) -> Repository:
    """The one with the shortest script, and nothing to scan in the others."""
    Scan.objects.exclude(repository=repositories["money"]).delete()
    return repositories["money"]


def _work() -> None:
    """What workers do until nothing waits."""
    for held in iter(lambda: queue.lease("w"), None):
        scanning.run(held)
    freezing.follow_scans()
    while reading.do_one():
        pass


def _played(repositories: Iterable[Repository]) -> acts.Played:
    """The end of the scripts; between their parts the workers do what they are waited for."""
    played = acts.play(repositories)
    while played.waiting:
        _work()
        before, played = played, acts.play(repositories)
        assert played != before
    return played


REVIEWS = {
    ("payments-api", "3.1.0", "needs-reaffirmation", 1),
    ("payments-api", "3.2.0", "in-review", 2),
    ("payout-worker", "1.4.0", "needs-reaffirmation", 1),
    ("payout-worker", "after", "draft", 1),
    ("money", "1.0.0", "approved", 1),
    ("catalogue-api", "Winter catalogue", "self-assessment", 1),
    ("nightly-export", "Warehouse 2", "submitted", 1),
}
WAIVERS = {
    ("catalogue-api", "false-positive", "approved"),
    ("catalogue-api", "waiver", "approved"),
    ("nightly-export", "waiver", "declined"),
    ("payments-api", "waiver", "requested"),
    ("payout-worker", "waiver", "approved"),
}


@pytest.mark.django_db(transaction=True)
class TestReviews:
    def test_shows_the_whole_workflow_and_then_leaves_it(self, repositories: dict[str, Repository]) -> None:
        assert _played(repositories.values()).left == {}
        rows = Review.objects.values_list("repository__slug", "title", "state", "round")
        assert {(slug, re.sub(r"(after) \w{7}", r"\1", title), *rest) for slug, title, *rest in rows} == REVIEWS
        assert set(Waiver.objects.values_list("repository__slug", "kind", "state")) == WAIVERS
        before = list(AuditEvent.objects.values_list("digest")), OutboxMessage.objects.count()
        assert _played(repositories.values()).left == {}
        assert (list(AuditEvent.objects.values_list("digest")), OutboxMessage.objects.count()) == before
        assert [verifying.verify(team).faults for team in Team.objects.all()] == [(), (), ()]

    def test_goes_on_wherever_it_was_interrupted(self, money: Repository) -> None:
        steps = script.read(money.slug)
        for number in range(len(steps) + 1):
            _work()
            acts.play_steps(money, steps[:number])
        assert Review.objects.get().state == "approved"
        told = Counter(AuditEvent.objects.filter(subject__startswith="review:").values_list("kind", flat=True))
        assert (told["item-answered"], told["evidence-added"], told["verdict-given"]) == (3, 2, 3)
        assert (told["review-submitted"], told["review-claimed"], told["review-signed"]) == (1, 1, 1)

    def test_leaves_a_review_to_whoever_does_something_else(self, money: Repository) -> None:
        for _ in range(2):
            _work()
            acts.play_steps(money, script.read(money.slug)[:3])
        review, tomas = Review.objects.get(), fleet.person("Tomas Berg")
        answers.answer(review.items.get(ref="Q34"), tomas, "pass", "In the vault.")
        opening.withdraw(review, tomas, Seen.of(Review.objects.get()))
        reason = "The review is withdrawn; this is only possible when it is self assessment or changes requested."
        assert acts.play([money]).left == {"money": reason}
        assert review.items.get(ref="Q34").rationale == "In the vault."
