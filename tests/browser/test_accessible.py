"""No page breaks a rule of WCAG 2.2 AA that a machine can check: in light, in dark and on a phone."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from reviews.models import Scan
from tests.factories import ScanFactory, UserFactory
from tests.reviews.rows import RULE
from tests.reviews.signed import signed_off

OPTIONS = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}
LOOKS = {
    "light": ({"width": 1440, "height": 900}, "light"),
    "dark": ({"width": 1440, "height": 900}, "dark"),
    "phone": ({"width": 390, "height": 844}, "light"),
}
HOME = "/repositories/payments/pay/"


@pytest.fixture
def paths(pay, running) -> dict[str, str]:
    """Every page, by name."""
    signed_off(pay, UserFactory())
    failed = ScanFactory(repository=pay, state=Scan.State.FAILED, step="fetch", error_message="No.", error_next="Do.")
    return {
        "fleet": "/?open=payments",
        "team": "/teams/payments/",
        "members": "/teams/payments/members/",
        "audit": "/teams/payments/audit/?verify=1",
        "repository": HOME,
        "findings": "/findings/",
        "repository-findings": HOME + "findings/",
        "finding": reverse("finding", args=[pay.findings.first().pk]),
        "sites": f"{HOME}sites/{RULE}/",
        "scans": "/scans/",
        "repository-scans": HOME + "scans/",
        "repository-gate": HOME + "gate/",
        "scan": reverse("scan", args=[pay.latest_scan.pk]),
        "scan-running": reverse("scan", args=[running.pk]),
        "scan-failed": reverse("scan", args=[failed.pk]),
        "checklist": "/checklist/",
        "rule": f"/rules/{RULE}/",
        "register": "/register/",
        "settings": HOME + "settings/",
        "search": "/search/?q=pay",
        "status": "/status/",
        "account": "/account/",
        "password": "/accounts/password/change/",
        "create-team": "/teams/new/",
    }


NAMES = ["fleet", "team", "members", "repository", "findings", "repository-findings", "finding", "sites", "scans"]
NAMES += ["repository-scans", "scan", "scan-running", "scan-failed", "checklist", "rule", "register", "settings"]
NAMES += ["audit", "repository-gate", "search", "status", "account", "password", "create-team"]


def faults(page) -> list[str]:
    """What axe finds at fault, with the elements."""
    found = Axe().run(page, options=OPTIONS).response["violations"]
    return [f"{fault['id']}: {[node['html'][:160] for node in fault['nodes'][:3]]}" for fault in found]


def looked_at(page) -> dict[str, list[str]]:
    """The faults of the open page in each look; on a phone it must not scroll sideways either."""
    found = {}
    for look, (size, scheme) in LOOKS.items():
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found[look] = faults(page)
    return found | {"sideways": page.evaluate("document.documentElement.scrollWidth > innerWidth")}


CLEAN = {"light": [], "dark": [], "phone": [], "sideways": False}


@pytest.mark.parametrize("name", NAMES)
def test_every_page_can_be_used_by_everybody(visit, page, paths, admin, name):
    visit(admin, paths[name])
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    assert looked_at(page) == CLEAN


def test_the_sign_in_can_be_used_by_everybody(page, live_server, complaints):
    page.goto(live_server.url + "/accounts/login/")
    assert looked_at(page) == CLEAN
    page.fill("#id_login", "nobody")
    page.fill("#id_password", "wrong")
    page.click("button")
    page.locator(".notice-fail").wait_for()
    assert looked_at(page) == CLEAN


def test_the_empty_fleet_can_be_used_by_everybody(visit, page, owner):
    visit(owner, "/")
    assert looked_at(page) == CLEAN


def test_a_form_with_mistakes_can_be_used_by_everybody(visit, page, owner):
    visit(owner, "/register/")
    page.fill("#id_url", "nowhere")
    page.click("button:has-text('Register and scan')")
    page.locator("#id_url_error").wait_for()
    assert looked_at(page) == CLEAN
    assert page.evaluate("document.activeElement.id") == "id_url"


def test_an_open_finding_can_be_used_by_everybody(visit, page, pay, viewer):
    visit(viewer, HOME + "findings/")
    page.locator("[data-open]").first.click()
    page.locator(".finding-open .code").wait_for()
    assert looked_at(page) == CLEAN
