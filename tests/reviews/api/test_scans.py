"""Asking for scans, and reading them."""

import pytest
from django.utils import timezone

from reviews.models import Scan
from tests.factories import RepositoryFactory, ScanFactory
from tests.reviews.api.asking import Program, made, refusal
from tests.reviews.rows import COMMIT

pytestmark = pytest.mark.django_db
AWAY = "3" * 40
JSON = {"content_type": "application/json"}
SITE = "http://testserver"


def scans(repository):
    return f"/repositories/{repository.pk}/scans"


def test_a_commit_is_asked_for_and_waits_as_if_a_person_had_asked(program, pay):
    response = program.post(scans(pay), {"commit": AWAY})
    told, scan = response.json(), pay.scans.get()
    assert (response.status_code, told["id"], told["state"], told["commit"]) == (202, scan.pk, "requested", AWAY)
    assert (scan.wanted_commit, scan.trigger, scan.requested_by) == (AWAY, "person", None)
    assert response.headers["Location"] == told["links"]["self"] == f"{SITE}/api/v1/scans/{scan.pk}"
    assert response.headers["Retry-After"] == "5"


@pytest.mark.parametrize("body", [None, {}, {"commit": None}])
def test_without_a_commit_the_head_is_asked_for(program, pay, body):
    told = program.post(scans(pay), body).json()
    assert (told["commit"], told["links"]["gate"], pay.scans.get().wanted_commit) == (None, None, "")


def test_the_same_twice_is_one_scan(program, pay):
    first, second = (program.post(scans(pay), {"commit": AWAY}).json()["id"] for _ in range(2))
    assert first == second == pay.scans.get().pk


def test_asking_for_a_commit_takes_the_place_of_nothing_that_waits(program, pay):
    head = ScanFactory(repository=pay, trigger="webhook")
    program.post(scans(pay), {"commit": AWAY})
    head.refresh_from_db()
    assert head.state == "requested"


def test_asking_does_not_make_the_head_stale(program, pay, scan):
    program.post(scans(pay))
    assert program.get(f"/repositories/{pay.pk}/gate").json()["verdict"] == "pass"


def test_a_known_commit_may_be_named_by_its_first_digits(program, pay, scan):
    assert program.post(scans(pay), {"commit": COMMIT[:9]}).json()["commit"] == COMMIT


@pytest.mark.parametrize("commit", ["", "main", AWAY[:12], "--output=/tmp/x", "3" * 41])
def test_what_names_no_commit_is_refused(program, pay, commit):
    assert refusal(program.post(scans(pay), {"commit": commit})) == (422, "commit_malformed")
    assert not pay.scans.exists()


@pytest.mark.parametrize("body", [{"sha": AWAY}, {"commit": 7}, [], [AWAY], '"main"', {"commit": [AWAY]}])
def test_a_body_that_fits_no_field_is_refused(program, pay, body):
    assert refusal(program.post(scans(pay), body)) == (422, "input_malformed")
    assert not pay.scans.exists()


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'{"commit": "' + b"3" * 10_000, b"[" * 100_000])
def test_a_body_that_is_no_json_is_refused(program, pay, body):
    assert refusal(program.post(scans(pay), body)) == (400, "body_malformed")


def test_a_body_that_is_too_large_is_refused(program, pay):
    assert refusal(program.post(scans(pay), b" " * (3 * 1024 * 1024))) == (413, "body_too_large")


def test_a_parameter_in_the_address_is_refused(program, pay):
    response = program.client.post(f"/api/v1{scans(pay)}?commit={AWAY}", headers=program.headers, **JSON)
    assert refusal(response) == (422, "parameter_unknown")
    assert not pay.scans.exists()


def test_the_queue_of_a_repository_is_bounded(program, pay):
    for number in range(50):
        ScanFactory(repository=pay, wanted_commit=f"{number:040}")
    assert refusal(program.post(scans(pay), {"commit": AWAY})) == (409, "scans_waiting")


def test_to_ask_needs_the_scope_scan(team, owner, pay):
    program = Program(made(team, owner, "read"))
    assert refusal(program.post(scans(pay))) == (403, "scope_missing")
    assert not pay.scans.exists()


def test_to_read_needs_the_scope_read(team, owner, pay, scan):
    program = Program(made(team, owner, "scan"))
    assert refusal(program.get(f"/scans/{scan.pk}")) == (403, "scope_missing")
    assert refusal(program.get(f"/repositories/{pay.pk}/gate")) == (403, "scope_missing")


def test_nothing_is_scanned_for_another_team(program):
    other = RepositoryFactory()
    assert refusal(program.post(scans(other))) == (404, "repository_unknown")
    assert not other.scans.exists()


def test_a_finished_scan_says_what_came_of_it(program, pay, scan):
    response = program.get(f"/scans/{scan.pk}")
    told = response.json()
    assert (told["state"], told["commit"], told["level"], told["problem"]) == ("done", COMMIT, "gold", None)
    assert told["score"] == {"low": scan.score_low, "high": scan.score_high}
    assert told["files"] == {"done": 412, "total": 412}
    assert told["links"] == {
        "self": f"{SITE}/api/v1/scans/{scan.pk}",
        "page": f"{SITE}/scans/{scan.pk}/",
        "gate": f"{SITE}/api/v1/repositories/{pay.pk}/gate?commit={COMMIT}",
    }
    assert "Retry-After" not in response.headers


@pytest.mark.parametrize("state", ["requested", "running"])
def test_a_scan_that_has_not_ended_says_when_to_ask_again(program, pay, state):
    scan = ScanFactory(repository=pay, state=state, step="scan", leased_until=timezone.now())
    response = program.get(f"/scans/{scan.pk}")
    assert (response.json()["state"], response.json()["step"], response.headers["Retry-After"]) == (state, "scan", "5")


def test_a_failed_scan_says_why_and_what_to_do(program, pay):
    said = {"error_code": "remote_unreachable", "error_message": "No answer.", "error_next": "Try again."}
    scan = ScanFactory(repository=pay, state=Scan.State.FAILED, **said)
    problem = {"code": "remote_unreachable", "message": "No answer.", "next": "Try again."}
    assert program.get(f"/scans/{scan.pk}").json()["problem"] == problem


def test_scans_of_other_teams_are_not_there(program):
    other = ScanFactory()
    assert refusal(program.get(f"/scans/{other.pk}")) == (404, "scan_unknown")
    assert refusal(program.get("/scans/999999")) == (404, "scan_unknown")
