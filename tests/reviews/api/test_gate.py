"""What a pipeline is told about a commit."""

import json

import pytest
from django.test import Client
from django.utils import timezone

from reviews.gate import answering
from reviews.models import Repository
from tests.factories import RepositoryFactory, ScanFactory
from tests.reviews.api.asking import Program, made, refusal
from tests.reviews.decided import broken, decided
from tests.reviews.rows import COMMIT, finished

pytestmark = pytest.mark.django_db
AWAY, NEWER = "3" * 40, "4" * 40
SITE = "http://testserver"


def gate(repository):
    return f"/repositories/{repository.pk}/gate"


def test_the_answer_is_the_one_that_the_page_shows(client, viewer, program, pay, scan):
    told = program.get(gate(pay), commit=COMMIT).json()
    client.force_login(viewer)
    page = client.get("/repositories/payments/pay/gate/", {"commit": COMMIT})
    shown = json.loads(json.dumps(answering.as_json(page.context["answer"])))
    assert {name: told[name] for name in shown} == shown
    assert (told["verdict"], [reason["code"] for reason in told["reasons"]]) == ("pass", ["level-reached"])


def test_beside_the_answer_stand_repository_levels_and_links(program, pay, scan):
    told = program.get(gate(pay), commit=COMMIT).json()
    home = f"{SITE}/repositories/payments/pay/"
    assert told["repository"] == {
        "id": pay.pk,
        "name": "pay",
        "slug": "pay",
        "team": "payments",
        "tier": "C",
        "page": home,
    }
    assert (told["level"], told["required_level"]) == ("gold", "bronze")
    assert told["links"] == {
        "self": f"{SITE}/api/v1/repositories/{pay.pk}/gate?commit={COMMIT}",
        "page": f"{home}gate/?commit={COMMIT}",
        "scan": f"{SITE}/api/v1/scans/{scan.pk}",
    }


@pytest.mark.parametrize("text", [COMMIT, COMMIT[:7], COMMIT.upper(), f" {COMMIT[:12]} "])
def test_the_first_digits_name_a_commit_that_is_known(program, pay, scan, text):
    assert program.get(gate(pay), commit=text).json()["commit"] == COMMIT


def test_without_a_commit_the_answer_is_about_the_newest_one(program, pay, scan):
    told = program.get(gate(pay)).json()
    assert (told["commit"], told["verdict"]) == (COMMIT, "pass")
    assert "commit=" not in told["links"]["self"]


def test_the_head_is_stale_once_a_push_is_known(program, pay, scan):
    ScanFactory(repository=pay, trigger="webhook", wanted_commit=NEWER)
    assert program.get(gate(pay)).json()["verdict"] == "stale"


def test_a_fail_is_an_answer_like_any_other(program, pay):
    finished(pay)
    Repository.objects.update(tier="A")
    response = program.get(gate(pay), commit=COMMIT)
    assert (response.status_code, response.json()["verdict"]) == (200, "fail")
    assert "Retry-After" not in response.headers


def test_conditions_and_an_end_are_said(program, pay):
    scan = finished(pay)
    broken(pay, scan.commit)
    told = program.get(gate(pay), commit=COMMIT).json()
    assert told["verdict"] == "pass-with-conditions"
    assert told["expires"] > timezone.now().isoformat()


def test_reasons_name_reviews_items_and_rules(program, pay):
    review = decided(finished(pay), "rejected")
    Repository.objects.update(tier="A")
    reasons = {reason["code"]: reason for reason in program.get(gate(pay), commit=COMMIT).json()["reasons"]}
    assert reasons["review-rejected"]["review"] == review.pk
    assert reasons["level-below"]["items"] == ["T1"]
    assert reasons["severe-open"]["rules"] == ["request-without-timeout"]
    assert "review" not in reasons["level-below"]


def test_a_commit_that_nobody_scanned_is_pending_and_may_be_asked_about_again(program, pay, scan):
    response = program.get(gate(pay), commit=AWAY)
    assert (response.json()["verdict"], response.headers["Retry-After"]) == ("pending", "30")
    ScanFactory(repository=pay, wanted_commit=AWAY)
    assert program.get(gate(pay), commit=AWAY).headers["Retry-After"] == "5"


def test_a_repository_without_a_scan_is_pending_for_no_commit(program, pay):
    told = program.get(gate(pay)).json()
    assert (told["verdict"], told["commit"], told["level"], told["links"]["scan"]) == ("pending", "", None, None)


@pytest.mark.parametrize("text", ["", "7ac01d", "main", "7ac01d9" + "0" * 60, "--output=/tmp/x", "7ac01d9\0"])
def test_what_is_no_commit_is_refused_and_never_taken_for_the_head(program, pay, scan, text):
    assert refusal(program.get(gate(pay), commit=text)) == (422, "commit_malformed")


def test_an_ambiguous_beginning_is_refused(program, pay, scan):
    finished(pay, commit="7ac01d9" + "1" * 33)
    assert refusal(program.get(gate(pay), commit="7ac01d9")) == (422, "commit_ambiguous")


def test_a_mistyped_parameter_is_refused_and_never_taken_for_the_head(program, pay, scan):
    assert refusal(program.get(gate(pay), sha=COMMIT)) == (422, "parameter_unknown")


@pytest.mark.parametrize("number", ["0", "x", str(2**63), "1" * 400])
def test_a_number_that_is_none_is_refused(program, number):
    response = program.client.get(f"/api/v1/repositories/{number}/gate", headers=program.headers)
    assert refusal(response) == (422, "input_malformed")


def test_repositories_of_other_teams_are_not_there(program, scan):
    other = RepositoryFactory()
    finished(other)
    assert refusal(program.get(gate(other), commit=COMMIT)) == (404, "repository_unknown")
    assert refusal(program.get("/repositories/999999/gate")) == (404, "repository_unknown")


def test_asking_changes_nothing_but_the_tokens_last_use(program, pay, scan):
    program.get(gate(pay), commit=AWAY)
    assert list(pay.scans.all()) == [scan]


def test_the_few_queries_of_an_answer(program, pay, scan, django_assert_max_num_queries):
    program.get(gate(pay), commit=COMMIT)
    with django_assert_max_num_queries(12):
        program.get(gate(pay), commit=COMMIT)


def test_cookies_of_a_person_let_no_program_in(client: Client, viewer, pay, scan):
    client.force_login(viewer)
    assert refusal(client.get(f"/api/v1/repositories/{pay.pk}/gate")) == (401, "token_missing")


def test_a_token_of_another_team_sees_its_own(stranger, pay, scan):
    search = stranger.teams.get()
    own = RepositoryFactory(team=search, tier="C")
    program = Program(made(search, stranger))
    assert program.get(gate(own)).status_code == 200
    assert refusal(program.get(gate(pay))) == (404, "repository_unknown")
