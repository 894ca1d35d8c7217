import json
from html import unescape

import pytest
from django.urls import reverse

from reviews.gate import answering, gating
from tests.factories import RepositoryFactory, ScanFactory
from tests.reviews.decided import broken, decided
from tests.reviews.rows import COMMIT, RULE, finished

pytestmark = pytest.mark.django_db
HOME = "/repositories/payments/pay/"


@pytest.fixture
def pay(team):
    """A scanned repository of tier A with findings."""
    repository = RepositoryFactory(team=team, name="pay", tier="A")
    finished(repository)
    return repository


def page(client, person, commit="") -> str:
    client.force_login(person)
    response = client.get(HOME + "gate/", {"commit": commit} if commit else {})
    assert response.status_code == 200
    return unescape(response.content.decode())


def test_the_page_says_whether_why_and_what_to_do(client, viewer, pay):
    text = page(client, viewer, COMMIT)
    assert "It may not go out" in text
    assert "Level is none, tier A asks for gold." in text
    assert "Open a review of this commit." in text
    assert f'href="{HOME}findings/?rule={RULE}"' in text
    assert "Time alone never opens the gate." in text


def test_an_answer_that_ends_says_when_to_the_second(client, viewer, pay):
    review = decided(finished(pay, bad=0, unresolved=0, commit="9" * 40))
    text = page(client, viewer, "9999999")
    assert "It may go out<" in text
    assert f"{review.valid_until:%H:%M:%S UTC}</time>" in text
    assert "At that moment it changes by itself." in text


def test_an_answer_without_an_end_says_so(client, viewer, pay):
    pay.tier = "C"
    finished(pay, bad=0, unresolved=0, commit="9" * 40)
    assert "Nothing that it rests on ends by itself." in page(client, viewer)


def test_a_commit_that_nobody_knows_is_pending(client, viewer, pay):
    text = page(client, viewer, "abcdef0")
    assert "It may not go out yet" in text
    assert "No scan of this commit has finished." in text


def test_a_failed_scan_is_a_link(client, viewer, pay):
    scan = ScanFactory(repository=pay, state="failed", wanted_commit="8" * 40, error_message="No such commit.")
    text = page(client, viewer, "8888888")
    assert "The scan of this commit failed: No such commit." in text
    assert f'href="{reverse("scan", args=[scan.pk])}"' in text


def test_without_a_commit_the_newest_scanned_one_is_meant(client, viewer, pay):
    assert 'for <span class="commit">7ac01d9</span>' in page(client, viewer)


def test_without_any_scan_the_page_is_there_too(client, viewer, team):
    RepositoryFactory(team=team, name="pay")
    assert "none yet" in page(client, viewer)


@pytest.mark.parametrize("commit", ["main", "7ac01d", "<b>x</b>"])
def test_what_is_no_commit_is_refused_with_what_to_give(client, viewer, pay, commit):
    client.force_login(viewer)
    response = client.get(HOME + "gate/", {"commit": commit})
    text = response.content.decode()
    assert response.status_code == 422
    assert "This is no commit. Give 7 to 64 hexadecimal digits." in text
    assert "<b>x" not in text


def test_a_commit_that_is_named_twice_is_refused(client, viewer, pay):
    finished(pay, commit=COMMIT[:-1] + "1")
    client.force_login(viewer)
    response = client.get(HOME + "gate/", {"commit": "7ac01d9"})
    assert response.status_code == 422
    assert "2 commits begin with 7ac01d9. Give more digits." in response.content.decode()


def test_what_people_wrote_is_never_markup(client, viewer, pay):
    broken(pay, COMMIT, reason="<script>alert(1)</script>")
    client.force_login(viewer)
    assert "<script>alert" not in client.get(HOME + "gate/").content.decode()


def test_the_scorecard_says_the_same_as_the_gate(client, viewer, pay):
    client.force_login(viewer)
    responses = [client.get(HOME), client.get(HOME + "gate/")]
    answers = [json.dumps(answering.as_json(response.context["answer"])) for response in responses]
    assert answers[0] == answers[1]
    assert all("3 high or critical findings are open." in response.content.decode() for response in responses)


def test_the_example_for_programs_is_the_answer_itself(client, viewer, pay):
    client.force_login(viewer)
    response = client.get(HOME + "gate/", {"commit": COMMIT})
    shown = "\n".join(line for _, line, _ in response.context["json"])
    asked = gating.answer(pay, COMMIT, response.context["at"])
    assert json.loads(shown) == answering.as_json(asked)
