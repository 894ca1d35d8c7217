"""Asking for a waiver, deciding about it and seeing what ends, in the browser: with script and without."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from reviews.models import Condition, Waiver
from reviews.waivers.asking import ask
from reviews.waivers.decisions import decide
from reviews.waivers.life import Action
from tests.browser.test_accessible import CLEAN, HOME, looked_at
from tests.reviews.rows import RULE, found
from tests.reviews.waiver_rows import asked_items, counted, in_days, member, waiver, wish

LATE = {"state": "approved-with-conditions", "answers": {}}


@pytest.fixture
def lead(transactional_db, team):
    return member(team, "pay-lead", "reviewer", "lead", "security")


@pytest.fixture
def agenda(pay, lead, teammate, reviewer):
    """Requests, and what ends over two months: waivers, a false positive and two conditions."""
    counted(pay)
    findings = [found(pay, line=20 + line, path=f"capture/part{line}.py") for line in range(6)]
    counted(pay)
    waiver(teammate, lead, pay, findings[0], days=2, justification="The supplier closes after 5 s; mended in 4.1.")
    waiver(teammate, lead, pay, rule=RULE, path="capture/", cap=3, days=9)
    waiver(teammate, lead, pay, rule=RULE, path="refunds/", cap=1, days=24)
    waiver(teammate, lead, pay, findings[1], kind="false-positive")
    revoked = waiver(teammate, lead, pay, findings[2], days=12)
    decide(Action.REVOKE, revoked, lead, note="It leaked after all.")
    review = asked_items(pay, LATE["state"], LATE["answers"], decided_at=timezone.now() - timedelta(days=30))
    people = {"owner": teammate, "verifier": reviewer, "added_by": lead, "review": review}
    Condition.objects.create(text="Failover drill with the second bank", due_on=in_days(-1), **people)
    Condition.objects.create(text="Refunds are bounded", due_on=in_days(55), **people)
    return ask(wish(pay, findings[3], justification="Tokens live 60 s; the log is read by two people."), teammate)


def pages(asked: Waiver) -> dict[str, str]:
    """Every page of waivers, by name."""
    running = Waiver.objects.filter(kind="waiver", state="approved").order_by("pk")
    finding = asked.covered.get().finding_id
    return {
        "agenda": "/waivers/",
        "nothing": "/waivers/?kind=condition&team=search",
        "asked": f"/waivers/{asked.pk}/",
        "running": f"/waivers/{running[1].pk}/",
        "false-positive": f"/waivers/{Waiver.objects.get(kind='false-positive').pk}/",
        "choose": HOME + "waivers/new/",
        "ask-finding": f"{HOME}waivers/new/?finding={finding}",
        "ask-rule": f"{HOME}waivers/new/?rule={RULE}",
        "ask-false-positive": f"{HOME}waivers/new/?finding={finding}&kind=false-positive",
        "extend": f"{HOME}waivers/new/?extends={running[0].pk}",
        "calendar": "/waivers/calendar/",
        "finding": f"/findings/{running[0].covered.get().finding_id}/",
        "findings": HOME + "findings/?state=all",
        "scorecard": HOME,
        "sites": f"{HOME}sites/{RULE}/",
    }


NAMES = ["agenda", "nothing", "asked", "running", "false-positive", "choose", "ask-finding", "ask-rule"]
NAMES += ["ask-false-positive", "extend", "calendar", "finding", "findings", "scorecard", "sites"]


@pytest.mark.parametrize("name", NAMES)
def test_the_pages_of_waivers_can_be_used_by_everybody(visit, page, lead, agenda, name):
    visit(lead, pages(agenda)[name])
    assert looked_at(page) == CLEAN


def test_from_a_finding_to_an_approval_without_script(plain, pay, teammate, lead):
    counted(pay)
    page = plain(teammate, f"/findings/{pay.findings.filter(rule=RULE, state='open').first().pk}/")
    page.click("text=Ask for a waiver")
    page.select_option("#id_reason", "not-yet")
    page.fill("#id_justification", "Mended in 3.2.1.")
    page.fill("#id_ends_on", in_days(7).isoformat())
    page.click("text=Ask for the waiver")
    expect(page.locator(".badge").first).to_have_text("waits for a decision")
    expect(page.locator("main")).to_contain_text("You asked for it. Somebody else has to decide.")
    page = plain(lead, page.url.partition("/waivers/")[1] + page.url.partition("/waivers/")[2])
    page.click("button[value=approve]")
    expect(page.locator(".badge").first).to_have_text("in force")
    page.goto(page.url.partition("/waivers/")[0] + "/waivers/")
    expect(page.locator("main")).to_contain_text("7 days left")


def test_a_request_with_mistakes_can_be_used_by_everybody(visit, page, pay, teammate):
    counted(pay)
    visit(teammate, f"{HOME}waivers/new/?rule={RULE}")
    page.select_option("#id_reason", "compensated")
    page.fill("#id_justification", "The proxy ends calls after 5 s.")
    page.fill("#id_ends_on", in_days(7).isoformat())
    page.click("text=Ask for the waiver")
    page.locator("#id_control_error").wait_for()
    assert looked_at(page) == CLEAN
    assert page.evaluate("document.activeElement.id") == "id_control"


def test_the_second_of_two_who_decide_is_told_who_was_first(page, visit, agenda, lead, team):
    visit(lead, f"/waivers/{agenda.pk}/")
    decide(Action.DECLINE, agenda, member(team, "other", "reviewer", "security"), note="Mend it.")
    page.fill("#id_note", "Fine by me.")
    page.on("response", lambda answer: statuses.append(answer.status))
    statuses: list[int] = []
    page.click("button[value=approve]")
    expect(page.locator("h1")).to_have_text("Somebody decided it before you")
    expect(page.locator("#typed-note")).to_have_value("Fine by me.")
    assert 409 in statuses
