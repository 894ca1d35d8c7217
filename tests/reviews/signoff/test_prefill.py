from datetime import timedelta

import pytest
from django.utils import timezone

from reviews.models import Comment, Evidence, Review, ReviewItem, ReviewTemplate, Waiver
from reviews.recount import refresh
from reviews.signoff import casefile, prefill
from tests.factories import RepositoryFactory
from tests.reviews.filled import FIRST, ONE_MORE, SECOND, answer, filled, item, review_of
from tests.reviews.rows import finished
from tests.reviews.scanned import SERVICE, scan_of

pytestmark = pytest.mark.django_db
MOVED = {path: text for path, text in SERVICE.items() if path != "pay/main.py"} | {
    "shop/web.py": "# Rates of the day.\n\n" + SERVICE["pay/main.py"].replace("'", '"').replace("():", "( ):"),
    "tests/test_rates.py": SERVICE["tests/test_rates.py"].replace("pay.main", "shop.web"),
}
OWN = {"ref": "Y1", "area": "data", "title": "Ledger balances", "question": "Who adds it up?", "evidence": ["note"]}


@pytest.fixture
def repository(team):
    return RepositoryFactory(team=team, name="pay", tier="A")


def waiver(repository, asked_by, approved_by) -> Waiver:
    """An approved waiver of a whole item for some days."""
    what = {"scope": "item", "item": "T1", "severity": "critical", "cap": 9, "justification": "The bank."}
    people = {"requested_by": asked_by, "decided_by": approved_by, "state": "approved", "decided_at": timezone.now()}
    ends_on = timezone.now().date() + timedelta(days=9)
    return Waiver.objects.create(repository=repository, ends_on=ends_on, **what, **people)


def everything(review) -> list[object]:
    """All that is stored of the items of a review."""
    return [*review.items.order_by("pk").values(), *Evidence.objects.filter(item__review=review).values()]


def test_a_review_holds_every_question_in_the_order_of_the_page(repository):
    rows = list(filled(repository).items.all())
    assert len(rows) == 100
    assert [row.place for row in rows] == list(range(1, 101))
    assert [row.ref for row in rows[:4]] == ["E1", "E2", "E3", "L1"]
    assert [row.ref for row in rows if row.area == "config"] == ["C1", "C2", "C3", "Q34"]


def test_an_automatic_item_holds_what_the_scan_found_and_where(repository):
    row = item(filled(repository), "T1")
    assert (row.asked, row.required, row.found) == (False, True, "fail")
    assert row.found_reason.startswith("request-without-timeout: 0 of 1 sites are good")
    assert row.facts["lines"] == [
        "pay/main.py:9 request-without-timeout: requests.get has no limit: it may wait for ever."
    ]
    assert len(row.facts["anchors"]) == 1
    assert len(row.facts_digest) == 64


def test_an_asked_item_holds_its_question_and_what_the_scan_knows(repository):
    row = item(filled(repository), "Q33")
    assert (row.asked, row.required, row.found, row.takes) == (True, True, "", ["note"])
    assert row.question.startswith("Go through the routes without authentication")
    assert row.facts["lines"] == ["pay/main.py:7 GET /rates, asks nobody who they are"]


def test_where_nothing_is_known_nothing_is_said(repository):
    row = item(filled(repository), "Q37")
    assert (row.facts, row.facts_digest) == ({"anchors": [], "lines": []}, "")


def test_filling_in_twice_changes_nothing(repository, owner):
    review = filled(repository)
    answer(review, "Q33", owner)
    before = everything(review)
    prefill.fill(review, review.scan)
    assert everything(review) == before


def test_nobodys_answer_is_replaced(repository, owner):
    review = filled(repository)
    answer(review, "Q33", owner, "fail")
    filled(repository, ONE_MORE, SECOND, review)
    row = item(review, "Q33")
    assert (row.answer, row.rationale, row.answered_by) == ("fail", "As agreed.", owner)


def test_formatting_comments_and_moving_change_no_digest(repository):
    refs = [row.ref for row in filled(repository).items.all()]
    now = prefill.facts(scan_of(repository, MOVED, SECOND), refs)
    then = {row.ref: row.facts_digest for row in ReviewItem.objects.all()}
    assert {ref for ref in refs if now[ref].digest != then[ref]} == set()
    assert "shop/web.py:11" in now["T1"].lines[0]


def test_a_new_fault_and_a_new_route_change_the_digests_that_they_concern(repository):
    refs = ["T1", "Q33", "Q7", "Q6", "S1", "Q16", "Q1"]
    then = prefill.facts(scan_of(repository, SERVICE, FIRST), refs)
    now = prefill.facts(scan_of(repository, ONE_MORE, SECOND), refs)
    assert {ref for ref in refs if now[ref].digest != then[ref].digest} == {"T1", "Q33", "Q7", "Q6"}


def test_the_same_fault_twice_is_not_the_same_as_once(repository):
    twice = SERVICE | {"pay/other.py": SERVICE["pay/main.py"]}
    then = prefill.facts(scan_of(repository, SERVICE, FIRST), ["T1"])
    assert prefill.facts(scan_of(repository, twice, SECOND), ["T1"])["T1"].digest != then["T1"].digest


def test_what_people_decide_about_findings_changes_no_digest(repository, owner, reviewer):
    scan = scan_of(repository, SERVICE, FIRST)
    then = prefill.facts(scan, ["T1", "Q7"])
    waiver(repository, owner, reviewer)
    refresh(repository)
    scan.refresh_from_db()
    assert next(row for row in scan.scorecard["items"] if row["ref"] == "T1")["outcome"] == "waived"
    assert prefill.facts(scan, ["T1", "Q7"]) == then
    assert then["T1"].found == "fail"


def test_what_turns_out_to_be_a_false_positive_fails_no_longer(repository, owner, reviewer):
    review = filled(repository)
    what = {"kind": "false-positive", "scope": "finding", "severity": "critical", "justification": "Bounded outside."}
    people = {"requested_by": owner, "decided_by": reviewer, "decided_at": timezone.now(), "state": "approved"}
    excuse = Waiver.objects.create(repository=repository, rule="request-without-timeout", **what, **people)
    finding = repository.findings.get(rule="request-without-timeout")
    excuse.covered.create(finding=finding, anchor=finding.anchor)
    refresh(repository)
    cases = {one.ref: one for one in casefile.case(Review.objects.get(pk=review.pk), timezone.now()).items}
    assert not cases["T1"].outcome.holds_back
    assert cases["T4"].outcome.holds_back
    assert item(review, "T1").found == "fail"


def test_a_question_for_what_is_not_there_needs_no_answer(repository):
    review = filled(repository, {"pay/main.py": SERVICE["pay/main.py"]})
    row = item(review, "Q16")
    assert not row.required
    assert (
        row.facts["lines"][-1] == "The scan sees no sign that the service has a data store, so no answer is required."
    )
    assert not item(review, "Q38").required


def test_a_question_for_what_is_there_needs_an_answer(repository):
    assert item(filled(repository), "Q16").required


def test_without_facts_every_question_is_asked(repository):
    review = review_of(repository)
    prefill.fill(review, finished(repository))
    assert item(review, "Q16").required
    assert item(review, "Q38").required
    assert item(review, "T1").found == "fail"


def test_long_lists_are_cut_and_say_so(repository):
    many = {f"pay/m{number}.py": SERVICE["pay/main.py"] for number in range(prefill.LINES + 5)}
    row = item(filled(repository, many), "T1")
    assert len(row.facts["anchors"]) == prefill.LINES + 5
    assert row.facts["lines"][-1] == "and 5 more"


def test_the_waivers_of_the_repository_stand_beside_the_last_question(repository, owner, reviewer):
    until = waiver(repository, owner, reviewer).ends_on
    assert f"Waiver of T1 until {until}: The bank." in item(filled(repository), "Q40").facts["lines"]


def test_a_team_asks_its_own_questions(repository, team):
    template = ReviewTemplate.objects.create(
        team=team, tier="A", kind="http-api", occasion="release", version=1, refs=["Q40"], own=[OWN]
    )
    review = filled(repository, occasion="release")
    assert review.template == template
    assert [row.ref for row in review.items.filter(asked=True)] == ["Y1", "Q40"]
    assert item(review, "Y1").question == "Who adds it up?"


def test_a_question_that_is_asked_no_more_goes_unless_somebody_left_something_there(repository, team, owner):
    review = filled(repository, occasion="release")
    answer(review, "Q10", owner)
    Comment.objects.create(item=item(review, "Q22"), author=owner, text="Ask ops.")
    ReviewTemplate.objects.create(
        team=team, tier="A", kind="http-api", occasion="release", version=1, refs=["Q40", "Q1"], own=[]
    )
    filled(repository, SERVICE, SECOND, review)
    assert set(review.items.filter(asked=True).values_list("ref", "required")) == {
        *[("Q40", True), ("Q1", True)],
        *[("Q10", False), ("Q22", False)],
    }
    assert [row.place for row in review.items.all()] == list(range(1, review.items.count() + 1))


def test_an_acknowledged_doubt_counts_until_the_scan_says_something_else(repository, owner):
    review = filled(repository)
    review.items.filter(ref__in=["T1", "S1"]).update(acknowledged_by=owner)
    filled(repository, ONE_MORE, SECOND, review)
    assert item(review, "S1").acknowledged_by == owner
    assert item(review, "T1").acknowledged_by is None
