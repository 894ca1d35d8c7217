"""Scorecards made again: with waivers, without, on another day, and after another scan."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from reviews import recount, trees, waived
from reviews.models import Repository, Scan, Waiver
from reviews.waivers.decisions import decide
from reviews.waivers.life import Action
from scanners import registry
from tests.factories import RepositoryFactory
from tests.origin import commit_files
from tests.reviews.rows import RULE, finished, found
from tests.reviews.running import scanned
from tests.reviews.waiver_rows import asked_items, counted, give, in_days, member, waiver

pytestmark = pytest.mark.django_db

WAITS = "import requests\n\n\ndef pay(url):\n    return requests.get(url)\n"


@pytest.fixture
def repository(team):
    made = RepositoryFactory(team=team, name="pay", tier="C")
    for line in (1, 2, 3):
        found(made, line=line)
    counted(made)
    return made


@pytest.fixture
def lead(team):
    return member(team, "lead", "reviewer", "lead")


def of_rule(card, field):
    """What a scorecard says about RULE."""
    return next(rule[field] for item in card["items"] for rule in item["rules"] if rule["rule"] == RULE)


def stored(card) -> dict:
    """A scorecard as it comes back from the database."""
    return json.loads(json.dumps(card))


def newest(repository) -> Scan:
    """The newest scan as it is stored."""
    return Scan.objects.select_related("repository").get(pk=Repository.objects.get(pk=repository.pk).latest_scan_id)


class TestWaiver:
    def test_shows_raw_and_effective_side_by_side(self, repository, teammate, lead):
        waiver(teammate, lead, repository, *repository.findings.all())
        scan = newest(repository)
        assert (of_rule(scan.scorecard, "outcome"), of_rule(scan.scorecard, "waived")) == ("waived", 3)
        assert scan.scorecard["score"]["low"] > scan.scorecard["raw"]["low"]
        assert (scan.card_until, scan.open_findings) == (in_days(7), {})
        assert scan.score_low == scan.scorecard["score"]["low"]

    def test_beyond_the_cap_the_newest_stay_open(self, repository, teammate, lead):
        waiver(teammate, lead, repository, rule=RULE, cap=2)
        scan = newest(repository)
        assert (of_rule(scan.scorecard, "waived"), of_rule(scan.scorecard, "bad")) == (2, 1)
        older = repository.findings.order_by("first_seen_at")[:2]
        assert set(waived.shown([repository], waived.today())) == {finding.pk for finding in older}

    def test_ending_it_restores_exactly_what_was(self, repository, teammate, lead):
        before = newest(repository)
        given = waiver(teammate, lead, repository, rule=RULE, cap=9)
        assert newest(repository).scorecard != before.scorecard
        decide(Action.REVOKE, given, give(lead, "lead"), note="Mended.")
        after = newest(repository)
        fields = ("scorecard", "level", "score_low", "score_high", "open_findings", "card_until")
        assert [getattr(after, name) for name in fields] == [getattr(before, name) for name in fields]

    def test_is_over_after_its_last_day_though_no_job_ran(self, repository, teammate, lead):
        plain = newest(repository).scorecard
        waiver(teammate, lead, repository, rule=RULE, cap=9)
        scan = newest(repository)
        assert recount.card(scan, in_days(7)) == scan.scorecard
        assert stored(recount.card(scan, in_days(8))) == plain
        late = recount.as_of(scan, in_days(8))
        assert (late.open_findings, late.score_low) == ({"high": 3}, plain["score"]["low"])
        assert newest(repository).scorecard == scan.scorecard

    def test_counts_for_an_older_scan_that_a_review_looks_at(self, repository, teammate, lead):
        old = newest(repository)
        finished(repository, commit="e" * 40)
        waiver(teammate, lead, repository, rule=RULE, cap=9)
        old.refresh_from_db()
        assert of_rule(old.scorecard, "waived") == 0
        assert of_rule(recount.card(Scan.objects.get(pk=old.pk), waived.today()), "waived") == 3

    def test_a_day_before_it_was_approved_knows_nothing_of_it(self, repository, teammate, lead):
        waiver(teammate, lead, repository, rule=RULE, cap=9)
        kept = recount.kept_of(newest(repository))
        yesterday = recount.numbers(repository.pk, kept, in_days(-1))
        assert of_rule(yesterday["scorecard"], "waived") == 0
        assert yesterday["card_until"] == in_days(-1)

    def test_a_whole_item(self, repository, teammate, lead):
        waiver(teammate, give(lead, "security"), repository, item="T1", cap=3)
        item = next(one for one in newest(repository).scorecard["items"] if one["ref"] == "T1")
        assert (item["outcome"], item["raw_outcome"]) == ("waived", "fail")


class TestFalsePositive:
    def test_is_no_longer_at_fault_and_no_waiver(self, repository, teammate, lead):
        waiver(teammate, lead, repository, repository.findings.first(), kind="false-positive")
        scan = newest(repository)
        assert (of_rule(scan.scorecard, "bad"), of_rule(scan.scorecard, "waived"), scan.card_until) == (2, 0, None)
        assert [one.state for one in waived.shown([repository], waived.today()).values()] == ["false-positive"]

    def test_stops_holding_when_the_code_changes(self, repository, teammate, lead):
        finding = repository.findings.first()
        given = waiver(teammate, lead, repository, finding, kind="false-positive")
        finding.anchor = "other code"
        finding.save()
        counted(repository)
        assert of_rule(newest(repository).scorecard, "bad") == 3
        assert waived.shown([repository], waived.today()) == {}
        assert waived.reach(given) == ([], [finding])

    def test_takes_a_doubt_away(self, repository, teammate, lead):
        doubt = found(repository, line=9, confidence="low")
        counted(repository)
        before = newest(repository).scorecard
        waiver(teammate, lead, repository, doubt, kind="false-positive")
        after = newest(repository).scorecard
        assert of_rule(after, "unresolved") == of_rule(before, "unresolved") - 1


class TestAnswers:
    def test_nothing_is_asked_before_the_first_decided_review(self, repository):
        assert waived.answers_of(repository.pk) is None
        asked_items(repository, "in-review", {"Q1": "fail"})
        assert waived.answers_of(repository.pk) is None

    def test_the_last_decided_review_that_asked_an_item_counts(self, repository):
        now = timezone.now()
        asked_items(repository, "approved", {"Q1": "fail", "Q2": "pass"}, decided_at=now - timedelta(days=9))
        asked_items(repository, "rejected", {"Q1": "pass", "Q3": ""}, decided_at=now)
        assert waived.answers_of(repository.pk) == {"Q1": "pass", "Q2": "pass", "Q3": "unknown"}

    def test_they_are_part_of_the_card_after_a_refresh(self, repository, django_assert_max_num_queries):
        asked_items(repository, "approved", {"Q1": "pass"}, decided_at=timezone.now())
        with django_assert_max_num_queries(12):
            recount.refresh(repository)
        item = next(one for one in newest(repository).scorecard["items"] if one["ref"] == "Q1")
        assert (item["outcome"], item["counted"]) == ("pass", True)

    def test_a_failed_answer_may_be_waived(self, repository, teammate, lead):
        asked_items(repository, "approved", {"Q1": "fail"}, decided_at=timezone.now())
        waiver(teammate, give(lead, "lead", "security"), repository, item="Q1")
        item = next(one for one in newest(repository).scorecard["items"] if one["ref"] == "Q1")
        assert (item["outcome"], item["raw_outcome"]) == ("waived", "fail")


class TestOldScans:
    def test_one_that_kept_no_counts_keeps_its_card(self, team):
        repository = RepositoryFactory(team=team)
        scan = finished(repository)
        recount.refresh(repository)
        assert newest(repository).scorecard == stored(scan.scorecard)

    def test_rules_that_came_later_hold_nothing_back(self, repository):
        scan = newest(repository)
        kept = recount.kept_of(scan)
        kept |= {"rule_set": "older", "counts": {RULE: kept["counts"][RULE]}}
        scan.tree_content.counted = trees.pack(kept)
        scan.tree_content.save()
        recount.refresh(repository)
        card = newest(repository).scorecard
        assert [rule["rule"] for item in card["items"] for rule in item["rules"]] == [RULE]
        assert "error" not in {item["outcome"] for item in card["items"]}


@pytest.mark.django_db(transaction=True)
class TestRescan:
    @pytest.fixture
    def code(self, team, origin: Path) -> Repository:
        commit_files(origin, {"pay.py": WAITS})
        made = RepositoryFactory(team=team, url=f"file://{origin}", tier="C")
        scanned(made)
        return made

    def test_a_scan_counts_what_its_card_can_be_made_of_again(self, code):
        scan = newest(code)
        made = recount.numbers(code.pk, recount.kept_of(scan), waived.today())
        assert {name: getattr(scan, name) for name in made} == made | {"scorecard": scan.scorecard}
        assert trees.unpack(trees.pack(made["scorecard"])) == scan.scorecard
        assert recount.kept_of(scan)["rule_set"] == registry.digest()

    def test_never_undoes_a_waiver(self, code, origin, teammate, lead):
        finding = code.findings.get(rule=RULE)
        waiver(teammate, lead, code, finding)
        commit_files(origin, {"pay.py": WAITS.replace("\n\n\n", "\n\n# Pay.\n\n"), "more.py": "VALUE = 1\n"})
        scanned(code)
        finding.refresh_from_db()
        assert (finding.state, set(waived.shown([code], waived.today()))) == ("open", {finding.pk})
        assert of_rule(newest(code).scorecard, "outcome") == "waived"
        assert newest(code).card_until == in_days(7)

    def test_opens_a_false_positive_whose_code_changed(self, code, origin, teammate, lead):
        finding = code.findings.get(rule=RULE)
        waiver(teammate, lead, code, finding, kind="false-positive")
        assert of_rule(newest(code).scorecard, "outcome") == "not-applicable"
        commit_files(origin, {"pay.py": WAITS.replace("get(url)", "get(url, stream=True)")})
        scanned(code)
        finding.refresh_from_db()
        assert (finding.state, waived.shown([code], waived.today())) == ("open", {})
        assert of_rule(newest(code).scorecard, "outcome") == "fail"
        assert Waiver.objects.get().state == "approved"

    def test_leaves_a_new_finding_open_beyond_the_cap(self, code, origin, teammate, lead):
        waiver(teammate, lead, code, rule=RULE, cap=1)
        commit_files(origin, {"a.py": WAITS})
        scanned(code)
        shown = waived.shown([code], waived.today())
        assert list(code.findings.filter(pk__in=shown).values_list("path", flat=True)) == ["pay.py"]
        assert of_rule(newest(code).scorecard, "bad") == 1
