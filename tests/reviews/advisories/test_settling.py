"""After new advisories only those repositories are scanned again that they say something new about."""

from math import floor

import pytest

from reviews import intake, recount, trees, trends
from reviews.advisories.loading import load, newest
from reviews.advisories.settling import Settled, settle
from reviews.models import AdvisoryLoad, Repository, Scan, ScanTree
from reviews.waived import today
from reviews.waivers import ending
from tests.factories import RepositoryFactory
from tests.origin import commit_files
from tests.reviews.advisories.osv import days_ago, folder, lock, record
from tests.reviews.advisories.test_age import item
from tests.reviews.rows import finished
from tests.reviews.running import leased, scanned

pytestmark = pytest.mark.django_db(transaction=True)


def loaded(path, *records) -> AdvisoryLoad:
    return load(str(folder(path, *records))).row


def waiting() -> list[tuple[str, str]]:
    """The scans that wait: why, and of what."""
    rows = Scan.objects.filter(state=Scan.State.REQUESTED).order_by("pk")
    return list(rows.values_list("trigger", "wanted_commit"))


def newest_scan(repository: Repository) -> Scan:
    return Scan.objects.get(pk=Repository.objects.get(pk=repository.pk).latest_scan_id)


class TestSame:
    def test_news_about_others_ask_for_no_scan(self, repository, tmp_path):
        loaded(tmp_path, record("A-1", "rope", day=days_ago(9)))
        scan = scanned(repository)
        row = loaded(tmp_path, record("A-1", "rope"), record("A-2", "buoy"))
        assert (settle(), waiting()) == (Settled(same=1), [])
        scan.refresh_from_db()
        assert (scan.compared, scan.advisories == row.digest) == (row, False)

    def test_its_age_counts_from_the_newest(self, repository, tmp_path):
        loaded(tmp_path, record("A-1", "rope", day=days_ago(20)))
        assert item(scanned(repository).scorecard)["outcome"] == "unknown"
        loaded(tmp_path, record("A-1", "rope", day=days_ago(2)))
        settle()
        assert item(recount.card(newest_scan(repository), today()))["outcome"] == "pass"
        ending.tend()
        scan = newest_scan(repository)
        assert (item(scan.scorecard)["outcome"], scan.card_until) == ("pass", days_ago(-12))

    def test_a_mirror_read_again_makes_it_young_without_news(self, repository, tmp_path, origin):
        row = loaded(tmp_path, record("A-1", "rope", day=days_ago(20)))
        scanned(repository)
        AdvisoryLoad.objects.update(is_live=True, read_on=days_ago(0), settled_at=None)
        assert newest() == row
        settle()
        assert item(recount.card(newest_scan(repository), today()))["outcome"] == "pass"
        assert newest().settled_at is not None

    def test_twice_does_nothing_more(self, repository, tmp_path):
        loaded(tmp_path, record("A-1", "rope"))
        scanned(repository)
        loaded(tmp_path, record("A-1", "rope"), record("A-2", "buoy"))
        assert [settle(), settle()] == [Settled(same=1), Settled()]


class TestNews:
    def test_a_new_fault_asks_for_a_scan(self, repository, tmp_path):
        loaded(tmp_path, record("A-1", "rope"))
        scanned(repository)
        loaded(tmp_path, record("A-1", "rope"), record("A-2"))
        assert (settle(), waiting()) == (Settled(asked=1), [("advisories", "")])

    def test_a_package_that_nobody_locked_becomes_known(self, repository, origin, tmp_path):
        commit_files(origin, {"uv.lock": None, "requirements.txt": "buoy>=1\n"})
        loaded(tmp_path, record("A-1", "rope"))
        scanned(repository)
        loaded(tmp_path, record("A-1", "rope"), record("A-2", "buoy"))
        assert settle() == Settled(asked=1)

    def test_what_was_scanned_without_advisories_is_scanned_again(self, repository, tmp_path):
        scanned(repository)
        loaded(tmp_path, record("A-1", "rope"))
        assert settle() == Settled(asked=1)

    def test_a_scan_that_fails_is_not_asked_for_again(self, repository, tmp_path):
        scanned(repository)
        loaded(tmp_path, record("A-1"))
        settle()
        Scan.objects.filter(trigger="advisories").update(state=Scan.State.FAILED)
        assert (settle(), newest_scan(repository).compared) == (Settled(), None)

    def test_they_go_after_pushes_and_before_history(self):
        turns = [Scan.turn_of(trigger) for trigger in ("person", "webhook", "poll", "advisories", "history")]
        assert turns == sorted(set(turns))

    def test_a_scan_that_waits_will_see_them_anyway(self, repository, origin, tmp_path):
        scanned(repository)
        commit = commit_files(origin, {"uv.lock": lock(version="1.8")})
        intake.request_scan(repository, trigger=Scan.Trigger.WEBHOOK, commit=commit)
        loaded(tmp_path, record("A-1"))
        assert (settle(), waiting()) == (Settled(), [("webhook", commit)])

    def test_one_that_ran_meanwhile_is_compared_when_it_is_done(self, repository, tmp_path):
        loaded(tmp_path, record("A-1", "rope"))
        scanned(repository)
        loaded(tmp_path, record("A-1", "rope"), record("A-2"))
        settle()
        scan = leased()
        loaded(tmp_path, record("A-1", "rope"), record("A-2"), record("A-3"))
        Scan.objects.filter(pk=scan.scan).update(state=Scan.State.DONE)
        assert settle() == Settled(asked=1)


def test_many_repositories_take_few_queries(team, tmp_path, django_assert_max_num_queries):
    row = loaded(tmp_path, record("A-1", "rope"))
    packed = trees.pack({"of": [[f"package-{number}", "1.0", ""] for number in range(200)], "knows": []})
    scans = [finished(RepositoryFactory(team=team), compared=row, advisories=row.digest) for _ in range(300)]
    ScanTree.objects.bulk_create(ScanTree(scan=scan, files=b"", asked=packed) for scan in scans)
    loaded(tmp_path, record("A-1", "rope"), record("A-2", "buoy"))
    with django_assert_max_num_queries(20):
        assert settle() == Settled(same=300)


class TestTrend:
    def test_the_same_commit_with_other_advisories_is_a_point_and_an_event(self, repository, tmp_path):
        loaded(tmp_path, record("A-1", "rope"))
        before = scanned(repository)
        loaded(tmp_path, record("A-1", "rope"), record("A-2"))
        settle()
        after = scanned(repository)
        course = trends.courses(repository.scans.all())[repository.pk]
        assert [standing.scan for standing in course] == [before.pk, after.pk]
        events = {event.short: event.effect for event in trends.changes(course)}
        assert events["Advisories"] == floor(after.score_low) - floor(before.score_low) < 0
