"""Where forges report, as a forge meets it."""

import json
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from structlog.testing import capture_logs

from reviews.models import Delivery, Hook
from reviews.webhooks.body import MOST_BYTES
from tests.factories import RepositoryFactory
from tests.reviews.deliveries.posting import SECRET, deliver, hook_of, pull_request, push, signed, tag

pytestmark = pytest.mark.django_db


@pytest.fixture
def hook() -> Hook:
    return hook_of()


@pytest.fixture
def client() -> Client:
    return Client(enforce_csrf_checks=True)


def post(client: Client, hook: Hook, raw: bytes, **headers: str) -> Any:
    return client.post(f"/hooks/{hook.key}/", raw, content_type="application/json", headers=signed(raw) | headers)


def test_a_believed_push_is_kept_and_waits(client: Client, hook: Hook) -> None:
    answer = deliver(client, hook, push(pusher={"name": "ada", "email": "ada@example.org"}))
    row = Delivery.objects.get()
    assert (answer.status_code, answer.json()) == (202, {"delivery": row.pk, "state": "waiting"})
    assert (row.hook, row.key, row.event, row.state) == (hook, "d-1", "push", "waiting")
    assert row.asks == {"kind": "push", "branch": "main", "commit": "c" * 40}
    assert row.payload["ref"] == "refs/heads/main"
    assert "ada@example.org" not in json.dumps(row.payload)


def test_the_same_delivery_twice_is_one_row(client: Client, hook: Hook) -> None:
    first = deliver(client, hook, push()).json()
    second = deliver(client, hook, push())
    assert (second.status_code, second.json()) == (202, {"delivery": first["delivery"], "state": "duplicate"})
    assert Delivery.objects.count() == 1


def test_two_hooks_may_get_deliveries_of_one_name(client: Client, hook: Hook) -> None:
    for one in (hook, hook_of(RepositoryFactory(provider="github"))):
        assert deliver(client, one, push()).json()["state"] == "waiting"


@pytest.mark.parametrize(
    ("event", "payload", "state", "code"),
    [
        ("ping", {"zen": "Keep it simple."}, "done", ""),
        ("push", push("topic"), "ignored", "other_branch"),
        ("push", push(commit="0" * 40), "ignored", "branch_deleted"),
        ("push", tag("nightly"), "ignored", "other_tag"),
        ("push", tag(after="0" * 40, deleted=True), "ignored", "tag_deleted"),
        ("star", {"action": "created"}, "ignored", "event_ignored"),
        ("push", tag(), "waiting", ""),
        ("pull_request", pull_request(), "waiting", ""),
    ],
)
def test_what_leads_to_nothing_is_settled_at_once(client, hook, event, payload, state, code) -> None:
    answer = deliver(client, hook, payload, event)
    row = Delivery.objects.get()
    assert (answer.status_code, answer.json()["state"]) == (202, state)
    assert (row.state, row.code, bool(row.settled_at), bool(row.outcome)) == (
        state,
        code,
        state != "waiting",
        state != "waiting",
    )


def test_what_is_signed_with_the_former_secret_counts_until_its_end(client: Client, hook: Hook) -> None:
    hook.secret, hook.former_secret = "newer", SECRET
    hook.former_until = timezone.now() + timedelta(hours=1)
    hook.save()
    assert deliver(client, hook, push()).status_code == 202
    hook.former_until = timezone.now() - timedelta(seconds=1)
    hook.save()
    assert deliver(client, hook, push(), delivery="d-2").status_code == 401


def test_a_forged_request_is_refused_by_name_and_leaves_no_row(client: Client, hook: Hook) -> None:
    answer = deliver(client, hook, push(), **{"X-Hub-Signature-256": f"sha256={'0' * 64}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "signature_wrong")
    assert set(answer.json()) == {"code", "message", "next"}
    assert not Delivery.objects.exists()
    hook.refresh_from_db()
    assert hook.refused_code == "signature_wrong"


def test_refusals_are_remembered_once_a_minute(client: Client, hook: Hook) -> None:
    long_ago = timezone.now() - timedelta(seconds=90)
    Hook.objects.update(refused_at=long_ago, refused_code="old")
    for raw in (b"{", b"[]"):
        assert post(client, hook, raw).status_code == 400
        assert post(client, hook, raw, **{"X-Hub-Signature-256": ""}).status_code == 401
    hook.refresh_from_db()
    assert hook.refused_code == "payload_malformed"
    assert hook.refused_at > long_ago


@pytest.mark.parametrize("method", ["get", "put", "delete", "head", "options"])
def test_a_hook_takes_posts_only(client: Client, hook: Hook, method: str) -> None:
    answer = getattr(client, method)(f"/hooks/{hook.key}/")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"


def test_a_key_that_is_none_is_not_found(client: Client, hook: Hook) -> None:
    hook.key = "another"
    answer = deliver(client, hook, push())
    assert (answer.status_code, answer.json()["code"]) == (404, "hook_unknown")


def test_a_compressed_body_is_not_taken(client: Client, hook: Hook) -> None:
    answer = deliver(client, hook, push(), **{"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["code"]) == (415, "encoding_not_supported")


def test_a_body_that_is_said_to_be_too_long_is_not_read(client: Client, hook: Hook) -> None:
    read: list[int] = []

    class Body(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            read.append(size or 0)
            return super().read(size)

    url, length = f"/hooks/{hook.key}/", str(MOST_BYTES + 1)
    answer = client.generic("POST", url, CONTENT_LENGTH=length, **{"wsgi.input": Body(b"x" * (MOST_BYTES + 1))})
    assert (answer.status_code, answer.json()["code"], read) == (413, "payload_too_large", [])


def test_a_body_without_a_length_is_read_as_far_as_the_limit(client: Client, hook: Hook) -> None:
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": ""}
    url, raw = f"/hooks/{hook.key}/", json.dumps(push()).encode()
    sent = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in signed(raw).items()}
    answer = client.generic("POST", url, **chunked, **sent, **{"wsgi.input": BytesIO(raw)})
    assert answer.status_code == 202
    long = client.generic("POST", url, **chunked, **{"wsgi.input": BytesIO(b" " * (MOST_BYTES + 9))})
    assert (long.status_code, long.json()["code"]) == (413, "payload_too_large")


def test_a_request_that_breaks_off_is_refused(client: Client, hook: Hook) -> None:
    class Broken(BytesIO):
        def read(self, *_: object) -> bytes:
            raise ConnectionResetError

    answer = client.generic("POST", f"/hooks/{hook.key}/", CONTENT_LENGTH="9", **{"wsgi.input": Broken()})
    assert (answer.status_code, answer.json()["code"]) == (400, "body_incomplete")


def test_a_repository_that_names_no_forge_believes_nobody(client: Client, hook: Hook) -> None:
    hook.repository.provider = ""
    hook.repository.save()
    answer = deliver(client, hook, push())
    assert (answer.status_code, answer.json()["code"]) == (401, "provider_unknown")


@pytest.mark.parametrize("text", ["\x00", "\ud800", "a\x00b\udfff"])
def test_what_a_database_cannot_keep_is_no_error(client: Client, hook: Hook, text: str) -> None:
    raw = json.dumps(push(**{text: text, "commits": [{"message": text}]})).encode()
    assert post(client, hook, raw).status_code == 202


def test_each_request_is_one_line_without_what_was_sent(client: Client, hook: Hook) -> None:
    with capture_logs() as logs:
        deliver(client, hook, push(word="in-the-payload"))
        deliver(client, hook, push(word="in-the-payload"), **{"X-Hub-Signature-256": "sha256=00"})
    ours = [line for line in logs if line["event"].startswith("delivery-")]
    assert [line["event"] for line in ours] == ["delivery-received", "delivery-refused"]
    assert "in-the-payload" not in repr(logs)
    assert SECRET not in repr(logs)


def test_two_statements_are_all_it_takes(client: Client, hook: Hook, django_assert_num_queries) -> None:
    with django_assert_num_queries(2):
        deliver(client, hook, push())
