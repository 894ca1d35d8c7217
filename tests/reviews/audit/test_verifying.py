"""The whole check against a database that somebody wrote to past the triggers."""

import json
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from reviews import intake
from reviews.audit import appendonly, trail, verifying
from reviews.audit.chain import Row, canonical
from reviews.audit.signing import SignatureError
from reviews.audit.tampering import Kind
from reviews.models import AuditEvent, Team
from tests.factories import RepositoryFactory, TeamFactory
from tests.reviews.corruptions import corruption, intact, told
from tests.reviews.signed import signed_off, tell

pytestmark = pytest.mark.django_db
SEEDS = [seed for seed in range(56) if seed % 14 > 2]


@pytest.fixture
def tamper(db: None) -> Callable[..., None]:
    """Run raw SQL as whoever may drop the triggers."""

    def run(statement: str, *values: object) -> None:
        connection.check_constraints()
        appendonly.remove(connection)
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
        connection.check_constraints()
        appendonly.install(connection)

    return run


def stored(team: Team, rows: list[Row]) -> None:
    """Store rows as they are."""
    AuditEvent.objects.bulk_create([AuditEvent(**row._asdict()) for row in rows])


def found(team: Team, *heads: tuple[int, str]) -> list[tuple[Kind, int, int]]:
    return told(verifying.verify(team, heads).faults)


@pytest.mark.parametrize("seed", SEEDS)
def test_corrupted_rows_are_found_in_the_database(team, seed):
    rows = intact(60, team.pk)
    made = corruption(rows, seed)
    stored(team, made.rows)
    heads = [(60, rows[-1].digest)] * made.needs_head
    assert found(team, *heads) == made.truth


BYTES = {"sqlite": "CAST(x'fffe00' AS TEXT)", "postgresql": "'x'"}
NUMBERS = {"sqlite": "'many'", "postgresql": "12345"}


@pytest.mark.parametrize("column", ["at", "actor", "kind", "subject", "text", "data", "previous", "digest"])
def test_a_text_that_cannot_be_read_names_its_row(team, tamper, column):
    stored(team, intact(5, team.pk))
    tamper(f"UPDATE reviews_auditevent SET {column} = {BYTES[connection.vendor]} WHERE seq = 3")
    assert found(team) == [(Kind.CHANGED, 3, 3)]
    assert len(list(trail.export(team))) == 6


@pytest.mark.parametrize(("column", "kind"), [("actor_key", Kind.CHANGED), ("seq", Kind.MOVED)])
def test_a_number_that_is_none_names_its_row(team, tamper, column, kind):
    stored(team, intact(5, team.pk))
    tamper(f"UPDATE reviews_auditevent SET {column} = {NUMBERS[connection.vendor]} WHERE seq = 2")
    assert found(team) == [(kind, 2, 2)]
    assert len(list(trail.export(team))) == 6


def test_a_row_given_to_another_team_is_missing_here_and_named_there(team, tamper):
    other = TeamFactory()
    stored(team, intact(5, team.pk))
    tamper("UPDATE reviews_auditevent SET team_id = %s WHERE seq = 3", other.pk)
    assert found(team) == [(Kind.MISSING, 3, 3)]
    assert found(other) != []


class TestSignOffs:
    @pytest.fixture
    def sign_off(self, team, reviewer):
        return signed_off(RepositoryFactory(team=team), reviewer)

    def test_those_that_events_tell_of_are_fine(self, team, sign_off, reviewer):
        signed_off(sign_off.review.repository, reviewer)
        assert found(team) == []

    @pytest.mark.parametrize(
        "change",
        [
            "decision = 'reject'",
            "note = 'x'",
            "items = '{}'",
            "duties = '[]'",
            "round = 2",
            '"commit" = tree',
            "at = '2020-01-01'",
        ],
    )
    def test_a_changed_one_is_named(self, team, sign_off, tamper, change):
        tamper(f"UPDATE reviews_signoff SET {change}")
        assert found(team) == [(Kind.SIGN_OFF_CHANGED, 1, 1)]

    def test_one_that_cannot_be_read_is_named(self, team, sign_off, tamper):
        change = {"sqlite": "at = 'noon', note = CAST(x'ff' AS TEXT)", "postgresql": "at = 'epoch'"}
        tamper(f"UPDATE reviews_signoff SET {change[connection.vendor]}")
        assert found(team) == [(Kind.SIGN_OFF_CHANGED, 1, 1)]

    def test_a_missing_one_is_named(self, team, sign_off, tamper):
        tamper("DELETE FROM reviews_signoff")
        assert found(team) == [(Kind.SIGN_OFF_MISSING, 1, 1)]

    def test_one_that_no_event_tells_of_is_named(self, team, sign_off, tamper):
        columns = "review_id, reviewer_id, duties, decision, round, tree, rule_set, evidence_digest, items, note, at"
        columns += ', "commit"'
        tamper(f"INSERT INTO reviews_signoff (id, {columns}) SELECT 999, {columns} FROM reviews_signoff")
        (fault,) = verifying.verify(team).faults
        assert (fault.kind, fault.text) == (Kind.SIGN_OFF_INSERTED, "No row tells of sign-off 999.")

    def test_one_that_went_with_its_repository_is_not_missed(self, team, owner, sign_off):
        intake.remove(sign_off.review.repository, by=owner)
        assert found(team) == []

    def test_one_whose_repository_went_without_a_word_is_missed(self, team, sign_off):
        sign_off.review.repository.delete()
        assert found(team) == [(Kind.SIGN_OFF_MISSING, 1, 1)]

    def test_the_first_event_counts(self, team, sign_off, tamper, reviewer):
        tamper("UPDATE reviews_signoff SET decision = 'reject'")
        sign_off.refresh_from_db()
        with transaction.atomic():
            tell(sign_off.review.repository, reviewer, sign_off)
        assert found(team) == [(Kind.SIGN_OFF_CHANGED, 1, 1)]

    @pytest.mark.parametrize(
        "data", ['{"sign_off":1}', '{"sign_off":', '{"sign_off":"x","digest":"y"}', '{"sign_off":[],"digest":"y"}']
    )
    def test_data_that_tells_nothing_is_passed_over(self, team, data):
        row = intact(1, team.pk)[0]._replace(data=data)
        stored(team, [row])
        assert found(team) == [(Kind.CHANGED, 1, 1)]


class TestHeads:
    @pytest.fixture
    def head(self, team) -> str:
        stored(team, intact(5, team.pk))
        return canonical(trail.head(team))

    def test_it_is_read_back(self, team, head):
        assert verifying.heads([head, "\n"]) == {team.pk: {(5, intact(5, team.pk)[-1].digest)}}

    def test_an_export_holds_one(self, team, head):
        assert verifying.heads(trail.export(team)) == verifying.heads([head])

    def test_the_end_that_was_cut_off_is_found_with_it_alone(self, team, head, tamper):
        tamper("DELETE FROM reviews_auditevent WHERE seq > 3")
        assert found(team) == []
        assert found(team, *verifying.heads([head])[team.pk]) == [(Kind.TRUNCATED, 4, 5)]

    @pytest.mark.parametrize("line", ["{", "[1]", '"x"', '{"payload":{}}', '{"a":1}', "\udcff"])
    def test_a_line_that_is_none_is_refused_with_its_number(self, head, line):
        with pytest.raises(SignatureError, match=r"^Line 2: "):
            verifying.heads([head, line])

    def test_a_changed_one_is_refused(self, head):
        with pytest.raises(SignatureError, match=r"^Line 1: The signature does not fit"):
            verifying.heads([head.replace('"seq":5', '"seq":4')])

    def test_rows_of_an_export_alone_hold_none(self, team, head):
        lines = list(trail.export(team))[:-1]
        assert verifying.heads(lines) == {}
        assert json.loads(lines[0])["seq"] == 1
