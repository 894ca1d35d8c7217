"""What becomes of deliveries: scans, reviews, pull requests, or a sentence that says why nothing did."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from reviews.deliveries import clearing, sorting
from reviews.models import AuditEvent, Delivery, Hook, PullRequest, Repository, Review, Scan, Team
from reviews.webhooks import events
from reviews.webhooks.events import Event, Several
from tests.factories import RepositoryFactory
from tests.git_server import GitServer, reply
from tests.origin import commit_files
from tests.reviews.deliveries.posting import COMMIT, hook_of
from tests.services import free_port

pytestmark = pytest.mark.django_db

PUSH = events.Push("main", COMMIT)
TAG = events.Tag("v1.0", COMMIT)
LATER = timedelta(minutes=10)


@pytest.fixture
def repository(team: Team, origin: Path) -> Repository:
    return RepositoryFactory(team=team, name="pay", url=f"file://{origin}", provider="github")


@pytest.fixture
def hook(repository: Repository) -> Hook:
    return hook_of(repository)


def delivered(hook: Hook, event: Event, **fields: Any) -> Delivery:
    """A delivery that waits."""
    key = f"d-{Delivery.objects.count()}"
    return Delivery.objects.create(hook=hook, key=key, event="push", asks=events.as_json(event), **fields)


def pull(number: int = 7, *, is_open: bool = True, target: str = "main") -> events.PullRequest:
    return events.PullRequest(number, f"refs/pull/{number}/head", COMMIT, "fix", target, is_open, "Fix it", "ada")


def sort_all() -> int:
    """Sort until nothing is due. Returns how many batches it took."""
    return sum(1 for _ in iter(sorting.sort_some, 0))


def fresh(row: Delivery) -> Delivery:
    return Delivery.objects.get(pk=row.pk)


def let_time_pass() -> None:
    """Let leases and waits run out."""
    past = timezone.now() - LATER
    Delivery.objects.filter(state="waiting").update(available_at=past)


def tagged(origin: Path, name: str = "v1.0") -> str:
    """A commit on main that carries a tag."""
    commit = commit_files(origin, {f"{name}.py": "A = 1\n"})
    ref = origin / "refs" / "tags" / name
    ref.write_text(f"{commit}\n", encoding="utf-8")
    return commit


class TestPush:
    def test_to_the_scored_branch_asks_for_a_scan_of_its_head(self, hook: Hook) -> None:
        row = delivered(hook, PUSH)
        sort_all()
        scan = Scan.objects.get()
        assert (scan.trigger, scan.wanted_commit, scan.branch) == ("webhook", "", "main")
        row = fresh(row)
        assert (row.state, row.scan, row.code, row.attempts) == ("done", scan, "", 1)
        assert row.outcome == f"Scan {scan.pk} looks at the head of main."
        assert row.settled_at is not None

    def test_a_thousand_of_them_are_one_scan_in_two_batches(self, hook: Hook, django_assert_max_num_queries) -> None:
        asked = events.as_json(PUSH)
        Delivery.objects.bulk_create(Delivery(hook=hook, key=f"d-{n}", event="push", asks=asked) for n in range(1000))
        with django_assert_max_num_queries(80):
            assert sort_all() == 2
        assert Scan.objects.count() == 1
        assert set(Delivery.objects.values_list("state", "scan")) == {("done", Scan.objects.get().pk)}

    def test_to_another_branch_since_the_settings_changed_is_ignored(self, hook: Hook) -> None:
        row = delivered(hook, PUSH)
        Repository.objects.update(branch="trunk")
        sort_all()
        assert (fresh(row).state, fresh(row).code) == ("ignored", "other_branch")
        assert fresh(row).outcome == "The branch main is not scored here; trunk is."


class TestTag:
    def test_opens_and_starts_a_review_of_the_commit_that_the_server_names(self, hook: Hook, origin: Path) -> None:
        commit = tagged(origin)
        row = delivered(hook, TAG)
        sort_all()
        review = Review.objects.get()
        assert (review.title, review.occasion, review.wanted_commit) == ("v1.0", "release", commit)
        assert (review.state, review.opened_by, review.scan.wanted_commit) == ("scanning", None, commit)
        assert (fresh(row).state, fresh(row).review) == ("done", review)
        assert fresh(row).outcome == f"It opened review 1 of v1.0 at {commit[:7]}."
        assert AuditEvent.objects.get(kind="review-opened").actor == "plimsoll"

    def test_opens_one_review_however_often_it_is_reported(self, hook: Hook, origin: Path) -> None:
        commit = tagged(origin)
        rows = [delivered(hook, TAG) for _ in range(3)]
        sort_all()
        assert sorting.again(rows[0])
        sort_all()
        review = Review.objects.get()
        assert [fresh(row).review for row in rows] == [review] * 3
        assert fresh(rows[0]).outcome == f"Review 1 is about v1.0 at {commit[:7]} already."

    def test_that_moved_opens_another_one(self, hook: Hook, origin: Path) -> None:
        for _ in range(2):
            commit_files(origin, {"a.py": f"A = {Review.objects.count()}\n"})
            tagged(origin)
            delivered(hook, TAG)
            sort_all()
        assert list(Review.objects.order_by("pk").values_list("number", "title")) == [(1, "v1.0"), (2, "v1.0")]

    def test_that_is_gone_from_the_server_is_said(self, hook: Hook, origin: Path) -> None:
        commit_files(origin, {"a.py": "A = 1\n"})
        row = delivered(hook, TAG)
        sort_all()
        assert (fresh(row).state, fresh(row).code) == ("ignored", "tag_gone")

    def test_with_a_push_in_one_delivery_leads_to_both(self, hook: Hook, origin: Path) -> None:
        tagged(origin)
        row = delivered(hook, Several((PUSH, TAG, events.Tag("v9.9"))))
        sort_all()
        assert {fresh(row).scan.trigger, fresh(row).review.title} == {"webhook", "v1.0"}
        assert fresh(row).outcome.startswith("Scan ")

    def test_with_a_long_name_fits_into_a_title(self, hook: Hook, origin: Path) -> None:
        name = f"v{'1' * 120}"
        tagged(origin, name)
        row = delivered(hook, events.Tag(name))
        sort_all()
        assert (fresh(row).state, len(Review.objects.get().title)) == ("done", 80)


class TestServerThatIsAway:
    @pytest.fixture
    def repository(self, team: Team, settings: Settings) -> Repository:
        settings.ALLOWED_SCHEMES, settings.ALLOWED_PRIVATE = ["http"], ["127.0.0.1"]
        return RepositoryFactory(team=team, url=f"http://127.0.0.1:{free_port()}/pay.git", provider="github")

    def test_a_tag_is_tried_again_and_nothing_waits_for_it(self, hook: Hook) -> None:
        row, push = delivered(hook, TAG), delivered(hook, PUSH)
        sort_all()
        assert (fresh(row).state, fresh(row).code, fresh(row).attempts) == ("waiting", "host_unreachable", 1)
        assert fresh(row).available_at > timezone.now() + timedelta(seconds=10)
        assert fresh(push).state == "done"

    def test_after_five_attempts_it_has_failed_by_name(self, hook: Hook) -> None:
        row = delivered(hook, TAG)
        for _ in range(5):
            let_time_pass()
            sort_all()
        row = fresh(row)
        assert (row.state, row.code, row.attempts) == ("failed", "host_unreachable", 5)
        assert "Check the server and the firewall" in row.outcome
        assert row.settled_at is not None

    def test_its_other_tags_wait_with_it(self, hook: Hook) -> None:
        rows = [delivered(hook, events.Tag(f"v{number}")) for number in range(30)]
        for _ in range(6):
            let_time_pass()
            assert sort_all() <= 3
        assert {(fresh(row).state, fresh(row).code) for row in rows} == {("failed", "host_unreachable")}

    def test_what_is_refused_for_good_is_not_tried_again(self, team: Team, hook: Hook, tmp_path: Path) -> None:
        with GitServer(tmp_path, hook=lambda request: reply(request, 404)) as server:
            Repository.objects.update(url=f"{server.url}/pay.git")
            row = delivered(hook, TAG)
            sort_all()
        assert (fresh(row).state, fresh(row).code, fresh(row).attempts) == ("failed", "repository_not_found", 1)


class TestPullRequest:
    def test_is_written_down_and_scanned(self, hook: Hook) -> None:
        row = delivered(hook, pull())
        sort_all()
        scan = Scan.objects.get()
        assert (scan.trigger, scan.pull_request.number, fresh(row).scan) == ("pull", 7, scan)

    def test_of_several_events_the_newest_counts(self, hook: Hook) -> None:
        rows = [delivered(hook, pull()), delivered(hook, PUSH), delivered(hook, pull(is_open=False))]
        assert sort_all() == 1
        assert PullRequest.objects.filter(state="open").count() == 0
        assert fresh(rows[0]).outcome == fresh(rows[2]).outcome == "It is closed; nothing of it waits any more."
        assert fresh(rows[1]).scan == Scan.objects.get()

    def test_to_another_branch_is_ignored_with_the_reason(self, hook: Hook) -> None:
        row = delivered(hook, pull(target="next"))
        sort_all()
        assert (fresh(row).state, fresh(row).code) == ("ignored", "other_target")


class TestLine:
    def test_what_fell_from_a_dead_worker_is_sorted_again(self, hook: Hook) -> None:
        row = delivered(hook, PUSH)
        assert sorting.claim()
        assert not sorting.sort_some()
        let_time_pass()
        sort_all()
        assert (fresh(row).state, fresh(row).attempts) == ("done", 2)

    def test_who_lost_its_lease_writes_nothing(self, hook: Hook) -> None:
        row = delivered(hook, PUSH)
        held = sorting.claim()
        let_time_pass()
        sort_all()
        with pytest.raises(sorting.LostError):
            sorting._settle(held, held.rows, sorting.failed("late", "Too late."))
        assert fresh(row).state == "done"

    def test_what_kills_every_worker_fails_alone(self, hook: Hook) -> None:
        rows = [delivered(hook, PUSH) for _ in range(3)]
        Delivery.objects.filter(pk=rows[0].pk).update(attempts=5)
        sort_all()
        assert [(fresh(row).state, fresh(row).code) for row in rows] == [("failed", "worker_died")] + [("done", "")] * 2

    def test_what_fails_unexpectedly_waits_and_is_raised(self, hook: Hook) -> None:
        rows = [delivered(hook, PUSH), delivered(hook, pull())]
        Delivery.objects.filter(pk=rows[1].pk).update(asks={"kind": "push"})
        with pytest.raises(TypeError):
            sorting.sort_some()
        assert {fresh(row).code for row in rows} == {"internal_error"}
        let_time_pass()
        sorting.sort_some()
        assert [fresh(row).state for row in rows] == ["done", "waiting"]

    def test_while_one_worker_is_at_a_hook_nobody_else_is(self, hook: Hook, team: Team) -> None:
        delivered(hook, PUSH)
        assert sorting.claim()
        delivered(hook, pull())
        other = delivered(hook_of(RepositoryFactory(team=team, provider="gitea")), PUSH)
        assert sort_all() == 1
        assert fresh(other).state == "done"

    def test_what_waits_is_not_delivered_again(self, hook: Hook) -> None:
        row = delivered(hook, PUSH)
        assert not sorting.again(row)
        sort_all()
        assert sorting.again(row)
        assert (fresh(row).state, fresh(row).attempts, fresh(row).scan) == ("waiting", 0, None)


class TestClearing:
    def test_drops_what_is_old_and_what_is_too_much(self, hook: Hook) -> None:
        old = delivered(hook, PUSH, received_at=timezone.now() - timedelta(days=31))
        made = (Delivery(hook=hook, key=f"n-{n}", event="push", state="done") for n in range(1003))
        rows = Delivery.objects.bulk_create(made)
        Delivery.objects.filter(pk=rows[0].pk).update(state="waiting")
        clearing.drop_old()
        left = list(Delivery.objects.order_by("pk").values_list("pk", flat=True))
        assert old.pk not in left
        assert left == [rows[0].pk, *(row.pk for row in rows[3:])]
