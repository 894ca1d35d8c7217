"""
Pictures of every page with the demo's data, for people to look at: `make screenshots`.

Starts a site of its own in a directory that is thrown away, lets its workers scan the demo, and visits each page in
light, in dark and on a phone. The pictures lie in screenshots/; the fleet is also the picture of the README.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.services import chromium, free_port, wait_until

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "screenshots"
README = ROOT / "docs" / "fleet.png"
HOME = "/repositories/payments/payments-api/"
PAGES = {
    "fleet": "/?open=payments",
    "team": "/teams/payments/",
    "repository": HOME,
    "findings": "/findings/",
    "sites": HOME + "sites/request-without-timeout/",
    "facts": HOME + "facts/",
    "configuration": HOME + "facts/configuration/",
    "endpoints": HOME + "facts/endpoints/",
    "dependencies": HOME + "facts/dependencies/",
    "facts-changes": HOME + "facts/changes/",
    "scans": HOME + "scans/",
    "gate": HOME + "gate/",
    "webhook": HOME + "webhook/",
    "deliveries": HOME + "deliveries/",
    "checklist": "/checklist/",
    "rule": "/rules/request-without-timeout/",
    "register": "/register/",
    "settings": HOME + "settings/",
    "members": "/teams/payments/members/",
    "audit": "/teams/payments/audit/",
    "status": "/status/",
    "account": "/account/",
}
LOOKS = {"light": (1440, "light"), "dark": (1440, "dark"), "phone": (390, "light")}


@contextmanager
def site() -> Iterator[tuple[str, str]]:
    """The address and the admin's password of a running site with the demo in it."""
    data, port = tempfile.mkdtemp(prefix="plimsoll-pictures-"), free_port()
    url = f"http://127.0.0.1:{port}"
    environment = os.environ | {"PLIMSOLL_DATA": data, "PORT": str(port), "PLIMSOLL_BASE_URL": url}
    log = Path(data) / "log"
    with log.open("w") as output:
        command = [sys.executable, "manage.py", "up", "--demo"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: "Open http" in log.read_text() and healthy(url), 120)
        found = re.search(r"password: (\S+)", log.read_text())
        assert found, log.read_text()
        yield url, found[1]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        shutil.rmtree(data, ignore_errors=True)


def healthy(url: str) -> bool:
    """Whether the site answers."""
    with urllib.request.urlopen(url + "/healthz", timeout=5) as answer:
        return bool(answer.status == 200)


def sign_in(page: Page, url: str, password: str) -> None:
    """Sign in as the admin."""
    page.goto(url + "/accounts/login/")
    page.fill("#id_login", "admin")
    page.fill("#id_password", password)
    page.click("button[type=submit]")
    page.locator("h1").wait_for()


def wait_for_the_demo(page: Page, url: str) -> None:
    """Return when the demo is registered and nothing waits or runs any more."""

    def quiet() -> bool:
        page.goto(url + "/")
        figures = page.locator(".figures > div").last
        return figures.count() == 1 and "0 under way" in figures.inner_text()

    wait_until(quiet, 300)


def take(page: Page, url: str) -> None:
    """Visit every page in every look."""
    for look, (width, scheme) in LOOKS.items():
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type] # one of two texts
        for name, path in PAGES.items():
            page.goto(url + path)
            page.screenshot(path=TARGET / f"{name}-{look}.png", full_page=True)
    shutil.copyfile(TARGET / "fleet-light.png", README)


def main() -> None:
    """Take all pictures."""
    TARGET.mkdir(exist_ok=True)
    README.parent.mkdir(exist_ok=True)
    with site() as (url, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        sign_in(page, url, password)
        wait_for_the_demo(page, url)
        take(page, url)
        browser.close()
    print(f"{len(list(TARGET.glob('*.png')))} pictures in {TARGET}, and {README}")


if __name__ == "__main__":
    main()
