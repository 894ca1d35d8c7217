"""What is read for the gate, from real rows: the scan, the reviews, the policy and the glass of exactly one commit."""

from datetime import timedelta

import pytest
from django.utils import timezone

from reviews import recount, trees
from reviews.gate import gating
from reviews.gate.verdicts import Verdict
from reviews.models import PullRequest, Repository, Scan, ScanTree, Waiver
from scanners import registry
from tests.factories import RepositoryFactory, ScanFactory, UserFactory
from tests.reviews.decided import broken, compared, condition, decided, reaffirmed
from tests.reviews.rows import COMMIT, RULE, finished

pytestmark = pytest.mark.django_db
OLD, NEW, AWAY = "1" * 40, "2" * 40, "3" * 40
GOOD = {"bad": 0, "unresolved": 0}


@pytest.fixture
def pay(team):
    """A repository of tier A, where the team asks for a review."""
    return RepositoryFactory(team=team, name="pay", tier="A")


@pytest.fixture
def scan(pay):
    """A scan of COMMIT that reached gold, by the rules of today."""
    return finished(pay, rule_set=registry.digest(), **GOOD)


def fresh(repository):
    return Repository.objects.select_related("team", "latest_scan").get(pk=repository.pk)


def asked(repository, commit=COMMIT, now=None):
    return gating.answer(fresh(repository), commit, now or timezone.now())


def said(answer):
    return answer.verdict, [reason.code for reason in answer.reasons]


def test_the_scan_of_the_branch_speaks_before_that_of_a_pull_request(pay, scan):
    decided(scan)
    seven = PullRequest.objects.create(repository=pay, number=7, target="main", ref="refs/pull/7/head")
    apart = {"pull_request": seven, "branch": seven.ref, "rule_set": "r", "commit": COMMIT}
    ScanFactory(repository=pay, state="done", trigger="pull", **apart)
    assert asked(pay).reasons[0].scan == scan.pk


def in_days(number):
    return timezone.now() + timedelta(days=number)


def test_a_good_scan_and_an_approval_let_the_commit_out_until_the_approval_ends(pay, scan):
    review = decided(scan)
    answer = asked(pay)
    assert said(answer) == (Verdict.PASS, ["level-reached", "review-approved"])
    assert answer.expires == review.valid_until
    assert [reason.scan or reason.review for reason in answer.reasons] == [scan.pk, review.pk]


def test_without_an_approval_tier_a_fails_and_tier_c_passes(pay, scan):
    assert said(asked(pay)) == (Verdict.FAIL, ["review-needed", "level-reached"])
    Repository.objects.update(tier="C")
    assert said(asked(pay)) == (Verdict.PASS, ["level-reached"])


def test_the_team_says_which_tiers_need_a_review(pay, scan):
    pay.team.review_tiers = []
    pay.team.save()
    assert asked(pay).verdict is Verdict.PASS


def test_a_level_below_what_the_tier_asks_fails(pay):
    decided(finished(pay, rule_set=registry.digest()))
    assert said(asked(pay))[0] is Verdict.FAIL
    assert said(asked(pay))[1][:2] == ["level-below", "review-approved"]


def test_a_commit_that_nobody_knows_is_pending(pay, scan):
    decided(scan)
    assert said(asked(pay, AWAY)) == (Verdict.PENDING, ["no-scan", "not-compared"])


@pytest.mark.parametrize(
    ("state", "verdict", "code"),
    [
        ("requested", Verdict.PENDING, "scan-requested"),
        ("running", Verdict.PENDING, "scan-running"),
        ("failed", Verdict.UNKNOWN, "scan-failed"),
        ("superseded", Verdict.PENDING, "no-scan"),
    ],
)
def test_a_scan_that_is_not_done_is_told_by_the_commit_that_it_is_for(pay, scan, state, verdict, code):
    ScanFactory(repository=pay, state=state, wanted_commit=AWAY, error_message="No.", error_next="Push it.")
    answer = asked(pay, AWAY)
    assert (answer.verdict, answer.reasons[0].code) == (verdict, code)


def test_the_newest_attempt_counts_and_a_finished_scan_before_any(pay, scan):
    ScanFactory(repository=pay, state="failed", wanted_commit=AWAY)
    ScanFactory(repository=pay, state="requested", wanted_commit=AWAY)
    ScanFactory(repository=pay, state="failed", wanted_commit=COMMIT)
    decided(scan)
    assert asked(pay, AWAY).verdict is Verdict.PENDING
    assert asked(pay).verdict is Verdict.PASS


def test_a_scan_of_another_repository_says_nothing(pay):
    decided(finished(RepositoryFactory(tier="A"), **GOOD))
    assert said(asked(pay)) == (Verdict.PENDING, ["no-scan", "review-needed"])


def test_a_stored_scorecard_of_an_older_form_is_unknown(pay, scan):
    Scan.objects.update(scorecard={"level": "gold"})
    decided(scan)
    assert said(asked(pay)) == (Verdict.UNKNOWN, ["no-scorecard", "review-approved"])


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"rule_set": "older"}, "The rules have changed since this scan."),
        ({"basis": "other"}, "The checklist or the settings of the repository have changed since this scan."),
        (
            {"rule_set": "older", "basis": "other"},
            "The rules and the settings of the repository have changed since this scan.",
        ),
    ],
)
def test_what_a_scan_of_today_would_do_differently_is_said(pay, scan, fields, text):
    Scan.objects.update(**fields)
    decided(scan)
    answer = asked(pay)
    assert (answer.verdict, answer.reasons[-1].text) == (Verdict.PASS, text)


def test_an_older_commit_with_a_scan_and_an_approval_still_goes_out(pay, scan):
    decided(scan)
    finished(pay, commit=NEW, tree=NEW)
    assert asked(pay).verdict is Verdict.PASS


def test_the_same_files_under_another_commit_are_approved(pay, scan):
    decided(finished(pay, commit=OLD, tree=COMMIT, **GOOD))
    assert asked(pay).verdict is Verdict.PASS
    assert asked(pay).reasons[1].text.startswith("Review 1 approves 1111111, which has the same files")


@pytest.mark.parametrize("state", ["draft", "scanning", "submitted"])
def test_an_open_review_of_the_commit_is_waited_for(pay, scan, state):
    decided(scan, state, commit="", tree="", wanted_commit=COMMIT)
    assert said(asked(pay)) == (Verdict.PENDING, ["review-open", "level-reached"])


def test_who_holds_an_open_review_is_named(pay, scan):
    decided(scan, "in-review", claimed_by=UserFactory(username="bob"))
    assert asked(pay).reasons[0].text == "Review 1 of this commit is in review. bob holds it."


def test_open_conditions_hold_until_the_end_of_their_day(pay, scan):
    review = decided(scan, "approved-with-conditions")
    condition(review, 3)
    condition(review, 1, state="verified")
    answer = asked(pay)
    assert said(answer) == (Verdict.CONDITIONS, ["review-conditions", "level-reached"])
    assert answer.expires.date() == (timezone.now() + timedelta(days=4)).date()
    assert asked(pay, now=answer.expires).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("state", "verdict"), [("open", Verdict.CONDITIONS), ("verified", Verdict.CONDITIONS), ("dropped", Verdict.FAIL)]
)
def test_a_condition_stands_for_the_items_that_it_names(pay, state, verdict):
    review = decided(finished(pay, rule_set=registry.digest()))
    condition(review, 3, refs=["T1"], state=state)
    assert said(asked(pay))[0] is verdict


def test_an_approval_that_ended_needs_no_job_to_end(pay, scan):
    decided(scan)
    assert said(asked(pay, now=in_days(91)))[0] is Verdict.STALE


def test_a_superseded_approval_names_what_took_its_place(pay, scan):
    decided(scan, "superseded", decided_at=in_days(-1))
    decided(finished(pay, commit=NEW, tree=NEW, **GOOD))
    assert asked(pay).reasons[0].text == "Review 1 is superseded by review 2 of 2222222."


class TestLaterCommit:
    @pytest.fixture
    def review(self, pay, scan):
        """An approval of COMMIT, before NEW was scanned."""
        return decided(scan)

    @pytest.fixture
    def newer(self, pay, review):
        """The scan of the commit after it."""
        return finished(pay, commit=NEW, tree=NEW, rule_set=registry.digest(), **GOOD)

    def test_waits_until_it_is_compared(self, pay, newer):
        assert said(asked(pay, NEW)) == (Verdict.PENDING, ["not-compared", "level-reached"])

    def test_passes_when_nothing_differs(self, pay, review, newer):
        compared(review, newer)
        assert said(asked(pay, NEW)) == (Verdict.PASS, ["level-reached", "review-approved"])

    def test_fails_on_a_changed_item_until_exactly_that_is_reaffirmed(self, pay, review, newer):
        compared(review, newer, ("T1", "changed", "a hunk"))
        reaffirmed(review, T1="older")
        assert said(asked(pay, NEW)) == (Verdict.FAIL, ["items-changed", "level-reached", "review-approved"])
        reaffirmed(review, T1="new")
        assert asked(pay, NEW).verdict is Verdict.PASS

    def test_leaves_the_approved_commit_alone(self, pay, review, newer):
        compared(review, newer, ("T1", "reopened", ""))
        review.state = "needs-reaffirmation"
        review.save()
        assert asked(pay).verdict is Verdict.PASS

    def test_that_is_not_the_newest_is_not_waited_for(self, pay, newer):
        finished(pay, commit=OLD, tree=OLD)
        assert said(asked(pay, NEW)) == (Verdict.FAIL, ["review-needed", "level-reached"])


def test_broken_glass_opens_for_exactly_its_commit(pay):
    finished(pay, commit=NEW, tree=NEW)
    finished(pay)
    broken(pay, COMMIT)
    assert (asked(pay).verdict, asked(pay, NEW).verdict) == (Verdict.CONDITIONS, Verdict.FAIL)
    assert asked(pay, now=in_days(1)).reasons[0].code == "glass-unconfirmed"


def test_the_newest_glass_counts_and_the_second_person_is_named(pay):
    finished(pay)
    broken(pay, COMMIT, 30)
    broken(pay, COMMIT, by=UserFactory(), second=UserFactory(username="bob"))
    assert asked(pay).verdict is Verdict.CONDITIONS
    assert asked(pay).reasons[0].text.endswith("bob stands by it.")


class TestWaivers:
    @pytest.fixture
    def waived(self, pay):
        """A scan with a finding that holds bronze back, and a waiver for it that ends after five more days."""
        Repository.objects.update(tier="C")
        scan = finished(fresh(pay), rule_set=registry.digest(), bad=1, unresolved=0)
        ran = {rule: [0, {}, 0, 0, False, "Nothing of the kind."] for rule in registry.rules()}
        kept = {"tier": "C", "kind": pay.kind, "rule_set": scan.rule_set, "errors": {}, "unread": 0, "coverage": 1.0}
        found = {"counts": ran | {RULE: [9, {"high": 1}, 0, 0, True, ""]}, "python_files": 5, "doubtful": []}
        counted = kept | found | {"findings": [[RULE, "i", "pay.py", "high", "a"]]}
        ScanTree.objects.create(scan=scan, files=b"", counted=trees.pack(counted))
        people = {"requested_by": UserFactory(), "decided_by": UserFactory(), "decided_at": timezone.now()}
        said = {"scope": "rule", "rule": RULE, "severity": "high", "reason": "not-yet", "justification": "Soon."}
        Waiver.objects.create(repository=pay, state="approved", ends_on=in_days(5).date(), **people, **said)
        recount.refresh(pay)
        return scan

    def test_an_answer_that_rests_on_one_ends_with_it(self, pay, waived):
        answer = asked(pay)
        assert said(answer) == (Verdict.PASS, ["level-reached"])
        assert answer.expires.date() == in_days(6).date()
        after = asked(pay, now=answer.expires)
        assert said(after) == (Verdict.FAIL, ["level-below", "severe-open"])

    def test_one_that_covers_nothing_leaves_the_failure(self, pay, waived):
        Waiver.objects.update(path="other/")
        recount.refresh(pay)
        assert asked(pay).verdict is Verdict.FAIL

    def test_one_that_the_level_does_not_rest_on_is_no_end(self, pay, waived):
        ScanTree.objects.update(counted=trees.pack(harmless(waived)))
        recount.refresh(pay)
        assert (asked(pay).verdict, asked(pay).expires) == (Verdict.PASS, None)


def harmless(scan):
    """What the scan counted, with nothing at fault."""
    kept = trees.unpack(scan.tree_content.counted)
    return kept | {"counts": kept["counts"] | {RULE: [9, {}, 0, 0, True, ""]}, "findings": []}


class TestHead:
    def test_is_the_newest_scanned_commit(self, pay, scan):
        decided(scan)
        answer = gating.head(fresh(pay), timezone.now())
        assert (answer.commit, answer.verdict) == (COMMIT, Verdict.PASS)

    @pytest.mark.parametrize("trigger", ["webhook", "poll"])
    @pytest.mark.parametrize("state", ["requested", "running", "failed", "superseded"])
    def test_is_stale_once_a_push_is_known_that_has_no_scan_yet(self, pay, scan, state, trigger):
        decided(scan)
        ScanFactory(repository=pay, state=state, trigger=trigger)
        ScanFactory(repository=pay, state="failed", trigger="person")
        assert said(gating.head(fresh(pay), timezone.now()))[1][0] == "branch-moved"
        assert asked(pay).verdict is Verdict.PASS

    def test_is_not_stale_once_the_head_is_found_where_it_was(self, pay, scan):
        decided(scan)
        ScanFactory(repository=pay, state="failed", trigger="webhook")
        ScanFactory(repository=pay, state="superseded", superseded_by=scan, commit=COMMIT, trigger="poll")
        assert gating.head(fresh(pay), timezone.now()).verdict is Verdict.PASS

    def test_is_not_stale_by_what_is_only_proposed(self, pay, scan):
        decided(scan)
        seven = PullRequest.objects.create(repository=pay, number=7, target="main", ref="refs/pull/7/head")
        ScanFactory(repository=pay, trigger="pull", pull_request=seven, branch=seven.ref, wanted_commit=NEW)
        ScanFactory(repository=pay, trigger="webhook", pull_request=seven, branch=seven.ref, wanted_commit=AWAY)
        assert gating.head(fresh(pay), timezone.now()).verdict is Verdict.PASS

    def test_is_not_stale_when_a_person_asks_for_another_scan(self, pay, scan):
        decided(scan)
        ScanFactory(repository=pay, trigger="person")
        assert gating.head(fresh(pay), timezone.now()).verdict is Verdict.PASS

    def test_is_stale_after_the_branch_was_changed(self, pay, scan):
        Repository.objects.update(branch="release")
        assert gating.head(fresh(pay), timezone.now()).verdict is Verdict.STALE

    def test_is_pending_before_the_first_scan(self, pay):
        assert said(gating.head(fresh(pay), timezone.now())) == (Verdict.PENDING, ["no-scan", "review-needed"])
        ScanFactory(repository=pay, state="failed", error_message="No.")
        assert said(gating.head(fresh(pay), timezone.now()))[0] is Verdict.UNKNOWN


class TestNames:
    @pytest.mark.parametrize("text", ["7AC01D9", " 7ac01d9000 ", COMMIT])
    def test_a_commit_is_named_by_its_first_digits(self, pay, scan, text):
        assert gating.named(pay, text) == COMMIT

    def test_what_was_only_asked_for_or_reviewed_is_known_too(self, pay, scan):
        ScanFactory(repository=pay, wanted_commit=AWAY)
        decided(scan, "draft", commit=NEW)
        assert (gating.named(pay, "3333333"), gating.named(pay, "2222222")) == (AWAY, NEW)

    def test_an_unknown_commit_stays_as_it_is(self, pay, scan):
        assert gating.named(pay, "abcdef0") == "abcdef0"
        assert gating.named(pay, "A" * 40) == "a" * 40

    def test_a_name_of_two_commits_is_refused(self, pay, scan):
        finished(pay, commit=COMMIT[:-1] + "1", **GOOD)
        with pytest.raises(gating.CommitError, match="2 commits begin with 7ac01d9"):
            gating.named(pay, "7ac01d9")

    @pytest.mark.parametrize("text", ["", "7ac01d", "main", "7ac01d9%", "a" * 65, "7ac01d9\n7ac01d9"])
    def test_what_is_no_commit_is_refused_with_what_to_give(self, pay, text):
        with pytest.raises(gating.CommitError, match="7 to 64 hexadecimal digits"):
            gating.named(pay, text)


def test_an_answer_takes_six_queries_however_much_there_is(pay, scan, django_assert_num_queries):
    review = decided(scan)
    for number in range(3):
        condition(review, number + 1)
        compared(decided(scan, "superseded", decided_at=in_days(-1)), scan, ("T1", "changed", ""))
        finished(pay, commit=str(number).zfill(40))
        broken(pay, COMMIT, by=UserFactory(), second=UserFactory())
    Repository.objects.update(latest_scan=scan)
    repository, now = fresh(pay), timezone.now()
    with django_assert_num_queries(6):
        gating.answer(repository, COMMIT, now)
    with django_assert_num_queries(6):
        gating.head(repository, now)
