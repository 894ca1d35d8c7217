"""Requests at the same moment, and a database that is away: 202 or an honest 503."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

from config.env import BASE_DIR
from reviews.models import Delivery, Hook
from tests.reviews.deliveries.posting import deliver, hook_of, push, signed
from tests.services import free_port, surroundings

pytestmark = pytest.mark.django_db(transaction=True)

POST = """
import django
django.setup()
from django.test import Client
answer = Client().post("/hooks/any/", b"{}", content_type="application/json")
print(answer.status_code, answer.headers["Retry-After"], answer.content.decode())
"""


def test_the_same_delivery_a_hundred_times_at_once_is_one_row() -> None:
    hook, barrier = hook_of(), Barrier(20)

    def send(number: int) -> tuple[int, str]:
        barrier.wait(30)
        try:
            answer = deliver(Client(), hook, push())
            return answer.status_code, answer.json()["state"]
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        answers = sorted(pool.map(send, range(100)))
    assert answers == [(202, "duplicate")] * 99 + [(202, "waiting")]
    assert Delivery.objects.count() == 1


def test_many_deliveries_at_once_are_all_kept() -> None:
    hook = hook_of()

    def send(number: int) -> int:
        try:
            return int(deliver(Client(), hook, push(), delivery=f"d-{number}").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(send, range(200))) == {202}
    assert Delivery.objects.count() == 200


def test_a_hook_that_is_removed_while_a_delivery_is_read_is_not_found() -> None:
    hook, raw = hook_of(), json.dumps(push()).encode()

    class SlowBody(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            Hook.objects.all().delete()
            return super().read(size)

    sent = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in signed(raw).items()}
    length = {"CONTENT_LENGTH": str(len(raw)), "CONTENT_TYPE": "application/json"}
    answer = Client().generic("POST", f"/hooks/{hook.key}/", **length, **sent, **{"wsgi.input": SlowBody(raw)})
    assert (answer.status_code, answer.json()["code"]) == (404, "hook_unknown")


def test_without_its_database_it_asks_to_come_again(tmp_path) -> None:
    url = f"postgresql://nobody:x@127.0.0.1:{free_port()}/nowhere"
    keys = {
        "PLIMSOLL_SECRET_KEY": "k" * 50,
        "PLIMSOLL_FIELD_KEYS": f"{'A' * 43}=",
        "PLIMSOLL_SIGNING_KEY": f"{'A' * 43}=",
    }
    place = {"PLIMSOLL_DATA": str(tmp_path), "DATABASE_URL": url, "PLIMSOLL_ALLOWED_HOSTS": "testserver"}
    command = [sys.executable, "-c", POST]
    done = subprocess.run(
        command,
        env=surroundings(**place, **keys, DJANGO_SETTINGS_MODULE="config.settings"),
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    status, wait, body = done.stdout.strip().splitlines()[-1].split(" ", 2)
    assert (status, wait, json.loads(body)["code"]) == ("503", "30", "database_unreachable")
