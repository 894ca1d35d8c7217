"""Pages of pull requests in a browser: usable by everybody, by keyboard, and without scripts."""

import pytest

from reviews.models import PullRequest, Repository
from tests.browser.test_accessible import CLEAN, looked_at
from tests.factories import ScanFactory
from tests.reviews.pull_rows import finding, judged, proposal

PULLS = "/repositories/payments/pay/pulls/"


@pytest.fixture
def pull(pay: Repository) -> PullRequest:
    """One that adds and fixes, hides files, and is looked at again."""
    pull = proposal(pay)
    new = (finding(), finding(path="capture/refunds.py", severity="low", waived=True), finding(snippet=[]))
    judged(pull, new + (finding(),) * 30, (finding(path="old.py"),), level="bronze", files=[10, 8], excluded=[0, 2])
    ScanFactory(repository=pay, pull_request=pull, branch=pull.ref, wanted_commit="6" * 40)
    proposal(pay, 8, ref="", state="closed", title="A fork that is not shown " * 8)
    return pull


@pytest.mark.parametrize("path", [PULLS, PULLS + "7/", PULLS + "8/", PULLS + "?state=closed"])
def test_every_page_can_be_used_by_everybody(visit, page, pull, teammate, path):
    visit(teammate, path)
    assert looked_at(page) == CLEAN


def test_the_empty_list_can_be_used_by_everybody(visit, page, pay, viewer):
    visit(viewer, PULLS)
    assert page.locator("h2", has_text="No pull request yet").is_visible()
    assert looked_at(page) == CLEAN


def test_the_scan_of_one_can_be_used_by_everybody(visit, page, pull, teammate):
    visit(teammate, f"/scans/{pull.latest_scan_id}/")
    assert looked_at(page) == CLEAN


def test_keys_lead_from_the_list_to_one_and_to_its_rule(visit, page, pull, viewer):
    visit(viewer, PULLS)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/pulls/7/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/rules/**")


def test_it_is_read_and_filtered_without_scripts(plain, pull, viewer):
    page = plain(viewer, PULLS)
    page.select_option("#state", "open")
    page.click("button:has-text('Show')")
    assert page.locator("tbody tr").count() == 1
    page.click("text=#7 Take wallets")
    assert page.locator("h2", has_text="It makes the service less ready").is_visible()
