"""Who is let in, how refusals are said, and the schema and the page that tell of it."""

import json
import logging
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test import Client, override_settings
from django.utils import timezone
from jsonschema import Draft202012Validator

from reviews.models import ApiToken
from tests.reviews.api.asking import Program, made, refusal

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("sent", ["", "Bearer", "Bearer ", "Basic cGF5OnNlY3JldA==", "plm_abc", "Token plm_abc"])
def test_without_a_token_nobody_is_let_in(pay, sent):
    program = Program(None)
    program.headers = {"Authorization": sent}
    response = program.get(f"/repositories/{pay.pk}/gate")
    assert refusal(response) == (401, "token_missing")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="plimsoll"'


@pytest.mark.parametrize("secret", ["plm_" + "a" * 43, "ä" * 20, "x" * 100_000, "plm_\udcff"])
def test_an_unknown_token_lets_nobody_in(pay, secret):
    assert refusal(Program(secret).get(f"/repositories/{pay.pk}/gate")) == (401, "token_unknown")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "token_expired"),
        ({"revoked_at": timezone.now()}, "token_revoked"),
    ],
)
def test_a_token_that_ended_says_so(team, owner, pay, change, code):
    program = Program(made(team, owner, **change))
    assert refusal(program.get(f"/repositories/{pay.pk}/gate")) == (401, code)


def test_the_scheme_may_be_written_small(secret, pay, scan):
    program = Program(None)
    program.headers = {"Authorization": f"bearer {secret}"}
    assert program.get(f"/repositories/{pay.pk}/gate").status_code == 200


def test_a_refusal_comes_before_any_word_about_what_is_there(pay):
    assert refusal(Program("plm_no").get("/repositories/999999/gate")) == (401, "token_unknown")
    assert refusal(Program("plm_no").post(f"/repositories/{pay.pk}/scans", b"{")) == (401, "token_unknown")


@pytest.mark.parametrize(
    "path", ["v1", "v1/", "v2/repositories", "v1/repositories/", "v1/repositories/1", "x", "v1/gate"]
)
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_every_other_address_below_api_is_refused_as_json(path, method):
    response = getattr(Client(enforce_csrf_checks=True), method)(f"/api/{path}")
    assert refusal(response) == (404, "path_unknown")
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path"),
    [("delete", "/repositories"), ("put", "/scans/1"), ("get", "/repositories/1/scans"), ("post", "/openapi.json")],
)
def test_another_method_is_refused_as_json(program, method, path):
    response = getattr(program.client, method)(f"/api/v1{path}", headers=program.headers)
    assert refusal(response) == (405, "method_unknown")
    assert response.headers["Allow"] in ("GET", "POST")


def test_a_program_needs_no_csrf_token(secret, pay):
    client = Client(enforce_csrf_checks=True)
    path, sent = f"/api/v1/repositories/{pay.pk}/scans", {"Authorization": f"Bearer {secret}"}
    response = client.post(path, headers=sent, content_type="application/json")
    assert (response.status_code, response.cookies) == (202, {})


def test_a_database_that_is_away_is_said_as_such(program, pay, caplog):
    def away(*_):
        raise OperationalError("the server closed the connection")

    with caplog.at_level(logging.ERROR), connection.execute_wrapper(away):
        response = program.get(f"/repositories/{pay.pk}/gate")
    assert refusal(response) == (503, "database_unreachable")
    assert response.headers["Retry-After"] == "10"
    assert "api-database-away" in caplog.text


def test_a_fault_of_ours_is_json_too_and_its_trace_stays_in_the_log(program, pay, caplog):
    def broken(*_):
        raise ZeroDivisionError("of-a-secret-number")

    with caplog.at_level(logging.ERROR), connection.execute_wrapper(broken):
        response = program.get(f"/repositories/{pay.pk}/gate")
    assert refusal(response) == (500, "internal_error")
    assert "of-a-secret-number" not in response.content.decode()
    assert "api-failed" in caplog.text


@override_settings(DEBUG=True)
def test_the_secret_stands_in_no_log_line(secret, pay, caplog):
    program = Program(None)
    with caplog.at_level(logging.DEBUG):
        for sent in (f"Bearer {secret}", f"Basic {secret}", f"Bearer {secret}x"):
            program.headers = {"Authorization": sent}
            program.get(f"/repositories/{pay.pk}/gate")
    assert secret not in caplog.text


def test_the_schema_is_open_and_declares_what_is_refused(client):
    response = client.get("/api/v1/openapi.json")
    schema = response.json()
    assert response.headers["Cache-Control"] == "no-store"
    assert schema["servers"] == [{"url": "http://testserver"}]
    for methods in schema["paths"].values():
        for said in methods.values():
            assert {"401", "403", "405", "422", "500", "503"} <= set(said["responses"])
            assert next(iter(said["security"][0])) in schema["components"]["securitySchemes"]
    for name, model in schema["components"]["schemas"].items():
        Draft202012Validator.check_schema(model)
        assert model["description"], name


def test_the_schema_lists_each_operation_once(client):
    schema = client.get("/api/v1/openapi.json").json()
    found = {
        f"{method} {path}": said["operationId"] for path, of in schema["paths"].items() for method, said in of.items()
    }
    assert found == {
        "get /api/v1/repositories": "listRepositories",
        "get /api/v1/repositories/{number}/gate": "askGate",
        "post /api/v1/repositories/{number}/scans": "requestScan",
        "get /api/v1/scans/{number}": "readScan",
        "get /api/v1/patches/{number}": "readPatch",
        "get /api/v1/patches/{number}/download": "downloadPatch",
        "get /api/v1/repositories/{number}/patches": "listPatches",
        "get /api/v1/rules/{rule}/patches": "listPatchesOfRule",
        "post /api/v1/repositories/{number}/patches": "requestPatch",
        "get /api/v1/repositories/{number}/facts": "listFacts",
        "get /api/v1/repositories/{number}/facts/{table}": "readFacts",
        "get /api/v1/repositories/{number}/sbom": "readSbom",
    }


def test_the_page_shows_each_operation_with_a_command_that_tries_it(client, viewer):
    client.force_login(viewer)
    page = client.get("/api/")
    examples = ["\n".join(text for _, text, _ in one.example) for one in page.context["operations"]]
    assert len(examples) == 12
    assert all("Bearer $PLIMSOLL_TOKEN" in example for example in examples)
    commit = json.dumps({"commit": "7ac01d9f3b6e5a1c8d2e4f60718293a4b5c6d7e8"})
    assert f"  --data '{commit}' \\" in examples[2]
    assert examples[2].endswith("  http://testserver/api/v1/repositories/42/scans")


def test_the_page_is_for_people_who_signed_in(client):
    assert client.get("/api/").headers["Location"].startswith("/accounts/login/")


def test_a_token_is_used_once_a_minute_in_the_database(program, pay):
    program.get("/repositories")
    first = ApiToken.objects.get().used_at
    program.get("/repositories")
    assert first is not None
    assert ApiToken.objects.get().used_at == first
