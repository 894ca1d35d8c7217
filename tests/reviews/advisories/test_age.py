"""What is too old proves nothing: good sites become unresolved, bad ones stay, and no page is green for it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from reviews import inventory, recount, trees
from reviews.advisories.loading import load
from reviews.gate import gating
from reviews.gate.verdicts import Verdict
from reviews.models import AdvisoryLoad, Repository, Scan, ScanTree
from reviews.sites import sites_of
from reviews.waived import today
from reviews.waivers import ending
from scanners import registry
from tests.origin import commit_files
from tests.reviews.advisories.osv import days_ago, folder, lock, record
from tests.reviews.running import scanned

pytestmark = pytest.mark.django_db(transaction=True)

RULE = "vulnerable-dependency"


def loaded(path, *records) -> AdvisoryLoad:
    return load(str(folder(path, *(records or (record("A-1", "rope"),))))).row


def item(card) -> dict:
    """What a scorecard says of D2."""
    return next(one for one in card["items"] if one["ref"] == "D2")


def of_rule(card) -> dict:
    return next(one for one in item(card)["rules"] if one["rule"] == RULE)


def on(scan, days: int) -> Scan:
    """The scan as it is so many days from today."""
    return recount.as_of(Scan.objects.get(pk=scan.pk), today() + timedelta(days=days))


def marks(scan) -> list[str]:
    """How the table of dependencies judges what is known of each."""
    return [row.marks["advisories"] for row in inventory.read(scan).rows("dependencies")]


class TestAge:
    def test_the_last_day_is_still_good_and_the_next_is_not(self, repository, tmp_path):
        loaded(tmp_path)
        scan = scanned(repository)
        assert (item(scan.scorecard)["outcome"], scan.card_until) == ("pass", days_ago(-14))
        assert on(scan, 14).scorecard == scan.scorecard
        late = on(scan, 15)
        assert (item(late.scorecard)["outcome"], of_rule(late.scorecard)["unresolved"], late.card_until) == (
            "unknown",
            of_rule(scan.scorecard)["good"],
            None,
        )
        assert f"The advisories are of {today()}, older than 14 days" in of_rule(late.scorecard)["reason"]

    def test_a_level_does_not_stand_on_old_advisories(self, repository, tmp_path):
        loaded(tmp_path)
        scan = scanned(repository)
        fresh, late = item(scan.scorecard), item(on(scan, 15).scorecard)
        assert [(one["score"]["low"], one["score"]["high"]) for one in (fresh, late)] == [(100, 100), (0, 100)]
        assert on(scan, 15).score_low < scan.score_low

    def test_what_is_bad_stays_bad(self, repository, tmp_path):
        loaded(tmp_path, record("A-1"))
        scan = scanned(repository)
        assert item(scan.scorecard)["outcome"] == item(on(scan, 15).scorecard)["outcome"] == "fail"
        assert of_rule(on(scan, 15).scorecard)["bad"] == 1

    def test_they_may_be_old_from_the_start(self, repository, tmp_path):
        loaded(tmp_path, record("A-1", "rope", day=days_ago(15)))
        assert item(scanned(repository).scorecard)["outcome"] == "unknown"

    def test_without_any_the_item_is_unknown_whatever_other_rules_say(self, repository):
        scan = scanned(repository)
        outcomes = {one["rule"]: one["outcome"] for one in item(scan.scorecard)["rules"]}
        assert (outcomes[RULE], item(scan.scorecard)["outcome"]) == ("unknown", "unknown")
        assert "No advisories were loaded" in of_rule(scan.scorecard)["reason"]

    def test_who_locks_nothing_needs_none(self, repository, origin):
        commit_files(origin, {"uv.lock": None})
        assert of_rule(scanned(repository).scorecard)["outcome"] == "not-applicable"

    def test_the_operator_says_what_is_old(self, repository, tmp_path, settings):
        loaded(tmp_path)
        settings.ADVISORIES_MAX_AGE_DAYS = 3
        scan = scanned(repository)
        assert [item(on(scan, days).scorecard)["outcome"] for days in (3, 4)] == ["pass", "unknown"]

    def test_no_site_is_shown_as_good(self, repository, tmp_path):
        loaded(tmp_path)
        scanned(repository)
        assert len(sites_of(repository, registry.rules()[RULE]).good) == 1
        AdvisoryLoad.objects.update(as_of=days_ago(15), read_on=days_ago(15))
        found = sites_of(Repository.objects.get(), registry.rules()[RULE])
        assert (found.good, [site.reason.split(",")[0] for site in found.unresolved]) == (
            [],
            [f"The advisories are of {days_ago(15)}"],
        )

    def test_no_dependency_is_shown_as_free_of_faults(self, repository, tmp_path):
        loaded(tmp_path)
        scan = scanned(repository)
        assert marks(scan) == ["good"]
        AdvisoryLoad.objects.update(as_of=days_ago(15), read_on=days_ago(15))
        assert marks(Scan.objects.get(pk=scan.pk)) == ["unknown"]

    def test_pages_are_brought_to_the_day_without_a_scan(self, repository, tmp_path):
        loaded(tmp_path)
        scan = scanned(repository)
        ending.tend(days_ago(-15))
        scan.refresh_from_db()
        assert (item(scan.scorecard)["outcome"], scan.card_until) == ("unknown", None)


class TestGate:
    def test_an_answer_says_until_when_advisories_hold_it_up(self, repository, tmp_path):
        loaded(tmp_path)
        scan = only_judged_by_this_rule(scanned(repository))
        now = timezone.now()
        answer = gating.answer(Repository.objects.get(), scan.commit, now)
        assert (answer.verdict, answer.expires.date()) == (Verdict.PASS, days_ago(-15))
        late = gating.answer(Repository.objects.get(), scan.commit, now + timedelta(days=15))
        assert late.verdict is not Verdict.PASS


def only_judged_by_this_rule(scan) -> Scan:
    """As if a scan had been made when no other rule was there."""
    kept = recount.kept_of(scan)
    kept |= {"rule_set": "older", "counts": {RULE: kept["counts"][RULE]}}
    ScanTree.objects.filter(scan=scan).update(counted=trees.pack(kept))
    Scan.objects.filter(pk=scan.pk).update(**recount.numbers(scan.repository_id, kept, today()))
    return Scan.objects.get(pk=scan.pk)


class TestScan:
    def test_the_finding_says_how_far_they_reach(self, repository, tmp_path):
        loaded(tmp_path, record("A-1"))
        scanned(repository)
        finding = repository.findings.get(rule=RULE)
        assert finding.message == f"tackle 1.9 has a published fault: A-1; fixed in 2.0 (advisories up to {today()})."

    def test_a_scan_again_after_new_data_is_not_known(self, repository, tmp_path):
        loaded(tmp_path)
        first, same = scanned(repository), scanned(repository)
        assert (same.state, same.superseded_by) == ("superseded", first)
        row = loaded(tmp_path, record("A-1"))
        again = scanned(repository)
        first.refresh_from_db()
        assert (first.state, again.state, again.advisories, again.compared) == ("done", "done", row.digest, row)

    def test_a_fault_that_was_withdrawn_is_no_improvement(self, repository, tmp_path):
        loaded(tmp_path, record("A-1"))
        scanned(repository)
        loaded(tmp_path, record("A-1", withdrawn=f"{today()}T00:00:00Z"))
        scanned(repository)
        gone = repository.findings.get(rule=RULE).events.order_by("pk").last()
        assert (gone.kind, gone.detail) == ("gone", "The advisories no longer say so.")

    def test_an_upgrade_is_one(self, repository, origin, tmp_path):
        loaded(tmp_path, record("A-1"))
        scanned(repository)
        loaded(tmp_path, record("A-1"), record("A-2", "rope"))
        commit_files(origin, {"uv.lock": lock(version="2.0")})
        scanned(repository)
        assert repository.findings.get(rule=RULE).events.order_by("pk").last().kind == "fixed"
