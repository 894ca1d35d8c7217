"""
Triggers that keep recorded rows as they are, whoever writes: no row of the audit log is changed or removed, and no
sign-off is changed. Sign-offs go when their repository is removed; the audit log keeps what they said.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

_FUNCTION = """
CREATE OR REPLACE FUNCTION plimsoll_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused. Record what is so now as a new row.', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$
"""
_REFUSE = "SELECT RAISE(ABORT, '{table} is append-only: {event} is refused. Record what is so now as a new row.');"


@dataclass(frozen=True, slots=True)
class Trigger:
    """One refusal: of an event on a table. `when` is the condition SQLite needs for it, if any."""

    name: str
    table: str
    event: str
    when: str = ""


_AUDIT, _SIGN_OFF = "reviews_auditevent", "reviews_signoff"
_SAME_EVENT = (
    "EXISTS (SELECT 1 FROM reviews_auditevent WHERE team_id = NEW.team_id AND seq = NEW.seq OR rowid = NEW.rowid)"
)
_SAME_SIGN_OFF = "EXISTS (SELECT 1 FROM reviews_signoff WHERE id = NEW.id)"
POSTGRESQL = (
    Trigger("audit_update", _AUDIT, "UPDATE"),
    Trigger("audit_delete", _AUDIT, "DELETE"),
    Trigger("audit_truncate", _AUDIT, "TRUNCATE"),
    Trigger("sign_off_update", _SIGN_OFF, "UPDATE"),
)
# INSERT OR REPLACE deletes without asking the triggers for DELETE, so it must not find a row to replace.
SQLITE = (
    Trigger("audit_update", _AUDIT, "UPDATE"),
    Trigger("audit_delete", _AUDIT, "DELETE"),
    Trigger("audit_replace", _AUDIT, "INSERT", _SAME_EVENT),
    Trigger("sign_off_update", _SIGN_OFF, "UPDATE"),
    Trigger("sign_off_replace", _SIGN_OFF, "INSERT", _SAME_SIGN_OFF),
)


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers in force; those that are there stay."""
    with connection.cursor() as cursor:
        for statement in _creating(connection.vendor):
            cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers away: for going back to a version without them, and for tests that empty tables."""
    with connection.cursor() as cursor:
        for one in _triggers(connection.vendor):
            of_table = f" ON {one.table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {one.name}{of_table}")
        if connection.vendor == "postgresql":
            cursor.execute("DROP FUNCTION IF EXISTS plimsoll_append_only()")


def missing(connection: BaseDatabaseWrapper) -> list[Trigger]:
    """The triggers that are not in force."""
    question = {
        # 'A' is ENABLE ALWAYS: also for a session that plays a replica.
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'A'",
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    }
    with connection.cursor() as cursor:
        cursor.execute(question[connection.vendor])
        there = {name for (name,) in cursor.fetchall()}
    return [one for one in _triggers(connection.vendor) if one.name not in there]


def _triggers(vendor: str) -> tuple[Trigger, ...]:
    return POSTGRESQL if vendor == "postgresql" else SQLITE


def _creating(vendor: str) -> Iterator[str]:
    if vendor == "postgresql":
        yield _FUNCTION
    for one in _triggers(vendor):
        if vendor == "postgresql":
            each = "STATEMENT" if one.event == "TRUNCATE" else "ROW"
            run = f"FOR EACH {each} EXECUTE FUNCTION plimsoll_append_only()"
            yield f"CREATE OR REPLACE TRIGGER {one.name} BEFORE {one.event} ON {one.table} {run}"
            yield f"ALTER TABLE {one.table} ENABLE ALWAYS TRIGGER {one.name}"
        else:
            body = _REFUSE.format(table=one.table, event=one.event)
            when = f" WHEN {one.when}" if one.when else ""
            yield f"CREATE TRIGGER IF NOT EXISTS {one.name} BEFORE {one.event} ON {one.table}{when} BEGIN {body} END"
