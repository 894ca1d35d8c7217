"""What the pages do with script, without script and with the keyboard alone."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from reviews.models import Scan
from tests.reviews.rows import finished

HOME = "/repositories/payments/pay/"


def test_a_team_opens_and_closes_in_place_and_the_address_follows(visit, page, pay, viewer):
    visit(viewer, "/")
    fold = page.locator("#fold-payments")
    fold.click()
    expect(page.locator("tr.sub th")).to_have_text(["pay"])
    expect(fold).to_have_attribute("aria-expanded", "true")
    assert page.url.endswith("/?open=payments")
    assert page.evaluate("document.activeElement.id") == "fold-payments"
    fold.click()
    expect(page.locator("tr.sub")).to_have_count(0)


def test_the_fleet_is_narrowed_at_once(visit, page, pay, viewer):
    visit(viewer, "/")
    page.select_option("#tier", "B")
    expect(page.locator("#map")).to_contain_text("No repository of tier B")
    assert "tier=B" in page.url


def test_a_filter_narrows_the_list_and_can_be_sent_to_somebody(visit, page, pay, viewer):
    visit(viewer, HOME + "findings/")
    expect(page.locator("[data-row]")).to_have_count(4)
    page.select_option("select[name=severity]", "high")
    expect(page.locator("[data-row]")).to_have_count(3)
    page.fill("#q", "nowhere")
    expect(page.locator("#findings")).to_contain_text("No finding fits the filter")
    assert "severity=high" in page.url
    assert "q=nowhere" in page.url
    page.reload()
    expect(page.locator("#findings")).to_contain_text("No finding fits the filter")


def test_findings_open_one_at_a_time_and_close_again(visit, page, pay, viewer):
    visit(viewer, HOME + "findings/")
    first, second = page.locator("[data-open]").nth(0), page.locator("[data-open]").nth(1)
    first.click()
    expect(page.locator(".finding-open .code")).to_have_count(1)
    second.click()
    expect(second).to_have_attribute("aria-expanded", "true")
    expect(first).to_have_attribute("aria-expanded", "false")
    expect(page.locator(".finding-open .code")).to_have_count(1)
    second.click()
    expect(page.locator(".finding-open .code")).to_have_count(0)


def test_findings_are_walked_opened_and_copied_from_with_the_keyboard(visit, page, pay, viewer, live_server):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live_server.url)
    visit(viewer, HOME + "findings/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator("[data-open]").first).to_be_focused()
    page.keyboard.press("o")
    expect(page.locator(".finding-open .code")).to_have_count(1)
    page.keyboard.press("y")
    expect(page.locator("#toast")).to_contain_text("Copied: # plimsoll: ignore[request-without-timeout]")
    assert page.evaluate("navigator.clipboard.readText()").startswith("# plimsoll: ignore[")


@pytest.mark.parametrize(
    ("keys", "path"),
    [("gi", "/findings/"), ("gr", "/reviews/"), ("gc", "/checklist/"), ("gs", "/status/"), ("gf", "/")],
)
def test_two_keys_go_to_each_part(visit, page, pay, viewer, live_server, keys, path):
    visit(viewer, "/account/")
    page.keyboard.type(keys)
    page.wait_for_url(live_server.url + path)


def test_a_question_mark_shows_the_keys_and_escape_puts_them_away(visit, page, pay, viewer):
    visit(viewer, "/")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


def test_keys_are_letters_while_one_types(visit, page, pay, viewer):
    visit(viewer, "/")
    page.keyboard.press("/")
    page.keyboard.type("gf?")
    expect(page.locator(".find input")).to_have_value("gf?")
    expect(page.locator("#keys")).to_be_hidden()


def test_a_link_to_an_item_opens_it(visit, page, pay, viewer):
    visit(viewer, HOME)
    page.locator(".plan a").first.click()
    expect(page.locator("#item-T1")).to_have_attribute("open", "")
    expect(page.locator("#item-T1 table")).to_be_visible()


def test_a_theme_that_was_chosen_stays(visit, page, pay, viewer):
    visit(viewer, "/")
    page.click("[data-theme-choice=dark]")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    visit(viewer, "/findings/")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    page.click("[data-theme-choice='']")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark


def test_a_scan_is_followed_to_its_end_and_no_further(visit, page, pay, running, viewer):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    visit(viewer, reverse("scan", args=[running.pk]))
    expect(page.locator("#progress")).to_contain_text("393 of 412 files")
    Scan.objects.filter(pk=running.pk).update(progress=running.progress | {"scanned": 30})
    expect(page.locator("#progress")).to_contain_text("403 of 412 files")
    Scan.objects.filter(pk=running.pk).update(state=Scan.State.DONE)
    expect(page.locator("#progress")).to_contain_text("Show what it found")
    number = len(asked)
    page.wait_for_timeout(1500)
    assert len(asked) == number


def test_after_a_scan_its_page_says_what_it_found(visit, page, pay, running, viewer):
    visit(viewer, reverse("scan", args=[running.pk]))
    finished(pay, commit="8" * 40)
    Scan.objects.filter(pk=running.pk).update(state=Scan.State.SUPERSEDED, superseded_by=pay.latest_scan)
    page.get_by_role("link", name="Show what it found").click()
    expect(page.locator("#progress")).to_contain_text("answers what this one was asked")


def test_a_repository_is_registered_by_hand(visit, page, team, owner, live_server):
    visit(owner, "/")
    page.fill("#id_url", "https://git.example.org/payments/pay-api.git")
    page.click("button:has-text('Register and scan')")
    expect(page.locator("h1")).to_contain_text("Scan")
    expect(page.locator("#progress")).to_contain_text("Waiting for a worker")
    expect(page.locator(".crumbs")).to_contain_text("pay-api")


@pytest.mark.parametrize(
    "path", ["/", "/?open=payments", "/findings/", HOME, HOME + "findings/?severity=high", "/checklist/"]
)
def test_every_page_reads_without_script(plain, pay, viewer, path):
    page = plain(viewer, path)
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("[data-script]").first).to_be_hidden()


def test_without_script_a_row_leads_to_its_page_and_a_filter_is_a_form(plain, pay, viewer):
    page = plain(viewer, "/findings/")
    page.select_option("select[name=severity]", "high")
    page.click("button:has-text('Filter')")
    expect(page.locator("[data-row]")).to_have_count(3)
    page.locator("[data-open]").first.click()
    expect(page.locator(".code")).to_be_visible()
