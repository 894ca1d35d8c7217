"""A load changes what differs, all of it or nothing, and says how far the advisories reach."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier, Event

import pytest
from django.db import connection, transaction

from reviews.advisories import loading
from reviews.advisories.errors import LoadError
from reviews.advisories.loading import load, newest
from reviews.models import Advisory, AdvisoryLoad, AdvisoryPackage
from reviews.waived import today
from tests.origin import commit_files
from tests.reviews.advisories.osv import days_ago, folder, killed_at, record

pytestmark = pytest.mark.django_db


def counts(loaded) -> tuple[int, int, int]:
    return loaded.new, loaded.changed, loaded.gone


def state() -> dict[str, tuple[str, bool]]:
    """Each advisory with its digest, and whether it is gone."""
    rows = Advisory.objects.values_list("ident", "digest", "gone")
    return {ident: (digest, gone) for ident, digest, gone in rows}


class TestChanges:
    def test_new_changed_and_gone_are_counted(self, tmp_path):
        first = load(str(folder(tmp_path, record("A-1"), record("A-2"), record("A-3"))))
        again = load(str(folder(tmp_path, record("A-1"), record("A-2", fixed="3"), record("A-4", "Buoy"))))
        assert (counts(first), counts(again), again.row.records) == ((3, 0, 0), (1, 1, 1), 3)
        assert {ident for ident, (_, gone) in state().items() if gone} == {"A-3"}
        names = AdvisoryPackage.objects.order_by("advisory__ident").values_list("advisory__ident", "name")
        assert list(names) == [("A-1", "tackle"), ("A-2", "tackle"), ("A-3", "tackle"), ("A-4", "buoy")]

    def test_the_same_again_is_no_news(self, tmp_path):
        first = load(str(folder(tmp_path, record("A-1"), record("A-2"))))
        again = load(str(tmp_path))
        assert (again.is_news, counts(again), AdvisoryLoad.objects.count()) == (False, (0, 0, 0), 1)
        assert (again.row.pk, again.row.digest) == (first.row.pk, first.row.digest)
        assert again.row.loaded_at > first.row.loaded_at

    def test_what_is_gone_comes_back(self, tmp_path):
        first = load(str(folder(tmp_path, record("A-1"), record("A-2"))))
        load(str(folder(tmp_path, record("A-1"))))
        back = load(str(folder(tmp_path, record("A-1"), record("A-2"))))
        assert (counts(back), back.row.digest) == ((1, 0, 0), first.row.digest)

    def test_of_two_records_of_one_id_the_newer_counts(self, tmp_path):
        folder(tmp_path, record("A-1", day=days_ago(2)))
        (tmp_path / "0.json").write_text(json.dumps([record("A-1", fixed="9", day=days_ago(1))]))
        (tmp_path / "z.json").write_text(json.dumps([record("A-1", fixed="1", day=days_ago(3))]))
        load(str(tmp_path))
        assert Advisory.objects.get().modified == days_ago(1)


class TestGone:
    def test_another_source_takes_nothing_away(self, tmp_path):
        load(str(folder(tmp_path / "all", record("A-1"), record("A-2"))))
        own = load(str(folder(tmp_path / "own", record("OWN-1"))))
        assert (counts(own), own.row.records) == ((1, 0, 0), 3)

    def test_one_file_takes_nothing_away(self, tmp_path):
        file = tmp_path / "own.json"
        for records in ([record("OWN-1"), record("OWN-2")], [record("OWN-1")]):
            file.write_text(json.dumps(records))
            assert load(str(file)).gone == 0

    def test_unless_all_is_to_be_replaced(self, tmp_path):
        load(str(folder(tmp_path / "all", record("A-1"), record("A-2"))))
        own = load(str(folder(tmp_path / "own", record("OWN-1"))), replace=True)
        assert (counts(own), own.row.records) == ((1, 0, 2), 1)

    def test_what_cannot_be_read_is_not_gone(self, tmp_path):
        load(str(folder(tmp_path, record("A-1"), record("A-2"))))
        (tmp_path / "A-2.json").write_text("{")
        broken = load(str(tmp_path))
        assert (broken.gone, broken.unreadable, broken.row.unreadable_names) == (0, ["A-2.json"], ["A-2.json"])
        assert not any(gone for _, gone in state().values())


class TestAllOrNothing:
    def test_nothing_readable_changes_nothing(self, tmp_path):
        load(str(folder(tmp_path, record("A-1"))))
        (tmp_path / "A-1.json").write_text("{")
        with pytest.raises(LoadError) as failure:
            load(str(tmp_path))
        assert (failure.value.code, list(state())) == ("no_records", ["A-1"])

    def test_records_of_no_day_are_refused(self, tmp_path):
        with pytest.raises(LoadError) as failure:
            load(str(folder(tmp_path, record("A-1", modified=None))))
        assert (failure.value.code, state()) == ("no_days", {})

    def test_a_load_that_is_killed_leaves_what_was_there(self, tmp_path):
        load(str(folder(tmp_path, record("A-1"), record("A-2"))))
        before = state()

        with connection.execute_wrapper(killed_at("advisoryload")), pytest.raises(KeyboardInterrupt):
            load(str(folder(tmp_path, record("A-1", fixed="7"), record("A-3"))))
        assert (state(), AdvisoryLoad.objects.count()) == (before, 1)


class TestReach:
    def test_files_prove_their_newest_record(self, tmp_path):
        row = load(str(folder(tmp_path, record("A-1", day=days_ago(9)), record("A-2", day=days_ago(30))))).row
        assert (row.as_of, row.current_on) == (days_ago(9), days_ago(9))

    def test_a_day_to_come_makes_nothing_young(self, tmp_path):
        row = load(str(folder(tmp_path, record("A-1", day=days_ago(9)), record("A-2", day=date(2999, 1, 1))))).row
        assert row.current_on == days_ago(9)

    def test_a_few_records_of_ones_own_make_the_rest_no_younger(self, tmp_path):
        load(str(folder(tmp_path / "all", record("A-1", day=days_ago(20)), record("A-2", day=days_ago(20)))))
        row = load(str(folder(tmp_path / "own", record("OWN-1")))).row
        assert (row.as_of, row.current_on, row.records) == (days_ago(20), days_ago(20), 3)

    @pytest.mark.parametrize(("committed", "current"), [(3, 0), (30, 0), (31, 31)], ids=["tended", "silent", "dead"])
    def test_a_mirror_proves_the_day_it_was_read_while_somebody_tends_it(self, origin, committed, current):
        files = {"vulns/A-1.json": json.dumps(record("A-1", day=days_ago(60)))}
        commit = commit_files(origin, files, date=f"{days_ago(committed)}T12:00:00+00:00")
        row = load(f"file://{origin}").row
        assert (row.commit, row.as_of, row.current_on) == (commit, days_ago(committed), days_ago(current))

    def test_reading_a_mirror_again_moves_its_day_alone(self, origin):
        files = {"vulns/A-1.json": json.dumps(record("A-1", day=days_ago(3)))}
        commit_files(origin, files, date=f"{days_ago(3)}T12:00:00+00:00")
        load(f"file://{origin}")
        AdvisoryLoad.objects.update(read_on=days_ago(2))
        assert newest().current_on == days_ago(2)
        again = load(f"file://{origin}")
        assert (again.is_news, again.row.current_on) == (False, today())


@pytest.mark.django_db(transaction=True)
def test_two_at_once_go_one_after_the_other(tmp_path):
    places = [folder(tmp_path / "one", record("A-1"), record("A-2")), folder(tmp_path / "two", record("B-1"))]
    barrier = Barrier(2)

    def play(place):
        barrier.wait(30)
        try:
            return load(str(place)).row
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        rows = list(threads.map(play, places))
    assert sorted(state()) == ["A-1", "A-2", "B-1"]
    assert max(rows, key=lambda row: row.pk).records == 3
    assert newest().digest == loading._digest()


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_too_long_is_told(tmp_path):
    """Somebody else is in the middle of a load, in a transaction of their own."""
    load(str(folder(tmp_path, record("A-1"))))
    begun, over = Event(), Event()

    def hold():
        with transaction.atomic():
            loading._wait_for_my_turn()
            begun.set()
            over.wait(30)
        connection.close()

    with ThreadPoolExecutor(1) as threads:
        threads.submit(hold)
        begun.wait(30)
        impatient()
        with pytest.raises(LoadError) as failure:
            load(str(folder(tmp_path, record("A-2"))))
        over.set()
    assert (failure.value.code, list(state())) == ("loaded_meanwhile", ["A-1"])
    connection.close()


def impatient() -> None:
    """Let this connection wait for others for a moment only."""
    wait = {"postgresql": "SET lock_timeout = 200", "sqlite": "PRAGMA busy_timeout = 200"}
    with connection.cursor() as cursor:
        cursor.execute(wait[connection.vendor])
