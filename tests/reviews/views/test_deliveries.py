"""What a forge reported, as people see it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from reviews import hooks
from reviews.models import Delivery, Hook, Scan
from tests.factories import RepositoryFactory, ScanFactory

pytestmark = pytest.mark.django_db
PUSH = {"kind": "push", "branch": "main", "commit": "a" * 40}


@pytest.fixture
def repository(team):
    return RepositoryFactory(team=team, name="pay")


@pytest.fixture
def hook(repository):
    return hooks.make(repository, "github")[0]


def deliver(hook: Hook, key: str = "1", **fields) -> Delivery:
    """A delivery as it stands after it was sorted."""
    known = {"event": "push", "asks": PUSH, "state": "done", "outcome": "The head is scanned."}
    return Delivery.objects.create(hook=hook, key=key, **(known | fields))


def listed(client, person, query: str = "") -> str:
    client.force_login(person)
    return client.get(reverse("repository-deliveries", args=["payments", "pay"]) + query).content.decode()


def shown(client, person, delivery: Delivery) -> str:
    client.force_login(person)
    return client.get(reverse("delivery", args=[delivery.pk])).content.decode()


def test_the_list_has_the_newest_first_with_what_became_of_each(client, viewer, hook, repository):
    scan = ScanFactory(repository=repository)
    deliver(hook, "1", asks={"kind": "ping"}, outcome="The hook works.")
    deliver(hook, "2", scan=scan)
    page = listed(client, viewer)
    assert page.index("Push to main") < page.index("Trial of the hook")
    assert reverse("scan", args=[scan.pk]) in page
    assert "The hook works." in page
    assert "2 deliveries" in page


def test_the_list_can_be_narrowed_to_a_state(client, viewer, hook):
    deliver(hook, "1", outcome="Well done.")
    deliver(hook, "2", state="failed", outcome="It is gone.", code="tag_gone")
    page = listed(client, viewer, "?state=failed")
    assert ("It is gone." in page, "Well done." in page) == (True, False)
    assert "No delivery is waiting" in listed(client, viewer, "?state=waiting")
    assert "2 deliveries" in listed(client, viewer, "?state=nonsense")


def test_long_lists_have_pages(client, viewer, hook):
    Delivery.objects.bulk_create(Delivery(hook=hook, key=str(n), event="push", asks=PUSH) for n in range(51))
    assert listed(client, viewer).count("<tr data-row") == 50
    assert listed(client, viewer, "?page=2").count("<tr data-row") == 1


def test_a_page_of_many_takes_no_more_queries_than_one_of_few(client, viewer, hook, repository):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("repository-deliveries", args=["payments", "pay"]))
        return len(captured)

    client.force_login(viewer)
    deliver(hook, "first", scan=ScanFactory(repository=repository, state=Scan.State.FAILED))
    few = queries()
    for number in range(20):
        deliver(hook, str(number), scan=ScanFactory(repository=repository, state=Scan.State.FAILED))
    assert queries() == few


def test_an_empty_list_says_what_to_do(client, viewer, owner, repository):
    assert "A maintainer of Payments can make one." in listed(client, viewer)
    assert "Make the hook" in listed(client, owner)
    hooks.make(repository, "github")
    assert "Enter the values of the" in listed(client, viewer)


def test_the_list_names_the_last_refusal(client, viewer, hook):
    Hook.objects.update(refused_at=timezone.now(), refused_code="signature_missing")
    page = listed(client, viewer)
    assert "The request is not signed." in page
    assert "signature_missing" in page


def test_a_delivery_says_what_was_sent_understood_and_done(client, viewer, hook, repository):
    delivery = deliver(hook, "72d3162e", payload={"ref": "refs/heads/main", "<b>": "</b>"}, attempts=2)
    page = shown(client, viewer, delivery)
    for said in ("Push to main", "72d3162e", "The head is scanned.", "refs/heads/main", "a" * 40, "&lt;b&gt;"):
        assert said in page
    assert "Deliver again" not in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"state": "waiting", "outcome": ""}, "Waiting for a worker"),
        ({"state": "waiting", "attempts": 2, "outcome": "No answer.", "code": "dns_failed"}, "Attempt 2 failed"),
        ({"state": "failed", "outcome": "The server has no such tag.", "code": "gone"}, "Deliver it again when"),
        ({"state": "ignored", "outcome": "Another branch.", "code": "other_branch"}, "other_branch"),
    ],
)
def test_each_state_says_what_happens_next(client, teammate, hook, fields, said):
    assert said in shown(client, teammate, deliver(hook, **fields))


def test_an_engineer_delivers_again(client, teammate, hook):
    delivery = deliver(hook, state="failed", code="dns_failed", attempts=5)
    client.force_login(teammate)
    answer = client.post(reverse("deliver-again", args=[delivery.pk]), follow=True)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.code) == ("waiting", 0, "")
    assert "It is delivered again." in answer.content.decode()


def test_what_waits_already_is_left_alone(client, teammate, hook):
    delivery = deliver(hook, state="waiting", attempts=1)
    client.force_login(teammate)
    answer = client.post(reverse("deliver-again", args=[delivery.pk]), follow=True)
    delivery.refresh_from_db()
    assert delivery.attempts == 1
    assert "nothing was changed" in answer.content.decode()


def test_a_delivery_of_another_team_is_not_there(client, stranger, hook):
    delivery = deliver(hook)
    client.force_login(stranger)
    assert client.get(reverse("delivery", args=[delivery.pk])).status_code == 404
    assert client.post(reverse("deliver-again", args=[delivery.pk])).status_code == 404
