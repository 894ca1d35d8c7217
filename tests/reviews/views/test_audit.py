import json
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from reviews.audit import appendonly, trail
from reviews.models import AuditEvent, Team
from tests.factories import UserFactory
from tests.reviews.corruptions import intact

pytestmark = pytest.mark.django_db
HOME = "/teams/payments/audit/"
UNREADABLE = {"sqlite": "CAST(x'fffe' AS TEXT)", "postgresql": "'<b>x</b>'"}


@pytest.fixture
def log(team: Team) -> Team:
    """The team Payments with 60 events."""
    ada = UserFactory(username="ada")
    with transaction.atomic():
        for number in range(1, 61):
            kind = "waiver-approved" if number % 2 else "review-signed"
            trail.record(team, None if number % 3 else ada, kind, team, f"Event {number} <b>x</b>", number=number)
    return team


@pytest.fixture
def page(client, viewer, log) -> Callable[[str], str]:
    """What a viewer reads at an address below the audit log."""
    client.force_login(viewer)
    return lambda query="": client.get(HOME + query).content.decode()


def rows(text: str) -> int:
    return text.count('<tr id="row-')


def tamper(statement: str) -> None:
    """Run SQL as somebody who may drop the triggers."""
    connection.check_constraints()
    appendonly.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_newest_events_come_first_with_exact_times_and_short_digests(page, log):
    text = page()
    last = list(trail.rows(log.pk))[-1]
    assert rows(text) == 50
    assert text.index("Event 60") < text.index("Event 59")
    assert f'<time datetime="{last.at}">' in text
    assert f'<code title="{last.digest}">{last.digest[:12]}</code>' in text
    assert "Event 60 &lt;b&gt;x&lt;/b&gt;" in text
    assert rows(page("?page=2")) == 10


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("?kind=review-signed", 30),
        ("?person=ada", 20),
        ("?person=ada&kind=review-signed", 10),
        ("?subject=nothing:1", 0),
        ("?kind=none", 0),
        ("?subject=%00", 50),
    ],
)
def test_events_are_narrowed_by_kind_person_and_subject(page, query, count):
    assert rows(page(query)) == count


def test_the_subject_of_an_event_leads_to_its_others(page, log):
    assert f'href="{HOME}?subject=team%3A{log.pk}"' in page()
    assert rows(page(f"?subject=team:{log.pk}")) == 50


def test_a_filter_is_kept_from_page_to_page(page, log):
    assert f"?subject=team%3A{log.pk}&amp;page=2" in page(f"?subject=team:{log.pk}")


def test_an_intact_log_is_said_to_be_when_asked(page):
    assert "The log is intact" not in page()
    text = page("?verify=1")
    assert "The log is intact" in text
    assert "All 60 events" in text


def test_a_fault_is_named_with_what_to_do(page):
    tamper("UPDATE reviews_auditevent SET actor = 'eve' WHERE seq = 7")
    text = page("?verify=1")
    assert "The log is not what was written" in text
    assert "Row 7 was changed" in text
    assert "ask who can write to the database" in text


@pytest.mark.parametrize("column", ["at", "actor", "kind", "subject", "text", "data", "digest"])
def test_a_row_that_cannot_be_read_is_shown_all_the_same(page, column):
    tamper(f"UPDATE reviews_auditevent SET {column} = {UNREADABLE[connection.vendor]} WHERE seq = 60")
    text = page("?verify=1")
    assert rows(text) == 50
    assert "Row 60 was changed" in text
    assert "<b>x</b>" not in text


def test_a_long_log_is_verified_by_command(page, log):
    more = [AuditEvent(**row._asdict()) for row in intact(5001, log.pk)[60:]]
    AuditEvent.objects.bulk_create(more)
    text = page("?verify=1")
    assert "too long to verify on a page" in text
    assert "manage.py verify_audit --team payments" in text


def test_an_empty_log_says_what_will_be_here(client, team, viewer):
    client.force_login(viewer)
    text = client.get(HOME).content.decode()
    assert "Here every decision will be a row" in text
    assert "Verify the log" not in text


def test_the_export_is_a_download_of_all_rows_and_the_signed_head(client, viewer, log):
    client.force_login(viewer)
    answer = client.get(HOME + "export/")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit-payments.jsonl"'
    assert len(lines) == 61
    assert json.loads(lines[-1])["payload"]["seq"] == 60


def test_the_team_leads_to_its_log(client, viewer):
    client.force_login(viewer)
    assert f'href="{HOME}"' in client.get("/teams/payments/").content.decode()


def test_the_log_of_another_team_is_not_there(client, stranger, team):
    client.force_login(stranger)
    assert client.get(HOME).status_code == 404
    assert client.get(HOME + "export/").status_code == 404
