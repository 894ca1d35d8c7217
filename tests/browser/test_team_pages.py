"""What a team asks in its reviews, its duties and its policy, in the browser: with script and without."""

import pytest
from playwright.sync_api import expect

from reviews.models import ReviewTemplate
from tests.browser.test_accessible import CLEAN, looked_at

TEMPLATE = "/teams/payments/templates/C/worker/release/"
OWN = {"ref": "Y1", "area": "data", "title": "Ledger balances", "question": "Who adds it up?", "evidence": ["note"]}


@pytest.fixture
def edited(transactional_db, team, owner) -> ReviewTemplate:
    """A template that somebody has changed."""
    return ReviewTemplate.objects.create(
        team=team,
        tier="C",
        kind="worker",
        occasion="release",
        version=1,
        refs=["Q7", "Q40"],
        own=[OWN],
        edited_by=owner,
    )


@pytest.mark.parametrize(
    "path", [TEMPLATE, "/teams/payments/templates/", "/teams/payments/policy/", "/teams/payments/members/"]
)
def test_the_pages_of_a_team_can_be_used_by_everybody(visit, page, owner, edited, path):
    visit(owner, path)
    assert looked_at(page) == CLEAN


def test_a_reader_sees_what_is_asked(visit, page, viewer, edited):
    visit(viewer, TEMPLATE)
    expect(page.locator("main")).to_contain_text("Who adds it up?")
    assert looked_at(page) == CLEAN


def test_a_maintainer_changes_what_is_asked_without_script(plain, owner, edited):
    page = plain(owner, TEMPLATE)
    page.check("input[name=refs][value=Q1]")
    page.fill("#id_own-1-title", "The bank agrees")
    page.fill("#id_own-1-question", "When did it last?")
    page.select_option("#id_own-1-area", "api")
    page.locator("fieldset:has(#id_own-1-title) input[value=link]").check()
    page.fill("#id_note", "The bank asked.")
    page.click("text=Save what is asked")
    expect(page.locator(".notice")).to_contain_text("Version 2 is stored.")
    expect(page.locator("#version-2")).to_contain_text("Added Y2, Q1.")
    expect(page.locator("#id_own-1-title")).to_have_value("The bank agrees")


def test_mistakes_of_a_template_are_said_where_they_are(visit, page, owner, edited):
    visit(owner, TEMPLATE)
    page.fill("#id_own-1-title", "The bank agrees")
    page.fill("#id_note", "The bank asked.")
    page.click("text=Save what is asked")
    expect(page.locator("#id_own-1-question_error")).to_be_visible()
    assert looked_at(page) == CLEAN


def test_duties_are_given_without_script(plain, owner, reviewer):
    page = plain(owner, "/teams/payments/members/")
    page.get_by_label("security for reviewer").check()
    page.get_by_role("button", name="Set the duties of reviewer").click()
    expect(page.get_by_label("security for reviewer")).to_be_checked()
