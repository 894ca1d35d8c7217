"""Pages of facts in a browser: usable by everybody, by keyboard, without scripts, without overlaps."""

import pytest

from reviews.models import Repository
from scanners.inventory.table import BAD, GOOD, UNKNOWN
from tests.browser.test_accessible import CLEAN, looked_at
from tests.factories import RepositoryFactory
from tests.reviews.inventory_rows import NEWER, OLDER, boundary, dependency, endpoint, told, variable

FACTS = "/repositories/payments/pay/facts/"
KINDS = ("http", "http", "http", "sql", "cache", "broker", "mail", "process", "object store")
LONG = "settings.PAYMENTS_GATEWAY_BASE_URL_FOR_REFUNDS_AND_CAPTURES_OF_THE_OTHER_BANK"
OVERLAPPING = """() => {
    const texts = [...document.querySelectorAll('.map > svg')].filter((map) => map.checkVisibility())
        .flatMap((map) => [...map.querySelectorAll('text')])
        .map((text) => [text.textContent, text.getBoundingClientRect()]);
    const across = (a, b) => a.left < b.right - 1 && b.left < a.right - 1;
    const touch = (a, b) => across(a, b) && a.top < b.bottom - 2 && b.top < a.bottom - 2;
    const outside = texts.filter(([, box]) => box.left < 0 || box.right > innerWidth).map(([text]) => [text, 'edge']);
    return texts.flatMap(([one, a], at) =>
        texts.slice(at + 1).filter(([, b]) => touch(a, b)).map(([other]) => [one, other])).concat(outside);
}"""


def boundaries(number: int) -> list:
    """Boundaries of all kinds and marks, some with long names."""
    marks = (BAD, GOOD, UNKNOWN, GOOD)
    cells = [{"target": LONG} if one % 4 == 1 else {} for one in range(number)]
    return [boundary(one, KINDS[one % len(KINDS)], marks[one % 4], cells=cells[one]) for one in range(number)]


@pytest.fixture
def pay(transactional_db, team) -> Repository:
    """A repository that told much at two commits."""
    repository = RepositoryFactory(team=team, name="pay", url="https://github.com/acme/pay")
    endpoints = [endpoint(f"/v1/{number}", (BAD, UNKNOWN, GOOD)[number % 3]) for number in range(30)]
    dependencies = [dependency(f"d{number}", number % 9 == 0) for number in range(120)]
    before = {"boundaries": boundaries(56), "endpoints": endpoints[2:], "dependencies": dependencies[3:]}
    told(repository, OLDER, variables=[variable("GONE"), variable("KEPT")], **before)
    kept = variable("KEPT", required=None, documented=["a", "b", "c", "d", "e"])
    after = {"boundaries": boundaries(60), "endpoints": endpoints, "dependencies": dependencies}
    told(repository, NEWER, variables=[variable("CAME"), kept], **after)
    repository.scans.update(subject="Say what to do when the gateway is down, and whom to call then " * 3)
    return repository


@pytest.mark.parametrize("path", ["", "configuration/", "data/", "dependencies/?q=d1", "changes/"])
def test_every_page_can_be_used_by_everybody(visit, page, pay, viewer, path):
    visit(viewer, FACTS + path)
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    assert looked_at(page) == CLEAN


def test_a_scan_without_facts_can_be_used_by_everybody(visit, page, team, teammate):
    RepositoryFactory(team=team, name="pay")
    visit(teammate, FACTS)
    assert looked_at(page) == CLEAN


@pytest.mark.parametrize("number", [1, 2, 12, 60])
def test_no_label_of_the_map_lies_on_another(visit, page, transactional_db, team, viewer, number):
    told(RepositoryFactory(team=team, name="pay"), boundaries=boundaries(number))
    visit(viewer, FACTS)
    for width in (320, 390, 1000, 1160, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.locator(".map > svg:visible").count() == 1
        assert (width, page.evaluate(OVERLAPPING)) == (width, [])


def test_the_map_leads_to_its_rows_by_keyboard(visit, page, pay, viewer):
    visit(viewer, FACTS)
    first = page.locator(".map > svg:visible a").first
    row = first.get_attribute("href")
    first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{row}")
    assert page.locator(row).is_visible()
    assert page.locator(".map > svg:visible a").count() <= 26 + len(set(KINDS))


def test_a_fold_of_the_map_opens_all_of_its_kind(visit, page, pay, viewer):
    visit(viewer, FACTS)
    page.locator(".map > svg:visible a", has_text="more").first.click()
    page.wait_for_url("**facet=http**")
    assert page.locator("tbody tr").count() == 21


def test_typing_narrows_the_rows_and_the_address_can_be_sent(visit, page, pay, viewer):
    visit(viewer, FACTS + "dependencies/")
    page.keyboard.press("f")
    page.keyboard.type("d99")
    page.wait_for_url("**q=d99**")
    assert page.locator("tbody tr").count() == 1
    page.reload()
    assert page.locator("tbody tr").count() == 1


def test_it_is_read_filtered_and_compared_without_scripts(plain, pay, viewer):
    page = plain(viewer, FACTS + "endpoints/")
    page.select_option("select[name=mark]", "unknown")
    page.click("button:has-text('Filter')")
    assert page.locator("tbody tr").count() == 10
    page.click(".subtabs >> text=Changes")
    assert page.locator("text=CAME").first.is_visible()
    page.select_option("#since", OLDER)
    page.click("button:has-text('Compare')")
    assert page.locator("h2", has_text="Configuration").is_visible()
