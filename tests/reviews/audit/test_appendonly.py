"""What the database itself refuses, with raw SQL, whoever writes."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from reviews.audit import appendonly, trail
from reviews.models import AuditEvent, SignOff, Team
from tests.factories import RepositoryFactory
from tests.reviews.signed import signed_off

pytestmark = pytest.mark.django_db
INSERT_AGAIN = {
    "sqlite": "INSERT OR REPLACE INTO reviews_auditevent SELECT * FROM reviews_auditevent",
    "postgresql": "INSERT INTO reviews_auditevent SELECT * FROM reviews_auditevent "
    "ON CONFLICT (team_id, seq) DO UPDATE SET text = 'x'",
}
REPLACE_BY_ROWID = {
    "sqlite": "INSERT OR REPLACE INTO reviews_auditevent (rowid, team_id, seq, at, actor, kind, subject, text, data, "
    "previous, digest) SELECT rowid, team_id, 99, at, actor, kind, subject, text, data, previous, digest "
    "FROM reviews_auditevent",
    "postgresql": "TRUNCATE reviews_team CASCADE",
}
SIGN_AGAIN = {
    "sqlite": "INSERT OR REPLACE INTO reviews_signoff SELECT * FROM reviews_signoff",
    "postgresql": "INSERT INTO reviews_signoff SELECT * FROM reviews_signoff ON CONFLICT (id) DO UPDATE SET note = 'x'",
}
EMPTY = {"sqlite": "DELETE FROM reviews_auditevent", "postgresql": "TRUNCATE reviews_auditevent"}


@pytest.fixture
def event(team: Team) -> AuditEvent:
    with transaction.atomic():
        return trail.record(team, None, "team-created", team, "Plimsoll made a team")


def execute(statement: str | dict[str, str]) -> None:
    """Run a statement, or the one of the database in use."""
    connection.check_constraints()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement[connection.vendor] if isinstance(statement, dict) else statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reviews_auditevent SET text = 'x'",
        "UPDATE reviews_auditevent SET seq = seq + 1 WHERE seq = 1",
        "DELETE FROM reviews_auditevent",
        "DELETE FROM reviews_auditevent WHERE seq = 1",
        EMPTY,
        INSERT_AGAIN,
        REPLACE_BY_ROWID,
    ],
)
def test_no_event_is_changed_replaced_or_removed(event, statement):
    stored = list(trail.rows(event.team_id))
    with pytest.raises(IntegrityError, match="reviews_auditevent is append-only"):
        execute(statement)
    assert list(trail.rows(event.team_id)) == stored


def test_the_models_are_refused_too_and_told_what_to_do(event):
    event.text = "Something else"
    with pytest.raises(IntegrityError, match="Record what is so now as a new row"), transaction.atomic():
        event.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEvent.objects.all().delete()


@pytest.mark.parametrize("statement", ["UPDATE reviews_signoff SET decision = 'approve'", SIGN_AGAIN])
def test_no_sign_off_is_changed_or_replaced(team, reviewer, statement):
    sign_off = signed_off(RepositoryFactory(team=team), reviewer, note="Fine.")
    with pytest.raises(IntegrityError, match="reviews_signoff is append-only"):
        execute(statement)
    assert SignOff.objects.get() == sign_off


def test_new_rows_are_taken(team, reviewer):
    repository = RepositoryFactory(team=team)
    signed_off(repository, reviewer)
    signed_off(repository, reviewer)
    assert AuditEvent.objects.count() == SignOff.objects.count() == 2


def test_the_triggers_are_in_force_and_one_that_is_not_is_named_and_put_back(db, capsys):
    assert appendonly.missing(connection) == []
    appendonly.remove(connection)
    assert appendonly.missing(connection) == list(appendonly._triggers(connection.vendor))
    call_command("bootstrap")
    assert "The trigger audit_update on reviews_auditevent was not in force. It is again." in capsys.readouterr().out
    assert appendonly.missing(connection) == []


def test_installing_twice_is_installing_once(db):
    appendonly.install(connection)
    assert appendonly.missing(connection) == []
