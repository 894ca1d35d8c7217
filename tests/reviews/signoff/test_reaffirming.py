"""An approval and the commits after it, through real repositories and scans."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from reviews.models import AuditEvent, Repository, Review, Scan, Team, User
from reviews.signoff import authorship, casefile, evidence, reading, reaffirming
from reviews.workflow.states import HELD, State
from tests.factories import RepositoryFactory
from tests.origin import commit_files
from tests.reviews.readings import FILES, PAY, RUNBOOK, approved, asked, fresh, frozen, git, read_all
from tests.reviews.running import scanned

pytestmark = pytest.mark.django_db(transaction=True)

WAITS = PAY.replace("def refund", "def ask():\n    return requests.get('https://bank')\n\n\ndef refund")


@pytest.fixture
def repository(team: Team, origin: Path) -> Repository:
    commit_files(origin, FILES, date="2026-01-01T00:00:00+00:00")
    return RepositoryFactory(team=team, name="pay", url=f"file://{origin}")


@pytest.fixture
def review(repository: Repository, teammate: User) -> Review:
    """An approved review with a function, some lines and a whole file as evidence."""
    review = frozen(repository, teammate)
    evidence.add_file(asked(review, "Q10"), teammate, "pay.py", 10)
    evidence.add_file(asked(review, "Q23"), teammate, "docs/runbook.md", 3, 4)
    evidence.add_file(asked(review, "Q26"), teammate, "drill.data")
    read_all()
    return approved(review)


class Branch:
    """Pushes to the branch and lets the head be scanned and compared."""

    def __init__(self, origin: Path, repository: Repository) -> None:
        self.origin = origin
        self.repository = repository
        self.days = 0

    def push(self, files: dict[str, Any], **options: Any) -> Scan:
        self.days += 1
        at = datetime.fromisoformat("2026-02-01T00:00:00+00:00") + timedelta(days=self.days)
        commit_files(self.origin, files, date=at.isoformat(), **options)
        scan = scanned(self.repository)
        read_all()
        return scan

    def reset(self, commit: str) -> None:
        git(self.origin, "update-ref", "refs/heads/main", commit)


@pytest.fixture
def branch(origin: Path, repository: Repository, review: Review) -> Branch:
    return Branch(origin, repository)


def changed(review: Review) -> dict[str, str]:
    """What the newest compared commit changes, by item: how."""
    return {ref: kind for ref, kind, _what in casefile.changed(review)}


def said(review: Review, ref: str) -> str:
    return next(what for one, _kind, what in casefile.changed(review) if one == ref)


class TestNothing:
    def test_formatting_comments_and_other_files_change_nothing(self, branch: Branch, review: Review) -> None:
        code = PAY.replace('json={"amount": amount}, timeout=LIMIT', "json={'amount': amount},\n        timeout=LIMIT")
        code = code.replace("import requests\n", "import requests  # HTTP\n\n# Limits.\n")
        notes = "# Runbook  \n\n\n1. Call Ada.\n\n2. Look at the queue.   \n"
        scan = branch.push({"NOTES.data": "x", "pay.py": code, "docs/runbook.md": notes})
        compared = review.commits.get()
        assert (compared.commit, compared.changes) == (scan.commit, [])
        assert set(compared.digests) == set(review.items.values_list("ref", flat=True))
        assert fresh(review).state == State.APPROVED

    def test_an_equal_tree_is_the_same_whatever_the_commit(self, branch: Branch, review: Review) -> None:
        branch.push({}, message="Empty")
        branch.reset(review.commit)
        git(branch.origin, "update-ref", "refs/heads/main", rewritten(branch.origin, review.commit))
        scan = scanned(branch.repository)
        read_all()
        assert scan.tree == review.tree
        assert [one.changes for one in review.commits.all()] == [[], []]
        assert fresh(review).state == State.APPROVED

    def test_a_fix_asks_nobody_again(self, team: Team, origin: Path, teammate: User) -> None:
        commit_files(origin, {"pay.py": WAITS}, date="2026-01-01T00:00:00+00:00")
        repository = RepositoryFactory(team=team, url=f"file://{origin}")
        review = approved(frozen(repository, teammate))
        Branch(origin, repository).push({"pay.py": WAITS.replace("'https://bank')", "'https://bank', timeout=LIMIT)")})
        assert not {ref for ref, kind in changed(review).items() if kind == "reopened" or not ref.startswith("Q")}


def rewritten(origin: Path, commit: str) -> str:
    """The same tree in another commit without parents."""
    who = ["-c", "user.name=X", "-c", "user.email=x@example.org"]
    return git(origin, *who, "commit-tree", f"{commit}^{{tree}}", "-m", "Squashed")


class TestChanges:
    def test_only_items_whose_evidence_changed_are_asked_again(self, branch: Branch, review: Review) -> None:
        scan = branch.push({"pay.py": PAY.replace("LIMIT)", "60)", 1)})
        old, new = review.commit[:7], scan.commit[:7]
        assert changed(review)["Q10"] == "changed"
        assert "Q23" not in changed(review)
        assert "Q26" not in changed(review)
        assert f"pay.py, pay differs between {old} and {new}" in said(review, "Q10")
        now = fresh(review)
        assert (now.state, "Q10 changed" in now.note) == (State.NEEDS_REAFFIRMATION, True)
        assert AuditEvent.objects.filter(kind="commit-compared").count() == 1

    @pytest.mark.parametrize(
        ("notes", "drill", "words"),
        [
            (
                RUNBOOK.replace("Ada", "Bo"),
                "restored in 20 hours\n",
                ("docs/runbook.md:3 differs", "drill.data differs"),
            ),
            (None, b"\0" * 2_000_000, ("docs/runbook.md:3 is there at", "drill.data could be read at")),
        ],
    )
    def test_each_way_to_change_a_file_is_said(self, branch: Branch, review: Review, notes, drill, words) -> None:
        branch.push({"docs/runbook.md": notes, "drill.data": drill})
        assert {changed(review)[ref] for ref in ("Q23", "Q26")} == {"changed"}
        assert words[0] in said(review, "Q23")
        assert words[1] in said(review, "Q26")

    def test_a_new_finding_reopens_its_item_and_is_named(self, branch: Branch, review: Review) -> None:
        scan = branch.push({"pay.py": WAITS})
        (ref,) = [ref for ref, kind in changed(review).items() if kind == "reopened" and ref.startswith("T")]
        assert (
            f"New at {scan.commit[:7]} and not at {review.commit[:7]}: pay.py:14 in ask (request-without-timeout)"
            in said(review, ref)
        )
        assert fresh(review).state == State.NEEDS_REAFFIRMATION

    def test_a_reaffirmed_change_stays_so_at_the_next_commit(
        self, branch: Branch, review: Review, reviewer: User
    ) -> None:
        branch.push({"drill.data": "restored in 40 minutes\n"})
        reaffirm(review, reviewer)
        Review.objects.update(state=State.APPROVED)
        branch.push({"drill.data": "  restored in 40 minutes  \n\n", "more.data": "x"})
        assert (changed(review), fresh(review).state) == ({}, State.APPROVED)

    def test_who_wrote_the_change_does_not_reaffirm_it(self, branch: Branch, review: Review, reviewer: User) -> None:
        assert reviewer.pk not in authorship.outside(fresh(review))
        branch.push({"drill.data": "1\n"}, author="Reviewer <REVIEWER@example.org>")
        now = fresh(review)
        assert authorship.outside(now)[reviewer.pk] == "wrote commits since the last approval"
        assert authorship.all_known(now)
        review.commits.update(authors_known=False)
        assert not authorship.all_known(now)

    def test_a_commit_that_takes_the_change_back_settles_it(self, branch: Branch, review: Review) -> None:
        branch.push({"drill.data": "restored in 40 minutes\n"})
        assert fresh(review).state == State.NEEDS_REAFFIRMATION
        branch.push({"drill.data": FILES["drill.data"], "more.data": "x"})
        assert (changed(review), fresh(review).state) == ({}, State.APPROVED)

    def test_each_head_is_compared_once(self, branch: Branch, review: Review) -> None:
        branch.push({"drill.data": "restored in 40 minutes\n"})
        assert (read_all(), review.commits.count(), reaffirming.waiting().count()) == (0, 1, 0)

    def test_a_head_that_comes_back_is_the_newest_again(self, branch: Branch, review: Review) -> None:
        first = branch.push({"drill.data": "1\n"})
        second = branch.push({"drill.data": "2\n"})
        assert review.commits.first().commit == second.commit
        Repository.objects.update(latest_scan=first)
        read_all()
        assert review.commits.first().commit == first.commit
        assert review.commits.count() == 2

    def test_what_is_not_in_force_is_not_compared(self, branch: Branch, review: Review) -> None:
        commit_files(branch.origin, {"drill.data": "1\n"}, date="2026-03-01T00:00:00+00:00")
        scanned(branch.repository)
        waiting = {}
        for state in State:
            Review.objects.update(state=state)
            waiting[state] = reaffirming.waiting().exists()
        assert {state for state, waits in waiting.items() if waits} == set(HELD)

    def test_a_suspended_one_is_compared_and_stays_suspended(self, branch: Branch, review: Review) -> None:
        Review.objects.update(state=State.SUSPENDED)
        branch.push({"drill.data": "1\n"})
        assert (changed(review), fresh(review).state) == ({"Q26": "changed"}, State.SUSPENDED)

    def test_a_repository_that_cannot_be_reached_is_tried_again(self, branch: Branch, review: Review) -> None:
        commit_files(branch.origin, {"drill.data": "1\n"}, date="2026-03-01T00:00:00+00:00")
        scanned(branch.repository)
        branch.origin.rename(branch.origin.with_name("away.git"))
        assert reading.do_one()
        assert (review.commits.count(), fresh(review).errand_attempts) == (0, 1)
        branch.origin.with_name("away.git").rename(branch.origin)
        Review.objects.update(errand_at=timezone.now() - timedelta(seconds=1))
        read_all()
        assert changed(review) == {"Q26": "changed"}


def reaffirm(review: Review, by: User) -> None:
    """A sign-off for all that the newest commit changes."""
    newest = review.commits.first()
    review.sign_offs.create(
        reviewer=by,
        decision="reaffirm",
        round=1,
        commit=newest.commit,
        tree=newest.tree,
        rule_set=review.rule_set,
        evidence_digest=review.evidence_digest,
        items={ref: newest.digests[ref] for ref in changed(review)},
    )


class TestOtherRules:
    def test_the_approved_commit_is_judged_by_the_new_rules_first(self, branch: Branch, review: Review) -> None:
        Review.objects.update(rule_set="older")
        Scan.objects.filter(commit=review.commit).update(rule_set="older")
        commit_files(branch.origin, {"drill.data": "1\n"}, date="2026-03-01T00:00:00+00:00")
        scanned(branch.repository)
        assert reading.do_one()
        assert not review.commits.exists()
        asked_for = Scan.objects.get(state="requested")
        assert (asked_for.wanted_commit, asked_for.trigger) == (review.commit, "history")
        scanned(branch.repository, review.commit, Scan.Trigger.HISTORY)
        Review.objects.update(errand_at=timezone.now() - timedelta(seconds=1))
        read_all()
        assert changed(review) == {"Q26": "changed"}

    def test_where_that_cannot_be_files_alone_count(self, branch: Branch, review: Review) -> None:
        Review.objects.update(rule_set="older")
        Scan.objects.filter(commit=review.commit).update(rule_set="older")
        scan = branch.push({"drill.data": "1\n", "pay.py": WAITS})
        Scan.objects.filter(wanted_commit=review.commit).update(state="failed")
        assert Scan.objects.filter(pk__gt=scan.pk, state="failed").exists()
        Review.objects.update(errand_at=timezone.now() - timedelta(seconds=1))
        read_all()
        assert changed(review) == {"Q26": "changed"}


class TestRewritten:
    def test_a_commit_that_left_the_branch_lapses(self, branch: Branch, review: Review) -> None:
        git(branch.origin, "update-ref", "refs/heads/main", rewritten(branch.origin, review.commit))
        branch.push({"drill.data": "1\n"})
        now = fresh(review)
        assert now.state == State.STALE
        assert f"{review.commit[:7]} is no part of main any more" in now.note
        assert read_all() == 0

    def test_a_rewritten_commit_with_the_same_files_stands_for_it(self, branch: Branch, review: Review) -> None:
        git(branch.origin, "update-ref", "refs/heads/main", rewritten(branch.origin, review.commit))
        scanned(branch.repository)
        read_all()
        branch.push({"more.data": "1\n"})
        assert fresh(review).state == State.APPROVED

    def test_a_commit_that_never_was_the_head_does_not_lapse(self, branch: Branch, review: Review) -> None:
        Scan.objects.filter(commit=review.commit).update(wanted_commit=review.commit)
        git(branch.origin, "update-ref", "refs/heads/main", rewritten(branch.origin, review.commit))
        branch.push({"more.data": "1\n"})
        assert fresh(review).state in HELD
