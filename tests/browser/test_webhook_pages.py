"""From a registered repository to a delivery that was believed: the hook's pages with script and without."""

import hashlib
import hmac
import json
from datetime import timedelta

import httpx
import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from reviews import hooks
from reviews.deliveries import sorting
from reviews.models import Delivery, Forge, Hook, Repository
from tests.browser.test_accessible import CLEAN, looked_at

PUSH = {"ref": "refs/heads/main", "after": "a" * 40, "repository": {"full_name": "acme/pay"}}
WEBHOOK = "/repositories/payments/pay/webhook/"
DELIVERIES = "/repositories/payments/pay/deliveries/"


def deliver(url: str, secret: str, *, name: str = "1", event: str = "push", payload: dict | None = None) -> int:
    """What GitHub does: post an event, signed with the hook's secret. Returns the status it gets."""
    raw = json.dumps(PUSH if payload is None else payload).encode()
    signature = "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": signature, "X-GitHub-Event": event, "X-GitHub-Delivery": name}
    headers["Content-Type"] = "application/json"
    return httpx.post(url, content=raw, headers=headers, timeout=10).status_code


def posted_to(live_server, hook: Hook) -> str:
    """The hook's address on the server of the test."""
    return live_server.url + reverse("hook", args=[hook.key])


@pytest.fixture
def hook(pay, owner) -> Hook:
    """A hook at GitHub of the repository pay."""
    return hooks.make(pay, "github", by=owner)[0]


@pytest.fixture
def delivered(hook) -> list[Delivery]:
    """A delivery in each state."""
    now = timezone.now()
    wanted = [
        ("ping", "done", {"kind": "ping"}, "The hook works.", ""),
        ("push", "waiting", {"kind": "push", "branch": "main", "commit": "a" * 40}, "", ""),
        (
            "push",
            "ignored",
            {"kind": "push", "branch": "x" * 90, "commit": "b" * 40},
            "It is not scored.",
            "other_branch",
        ),
        ("create", "failed", {"kind": "tag", "name": "v1", "commit": "", "deleted": False}, "No.", "dns_failed"),
    ]
    return [
        Delivery.objects.create(
            hook=hook,
            key=f"72d3162e-cc78-11e3-81ab-4c936773{number:04}",
            event=event,
            state=state,
            asks=asks,
            outcome=outcome,
            code=code,
            payload=PUSH | {"long": "word " * 60},
            received_at=now - timedelta(hours=4 - number),
        )
        for number, (event, state, asks, outcome, code) in enumerate(wanted)
    ]


def test_from_registering_to_a_delivery_that_is_delivered_again(visit, page, team, owner, live_server):
    visit(owner, "/register/")
    page.fill("#id_url", "https://github.com/acme/pay.git")
    page.click("text=Register and scan")
    page.locator(".crumbs").get_by_text("pay", exact=True).click()
    page.locator(".tabs").get_by_text("Webhook").click()
    expect(page.locator("#id_provider")).to_have_value("github")
    page.click("text=Make the hook")
    expect(page.locator("#heard")).to_contain_text("Nothing arrived yet")
    secret = page.locator(".copied code").nth(1).inner_text()
    address = page.locator(".copied code").nth(0).inner_text().replace("http://testserver", live_server.url)
    assert deliver(address, "not the secret") == 401
    expect(page.locator("#heard")).to_contain_text("The last request was refused")
    expect(page.locator("#state")).to_contain_text("signature_wrong")
    assert deliver(address, secret) == 202
    expect(page.locator("#heard")).to_contain_text("The hook works")
    expect(page.locator("#hook-said")).to_have_text("Arrived: Push to main")
    sorting.sort_some()
    page.click("#last-delivery")
    expect(page.locator("h1")).to_have_text("Push to main")
    page.click("text=Deliver again")
    expect(page.locator(".notice").first).to_contain_text("It is delivered again")
    assert Delivery.objects.get().state == "waiting"


def test_a_secret_is_copied_and_not_said_aloud(visit, page, pay, owner, live_server):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live_server.url)
    visit(owner, WEBHOOK)
    page.select_option("#id_provider", "gitlab")
    page.click("text=Make the hook")
    page.get_by_role("button", name="Copy: Secret token").click()
    expect(page.locator("#toast")).to_contain_text("The secret is copied.")
    assert page.evaluate("navigator.clipboard.readText()") == Hook.objects.get().secret


def test_the_secret_is_gone_when_the_page_is_loaded_again(visit, page, pay, owner):
    visit(owner, WEBHOOK)
    page.select_option("#id_provider", "gitea")
    page.click("text=Make the hook")
    secret = Hook.objects.get().secret
    assert secret in page.content()
    page.goto(page.url.removesuffix("make/"))
    expect(page.locator("#guide")).to_be_visible()
    assert secret not in page.content()


def test_everything_is_done_without_script(plain, hook, pay, owner, live_server):
    page = plain(owner, WEBHOOK)
    page.click("text=Rotate the secret")
    expect(page.locator("main")).to_contain_text("Two secrets count.")
    assert deliver(posted_to(live_server, hook), hook.secret) == 202
    page.click("text=End the former secret now")
    assert deliver(posted_to(live_server, hook), hook.secret, name="2") == 401
    page.check("text=Commit statuses")
    page.fill("#id_token", "a-token")
    page.click("text=Save what is told")
    assert (Forge.objects.get().posts_statuses, Forge.objects.get().token) == (True, "a-token")
    page.click("main button:has-text('Remove the hook')")
    expect(page.locator("main")).to_contain_text("Let the forge report")


@pytest.mark.parametrize("path", [WEBHOOK, DELIVERIES, DELIVERIES + "?state=failed"])
def test_pages_of_a_hook_can_be_used_by_everybody(visit, page, owner, pay, delivered, path):
    Hook.objects.update(refused_at=timezone.now(), refused_code="signature_wrong")
    hooks.rotate(Hook.objects.get(), by=owner)
    visit(owner, path)
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    assert looked_at(page) == CLEAN


@pytest.mark.parametrize("path", [WEBHOOK, DELIVERIES])
def test_empty_pages_of_a_hook_can_be_used_by_everybody(visit, page, owner, viewer, pay, path):
    visit(owner, path)
    assert looked_at(page) == CLEAN
    visit(viewer, path)
    assert looked_at(page) == CLEAN


@pytest.mark.parametrize("number", range(4))
def test_a_delivery_can_be_used_by_everybody(visit, page, owner, pay, delivered, number):
    visit(owner, reverse("delivery", args=[delivered[number].pk]))
    assert looked_at(page) == CLEAN


@pytest.mark.parametrize("provider", Repository.Provider.values)
def test_the_guide_of_each_forge_can_be_used_by_everybody(visit, page, owner, pay, provider):
    visit(owner, WEBHOOK)
    page.select_option("#id_provider", provider)
    page.click("text=Make the hook")
    expect(page.locator("#guide")).to_contain_text(Repository.Provider(provider).label)
    assert looked_at(page) == CLEAN
