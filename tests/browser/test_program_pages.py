"""Tokens, badges and the page about the API, in the browser: with script and without."""

import re

import pytest
from playwright.sync_api import expect

from reviews import badges, tokens
from reviews.models import ApiToken
from tests.browser.test_accessible import CLEAN, looked_at

TOKENS = "/teams/payments/tokens/"
SETTINGS = "/repositories/payments/pay/settings/"


@pytest.fixture
def made(transactional_db, team, owner) -> ApiToken:
    """A token that is revoked beside one that is not."""
    tokens.revoke(tokens.make(team, "nightly", ["read"], 30, by=owner)[0], by=owner)
    return tokens.make(team, "release pipeline of payments-api", ["read", "scan"], 90, by=owner)[0]


@pytest.mark.parametrize("path", [TOKENS, "/api/", SETTINGS])
def test_these_pages_can_be_used_by_everybody(visit, page, pay, owner, made, path):
    badges.share(pay, by=owner)
    visit(owner, path)
    assert looked_at(page) == CLEAN


def test_a_token_is_made_without_script_and_shown_once(plain, owner, made):
    page = plain(owner, TOKENS)
    page.fill("#id_name", "deployments")
    page.get_by_label("ask for scans").check()
    page.select_option("#id_days", "365")
    page.click("text=Make the token")
    expect(page.get_by_label("Token", exact=True)).to_have_value(re.compile(r"plm_[A-Za-z0-9]{43}"))
    page.goto(page.url)
    expect(page.get_by_label("Token", exact=True)).to_have_count(0)
    expect(page.locator("main")).to_contain_text("deployments")


def test_the_page_that_shows_a_token_can_be_used_by_everybody(visit, page, owner, made):
    visit(owner, TOKENS)
    page.fill("#id_name", "deployments")
    page.click("text=Make the token")
    expect(page.get_by_role("button", name="Copy the token")).to_be_visible()
    assert looked_at(page) == CLEAN


def test_a_token_is_revoked_without_script(plain, owner, made):
    page = plain(owner, TOKENS)
    page.get_by_role("button", name=f"Revoke the token {made.name}").click()
    expect(page.locator(".notice")).to_contain_text("lets nobody in any more")


def test_mistakes_are_said_where_they_are(visit, page, owner, made):
    visit(owner, TOKENS)
    page.fill("#id_name", "x")
    page.get_by_label("read the gate and scans").uncheck()
    page.click("text=Make the token")
    expect(page.locator("main")).to_contain_text("Tick at least one.")
    assert looked_at(page) == CLEAN


def test_badges_are_shared_and_seen_without_script(plain, pay, owner):
    page = plain(owner, SETTINGS)
    page.click("text=Share the badges")
    markdown = page.get_by_role("textbox", name="Markdown of the badge gate")
    expect(markdown).to_have_value(re.compile(r"^\[!\[gate\]\(http"))
    page.wait_for_load_state("networkidle")
    widths = page.locator("label img").evaluate_all("images => images.map(image => image.naturalWidth)")
    assert min(widths) > 60
    page.click("text=Stop showing the badges")
    expect(page.locator("main")).to_contain_text("Share the badges")
