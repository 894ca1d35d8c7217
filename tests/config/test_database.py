from pathlib import Path

import pytest
from django.db import connection

from config.database import database


def test_sqlite_writes_ahead_and_takes_its_lock_at_once():
    found = database("sqlite:////srv/plimsoll.sqlite3")
    assert found["NAME"] == Path("/srv/plimsoll.sqlite3")
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert found["OPTIONS"]["timeout"] == 20
    assert "journal_mode=WAL" in found["OPTIONS"]["init_command"]


def test_postgresql_takes_every_part_of_the_url():
    found = database("postgresql://plim%40soll:p%2Fw@db.example.org:5433/name?sslmode=require")
    assert found["ENGINE"] == "django.db.backends.postgresql"
    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"], found["NAME"]) == (
        "plim@soll",
        "p/w",
        "db.example.org",
        "5433",
        "name",
    )
    assert found["OPTIONS"]["sslmode"] == "require"


def test_postgresql_never_waits_for_ever():
    options = database("postgresql://db/name", statement_seconds=7)["OPTIONS"]
    assert options["connect_timeout"] == 5
    assert "-c statement_timeout=7000" in options["options"]
    assert "-c lock_timeout=7000" in options["options"]


@pytest.mark.parametrize(
    "url", ["", "mysql://db/name", "sqlite://", "sqlite:///", "sqlite://host/path", "postgresql://db", "name"]
)
def test_anything_else_is_refused(url):
    with pytest.raises(ValueError, match="not the URL of a database"):
        database(url)


@pytest.mark.django_db
def test_the_limits_are_in_force():
    expected = {"sqlite": ("PRAGMA journal_mode", "wal"), "postgresql": ("SHOW statement_timeout", "30s")}
    question, answer = expected[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(question)
        assert cursor.fetchone() == (answer,)


def test_a_password_that_breaks_the_url_is_not_quoted():
    with pytest.raises(ValueError, match="not written for a URL") as refused:
        database("postgresql://plimsoll:hunter2/and/more@db.example.org/name")
    assert "hunter2" not in str(refused.value)
