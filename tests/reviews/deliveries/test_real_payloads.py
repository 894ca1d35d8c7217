"""Real payloads at the address of a hook, and forged ones: taken with the right effect, or refused by name."""

import json

import pytest
from django.test import Client

from reviews.deliveries import sorting
from reviews.models import Delivery, Hook
from reviews.webhooks import events
from tests.factories import RepositoryFactory
from tests.reviews.deliveries.posting import hook_of
from tests.reviews.webhooks import payloads
from tests.reviews.webhooks.samples import INCOMPLETE, SAMPLES, Sample
from tests.reviews.webhooks.sending import SECRET, SENDERS, forgeries

pytestmark = pytest.mark.django_db
EVENT_HEADERS = {
    "github": "X-GitHub-Event",
    "gitlab": "X-Gitlab-Event",
    "gitea": "X-Gitea-Event",
    "bitbucket": "X-Event-Key",
    "bitbucket-server": "X-Event-Key",
    "azure": "X-Nothing",
}


@pytest.fixture
def hooks() -> dict[str, Hook]:
    """A hook of each provider, of a repository that nobody may fetch from."""
    url = "https://127.0.0.1/pay.git"
    repositories = [RepositoryFactory(provider=name, branch="master", url=url) for name in EVENT_HEADERS]
    return {one.provider: hook_of(one, secret=SECRET) for one in repositories}


def post(hook: Hook, raw: bytes, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
    answer = Client().post(f"/hooks/{hook.key}/", raw, content_type="application/json", headers=headers)
    return answer.status_code, answer.json()


def delivered(hook: Hook, sample: Sample) -> tuple[int, str]:
    """The status and the code that a sample gets when its forge sends it."""
    raw = sample.path.read_bytes()
    headers = SENDERS[sample.provider][1](SECRET, raw) | {EVENT_HEADERS[sample.provider]: sample.event}
    status, body = post(hook, raw, headers)
    return status, body.get("code", "")


def test_every_payload_is_taken_or_refused_by_name(hooks: dict[str, Hook]) -> None:
    answers = {sample.place: delivered(hooks[sample.provider], sample) for sample in SAMPLES}
    expected = {True: (400, INCOMPLETE), False: (202, "")}
    assert answers == {sample.place: expected[sample.asks == INCOMPLETE] for sample in SAMPLES}


def test_what_they_ask_for_can_be_sorted(hooks: dict[str, Hook]) -> None:
    for sample in SAMPLES:
        delivered(hooks[sample.provider], sample)
    waiting = Delivery.objects.filter(state="waiting")
    count = waiting.count()
    assert sum(iter(sorting.sort_some, 0)) == count
    assert not waiting.exists()
    failed = Delivery.objects.filter(state="failed").values_list("asks__kind", "code")
    assert set(failed) <= {("tag", "address_not_public"), ("several", "address_not_public")}


@pytest.mark.parametrize("kind", SENDERS)
def test_no_forged_request_is_taken_or_breaks_anything(hooks: dict[str, Hook], kind: str) -> None:
    provider = SENDERS[kind][0]
    raw = json.dumps(payloads.GITHUB_PUSH).encode()
    forged = forgeries(kind, raw)
    answers = {name: post(hooks[provider], body, headers)[0] for name, (headers, body) in forged.items()}
    assert len(answers) >= 20
    assert {name: status for name, status in answers.items() if status != 401} == {}
    assert not Delivery.objects.exists()


def test_the_newest_of_a_forges_events_is_what_counts(hooks: dict[str, Hook]) -> None:
    raw = json.dumps(payloads.changed(payloads.GITHUB_PUSH, "ref", to="refs/heads/master")).encode()
    for number in range(3):
        sent = {"X-GitHub-Event": "push", "X-GitHub-Delivery": f"d-{number}"}
        assert post(hooks["github"], raw, SENDERS["github"][1](SECRET, raw) | sent)[0] == 202
    assert {events.from_json(row.asks) for row in Delivery.objects.all()} == {events.Push("master", payloads.HEAD)}
    sorting.sort_some()
    assert Delivery.objects.filter(state="done", scan__trigger="webhook").count() == 3
