"""Findings through a real history: opened, fixed, moved, back again."""

from pathlib import Path

import pytest
from django.db.models import Value
from django.db.models.functions import Concat

from reviews.models import Finding, FindingEvent, Repository, Scan, Team, User, WaivedFinding
from tests.factories import RepositoryFactory
from tests.origin import commit_files
from tests.reviews.running import scanned
from tests.reviews.waiver_rows import give, waiver

pytestmark = pytest.mark.django_db(transaction=True)

RULE = "request-without-timeout"
WAITS = "import requests\n\n\ndef pay(url):\n    return requests.get(url)\n"
BOUNDED = WAITS.replace("get(url)", "get(url, timeout=5)")


@pytest.fixture
def repository(team: Team, origin: Path) -> Repository:
    return RepositoryFactory(team=team, url=f"file://{origin}")


def _findings(repository: Repository) -> list[tuple[str, str, int, str]]:
    return sorted(repository.findings.filter(rule=RULE).values_list("rule", "path", "line", "state"))


def _events(scan: Scan) -> list[tuple[str, str]]:
    return sorted(FindingEvent.objects.filter(scan=scan, finding__rule=RULE).values_list("finding__path", "kind"))


class TestFindings:
    def test_a_new_one_is_opened(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS})
        scan = scanned(repository)
        finding = repository.findings.get(rule=RULE)
        assert (finding.rule, finding.area, finding.line, finding.state) == (RULE, "timeouts", 5, "open")
        assert (finding.first_scan, finding.last_scan) == (scan, scan)
        assert [5, "    return requests.get(url)", True] in finding.snippet
        assert _events(scan) == [("pay.py", "opened")]

    def test_a_bounded_request_is_a_fix(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS})
        scanned(repository)
        commit_files(origin, {"pay.py": BOUNDED})
        scan = scanned(repository)
        finding = repository.findings.get(rule=RULE)
        assert finding.state == "fixed"
        assert finding.closed_at is not None
        assert _events(scan) == [("pay.py", "fixed")]

    def test_one_that_comes_back_keeps_its_history(self, repository: Repository, origin: Path) -> None:
        for content in (WAITS, BOUNDED, WAITS):
            commit_files(origin, {"pay.py": content})
            scan = scanned(repository)
        finding = repository.findings.get(rule=RULE)
        assert (finding.state, finding.closed_at) == ("open", None)
        assert list(finding.events.values_list("kind", flat=True)) == ["opened", "fixed", "reopened"]
        assert finding.last_scan == scan

    def test_a_renamed_file_keeps_its_findings(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS})
        first = scanned(repository)
        commit_files(origin, {"pay.py": None, "money/pay.py": WAITS})
        scan = scanned(repository)
        finding = repository.findings.get(rule=RULE)
        assert (finding.path, finding.state, finding.first_scan) == ("money/pay.py", "open", first)
        assert finding.events.last().detail == "from pay.py:5 to money/pay.py:5"
        assert _events(scan) == [("money/pay.py", "moved")]

    def test_line_and_snippet_are_those_of_the_newestscanned(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS})
        scanned(repository)
        commit_files(origin, {"pay.py": f"# a comment\n{WAITS}"})
        scan = scanned(repository)
        finding = repository.findings.get(rule=RULE)
        assert (finding.line, finding.snippet[0][0]) == (6, 3)
        assert _events(scan) == []

    def test_swapped_files_swap_nothing_else(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"a.py": WAITS, "b.py": f"\n\n{WAITS}"})
        scanned(repository)
        commit_files(origin, {"a.py": f"\n\n{WAITS}", "b.py": WAITS})
        scanned(repository)
        assert _findings(repository) == [(RULE, "a.py", 7, "open"), (RULE, "b.py", 5, "open")]

    def test_a_suppressed_one_is_gone_and_says_why(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS})
        scanned(repository)
        commit_files(origin, {"pay.py": WAITS.replace("get(url)", f"get(url)  # plimsoll: ignore[{RULE}] local peer")})
        scan = scanned(repository)
        event = scan.finding_events.get(finding__rule=RULE)
        assert (repository.findings.get(rule=RULE).state, event.kind) == ("gone", "gone")
        assert "suppresses" in event.detail

    def test_a_file_that_became_unreadable_proves_no_fix(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS})
        scanned(repository)
        commit_files(origin, {"pay.py": "def (:\n"})
        scanned(repository)
        assert repository.findings.get(rule=RULE).state == "open"

    def test_another_scan_of_the_same_tree_changes_nothing(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS})
        scanned(repository)
        before = repository.findings.values().get(rule=RULE)
        commit_files(origin, {}, message="Empty")
        scan = scanned(repository)
        assert repository.findings.values().get(rule=RULE) == before
        assert _events(scan) == []

    def test_a_scan_writes_what_changed_and_is_the_newest_for_all_it_saw(
        self, repository: Repository, origin: Path
    ) -> None:
        commit_files(origin, {f"pay{number}.py": WAITS for number in range(4)})
        first = scanned(repository)
        commit_files(origin, {"pay0.py": "\n" + WAITS, "pay1.py": BOUNDED})
        second = scanned(repository)
        found = {one.path: one for one in Finding.objects.filter(rule=RULE).select_related("repository__latest_scan")}
        assert {path: one.last_scan for path, one in found.items()} == {
            "pay0.py": second, "pay1.py": first, "pay2.py": first, "pay3.py": first,
        }  # fmt: skip
        assert [path for path, one in sorted(found.items()) if one.newest_scan == second] == [
            "pay0.py", "pay2.py", "pay3.py",
        ]  # fmt: skip
        assert Finding.objects.filter(Finding.seen_by(second), rule=RULE).count() == 3
        assert Finding.objects.get(Finding.seen_by(first), rule=RULE).path == "pay1.py"

    def test_many_findings_in_one_file(self, repository: Repository, origin: Path) -> None:
        calls = "".join(f"def pay{n}(url):\n    return requests.get(url, params={n})\n" for n in range(1200))
        commit_files(origin, {"pay.py": f"import requests\n{calls}"})
        scan = scanned(repository)
        commit_files(origin, {"pay.py": f"import requests\n\n{calls}"})
        again = scanned(repository)
        assert scan.finding_events.filter(kind="opened", finding__rule=RULE).count() == 1200
        assert again.finding_events.count() == 0
        assert repository.findings.filter(line=4).exists()

    def test_another_engine_for_the_same_code_changes_no_finding_and_no_decision(
        self, repository: Repository, origin: Path, reviewer: User, teammate: User
    ) -> None:
        """As after an upgrade that calls every place something else: anchors and names differ, the bytes do not."""
        commit_files(origin, {"pay.py": WAITS})
        scan = scanned(repository)
        finding = repository.findings.get(rule=RULE)
        waiver(teammate, give(reviewer, "lead"), repository, finding)
        Scan.objects.filter(pk=scan.pk).update(rule_set="that of an earlier engine")
        WaivedFinding.objects.update(anchor="as once")
        repository.findings.update(anchor="as once", qualname="once", identity=Concat("id", Value("once")))
        again = scanned(repository)
        now = repository.findings.get(rule=RULE)
        assert (now.pk, now.state, now.anchor) == (finding.pk, "open", finding.anchor)
        assert again.finding_events.count() == 0
        assert WaivedFinding.objects.get().anchor == finding.anchor

    def test_a_renamed_and_edited_file_keeps_its_findings(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"pay.py": WAITS})
        scanned(repository)
        commit_files(origin, {"pay.py": None, "money/pay.py": f"# A licence.\n\n{WAITS}"})
        scanned(repository)
        assert _findings(repository) == [(RULE, "money/pay.py", 7, "open")]

    def test_equal_findings_of_a_file_without_functions_stay_apart(self, repository: Repository, origin: Path) -> None:
        commit_files(origin, {"requirements.txt": "requests\nrequests\n", "a.py": "import requests\n"})
        scanned(repository)
        pins = repository.findings.filter(path="requirements.txt")
        assert len(set(pins.values_list("identity", flat=True))) == pins.count()
