"""A leased scan, through a real repository, the engine and the database, to its end."""

import zlib
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from reviews import intake, queue, scanning, trees
from reviews.models import BlobResult, Repository, Scan, Team
from scanners import registry
from scanners.paths import classify
from scanners.scan import blob_sha
from tests.factories import RepositoryFactory
from tests.origin import commit_files
from tests.reviews.running import leased, scanned
from tests.services import free_port

pytestmark = pytest.mark.django_db(transaction=True)

RULE = "request-without-timeout"
WAITS = "import requests\n\n\ndef pay(url):\n    return requests.get(url)\n"
BOUNDED = WAITS.replace("get(url)", "get(url, timeout=5)")


@pytest.fixture
def repository(team: Team, origin: Path) -> Repository:
    return RepositoryFactory(team=team, url=f"file://{origin}")


class TestDone:
    def test_keeps_commit_numbers_and_tree(self, repository: Repository, origin: Path) -> None:
        commit = commit_files(origin, {"pay.py": WAITS}, message="Pay\n\nbody", date="2026-03-01T10:00:00+00:00")
        scan = scanned(repository)
        assert (scan.state, scan.commit, scan.subject, scan.author) == ("done", commit, "Pay", "Ada Author")
        assert scan.authored_at.isoformat() == "2026-03-01T10:00:00+00:00"
        assert (scan.python_files, scan.lines, scan.coverage) == (1, 6, 1.0)
        assert scan.open_findings["high"] == repository.findings.filter(state="open", severity="high").count()
        assert scan.scorecard["level"] == scan.level == "none"
        assert 0 <= scan.score_low <= scan.score_high <= 100
        assert repository.latest_scan == scan
        assert scan.tree_content.files

    def test_shows_how_it_went(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS, "twin.py": WAITS, "notes.txt": "hello"})
        progress = scanned(repository).progress
        assert set(progress["steps"]) == {"fetch", "list", "scan", "match", "score"}
        assert (progress["files"], progress["cached"], progress["scanned"]) == (2, 0, 2)

    def test_known_blobs_are_not_looked_at_again(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS})
        scanned(repository)
        commit_files(origin, {"new.py": "VALUE = 1\n"})
        progress = scanned(repository).progress
        assert (progress["cached"], progress["scanned"]) == (1, 1)

    def test_a_file_that_cannot_be_read_is_listed_and_the_rest_counts(
        self, repository: Repository, origin: Path
    ) -> None:
        commit_files(origin, {"bad.py": "def (:\n", "pay.py": WAITS})
        scan = scanned(repository)
        problems = [row[0] for row in trees.unpack(scan.tree_content.files)["files"] if row[5]]
        assert (scan.state, problems) == ("done", ["bad.py"])
        assert scan.coverage < 1
        assert list(repository.findings.filter(rule=RULE).values_list("path", flat=True)) == ["pay.py"]

    def test_only_the_sub_path_counts(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay/main.py": WAITS, "other/main.py": WAITS})
        repository.sub_path = "pay"
        repository.save()
        scanned(repository)
        assert list(repository.findings.filter(rule=RULE).values_list("path", flat=True)) == ["main.py"]

    def test_text_that_a_database_refuses_is_kept_readable(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"caf\u00e9\u202e.py": WAITS, "Dockerfile": "FROM python:latest\0\nUSER root\n"})
        assert scanned(repository).state == "done"

    def test_nothing_stays_in_the_scratch_directory(
        self, repository: Repository, origin: Path, settings: Settings, tmp_path: Path
    ) -> None:
        settings.SCRATCH_DIR = tmp_path / "scratch"
        commit_files(origin, {"pay.py": WAITS})
        scanned(repository)
        assert list(settings.SCRATCH_DIR.iterdir()) == []


class TestSameCommit:
    def test_an_unchanged_commit_is_answered_by_the_scan_that_knows_it(
        self, repository: Repository, origin: Path
    ) -> None:
        commit = commit_files(origin, {"pay.py": WAITS})
        first = scanned(repository)
        again = scanned(repository)
        assert (again.state, again.superseded_by, again.commit) == ("superseded", first, commit)
        assert repository.latest_scan == first

    def test_another_tier_is_another_scorecard(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS})
        first = scanned(repository)
        repository.tier = "A"
        repository.save()
        again = scanned(repository)
        first.refresh_from_db()
        assert (again.state, first.state, first.superseded_by) == ("done", "superseded", again)
        assert repository.latest_scan == again
        assert repository.findings.get(rule=RULE).state == "open"


class TestHistory:
    def test_in_order_it_tells_the_whole_story(self, repository: Repository, origin: Path) -> None:
        story = [("2026-01-01", WAITS), ("2026-02-01", BOUNDED), ("2026-03-01", WAITS)]
        commits = [commit_files(origin, {"pay.py": text}, date=f"{day}T00:00:00+00:00") for day, text in story]
        scans = [scanned(repository, commit, Scan.Trigger.HISTORY) for commit in commits]
        finding = repository.findings.get(rule=RULE)
        assert [scan.commit for scan in scans] == commits
        assert list(finding.events.values_list("kind", flat=True)) == ["opened", "fixed", "reopened"]
        assert finding.first_seen_at.date().isoformat() == "2026-01-01"
        assert repository.latest_scan == scans[-1]

    def test_an_older_commit_is_a_point_of_the_trend_and_nothing_more(
        self, repository: Repository, origin: Path
    ) -> None:
        old = commit_files(origin, {"pay.py": WAITS}, date="2026-01-01T00:00:00+00:00")
        commit_files(origin, {"pay.py": BOUNDED}, date="2026-02-01T00:00:00+00:00")
        head = scanned(repository)
        scan = scanned(repository, old, Scan.Trigger.HISTORY)
        assert (scan.state, scan.open_findings["high"]) == ("done", head.open_findings["high"] + 1)
        assert repository.latest_scan == head
        assert not repository.findings.filter(rule=RULE).exists()

    def test_what_was_at_the_head_before_is_older_whatever_its_author_says(
        self, repository: Repository, origin: Path
    ) -> None:
        old = commit_files(origin, {"pay.py": WAITS}, date="2026-03-01T00:00:00+00:00")
        scanned(repository)
        commit_files(origin, {"pay.py": BOUNDED}, date="2026-02-01T00:00:00+00:00")
        head = scanned(repository)
        Scan.objects.filter(commit=old).update(rule_set="of last year")
        scan = scanned(repository, old, Scan.Trigger.HISTORY)
        assert (scan.state, repository.latest_scan) == ("done", head)

    @pytest.mark.parametrize("trigger", ["history", "review", "person"])
    def test_what_was_amended_and_never_at_the_head_takes_no_place(
        self, repository: Repository, origin: Path, trigger: str
    ) -> None:
        amended = commit_files(origin, {"pay.py": WAITS})
        commit_files(origin, {"pay.py": BOUNDED})
        head = scanned(repository)
        assert scanned(repository, amended, trigger).state == "done"
        assert repository.latest_scan == head

    def test_of_history_with_equal_times_the_later_one_is_newer(self, repository: Repository, origin: Path) -> None:
        commits = [commit_files(origin, {"pay.py": text}) for text in (WAITS, BOUNDED)]
        scans = [scanned(repository, commit, Scan.Trigger.HISTORY) for commit in commits]
        assert repository.latest_scan == scans[-1]

    def test_the_newest_commit_scanned_again_by_its_name_stays_the_newest(
        self, repository: Repository, origin: Path
    ) -> None:
        commit = commit_files(origin, {"pay.py": WAITS})
        scanned(repository)
        Scan.objects.update(rule_set="of last year")
        assert scanned(repository, commit, Scan.Trigger.HISTORY) == repository.latest_scan

    def test_a_branch_that_was_set_back_is_followed(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": BOUNDED}, date="2026-02-01T00:00:00+00:00")
        scanned(repository)
        commit_files(origin, {"pay.py": WAITS}, date="2026-01-01T00:00:00+00:00")
        assert repository.latest_scan != scanned(repository)
        assert repository.findings.get(rule=RULE).state == "open"


class TestFailure:
    def test_what_people_must_mend_is_named_and_not_tried_again(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS})
        repository.branch = "trunk"
        repository.save()
        scan = scanned(repository)
        assert (scan.state, scan.error_code, scan.attempts) == ("failed", "branch_not_found", 1)
        assert scan.error_message
        assert scan.error_next

    def test_a_url_that_is_no_longer_allowed(self, repository: Repository) -> None:
        repository.url = "http://127.0.0.1:1/x"
        repository.save()
        assert scanned(repository).error_code == "url_scheme_not_allowed"

    def test_passing_trouble_is_tried_again(self, repository: Repository, settings: Settings) -> None:
        settings.ALLOWED_SCHEMES, settings.ALLOWED_PRIVATE = ["http"], ["127.0.0.1"]
        repository.url = f"http://127.0.0.1:{free_port()}/x"
        repository.save()
        scan = scanned(repository)
        assert (scan.state, scan.error_code) == ("requested", "host_unreachable")

    def test_a_scan_that_takes_too_long_is_ended(
        self, repository: Repository, origin: Path, settings: Settings
    ) -> None:
        settings.SCAN_SECONDS = 0
        commit_files(origin, {"pay.py": WAITS})
        scan = scanned(repository)
        assert (scan.state, scan.error_code) == ("failed", "scan_too_long")

    def test_the_unexpected_is_named_raised_and_tried_again(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS})
        scan = intake.request_scan(repository, trigger=Scan.Trigger.PERSON)
        key = {"sha": blob_sha(WAITS.encode()), "path_class": str(classify("pay.py"))}
        BlobResult.objects.create(rule_set=registry.digest(), result=b"damaged", **key)
        with pytest.raises(zlib.error):
            scanning.run(leased())
        scan.refresh_from_db()
        assert (scan.state, scan.error_code) == ("requested", "internal_error")

    def test_a_worker_that_lost_its_lease_writes_nothing(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS})
        scan = intake.request_scan(repository, trigger=Scan.Trigger.PERSON)
        late = leased()
        Scan.objects.update(leased_until=timezone.now() - timedelta(hours=1))
        queue.requeue_expired()
        scanning.run(late)
        scan.refresh_from_db()
        assert scan.state == "requested"
        assert not repository.findings.filter(rule=RULE).exists()
