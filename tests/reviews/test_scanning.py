"""A leased scan, through a real repository, the engine and the database, to its end."""

import zlib
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from reviews import intake, queue, scanning, trees
from reviews.models import BlobResult, FindingEvent, Repository, Scan, Team
from scanners import registry
from scanners.paths import classify
from scanners.scan import blob_sha
from tests.factories import RepositoryFactory
from tests.origin import commit_files
from tests.services import free_port

pytestmark = pytest.mark.django_db(transaction=True)

RULE = "request-without-timeout"
WAITS = "import requests\n\n\ndef pay(url):\n    return requests.get(url)\n"
BOUNDED = WAITS.replace("get(url)", "get(url, timeout=5)")


@pytest.fixture
def repository(team: Team, origin: Path) -> Repository:
    return RepositoryFactory(team=team, url=f"file://{origin}")


def _leased() -> queue.Lease:
    lease = queue.lease("w")
    assert lease
    return lease


def _scan(repository: Repository, commit: str = "", trigger: str = Scan.Trigger.PERSON) -> Scan:
    """Ask for a scan and do it."""
    scan = intake.request_scan(repository, trigger=trigger, commit=commit)
    scanning.run(_leased())
    scan.refresh_from_db()
    repository.refresh_from_db()
    return scan


def _findings(repository: Repository) -> list[tuple[str, str, int, str]]:
    return sorted(repository.findings.values_list("rule", "path", "line", "state"))


def _events(scan: Scan) -> list[tuple[str, str]]:
    return sorted(FindingEvent.objects.filter(scan=scan).values_list("finding__path", "kind"))


class TestDone:
    def test_keeps_commit_numbers_and_tree(self, repository: Repository, origin: Path) -> None:
        commit = commit_files(origin, {"pay.py": WAITS}, message="Pay\n\nbody", date="2026-03-01T10:00:00+00:00")
        scan = _scan(repository)
        assert (scan.state, scan.commit, scan.subject, scan.author) == ("done", commit, "Pay", "Ada Author")
        assert scan.authored_at.isoformat() == "2026-03-01T10:00:00+00:00"
        assert (scan.python_files, scan.lines, scan.coverage) == (1, 6, 1.0)
        assert scan.open_findings == {"high": 1}
        assert scan.scorecard["level"] == scan.level == "none"
        assert 0 <= scan.score_low <= scan.score_high <= 100
        assert repository.latest_scan == scan
        assert scan.tree_content.files

    def test_shows_how_it_went(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS, "twin.py": WAITS, "notes.txt": "hello"})
        progress = _scan(repository).progress
        assert set(progress["steps"]) == {"fetch", "list", "scan", "match", "score"}
        assert (progress["files"], progress["cached"], progress["scanned"]) == (2, 0, 2)

    def test_known_blobs_are_not_looked_at_again(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS})
        _scan(repository)
        commit_files(origin, {"new.py": "VALUE = 1\n"})
        progress = _scan(repository).progress
        assert (progress["cached"], progress["scanned"]) == (1, 1)

    def test_a_file_that_cannot_be_read_is_listed_and_the_rest_counts(
        self, repository: Repository, origin: Path
    ) -> None:
        commit_files(origin, {"bad.py": "def (:\n", "pay.py": WAITS})
        scan = _scan(repository)
        problems = [row[0] for row in trees.unpack(scan.tree_content.files)["files"] if row[5]]
        assert (scan.state, problems) == ("done", ["bad.py"])
        assert scan.coverage < 1
        assert [row[1] for row in _findings(repository)] == ["pay.py"]

    def test_only_the_sub_path_counts(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay/main.py": WAITS, "other/main.py": WAITS})
        repository.sub_path = "pay"
        repository.save()
        _scan(repository)
        assert [row[1] for row in _findings(repository)] == ["main.py"]

    def test_text_that_a_database_refuses_is_kept_readable(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"caf\u00e9\u202e.py": WAITS, "Dockerfile": "FROM python:latest\0\nUSER root\n"})
        assert _scan(repository).state == "done"

    def test_nothing_stays_in_the_scratch_directory(
        self, repository: Repository, origin: Path, settings: Settings
    ) -> None:
        commit_files(origin, {"pay.py": WAITS})
        _scan(repository)
        assert list(settings.SCRATCH_DIR.iterdir()) == []


class TestFindings:
    def test_a_new_one_is_opened(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS})
        scan = _scan(repository)
        finding = repository.findings.get()
        assert (finding.rule, finding.area, finding.line, finding.state) == (RULE, "timeouts", 5, "open")
        assert (finding.first_scan, finding.last_scan) == (scan, scan)
        assert [5, "    return requests.get(url)", True] in finding.snippet
        assert _events(scan) == [("pay.py", "opened")]

    def test_a_bounded_request_is_a_fix(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS})
        _scan(repository)
        commit_files(origin, {"pay.py": BOUNDED})
        scan = _scan(repository)
        finding = repository.findings.get()
        assert (finding.state, scan.open_findings) == ("fixed", {})
        assert finding.closed_at is not None
        assert _events(scan) == [("pay.py", "fixed")]

    def test_one_that_comes_back_keeps_its_history(self, repository: Repository, origin: Path) -> None:
        for content in (WAITS, BOUNDED, WAITS):
            commit_files(origin, {"pay.py": content})
            scan = _scan(repository)
        finding = repository.findings.get()
        assert (finding.state, finding.closed_at) == ("open", None)
        assert list(finding.events.values_list("kind", flat=True)) == ["opened", "fixed", "reopened"]
        assert finding.last_scan == scan

    def test_a_renamed_file_keeps_its_findings(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS})
        first = _scan(repository)
        commit_files(origin, {"pay.py": None, "money/pay.py": WAITS})
        scan = _scan(repository)
        finding = repository.findings.get()
        assert (finding.path, finding.state, finding.first_scan) == ("money/pay.py", "open", first)
        assert finding.events.last().detail == "from pay.py:5 to money/pay.py:5"
        assert _events(scan) == [("money/pay.py", "moved")]

    def test_line_and_snippet_are_those_of_the_newest_scan(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS})
        _scan(repository)
        commit_files(origin, {"pay.py": f"# a comment\n{WAITS}"})
        scan = _scan(repository)
        finding = repository.findings.get()
        assert (finding.line, finding.snippet[0][0]) == (6, 3)
        assert _events(scan) == []

    def test_swapped_files_swap_nothing_else(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"a.py": WAITS, "b.py": f"\n\n{WAITS}"})
        _scan(repository)
        commit_files(origin, {"a.py": f"\n\n{WAITS}", "b.py": WAITS})
        _scan(repository)
        assert _findings(repository) == [(RULE, "a.py", 7, "open"), (RULE, "b.py", 5, "open")]

    def test_a_suppressed_one_is_gone_and_says_why(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS})
        _scan(repository)
        commit_files(origin, {"pay.py": WAITS.replace("get(url)", f"get(url)  # plimsoll: ignore[{RULE}] local peer")})
        scan = _scan(repository)
        event = scan.finding_events.get()
        assert (repository.findings.get().state, event.kind) == ("gone", "gone")
        assert "suppresses" in event.detail

    def test_a_file_that_became_unreadable_proves_no_fix(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS})
        _scan(repository)
        commit_files(origin, {"pay.py": "def (:\n"})
        _scan(repository)
        assert repository.findings.get().state == "open"

    def test_another_scan_of_the_same_tree_changes_nothing(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS})
        _scan(repository)
        before = repository.findings.values().get()
        commit_files(origin, {}, message="Empty")
        scan = _scan(repository)
        assert repository.findings.values().get() == before | {"last_scan_id": scan.pk}
        assert _events(scan) == []

    def test_many_findings_in_one_file(self, repository: Repository, origin: Path) -> None:
        calls = "".join(f"def pay{n}(url):\n    return requests.get(url, params={n})\n" for n in range(1200))
        commit_files(origin, {"pay.py": f"import requests\n{calls}"})
        scan = _scan(repository)
        commit_files(origin, {"pay.py": f"import requests\n\n{calls}"})
        again = _scan(repository)
        assert scan.finding_events.filter(kind="opened").count() == 1200
        assert again.finding_events.count() == 0
        assert repository.findings.filter(line=4).exists()


class TestSameCommit:
    def test_an_unchanged_commit_is_answered_by_the_scan_that_knows_it(
        self, repository: Repository, origin: Path
    ) -> None:
        commit = commit_files(origin, {"pay.py": WAITS})
        first = _scan(repository)
        again = _scan(repository)
        assert (again.state, again.superseded_by, again.commit) == ("superseded", first, commit)
        assert repository.latest_scan == first

    def test_another_tier_is_another_scorecard(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS})
        first = _scan(repository)
        repository.tier = "A"
        repository.save()
        again = _scan(repository)
        first.refresh_from_db()
        assert (again.state, first.state, first.superseded_by) == ("done", "superseded", again)
        assert repository.latest_scan == again
        assert repository.findings.get().state == "open"


class TestHistory:
    def test_in_order_it_tells_the_whole_story(self, repository: Repository, origin: Path) -> None:
        story = [("2026-01-01", WAITS), ("2026-02-01", BOUNDED), ("2026-03-01", WAITS)]
        commits = [commit_files(origin, {"pay.py": text}, date=f"{day}T00:00:00+00:00") for day, text in story]
        scans = [_scan(repository, commit, Scan.Trigger.HISTORY) for commit in commits]
        finding = repository.findings.get()
        assert [scan.commit for scan in scans] == commits
        assert list(finding.events.values_list("kind", flat=True)) == ["opened", "fixed", "reopened"]
        assert finding.first_seen_at.date().isoformat() == "2026-01-01"
        assert repository.latest_scan == scans[-1]

    def test_an_older_commit_is_a_point_of_the_trend_and_nothing_more(
        self, repository: Repository, origin: Path
    ) -> None:
        old = commit_files(origin, {"pay.py": WAITS}, date="2026-01-01T00:00:00+00:00")
        commit_files(origin, {"pay.py": BOUNDED}, date="2026-02-01T00:00:00+00:00")
        head = _scan(repository)
        scan = _scan(repository, old, Scan.Trigger.HISTORY)
        assert (scan.state, scan.open_findings) == ("done", {"high": 1})
        assert repository.latest_scan == head
        assert not repository.findings.exists()

    def test_a_branch_that_was_set_back_is_followed(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": BOUNDED}, date="2026-02-01T00:00:00+00:00")
        _scan(repository)
        commit_files(origin, {"pay.py": WAITS}, date="2026-01-01T00:00:00+00:00")
        assert repository.latest_scan != _scan(repository)
        assert repository.findings.get().state == "open"


class TestFailure:
    def test_what_people_must_mend_is_named_and_not_tried_again(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS})
        repository.branch = "trunk"
        repository.save()
        scan = _scan(repository)
        assert (scan.state, scan.error_code, scan.attempts) == ("failed", "branch_not_found", 1)
        assert scan.error_message
        assert scan.error_next

    def test_a_url_that_is_no_longer_allowed(self, repository: Repository) -> None:
        repository.url = "http://127.0.0.1:1/x"
        repository.save()
        assert _scan(repository).error_code == "url_scheme_not_allowed"

    def test_passing_trouble_is_tried_again(self, repository: Repository, settings: Settings) -> None:
        settings.ALLOWED_SCHEMES, settings.ALLOWED_PRIVATE = ["http"], ["127.0.0.1"]
        repository.url = f"http://127.0.0.1:{free_port()}/x"
        repository.save()
        scan = _scan(repository)
        assert (scan.state, scan.error_code) == ("requested", "host_unreachable")

    def test_a_scan_that_takes_too_long_is_ended(
        self, repository: Repository, origin: Path, settings: Settings
    ) -> None:
        settings.SCAN_SECONDS = 0
        commit_files(origin, {"pay.py": WAITS})
        scan = _scan(repository)
        assert (scan.state, scan.error_code) == ("failed", "scan_too_long")

    def test_the_unexpected_is_named_raised_and_tried_again(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS})
        scan = intake.request_scan(repository, trigger=Scan.Trigger.PERSON)
        key = {"sha": blob_sha(WAITS.encode()), "path_class": str(classify("pay.py"))}
        BlobResult.objects.create(rule_set=registry.digest(), result=b"damaged", **key)
        with pytest.raises(zlib.error):
            scanning.run(_leased())
        scan.refresh_from_db()
        assert (scan.state, scan.error_code) == ("requested", "internal_error")

    def test_a_worker_that_lost_its_lease_writes_nothing(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS})
        scan = intake.request_scan(repository, trigger=Scan.Trigger.PERSON)
        late = _leased()
        Scan.objects.update(leased_until=timezone.now() - timedelta(hours=1))
        queue.requeue_expired()
        scanning.run(late)
        scan.refresh_from_db()
        assert scan.state == "requested"
        assert not repository.findings.exists()
