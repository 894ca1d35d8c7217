"""From a draft to an answer of the gate, on the pages alone: a real repository, real scans, and three people."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from reviews import intake, queue, scanning
from reviews.models import Membership, Repository, Review
from reviews.signoff import freezing, reading
from tests.browser.conftest import sign_in
from tests.factories import MembershipFactory
from tests.origin import commit_files

pytestmark = pytest.mark.django_db(transaction=True)

SOURCE = {
    "pyproject.toml": '[project]\nname = "pay"\nversion = "1.4.0"\nrequires-python = ">=3.11"\ndependencies = []\n',
    "CODEOWNERS": "* @payments\n",
    "README.md": "# pay\n\nTakes money for orders.\n\n## Run\n\nImport it.\n\n## Owner\n\nPayments.\n",
    "runbook.md": "# Runbook\n\nUndo a release: deploy the tag before it. Tried every Monday.\n",
    "pay/__init__.py": '"""Payments."""\n',
    "pay/bank.py": (
        '"""The bank."""\n\nimport requests\n\n\n'
        'def capture(url: str) -> bytes:\n    """The answer of the bank."""\n'
        "    answer = requests.post(url)\n    answer.raise_for_status()\n    return answer.content\n"
    ),
    "tests/test_bank.py": "from pay import bank\n\n\ndef test_capture():\n    assert bank.capture is not None\n",
    ".github/workflows/ci.yml": "on: [pull_request]\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    steps:\n"
    "      - run: python -m pytest\n      - run: ruff check\n",
}


class People:
    """Each with a browser of their own."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser, self._url = browser, url
        self._contexts: dict[str, BrowserContext] = {}

    def of(self, membership: Membership) -> Page:
        """The open page of a person."""
        name = membership.user.username
        if name not in self._contexts:
            self._contexts[name] = self._browser.new_context(base_url=self._url)
            self._contexts[name].set_default_timeout(10_000)
            sign_in(self._contexts[name], membership.user, self._url)
            self._contexts[name].new_page()
        return self._contexts[name].pages[0]

    def close(self) -> None:
        for context in self._contexts.values():
            context.close()


@pytest.fixture
def people(browser, live_server) -> Iterator[People]:
    found = People(browser, live_server.url)
    yield found
    found.close()


@pytest.fixture
def member(team) -> Callable[..., Membership]:
    def make(name: str, role: str, *duties: str) -> Membership:
        return MembershipFactory(team=team, user__username=name, role=role, duties=list(duties))

    return make


@pytest.fixture
def repository(team, origin) -> Repository:
    """A scanned library of tier C, whose quorum needs ops beside a reviewer."""
    team.ops_tiers = ["C"]
    team.review_tiers = ["C"]
    team.save()
    commit_files(origin, SOURCE)
    registration = intake.Registration("pay", f"file://{origin}", tier="C", kind="library")
    made = intake.register(team, registration)
    work()
    return made


def work() -> None:
    """What the workers do until nothing is left."""
    for lease in iter(lambda: queue.lease("w"), None):
        scanning.run(lease)
    freezing.follow_scans()
    assert list(iter(reading.do_one, False)) is not None


def shows(page: Page, words: str) -> None:
    expect(page.locator("main")).to_contain_text(re.compile(words))


def open_the_review(page: Page) -> str:
    page.goto("/repositories/payments/pay/reviews/open/")
    page.get_by_label("Title").fill("1.4.0")
    page.get_by_label("Occasion").select_option("first-launch")
    page.get_by_role("button", name="Open the review").click()
    shows(page, "being scanned")
    work()
    shows(page, "Before it can be submitted")
    return page.url


def answer(page: Page, ref: str, value: str, *, path: str = "") -> None:
    """Say so, for a reason, with a file at the commit or a note."""
    page.locator(f"#case-{ref} a", has_text="Answer it").click()
    item = page.locator(f"#item-{ref}")
    item.get_by_label(value, exact=True).check()
    item.get_by_label(f"Why, for {ref}").fill("The drill of Monday.")
    item.get_by_role("button", name="Answer").click()
    expect(item.locator(".answer button")).to_have_text("Save the answer")
    item.locator("summary", has_text="Attach evidence").click()
    item.get_by_label(re.compile("Path of a file" if path else "^Note, for")).fill(path or "Undone within 4 minutes.")
    item.get_by_role("button", name="Attach the file" if path else "Attach the note").click()
    shows(page, path or "Undone within")
    work()
    page.reload()


def ask_for_a_waiver(page: Page) -> None:
    page.goto("/repositories/payments/pay/findings/?rule=request-without-timeout")
    page.locator("[data-open]").first.click()
    page.get_by_role("link", name="Ask for a waiver").first.click()
    page.get_by_label("Reason").select_option("not-yet")
    page.get_by_label("Justification").fill("The bank answers within a second; the timeout is in 1.4.1.")
    page.get_by_label("Last day").fill((timezone.now() + timedelta(days=10)).date().isoformat())
    page.get_by_role("button", name="Ask for the waiver").click()
    shows(page, "Waits for")


def approve_the_waiver(page: Page) -> None:
    page.goto("/waivers/")
    page.get_by_role("link", name=re.compile("timeout")).first.click()
    page.get_by_role("button", name=re.compile("Approve until")).click()
    shows(page, "[Aa]pproved")


def add_a_condition(page: Page, review: str, owner: str, verifier: str) -> None:
    page.goto(f"{review}conditions/add/")
    page.get_by_label("What must be true").fill("The failover drill is done.")
    page.locator("input[name=refs][value=Q34]").check()
    page.get_by_label("Owner").select_option(label=owner)
    page.get_by_label("Verifier").select_option(label=verifier)
    page.get_by_label("Due").fill((timezone.now() + timedelta(days=20)).date().isoformat())
    page.locator("main form .btn-primary").click()
    shows(page, "The failover drill is done")


def sign(page: Page, review: str) -> None:
    page.goto(review)
    page.get_by_role("button", name="Approve with conditions").first.click()
    page.locator("#do-approve-with-conditions").get_by_role("button", name="Approve with conditions").click()
    page.wait_for_load_state()


def test_a_release_from_its_draft_to_the_gate(repository, people, member):
    ada, bo = people.of(member("ada", "engineer")), people.of(member("bo", "reviewer", "lead"))
    cy = people.of(member("cy", "reviewer", "ops"))
    review = open_the_review(ada)
    answer(ada, "Q1", "Pass", path="CODEOWNERS")
    answer(ada, "Q34", "Fail")
    answer(ada, "Q40", "Pass")
    ask_for_a_waiver(ada)
    approve_the_waiver(bo)
    add_a_condition(ada, review, "ada", "cy")
    ada.goto(review)
    ada.get_by_role("button", name="Submit for review").click()
    shows(ada, "[Ss]ubmitted")
    bo.goto(review)
    bo.get_by_role("button", name="Claim").first.click()
    for ref in ("Q1", "Q34", "Q40"):
        bo.locator(f"#item-{ref} summary").first.click()
        bo.locator(f"#item-{ref}").get_by_role("button", name="Agree").click()
        expect(bo.locator(f"#item-{ref} .verdict")).to_contain_text("your verdict")
    sign(bo, review)
    assert Review.objects.get().state == "in-review"
    sign(cy, review)
    assert Review.objects.get().state == "approved-with-conditions"
    cy.goto(f"/repositories/payments/pay/gate/?commit={Review.objects.get().commit}")
    shows(cy, "[Pp]ass with conditions|pass-with-conditions")
