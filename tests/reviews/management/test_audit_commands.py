"""What an operator runs to check the audit log, to keep its head and to take it out."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction

from reviews.audit import appendonly, trail
from reviews.models import Team
from tests.factories import TeamFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(capsys) -> Callable[..., list[str]]:
    """The lines that a command prints."""

    def run(*arguments: str) -> list[str]:
        capsys.readouterr()
        call_command(*arguments)
        return capsys.readouterr().out.splitlines()

    return run


@pytest.fixture
def log(team) -> Team:
    """The team Payments, with five events."""
    with transaction.atomic():
        for number in range(5):
            trail.record(team, None, "thing-happened", team, f"Thing {number}")
    return team


def tamper(statement: str) -> None:
    """Run SQL as somebody who may drop the triggers."""
    connection.check_constraints()
    appendonly.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.check_constraints()
    appendonly.install(connection)


@pytest.fixture
def head(told, log, tmp_path) -> Path:
    """A file with the heads of the log at two times."""
    first = told("audit_head", "--team", "payments")
    with transaction.atomic():
        trail.record(log, None, "thing-happened", log, "One more thing")
    path = tmp_path / "heads.jsonl"
    path.write_text("\n".join([*first, *told("audit_head")]), encoding="utf-8")
    return path


def test_an_intact_log_is_one_line_a_team(told, log):
    TeamFactory(name="Search", slug="search")
    digest = list(trail.rows(log.pk))[-1].digest
    assert told("verify_audit") == [
        f"payments: 5 events, intact, head {digest}",
        f"search: 0 events, intact, head {'0' * 64}",
    ]


def test_heads_that_fit_are_counted(told, head):
    assert told("verify_audit", "--head", str(head))[0].startswith(
        "payments: 6 events, intact, 2 signed heads fit, head "
    )


def test_each_fault_is_a_line_with_the_row_and_what_to_do(log, capsys):
    tamper("UPDATE reviews_auditevent SET text = 'Nothing' WHERE seq = 2")
    tamper("DELETE FROM reviews_auditevent WHERE seq = 4")
    with pytest.raises(CommandError, match="2 faults in the audit log"):
        call_command("verify_audit", "--team", "payments")
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(
        "payments: changed: Row 2 was changed. Its content does not fit its digest. Compare it with"
    )
    assert second.startswith("payments: missing: Row 4 is missing. Look for them")


def test_an_end_that_was_cut_off_needs_the_head(told, head, capsys):
    tamper("DELETE FROM reviews_auditevent WHERE seq > 4")
    assert told("verify_audit")[0].startswith("payments: 4 events, intact")
    with pytest.raises(CommandError, match="2 faults"):
        call_command("verify_audit", "--head", str(head))
    assert "truncated: The log ends at row 4, and a signed head names row 5" in capsys.readouterr().out


def test_a_team_that_is_gone_with_its_log_is_named_by_its_head(log, head, capsys):
    tamper("DELETE FROM reviews_auditevent")
    Team.objects.all().delete()
    with pytest.raises(CommandError, match="1 fault in"):
        call_command("verify_audit", "--head", str(head))
    assert "A signed head names it and there is no such team" in capsys.readouterr().out


def test_other_teams_are_not_asked_for(told, head):
    TeamFactory(name="Search", slug="search")
    assert len(told("verify_audit", "--team", "search", "--head", str(head))) == 1


def test_a_trigger_that_is_not_in_force_is_a_fault(log, capsys):
    appendonly.remove(connection)
    with pytest.raises(CommandError):
        call_command("verify_audit")
    assert "database: unguarded: The trigger audit_update on reviews_auditevent" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["verify_audit", "audit_head", "export_audit"])
def test_a_team_that_is_none_is_named(db, command):
    with pytest.raises(CommandError, match="There is no team nowhere"):
        call_command(command, "--team", "nowhere")


def test_a_file_that_cannot_be_read_or_was_not_signed_is_named(log, head, tmp_path, settings):
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("verify_audit", "--head", str(tmp_path / "none"))
    settings.SIGNING_KEY = Fernet.generate_key().decode()
    with pytest.raises(CommandError, match=r"heads.jsonl: Line 1: The key .* signed it, which is none of ours"):
        call_command("verify_audit", "--head", str(head))


def test_an_export_is_lines_of_json_and_serves_as_a_head(told, log, tmp_path):
    lines = told("export_audit", "--team", "payments")
    assert [json.loads(line).get("seq") for line in lines] == [1, 2, 3, 4, 5, None]
    path = tmp_path / "export.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert "1 signed head fit" in told("verify_audit", "--head", str(path))[0]
