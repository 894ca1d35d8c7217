"""Asking for patches, reading them, and the bytes for git."""

import pytest

from reviews.models import Patch
from scanners import registry
from tests.factories import RepositoryFactory, TeamFactory
from tests.reviews.api.asking import Program, made, refusal
from tests.reviews.patches.mended import BODY, ready
from tests.reviews.rows import RULE, finished, found, tree

pytestmark = pytest.mark.django_db
SITE = "http://testserver"


@pytest.fixture
def repository(pay):
    tree(finished(pay, rule_set=registry.digest()))
    found(pay, path="pay.py")
    return pay


def patches(repository):
    return f"/repositories/{repository.pk}/patches"


def test_a_rule_is_asked_for_and_waits(program, repository):
    response = program.post(patches(repository), {"rule": RULE})
    told, row = response.json(), Patch.objects.get()
    assert (response.status_code, told["id"], told["state"], told["rule"]) == (202, row.pk, "wanted", RULE)
    assert response.headers["Location"] == told["links"]["self"] == f"{SITE}/api/v1/patches/{row.pk}"
    assert response.headers["Retry-After"] == "5"
    assert told["links"]["download"] is None


@pytest.mark.parametrize("body", [None, {}, {"rule": ""}])
def test_without_a_rule_all_is_asked_for(program, repository, body):
    assert program.post(patches(repository), body).json()["rule"] == ""


def test_a_finding_is_asked_for_by_its_number(program, repository):
    finding = repository.findings.get()
    told = program.post(patches(repository), {"finding": finding.pk}).json()
    assert (told["finding"], told["links"]["page"]) == (finding.pk, f"{SITE}/findings/{finding.pk}/")


def test_the_same_twice_is_one_patch(program, repository):
    first, second = (program.post(patches(repository), {"rule": RULE}).json()["id"] for _ in range(2))
    assert first == second == Patch.objects.get().pk


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"rule": "committed-secret-file"}, "no_fix"),
        ({"rule": "nothing-of-the-kind"}, "rule_unknown"),
        ({"rule": "x" * 81}, "input_malformed"),
        ({"finding": 0}, "input_malformed"),
        ({"finding": 2**63}, "input_malformed"),
        ({"finding": 999_999}, "finding_not_open"),
        ({"what": 1}, "input_malformed"),
    ],
)
def test_what_cannot_be_mended_is_refused_by_name(program, repository, body, code):
    assert refusal(program.post(patches(repository), body)) == (422, code)
    assert not Patch.objects.exists()


def test_too_many_that_wait_are_refused(program, repository):
    rows = [Patch(repository=repository, rule=f"r{number}", state="wanted") for number in range(50)]
    Patch.objects.bulk_create(rows)
    assert refusal(program.post(patches(repository), {"rule": RULE})) == (409, "patches_waiting")


def test_a_patch_says_what_it_clears_and_the_bytes_come_as_they_are(program, repository):
    row = ready(repository, RULE)
    told = program.get(f"/patches/{row.pk}").json()
    assert (told["state"], told["holds"], told["changed_files"]) == ("ready", True, 1)
    assert [one["path"] for one in told["fixed"]] == ["pay.py"]
    response = program.client.get(f"/api/v1/patches/{row.pk}/download", headers=program.headers)
    assert (response.status_code, response.content) == (200, BODY)
    assert response.headers["Content-Type"] == "text/x-diff; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"


def test_one_that_is_not_ready_cannot_be_downloaded(program, repository):
    row = ready(repository, RULE, state="failed", error_code="x", error_message="No.", error_next="Do.")
    assert program.get(f"/patches/{row.pk}").json()["problem"] == {"code": "x", "message": "No.", "next": "Do."}
    assert refusal(program.get(f"/patches/{row.pk}/download")) == (409, "patch_not_ready")


def test_lists_go_on_page_by_page(program, repository):
    ready(repository)
    ready(repository, RULE)
    first = program.get(patches(repository), limit=1).json()
    assert [one["rule"] for one in first["patches"]] == [""]
    assert first["next"].endswith(f"?after={first['patches'][0]['id']}&limit=1")
    assert [one["rule"] for one in program.get(f"/rules/{RULE}/patches").json()["patches"]] == [RULE]


def test_patches_of_another_team_are_not_there(program, repository):
    other = RepositoryFactory(team=TeamFactory())
    finished(other)
    row = ready(other, RULE)
    assert refusal(program.get(f"/patches/{row.pk}")) == (404, "patch_unknown")
    assert refusal(program.get(f"/patches/{row.pk}/download")) == (404, "patch_unknown")
    assert refusal(program.post(patches(other), {"rule": RULE})) == (404, "repository_unknown")
    assert program.get(f"/rules/{RULE}/patches").json()["patches"] == []


def test_a_token_that_may_only_read_asks_for_none(team, owner, repository):
    assert refusal(Program(made(team, owner, "read")).post(patches(repository), {"rule": RULE})) == (
        403,
        "scope_missing",
    )
