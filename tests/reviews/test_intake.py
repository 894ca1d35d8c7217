"""Asking for scans and registering repositories."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from reviews import intake, queue
from reviews.models import PullRequest, Repository, Scan, Team, User
from scanners.git.errors import SourceError
from tests.factories import RepositoryFactory
from tests.reviews.running import leased

pytestmark = pytest.mark.django_db

A, B = "a" * 40, "b" * 40
WEBHOOK, PERSON, HISTORY = Scan.Trigger.WEBHOOK, Scan.Trigger.PERSON, Scan.Trigger.HISTORY
POLL, PULL = Scan.Trigger.POLL, Scan.Trigger.PULL_REQUEST


@pytest.fixture
def repository(team: Team) -> Repository:
    return RepositoryFactory(team=team, branch="trunk")


def _states(*scans: Scan) -> list[str]:
    for scan in scans:
        scan.refresh_from_db()
    return [scan.state for scan in scans]


class TestRequestScan:
    def test_makes_a_row_that_a_worker_can_lease(self, repository: Repository) -> None:
        person = User.objects.create(username="ada")
        scan = intake.request_scan(repository, trigger=PERSON, requested_by=person)
        assert (scan.state, scan.branch, scan.wanted_commit, scan.requested_by) == ("requested", "trunk", "", person)
        lease = queue.lease("w")
        assert lease is not None
        assert lease.scan == scan.pk

    def test_the_head_is_queued_once(self, repository: Repository) -> None:
        first = intake.request_scan(repository, trigger=PERSON)
        assert intake.request_scan(repository, trigger=PERSON) == first
        assert Scan.objects.count() == 1

    def test_a_push_during_a_scan_of_the_head_is_not_lost(self, repository: Repository) -> None:
        first = intake.request_scan(repository, trigger=PERSON)
        queue.lease("w")
        second = intake.request_scan(repository, trigger=PERSON)
        assert second != first
        assert _states(first, second) == ["running", "requested"]

    def test_a_running_commit_is_not_asked_for_again(self, repository: Repository) -> None:
        first = intake.request_scan(repository, trigger=WEBHOOK, commit=A)
        queue.lease("w")
        assert intake.request_scan(repository, trigger=PERSON, commit=A) == first

    def test_a_newer_push_takes_the_place_of_a_waiting_one(self, repository: Repository) -> None:
        older = intake.request_scan(repository, trigger=WEBHOOK, commit=A)
        newer = intake.request_scan(repository, trigger=WEBHOOK, commit=B)
        assert _states(older, newer) == ["superseded", "requested"]
        assert older.superseded_by == newer
        assert older.finished_at is not None

    def test_a_running_scan_goes_on(self, repository: Repository) -> None:
        older = intake.request_scan(repository, trigger=WEBHOOK, commit=A)
        queue.lease("w")
        newer = intake.request_scan(repository, trigger=WEBHOOK, commit=B)
        assert _states(older, newer) == ["running", "requested"]

    def test_history_neither_takes_a_place_nor_loses_it(self, repository: Repository) -> None:
        head = intake.request_scan(repository, trigger=PERSON)
        old = intake.request_scan(repository, trigger=HISTORY, commit=A)
        newer = intake.request_scan(repository, trigger=WEBHOOK, commit=B)
        assert _states(head, old, newer) == ["superseded", "requested", "requested"]

    def test_other_branches_and_repositories_are_left_alone(self, repository: Repository, team: Team) -> None:
        other = RepositoryFactory(team=team)
        scans = [intake.request_scan(other, trigger=PERSON), intake.request_scan(repository, trigger=PERSON)]
        repository.branch = "release"
        repository.save()
        scans.append(intake.request_scan(repository, trigger=PERSON))
        assert _states(*scans) == ["requested"] * 3

    def test_a_person_does_not_wait_in_the_place_of_a_look(self, repository: Repository) -> None:
        look = intake.request_scan(repository, trigger=POLL)
        person = intake.request_scan(repository, trigger=PERSON)
        assert _states(look, person) == ["superseded", "requested"]
        assert look.superseded_by == person
        assert intake.request_scan(repository, trigger=POLL) == person

    def test_a_review_does_not_wait_in_the_place_of_a_look_either(self, repository: Repository) -> None:
        look = intake.request_scan(repository, trigger=POLL)
        review = intake.request_scan(repository, trigger=Scan.Trigger.REVIEW)
        assert _states(look, review) == ["superseded", "requested"]

    def test_history_keeps_its_place_whoever_asks(self, repository: Repository) -> None:
        old = intake.request_scan(repository, trigger=HISTORY, commit=A)
        assert intake.request_scan(repository, trigger=PERSON, commit=A) == old
        assert _states(old) == ["requested"]

    def test_a_commit_that_somebody_named_is_scanned_whatever_is_pushed(self, repository: Repository) -> None:
        head = intake.request_scan(repository, trigger=WEBHOOK)
        named = intake.request_scan(repository, trigger=PERSON, commit=A)
        intake.request_scan(repository, trigger=WEBHOOK, commit=B)
        assert _states(head, named) == ["superseded", "requested"]

    def test_a_commit_that_somebody_names_takes_no_place(self, repository: Repository) -> None:
        head = intake.request_scan(repository, trigger=WEBHOOK)
        intake.request_scan(repository, trigger=PERSON, commit=A)
        assert _states(head) == ["requested"]

    @pytest.mark.parametrize("commit", ["main", A[:12], A.upper(), "--output=/tmp/x"])
    def test_only_a_full_commit_id_can_be_asked_for(self, repository: Repository, commit: str) -> None:
        with pytest.raises(SourceError) as refusal:
            intake.request_scan(repository, trigger=PERSON, commit=commit)
        assert refusal.value.code == "commit_malformed"
        assert not Scan.objects.exists()


class TestPullRequests:
    def test_makes_a_row_of_its_own_ref(self, repository: Repository) -> None:
        seven = _pull_request(repository, 7)
        scan = intake.request_scan(repository, trigger=PULL, commit=A, pull_request=seven)
        assert (scan.branch, scan.wanted_commit, scan.pull_request) == ("refs/pull/7/head", A, seven)
        assert intake.request_scan(repository, trigger=PULL, commit=A, pull_request=seven) == scan

    def test_a_newer_push_takes_the_place_of_those_of_its_ref_only(self, repository: Repository) -> None:
        seven, eight = _pull_request(repository, 7), _pull_request(repository, 8)
        branch = intake.request_scan(repository, trigger=WEBHOOK)
        older = intake.request_scan(repository, trigger=PULL, commit=A, pull_request=seven)
        other = intake.request_scan(repository, trigger=PULL, commit=A, pull_request=eight)
        newer = intake.request_scan(repository, trigger=PULL, commit=B, pull_request=seven)
        assert _states(branch, older, other, newer) == ["requested", "superseded", "requested", "requested"]

    def test_the_branch_leaves_them_alone(self, repository: Repository) -> None:
        scan = intake.request_scan(repository, trigger=PULL, commit=A, pull_request=_pull_request(repository, 7))
        intake.request_scan(repository, trigger=PERSON)
        assert _states(scan) == ["requested"]

    def test_the_next_one_of_a_source_branch_takes_the_place_of_the_last(self, repository: Repository) -> None:
        seven, eight = (_pull_request(repository, number, ref="refs/heads/topic") for number in (7, 8))
        older = intake.request_scan(repository, trigger=PULL, commit=A, pull_request=seven)
        newer = intake.request_scan(repository, trigger=PULL, commit=A, pull_request=eight)
        assert _states(older, newer) == ["superseded", "requested"]
        assert (older.superseded_by, newer.pull_request) == (newer, eight)

    def test_closing_ends_what_waits_and_nothing_else(self, repository: Repository) -> None:
        seven, eight = _pull_request(repository, 7), _pull_request(repository, 8)
        scans = [intake.request_scan(repository, trigger=PULL, commit=A, pull_request=one) for one in (seven, eight)]
        branch = intake.request_scan(repository, trigger=WEBHOOK)
        assert intake.end_waiting(seven) == 1
        assert _states(*scans, branch) == ["superseded", "requested", "requested"]
        assert scans[0].finished_at is not None

    def test_what_runs_when_it_is_closed_is_not_tried_again(self, repository: Repository) -> None:
        seven = _pull_request(repository, 7)
        scan = intake.request_scan(repository, trigger=PULL, commit=A, pull_request=seven)
        lease = leased()
        PullRequest.objects.filter(pk=seven.pk).update(state="closed")
        assert intake.end_waiting(seven) == 0
        queue.fail(lease, "remote_timeout", "Silent.", "Wait.", transient=True)
        assert _states(scan) == ["superseded"]


def _pull_request(repository: Repository, number: int, ref: str = "") -> PullRequest:
    place = ref or f"refs/pull/{number}/head"
    return PullRequest.objects.create(repository=repository, number=number, target=repository.branch, ref=place)


@pytest.mark.django_db(transaction=True)
class TestRequestsAtOnce:
    def test_people_and_looks_make_one_row_that_waits(self, repository: Repository) -> None:
        triggers = [POLL, PERSON, WEBHOOK, PERSON, POLL, WEBHOOK, PERSON, POLL]
        _at_once(8, lambda number: intake.request_scan(repository, trigger=triggers[number]))
        assert Scan.objects.get(state="requested").trigger == PERSON

    @pytest.mark.parametrize("commit", ["", A])
    def test_the_same_request_makes_one_row(self, repository: Repository, commit: str) -> None:
        scans = _at_once(8, lambda _: intake.request_scan(repository, trigger=WEBHOOK, commit=commit))
        assert len({scan.pk for scan in scans}) == 1
        assert Scan.objects.count() == 1

    def test_of_many_pushes_one_stays_in_the_queue(self, repository: Repository) -> None:
        scans = _at_once(8, lambda number: intake.request_scan(repository, trigger=WEBHOOK, commit=f"{number:040}"))
        newest = max(scans, key=lambda scan: scan.pk)
        assert list(Scan.objects.filter(state="requested")) == [newest]
        assert Scan.objects.filter(state="superseded").count() == 7


def _at_once(count: int, call: Callable[[int], Scan]) -> list[Scan]:
    def work(number: int) -> Scan:
        try:
            return call(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


WISH = {"name": "Payout worker", "url": "https://git.example.org/pay/payout.git"}


def _wish(**changes: str) -> intake.Registration:
    return intake.Registration(**{**WISH, **changes})


class TestRegister:
    def test_adds_the_repository_and_asks_for_its_first_scan(self, team: Team) -> None:
        person = User.objects.create(username="ada")
        wish = _wish(branch="trunk", sub_path="services/payout/", tier="A", kind="worker", credential=" token ")
        repository = intake.register(team, wish, by=person)
        repository.refresh_from_db()
        assert (repository.slug, repository.url, repository.branch) == ("payout-worker", WISH["url"], "trunk")
        assert (repository.sub_path, repository.tier, repository.kind) == ("services/payout", "A", "worker")
        assert (repository.credential, repository.registered_by) == ("token", person)
        scan = repository.scans.get()
        assert (scan.trigger, scan.state, scan.requested_by) == ("registered", "requested", person)

    def test_the_credential_is_not_readable_in_the_database(self, team: Team) -> None:
        repository = intake.register(team, _wish(credential="canary-token"))
        with connection.cursor() as cursor:
            cursor.execute("SELECT credential FROM reviews_repository WHERE id = %s", [repository.pk])
            assert "canary" not in cursor.fetchone()[0]

    @pytest.mark.parametrize(
        ("field", "value", "code"),
        [
            ("url", "ext::sh -c id", "url_has_control_characters"),
            ("url", "http://git.example.org/pay", "url_scheme_not_allowed"),
            ("url", "https://127.0.0.1/pay", "address_not_public"),
            ("url", "file:///etc", "local_path_not_allowed"),
            ("branch", "--upload-pack=id", "branch_malformed"),
            ("sub_path", "../other", "sub_path_malformed"),
            ("credential", "two words", "credential_malformed"),
            ("name", "???", "name_malformed"),
            ("tier", "Z", "invalid_choice"),
            ("kind", "mainframe", "invalid_choice"),
        ],
    )
    def test_names_the_field_that_cannot_be_used(self, team: Team, field: str, value: str, code: str) -> None:
        with pytest.raises(ValidationError) as refusal:
            intake.register(team, _wish(**{field: value}))
        assert [error.code for error in refusal.value.error_dict[field]] == [code]
        assert not Repository.objects.exists()
        assert not Scan.objects.exists()

    def test_names_every_field_at_once(self, team: Team) -> None:
        with pytest.raises(ValidationError) as refusal:
            intake.register(team, _wish(url="nonsense", branch="..", sub_path=".."))
        assert set(refusal.value.error_dict) == {"url", "branch", "sub_path"}

    def test_says_what_to_do_next(self, team: Team) -> None:
        with pytest.raises(ValidationError) as refusal:
            intake.register(team, _wish(branch=".."))
        assert "Enter the name as git shows it" in refusal.value.message_dict["branch"][0]

    def test_a_name_is_used_once_in_a_team(self, team: Team) -> None:
        intake.register(team, _wish())
        with pytest.raises(ValidationError) as refusal:
            intake.register(team, _wish(url="https://git.example.org/other"))
        assert refusal.value.error_dict["name"][0].code == "name_taken"

    def test_a_place_is_registered_once_in_a_team(self, team: Team) -> None:
        intake.register(team, _wish())
        with pytest.raises(ValidationError) as refusal:
            intake.register(team, _wish(name="Other"))
        assert refusal.value.error_dict["url"][0].code == "place_taken"
        assert "as Payout worker" in refusal.value.message_dict["url"][0]

    def test_another_team_or_sub_path_is_another_repository(self, team: Team) -> None:
        stranger = Team.objects.create(name="Data", slug="data")
        intake.register(team, _wish())
        intake.register(team, _wish(name="Payout jobs", sub_path="jobs"))
        intake.register(stranger, _wish())
        assert Repository.objects.count() == 3
