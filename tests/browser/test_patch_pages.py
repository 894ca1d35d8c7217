"""Verified fixes and patches in the browser: each state in every look, by keyboard, and without script."""

import subprocess
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from reviews.models import Patch
from reviews.patches import working
from scanners import registry
from tests.browser.test_accessible import CLEAN, HOME, looked_at
from tests.factories import RepositoryFactory
from tests.origin import commit_files
from tests.reviews.patches.mended import BODY, WAITS, applied, clone, ready
from tests.reviews.rows import RULE, found
from tests.reviews.running import scanned

REFUSED = [{"finding": 1, "rule": RULE, "path": "capture/bank.py", "line": 9, "why": "It takes no keywords."}]
FAILED = {"error_code": "remote_timeout", "error_message": "The server is slow.", "error_next": "Try again later."}


@pytest.fixture
def answers(pay):
    """A finding in each state of its fix, the patches of its rule and of the repository, by name of the page."""
    findings = {
        name: found(pay, path=f"capture/{name}.py") for name in ("unasked", "ready", "old", "none", "failed", "at")
    }
    ready(pay, finding=findings["ready"])
    ready(pay, finding=findings["old"], commit="4be1f02" + "0" * 33, holds_at="4be1f02" + "0" * 33)
    ready(pay, finding=findings["none"], state="nothing", body=b"", fixed=[], refused=REFUSED)
    ready(pay, finding=findings["failed"], state="failed", body=b"", **FAILED)
    ready(pay, finding=findings["at"], state="wanted", body=b"")
    whole = ready(pay, RULE, refused=REFUSED)
    waiting = ready(pay, state="working", body=b"", progress={"done": 3, "total": 9})
    pages = {f"finding-{name}": reverse("finding", args=[finding.pk]) for name, finding in findings.items()}
    return pages | {
        "patch": reverse("patch", args=[whole.pk]),
        "patch-at": reverse("patch", args=[waiting.pk]),
        "patches": HOME + "patches/",
        "rule-patches": reverse("rule-patches", args=[RULE]),
        "rule": reverse("rule", args=[RULE]),
        "findings": HOME + "findings/",
        "scorecard": HOME,
    }


NAMES = ["finding-unasked", "finding-ready", "finding-old", "finding-none", "finding-failed", "finding-at"]
NAMES += ["patch", "patch-at", "patches", "rule-patches", "rule", "findings", "scorecard"]


@pytest.mark.parametrize("name", NAMES)
def test_the_pages_of_patches_can_be_used_by_everybody(visit, page, teammate, answers, name):
    visit(teammate, answers[name])
    assert looked_at(page) == CLEAN


def test_the_patch_of_an_open_row_is_copied_by_a_key(visit, page, viewer, answers):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit(viewer, answers["findings"])
    page.locator("a[data-open]", has_text="capture/ready.py").click()
    page.locator(".finding-open .add").wait_for()
    page.keyboard.press("y")
    expect(page.locator("#toast")).to_contain_text("The patch is copied")
    assert page.evaluate("navigator.clipboard.readText()") == BODY.decode()


@pytest.fixture
def service(transactional_db, team, origin: Path):
    """A repository with a real origin, scanned, with two findings that can be mended."""
    made = RepositoryFactory(team=team, name="service", url=f"file://{origin}")
    commit_files(origin, {"pay.py": WAITS, "send.py": WAITS})
    scanned(made)
    return made


def test_a_fix_is_asked_for_and_fills_itself_in(visit, page, service, teammate):
    finding = service.findings.get(rule=RULE, path="pay.py")
    visit(teammate, reverse("finding", args=[finding.pk]))
    page.click("text=Work out the fix")
    expect(page.locator(".fix")).to_contain_text("Waiting for a worker")
    top = page.locator("h3", has_text="History").bounding_box()["y"]
    assert working.do_one()
    expect(page.locator(".fix .add")).to_contain_text("timeout=(3.05, 10)")
    expect(page.locator(".fix-actions")).to_contain_text("Download patch")
    assert abs(page.locator("h3", has_text="History").bounding_box()["y"] - top) < 160


def test_from_a_finding_to_a_patch_of_all_without_script(plain, service, teammate, origin, tmp_path):
    finding = service.findings.get(rule=RULE, path="pay.py")
    page = plain(teammate, reverse("finding", args=[finding.pk]))
    page.click("text=Patch for all 2")
    expect(page.locator("main")).to_contain_text("Waiting for a worker")
    assert working.do_one()
    page.reload()
    expect(page.locator("main")).to_contain_text("clears 2 in 2 files")
    with page.expect_download() as started:
        page.click("text=Download patch")
    saved = tmp_path / started.value.suggested_filename
    started.value.save_as(saved)
    assert saved.read_bytes() == bytes(Patch.objects.get(rule=RULE).body)
    assert registry.digest() == Patch.objects.get(rule=RULE).rule_set
    folder = clone(origin, tmp_path / "clone")
    subprocess.run(["git", "-C", str(folder), "apply", "--check", str(saved)], check=True, timeout=60)
    assert "timeout" in (applied(Patch.objects.get(rule=RULE), folder) / "send.py").read_text(encoding="utf-8")
