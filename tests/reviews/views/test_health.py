import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from config.env import BASE_DIR
from reviews.views import health
from tests.services import free_port, surroundings

ASK = """
import django
django.setup()
from django.test import RequestFactory
from reviews.views.health import healthz
answer = healthz(RequestFactory().get("/healthz"))
print(answer.status_code, answer.content.decode())
"""


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    health.is_migrated.cache_clear()
    yield
    health.is_migrated.cache_clear()


@pytest.mark.django_db
def test_ready_when_the_database_answers_and_is_migrated(client):
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ready"
    assert answer.json()["reasons"] == []


@pytest.mark.django_db
def test_says_which_git_there_is_and_which_it_takes(client):
    found = client.get("/healthz").json()["git"]
    assert found["ok"] is True
    assert found["floor"] == "2.36"
    assert found["version"].startswith("2.")


@pytest.mark.django_db
def test_is_never_cached_and_changes_nothing(client):
    assert "no-store" in client.get("/healthz").headers["Cache-Control"]
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
def test_not_ready_while_a_migration_is_missing(client):
    newest = MigrationLoader(connection).graph.leaf_nodes("reviews")[0]
    MigrationRecorder(connection).record_unapplied(*newest)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert [reason["code"] for reason in answer.json()["reasons"]] == ["unmigrated"]
    assert answer.json()["reasons"][0]["next"] == "Run `manage.py migrate`."


@pytest.mark.django_db
def test_a_yes_is_remembered_so_that_a_health_check_stays_cheap(client, django_assert_num_queries):
    client.get("/healthz")
    with django_assert_num_queries(1):
        client.get("/healthz")


def test_not_ready_while_nobody_answers_and_no_secret_is_told():
    variables = {
        "DATABASE_URL": f"postgresql://plimsoll:hunter2@127.0.0.1:{free_port()}/name",
        "PLIMSOLL_SECRET_KEY": "only-for-tests-" * 4,
        "PLIMSOLL_FIELD_KEYS": "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=",
        "PLIMSOLL_SIGNING_KEY": "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    command = [sys.executable, "-c", ASK]
    done = subprocess.run(
        command, env=surroundings(**variables), cwd=BASE_DIR, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.startswith("503 ")
    assert "database-unreachable" in done.stdout
    assert "hunter2" not in done.stdout
