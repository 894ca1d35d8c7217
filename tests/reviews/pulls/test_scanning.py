"""A pull request from its event to what the forge is told, with real git over HTTP."""

from pathlib import Path

import pytest

from reviews import intake, queue, scanning
from reviews.models import Finding, Repository, Scan
from tests.origin import commit_files
from tests.reviews.pulls.proposing import (
    BOUNDED,
    CLEAN,
    REFUNDS,
    RULE,
    WAITS,
    compared,
    found,
    git,
    looked_at,
    proposed,
    reported,
    row,
    told,
)
from tests.reviews.running import leased, scanned

pytestmark = pytest.mark.django_db(transaction=True)


class TestCompared:
    def test_only_what_it_adds_is_new_and_what_it_mends_is_fixed(
        self, repository: Repository, origin: Path, first: str
    ) -> None:
        head = proposed(origin, 7, {"pay.py": BOUNDED, "refunds.py": REFUNDS})
        scan = looked_at(repository, head)
        both = compared(scan)
        assert (found(both.new), found(both.fixed)) == (["refunds.py"], ["pay.py"])
        assert (both.base, both.base_commit, scan.commit) == ("merge-base", first, head)
        assert both.counted["severe"] == 1
        new = both.new[0]
        assert (new["line"], new["severity"], new["waived"]) == (5, "high", False)
        assert [line for line, _, marked in new["snippet"] if marked] == [5]
        assert both.base_score_low is not None
        assert both.base_level == "none"

    def test_what_the_branch_did_meanwhile_is_neither_new_nor_fixed(
        self, repository: Repository, origin: Path, first: str
    ) -> None:
        head = proposed(origin, 7, {"more.py": CLEAN})
        commit_files(origin, {"pay.py": BOUNDED, "refunds.py": REFUNDS}, date="2026-02-02T12:00:00+00:00")
        both = compared(looked_at(repository, head))
        assert (found(both.new), found(both.fixed), both.base_commit) == ([], [], first)

    def test_a_renamed_file_has_nothing_new(self, repository: Repository, origin: Path) -> None:
        both = compared(looked_at(repository, proposed(origin, 7, {"pay.py": None, "payments/take.py": WAITS})))
        assert (found(both.new), found(both.fixed)) == ([], [])

    def test_unrelated_history_is_held_against_the_head_of_the_branch(
        self, repository: Repository, origin: Path, first: str
    ) -> None:
        alone = commit_files(origin, {"pay.py": WAITS, "refunds.py": REFUNDS}, branch="alone")
        git(origin, "update-ref", "refs/pull/7/head", alone)
        both = compared(looked_at(repository, alone))
        assert (both.base, both.base_commit, found(both.new)) == ("branch", first, ["refunds.py"])

    def test_a_folder_that_the_base_does_not_have_is_new(self, repository: Repository, origin: Path) -> None:
        repository.sub_path = "services/refunds"
        repository.save()
        both = compared(looked_at(repository, proposed(origin, 7, {"services/refunds/main.py": REFUNDS})))
        assert (found(both.new), both.counted["files"]) == (["main.py"], [0, 1])

    def test_one_without_commits_of_its_own_changes_nothing(
        self, repository: Repository, origin: Path, first: str
    ) -> None:
        git(origin, "update-ref", "refs/pull/7/head", first)
        scan = looked_at(repository, first)
        both = compared(scan)
        assert (both.counted["new"], both.counted["fixed"], both.base_commit) == (0, 0, first)
        assert (both.base_score_low, both.base_level) == (scan.score_low, scan.level)

    def test_files_that_it_hides_are_not_fixed(self, repository: Repository, origin: Path) -> None:
        hides = {".plimsoll.toml": 'exclude = ["pay.py"]\n', "refunds.py": REFUNDS}
        both = compared(looked_at(repository, proposed(origin, 7, hides)))
        assert (found(both.new), found(both.fixed)) == (["refunds.py"], [])
        assert both.counted["gone"]["The file is no longer scanned."] >= 1
        assert both.counted["excluded"] == [0, 1]


class TestHead:
    def test_what_the_ref_has_counts_when_the_event_is_late(self, repository: Repository, origin: Path) -> None:
        old = proposed(origin, 7, {"refunds.py": REFUNDS})
        new = commit_files(origin, {"refunds.py": CLEAN}, branch="topic-7", date="2026-02-03T12:00:00+00:00")
        git(origin, "update-ref", "refs/pull/7/head", new)
        scan = looked_at(repository, old)
        assert (scan.commit, row().head) == (new, new)

    def test_after_a_force_push_the_new_head_counts(self, repository: Repository, origin: Path) -> None:
        old = proposed(origin, 7, {"refunds.py": REFUNDS})
        new = proposed(origin, 7, {"amounts.py": CLEAN + "\n\nNOTE = 1\n"})
        assert looked_at(repository, old).commit == new

    def test_the_event_counts_when_the_ref_is_late(self, repository: Repository, origin: Path) -> None:
        old = proposed(origin, 7, {"refunds.py": REFUNDS})
        new = commit_files(origin, {"more.py": CLEAN}, branch="topic-7", date="2026-02-03T12:00:00+00:00")
        assert git(origin, "rev-parse", "refs/pull/7/head") == old
        assert looked_at(repository, new).commit == new

    def test_a_commit_that_is_gone_leaves_the_ref(self, repository: Repository, origin: Path) -> None:
        head = proposed(origin, 7, {"refunds.py": REFUNDS})
        assert looked_at(repository, "d" * 40).commit == head

    @pytest.mark.parametrize("ref", ["refs/merge-requests/7/head", "refs/pull-requests/7/from", "refs/heads/topic-7"])
    def test_every_forge_has_a_ref_of_its_own(self, repository: Repository, origin: Path, ref: str) -> None:
        head = proposed(origin, 7, {"refunds.py": REFUNDS}, ref=ref)
        assert looked_at(repository, ref=ref).commit == head

    def test_a_ref_of_a_merge_leads_to_the_commit_that_was_named(self, repository: Repository, origin: Path) -> None:
        head = proposed(origin, 7, {"refunds.py": REFUNDS}, ref="refs/pull/7/merge")
        git(origin, "update-ref", "refs/pull/7/merge", git(origin, "rev-parse", "main"))
        assert looked_at(repository, head, ref="refs/pull/7/merge").commit == head


class TestApart:
    def test_the_repository_stays_as_it_is(self, repository: Repository, origin: Path) -> None:
        newest = scanned(repository)
        before = list(Finding.objects.order_by("pk").values())
        scan = looked_at(repository, proposed(origin, 7, {"pay.py": BOUNDED, "refunds.py": REFUNDS}))
        repository.refresh_from_db()
        assert repository.latest_scan == newest
        assert list(Finding.objects.order_by("pk").values()) == before
        assert row().latest_scan == scan
        assert scan.tree_content.counted

    def test_the_same_head_again_takes_the_place_of_the_first(self, repository: Repository, origin: Path) -> None:
        head = proposed(origin, 7, {"refunds.py": REFUNDS})
        once, again = looked_at(repository, head), looked_at(repository, head)
        once.refresh_from_db()
        assert (once.state, once.superseded_by, row().latest_scan) == ("superseded", again, again)
        assert len(told("status")) == len(told("comment")) == 1

    def test_the_base_is_read_from_the_cache(self, repository: Repository, origin: Path) -> None:
        scanned(repository)
        progress = looked_at(repository, proposed(origin, 7, {"refunds.py": REFUNDS})).progress
        assert (progress["cached"], progress["scanned"]) == (2, 1)
        assert set(progress["steps"]) == {"fetch", "list", "scan", "match", "score"}


class TestOvertaken:
    def test_a_newer_head_ends_one_that_runs_and_nobody_is_told_of_the_older(
        self, repository: Repository, origin: Path
    ) -> None:
        older = reported(repository, proposed(origin, 7, {"refunds.py": REFUNDS})).scan
        lease = leased()
        newer = reported(repository, proposed(origin, 7, {"pay.py": BOUNDED})).scan
        scanning.run(lease)
        older.refresh_from_db()
        assert (older.state, older.superseded_by, told("status")) == ("superseded", newer, [])
        scanning.run(leased())
        assert [status["state"] for status in told("status")] == ["success"]

    def test_of_one_that_was_closed_while_it_ran_nobody_is_told(self, repository: Repository, origin: Path) -> None:
        head = proposed(origin, 7, {"refunds.py": REFUNDS})
        scan = reported(repository, head).scan
        lease = leased()
        reported(repository, head, open=False)
        scanning.run(lease)
        scan.refresh_from_db()
        assert (scan.state, told("status"), told("comment")) == ("done", [], [])
        assert row().latest_scan == scan

    def test_a_branch_is_scanned_beside_it(self, repository: Repository, origin: Path) -> None:
        reported(repository, proposed(origin, 7, {"refunds.py": REFUNDS}))
        intake.request_scan(repository, trigger=Scan.Trigger.WEBHOOK)
        scanning.run(leased())
        scanning.run(leased())
        assert queue.lease("w") is None
        assert set(Scan.objects.values_list("branch", "state")) == {("main", "done"), ("refs/pull/7/head", "done")}
        assert repository.findings.filter(rule=RULE, path="refunds.py").count() == 0
