"""The pages of reviews in a browser: for everybody, with the keyboard alone, with script and without."""

import pytest
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import expect

from reviews.models import Comment, Evidence, Repository, Review, ReviewItem, SignOff, Verdict
from reviews.workflow.states import State
from tests.browser.meeting import changed_since, ready, reviewed
from tests.browser.test_accessible import CLEAN, looked_at
from tests.factories import RepositoryFactory
from tests.reviews.review_places import broken
from tests.reviews.reviewing import Cast, cast_of, item_of, review_in

STATES = ["draft", "scanning", "scan-failed", "self-assessment", "in-review", "changes-requested", "suspended"]
STATES += ["approved-with-conditions", "needs-reaffirmation", "rejected"]


@pytest.fixture
def cast(pay: Repository) -> Cast:
    return cast_of(pay.team)


def home(review: Review) -> str:
    return reverse("review", args=[review.pk])


def opened(page) -> None:
    """Open everything that can be folded."""
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("who", ["submitter", "lead"])
def test_a_review_can_be_used_by_everybody(visit, page, pay, cast, state, who):
    with transaction.atomic():
        review = changed_since(reviewed(pay, cast, State(state), scan=pay.latest_scan))
    visit(getattr(cast, who), home(review))
    opened(page)
    assert looked_at(page) == CLEAN


@pytest.mark.parametrize("name", ["reviews", "reviews-none", "workflow", "tab", "open", "glass", "condition"])
def test_what_leads_to_a_review_can_be_used_by_everybody(visit, page, pay, cast, name):
    with transaction.atomic():
        review = reviewed(pay, cast, State.IN_REVIEW)
        broken(pay, cast.lead)
    of_pay = {"team": "payments", "repository": "pay"}
    paths = {
        "reviews": reverse("reviews") + "?group=all",
        "reviews-none": reverse("reviews") + "?group=decided",
        "workflow": reverse("review-workflow"),
        "tab": reverse("repository-reviews", kwargs=of_pay),
        "open": reverse("open-review", kwargs=of_pay),
        "glass": reverse("break-glass", kwargs=of_pay),
        "condition": reverse("add-condition", args=[review.pk]),
    }
    visit(cast.authority, paths[name])
    opened(page)
    assert looked_at(page) == CLEAN


def test_dialogs_can_be_used_by_everybody(visit, page, pay, cast):
    visit(cast.lead, home(ready(pay, cast)))
    page.get_by_role("button", name="Request changes").click()
    expect(page.locator("#do-request-changes")).to_be_visible()
    assert looked_at(page) == CLEAN
    page.keyboard.press("Escape")
    page.get_by_role("button", name="More").click()
    assert looked_at(page) == CLEAN


def test_a_refusal_and_a_conflict_can_be_used_by_everybody(visit, page, pay, cast):
    review = ready(pay, cast)
    visit(cast.lead, home(review))
    Review.objects.update(version=99)
    page.get_by_role("button", name="Reject").click()
    page.locator("#reject-note").fill("It leaks.")
    page.locator("#do-reject button[type=submit]").click()
    expect(page.locator("h1")).to_have_text("The review has changed since you opened it")
    expect(page.get_by_label("Why")).to_have_value("It leaks.")
    assert looked_at(page) == CLEAN
    page.get_by_role("link", name="Read the review again").click()
    expect(page.locator("h1")).to_contain_text("pay 3.2.0")


def test_a_meeting_is_held_with_the_keyboard_alone(visit, page, pay, cast):
    review = ready(pay, cast)
    visit(cast.lead, home(review))
    for ref in ("Q10", "Q23", "Q16"):
        page.keyboard.press("j")
        expect(page.locator(f"#item-{ref} > summary")).to_be_focused()
        page.keyboard.press("o")
        page.keyboard.press("1")
        page.wait_for_url(f"**#item-{ref}")
        expect(page.locator(f"#item-{ref} .verdict .note")).to_have_text("your verdict: agree")
    approve = page.locator("#decide").get_by_role("button", name="Approve", exact=True)
    approve.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#approve-note")).to_be_focused()
    page.keyboard.type("Well answered.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".head .badge").first).to_have_text("Approved")
    assert SignOff.objects.get().note == "Well answered."
    assert Verdict.objects.count() == 3


def test_keys_walk_back_and_comment_on_an_item(visit, page, pay, cast):
    visit(cast.lead, home(ready(pay, cast)))
    for key in "jjk":
        page.keyboard.press(key)
    expect(page.locator("#item-Q10 > summary")).to_be_focused()
    page.keyboard.press("c")
    field = page.get_by_label("Comment on Q10")
    expect(field).to_be_focused()
    page.keyboard.type("j 1 c are letters here.")
    expect(field).to_have_value("j 1 c are letters here.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#item-Q10 .voice")).to_contain_text("are letters here.")
    assert Comment.objects.get().author == cast.lead


def test_a_key_for_a_verdict_that_cannot_be_given_does_nothing(visit, page, pay, cast):
    review = ready(pay, cast)
    item_of(review, "Q30")
    visit(cast.lead, home(review))
    page.keyboard.press("j")
    expect(page.locator("#case-Q30 a")).to_be_focused()
    page.keyboard.press("1")
    expect(page.locator("#case-Q30")).to_contain_text("Agree is not possible: not answered yet.")
    assert not Verdict.objects.exists()


def test_what_is_done_can_be_put_aside(visit, page, pay, cast):
    with transaction.atomic():
        review = reviewed(pay, cast, State.SELF_ASSESSMENT)
    visit(cast.submitter, home(review))
    page.get_by_label("Only what is not done").check()
    expect(page.locator("#item-Q10")).to_be_hidden()
    expect(page.locator("#item-Q16")).to_be_visible()


def test_a_dialog_gives_the_focus_back(visit, page, pay, cast):
    visit(cast.lead, home(ready(pay, cast)))
    button = page.get_by_role("button", name="Request changes")
    button.click()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect(page.locator("#do-request-changes")).to_be_hidden()


def test_the_page_goes_on_by_itself_when_the_scan_has_ended(visit, page, pay, cast, running):
    review = review_in(State.SCANNING, pay.team, cast.submitter, repository=pay, scan=running)
    visit(cast.submitter, home(review))
    expect(page.locator("#scanning")).to_contain_text("393 of 412 files")
    Review.objects.update(state=State.SELF_ASSESSMENT)
    expect(page.locator("#items")).to_be_visible()
    expect(page.locator("#scanning")).to_have_count(0)


def test_a_list_is_narrowed_at_once_and_the_address_follows(visit, page, pay, cast):
    review_in(State.IN_REVIEW, pay.team, cast.submitter, repository=pay)
    visit(cast.submitter, reverse("reviews"))
    expect(page.locator("[data-row]")).to_have_count(1)
    page.select_option("select[name=group]", "mine")
    expect(page.locator("#reviews")).to_contain_text("Nothing waits for you")
    assert "group=mine" in page.url


def test_without_script_an_item_is_answered_and_proved(plain, pay, cast):
    review = review_in(State.SELF_ASSESSMENT, pay.team, cast.submitter, repository=pay)
    item_of(review, "Q16")
    page = plain(cast.submitter, home(review))
    item = page.locator("#item-Q16")
    item.locator("summary").first.click()
    item.get_by_label("Pass").check()
    item.get_by_label("Why, for Q16").fill("Tried on Monday.")
    item.get_by_role("button", name="Answer", exact=True).click()
    page.locator("#item-Q16 > summary").click()
    page.locator("#item-Q16 .say > summary").first.click()
    page.get_by_label("Note, for Q16").fill("The log of the drill.")
    page.get_by_role("button", name="Attach the note").locator("visible=true").click()
    expect(page.locator("#decide")).not_to_contain_text("in the way")
    assert ReviewItem.objects.get(ref="Q16").rationale == "Tried on Monday."
    assert Evidence.objects.filter(item__ref="Q16", text="The log of the drill.").exists()


def test_without_script_a_review_is_decided(plain, pay, cast):
    review = ready(pay, cast)
    page = plain(cast.lead, home(review))
    page.get_by_role("button", name="Request changes").click()
    page.locator("#request-changes-note").fill("The drill is missing.")
    page.locator("#do-request-changes button[type=submit]").click()
    expect(page.locator(".notice-warn")).to_contain_text("The drill is missing.")
    review.refresh_from_db()
    assert review.state == State.CHANGES_REQUESTED


def test_a_review_is_opened_by_hand(visit, page, pay, cast):
    RepositoryFactory(team=pay.team)
    visit(cast.submitter, "/repositories/payments/pay/")
    page.get_by_role("link", name="Reviews").last.click()
    page.get_by_role("link", name="Open a review").first.click()
    page.fill("#id_title", "3.2.0")
    page.click("button:has-text('Open the review and scan')")
    expect(page.locator("h1")).to_have_text("pay 3.2.0")
    expect(page.locator("#scanning")).to_contain_text("Waiting for a worker")
