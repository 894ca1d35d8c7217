from typing import Any

import pytest

from scanners.scan import scan_files

HEAD = "import os\nimport requests\n\n\n"
GET = f"{HEAD}def rates():\n    return requests.get('https://api.example.net', timeout=3)\n"


def rows(files: dict[str, str]) -> list[dict[str, Any]]:
    """The rows of the table."""
    return scan_files({path: text.encode() for path, text in files.items()}).inventory["boundaries"]


def only(*texts: str, **files: str) -> dict[str, Any]:
    """The one row that files have: its cells, with its marks as `marks` and the rest of it by name."""
    named = {f"shop/{number}.py": text for number, text in enumerate(texts)}
    (row,) = rows(named | {name.replace("__", "/") + ".py": text for name, text in files.items()})
    return row | row["cells"]


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("'https://user:secret@api.example.net/v1?token=x'", "api.example.net"),
        ("f'https://api.example.net/{path}'", "api.example.net"),
        ("f'https://{path}.example.net/x'", "*.example.net"),
        ("'https://%s.example.net/x' % path", "*.example.net"),
        ("os.environ['RATES_URL'] + '/v1'", "$RATES_URL"),
        ("os.environ.get('RATES_URL', 'http://localhost')", "$RATES_URL"),
        ("f\"https://u:p@{os.environ['RATES_HOST']}/x\"", "$RATES_HOST"),
        ("f\"https://{path}:{path}@{os.environ['RATES_HOST']}/x\"", "$RATES_HOST"),
        ("settings.RATES_URL.rstrip('/') + path", "settings.RATES_URL"),
        ("app.config['RATES']['url']", "config.RATES.url"),
        ("config.get('RATES_URL', 'nowhere')", "config.RATES_URL"),
        ("config.get('rates', 'url')", "config.rates.url"),
        ("path", None),
        ("'relative/path'", None),
    ],
)
def test_a_target_is_a_host_a_variable_or_a_setting(address: str, target: str | None) -> None:
    row = only(f"{HEAD}def rates(path):\n    return requests.get({address}, timeout=3)\n")
    assert row["target"] == target
    assert ("target" in row["marks"], bool(row["unresolved"])) == (target is None, target is None)


def test_no_secret_and_no_path_of_an_address_is_kept() -> None:
    row = only(f"{HEAD}def rates():\n    return requests.get('https://user:secret@api.example.net/v1?token=x')\n")
    assert "secret" not in str(row)
    assert "token" not in str(row)


def test_a_constant_of_another_file_is_followed() -> None:
    const = "API_URL = 'https://api.example.net/v1'\n"
    call = "import requests\nfrom shop.const import API_URL\n\n\ndef rates():\n    return requests.get(API_URL)\n"
    assert only(shop__const=const, shop__rates=call)["target"] == "api.example.net"


def test_calls_of_one_target_are_one_row_wherever_they_stand() -> None:
    text = """
import requests

BASE = "https://api.example.net"

def get():
    return requests.get(BASE + "/a", timeout=5)

def put():
    return requests.put(f"{BASE}/b")
"""
    row = only(text)
    assert (row["key"], row["calls"]) == ("http requests api.example.net", 2)
    assert (row["timeout"], row["marks"]["timeout"]) == ("5 s (1 of 2)", "bad")
    assert [place[1:] for place in row["places"]] == [[7, "GET"], [10, "PUT"]]
    assert only(shop__other=text.replace("\n\n", "\n\n\n"))["key"] == row["key"]


@pytest.mark.parametrize(
    ("call", "timeout", "mark"),
    [
        ("requests.get(URL, timeout=(3.05, 10))", "connect 3.05 s, read 10 s", "good"),
        ("requests.get(URL, timeout=None)", "none", "bad"),
        ("requests.get(URL, **options)", None, "unknown"),
        ("requests.get(URL, timeout=limit)", "4 s unless told", "good"),
        ("requests.get(URL, timeout=settings.LIMIT)", "settings.LIMIT", "good"),
        ("httpx.get(URL)", "library default 5 s", "good"),
        ("httpx.Client(timeout=httpx.Timeout(5, connect=1)).get(URL)", "5 s, connect 1 s (on the client)", "good"),
        ("aiohttp.ClientSession().get(URL)", "library default 300 s", "good"),
        ("httpx.Client(**options).get(URL)", "as among the unpacked options of the client", "good"),
        ("urllib.request.urlopen(URL)", "none", "bad"),
    ],
)
def test_a_timeout_is_told_with_where_it_is_set(call: str, timeout: str | None, mark: str) -> None:
    head = "import aiohttp, httpx, requests, urllib.request\n\nURL = 'https://api.example.net'\n\n\n"
    row = only(f"{head}def rates(limit=4, **options):\n    return {call}\n")
    assert (row["timeout"], row["marks"].get("timeout")) == (timeout, mark)


def test_a_default_for_all_sockets_bounds_those_of_the_standard_library() -> None:
    call = "import urllib.request\n\n\ndef rates():\n    return urllib.request.urlopen('https://api.example.net')\n"
    row = only(call, "import socket\n\nsocket.setdefaulttimeout(5)\n")
    assert (row["timeout"], row["marks"]["timeout"]) == ("bound for all sockets", "good")


def test_calls_go_with_the_client_that_they_are_made_on() -> None:
    row = only("""
import httpx

class Shop:
    def __init__(self):
        limits = httpx.Limits(max_connections=20)
        transport = httpx.HTTPTransport(retries=2)
        self.client = httpx.Client(base_url="https://api.example.net", timeout=4, limits=limits, transport=transport)

    def rates(self):
        return self.client.get("/rates")

    def order(self, order):
        return self.client.post("/orders", json=order)
""")
    assert (row["target"], row["calls"], row["timeout"]) == ("api.example.net", 2, "4 s (on the client)")
    assert (row["pool"], row["retry"]) == ("20", "3 tries, no pause, on connection errors; repeats writes")


def test_calls_through_a_client_of_another_file_are_counted() -> None:
    made = "import os\n\nimport redis\n\ncache = redis.from_url(os.environ['REDIS_URL'], socket_timeout=2)\n"
    used = """
from shop.stores import cache

def get(key):
    try:
        return cache.get(key)
    except Exception:
        return None
"""
    row = only(shop__stores=made, shop__views=used)
    assert (row["kind"], row["target"], row["calls"], row["timeout"]) == ("cache", "$REDIS_URL", 1, "2 s")
    assert (row["fallback"], row["marks"]["fallback"]) == ("default returned, not logged", "bad")


def test_what_a_def_of_another_file_gives_is_a_client_too() -> None:
    made = "import redis\n\n\ndef get_cache():\n    return redis.Redis(host='cache.internal', socket_timeout=2)\n"
    used = "from shop.stores import get_cache\n\n\ndef get(key):\n    return get_cache().get(key)\n"
    row = only(shop__stores=made, shop__views=used)
    assert (row["target"], row["calls"]) == ("cache.internal", 1)


@pytest.mark.parametrize(
    ("decorator", "retry", "mark"),
    [
        ("@tenacity.retry(stop=tenacity.stop_after_attempt(3), wait=tenacity.wait_random_exponential())",
         "3 tries, backoff, jitter, on BaseException, Exception", "good"),
        ("@tenacity.retry", "retries, for ever, no pause", "bad"),
        ("@backoff.on_exception(backoff.expo, requests.Timeout, max_tries=4)", "4 tries, backoff, jitter, on Timeout",
         "good"),
        ("@retrying.retry(stop_max_attempt_number=3, wait_fixed=1000)", "3 tries, fixed pause", "bad"),
        ("@stamina.retry(on=requests.Timeout, attempts=5)", "5 tries, backoff, jitter, on Timeout", "good"),
        ("@own.with_retry", "retries, limit unknown, by with_retry", "unknown"),
        ("@functools.cache", "none", None),
    ],
)  # fmt: skip
def test_retries_by_decorators(decorator: str, retry: str, mark: str | None) -> None:
    head = "import backoff, functools, own, requests, retrying, stamina, tenacity\n\n\n"
    row = only(f"{head}{decorator}\ndef rates():\n    return requests.get('https://api.example.net', timeout=3)\n")
    assert (row["retry"], row["marks"].get("retry")) == (retry, mark)


def test_a_retry_of_a_task_acts_on_what_leaves_it_only() -> None:
    task = """
import requests
from celery import shared_task

@shared_task(autoretry_for=(requests.RequestException,), retry_backoff=True, max_retries=5)
def push(order):
    requests.post("https://api.example.net/orders", json=order, timeout=3)
"""
    row = only(task)
    assert row["retry"] == "6 tries, backoff, jitter, on RequestException; repeats writes"
    assert row["marks"]["retry"] == "bad"
    handled = task.replace("    requests.post(", "    try:\n        requests.post(")
    handled += "    except OSError:\n        pass\n"
    assert only(handled)["retry"] == "none"
    keyed = task.replace("timeout=3", "timeout=3, headers={'Idempotency-Key': order.id}")
    assert (only(keyed)["retry"], only(keyed)["marks"]["retry"]) == (
        "6 tries, backoff, jitter, on RequestException", "good",
    )  # fmt: skip


def test_retries_by_an_adapter() -> None:
    mounted = """
import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

session = requests.Session()
session.mount("https://", HTTPAdapter(max_retries=Retry(total=3, backoff_factor=1, status_forcelist=[502, 503])))

def rates():
    return session.get("https://api.example.net", timeout=3)
"""
    assert only(mounted)["retry"] == "4 tries, backoff, on connection errors, 502, 503"


def test_retries_by_hand() -> None:
    by_hand = """
import time
import requests

def rates():
    for attempt in range(3):
        try:
            return requests.get("https://api.example.net", timeout=3)
        except requests.ConnectionError:
            time.sleep(1)
    raise RuntimeError("down")
"""
    row = only(by_hand)
    assert (row["retry"], row["marks"]["retry"]) == ("3 tries, fixed pause, on ConnectionError", "bad")
    each = by_hand.replace("range(3)", "addresses").replace("return ", "found = ")
    assert only(each)["retry"] == "none"


@pytest.mark.parametrize(
    ("clause", "fallback", "mark"),
    [
        ("except OSError:\n        pass", "swallowed", "bad"),
        ("except OSError:\n        return []", "default returned, not logged", "bad"),
        ("except OSError:\n        log.warning('no rates')\n        return []", "logged, default returned", None),
        ("except OSError:\n        log.error('none')\n        return cache['rates']", "logged, stale value returned",
         None),
        ("except OSError:\n        raise", "re-raised", None),
        ("except OSError as error:\n        raise RatesError from error", "wrapped in RatesError", None),
        ("except ValueError:\n        return []", "raises", None),
        ("finally:\n        done()", "raises", None),
    ],
)  # fmt: skip
def test_what_becomes_of_a_failure(clause: str, fallback: str, mark: str | None) -> None:
    head = "import logging\nimport requests\n\nlog = logging.getLogger(__name__)\n\n\n"
    call = "def rates():\n    try:\n        return requests.get('https://api.example.net', timeout=3)\n"
    row = only(f"{head}{call}    {clause}\n")
    assert (row["fallback"], row["marks"].get("fallback")) == (fallback, mark)


def test_a_breaker_is_a_fallback() -> None:
    head = "import requests\nfrom circuitbreaker import circuit\n\n\n@circuit\n"
    row = only(f"{head}def rates():\n    return requests.get('https://api.example.net', timeout=3)\n")
    assert (row["fallback"], row["marks"]["fallback"]) == ("breaker", "good")


@pytest.mark.parametrize(
    ("text", "kind", "library", "target"),
    [
        ("import boto3\n\ns3 = boto3.client('s3')\n", "object store", "boto3", "AWS s3"),
        ("import boto3\n\nq = boto3.resource('sqs')\n", "broker", "boto3", "AWS sqs"),
        ("import sqlalchemy\n\ne = sqlalchemy.create_engine('postgresql://u:p@db/x')\n", "sql", "sqlalchemy", "db"),
        ("import grpc\n\nc = grpc.insecure_channel('rates:50051')\n", "rpc", "grpc", "rates"),
        ("import smtplib\n\nm = smtplib.SMTP('mail.internal', timeout=5)\n", "mail", "smtplib", "mail.internal"),
        ("from openai import OpenAI\n\nc = OpenAI()\n", "http", "openai", "api.openai.com"),
        ("import pymongo\n\nc = pymongo.MongoClient('mongodb://docs/x')\n", "store", "pymongo", "docs"),
        ("import ldap3\n\ns = ldap3.Server('ldap.internal')\n", "directory", "ldap3", "ldap.internal"),
        ("import pika\n\np = pika.ConnectionParameters('mq')\n", "broker", "pika", "mq"),
        ("import subprocess\n\nsubprocess.run(['git', 'fetch'], timeout=9)\n", "process", "subprocess", "git"),
        ("import os\n\nos.system('sudo systemctl restart x')\n", "process", "subprocess", "systemctl"),
    ],
)
def test_every_sort_of_boundary_has_rows(text: str, kind: str, library: str, target: str) -> None:
    row = only(text)
    assert (row["kind"], row["library"], row["target"]) == (kind, library, target)


def test_settings_of_django_are_boundaries() -> None:
    hello = "from django.core.mail import send_mail\n\n\ndef hello(user):\n    send_mail('a', 'b', 'c', [user])\n"
    settings = """
import os

DATABASES = {
    "default": {"ENGINE": "django.db.backends.postgresql", "HOST": os.environ["DB_HOST"], "CONN_MAX_AGE": 60},
    "local": {"ENGINE": "django.db.backends.sqlite3"},
}
CACHES = {"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://:secret@cache.internal/0"}}
EMAIL_HOST = "mail.internal"
EMAIL_TIMEOUT = 10
CELERY_BROKER_URL = os.environ.get("BROKER_URL")
"""
    found = rows({"shop/settings.py": settings, "shop/welcome.py": hello})
    shown = {(row["cells"]["kind"], row["cells"]["target"]): row for row in found}
    assert set(shown) == {
        ("sql", "$DB_HOST"), ("cache", "cache.internal"), ("mail", "mail.internal"), ("broker", "$BROKER_URL"),
    }  # fmt: skip
    assert shown["sql", "$DB_HOST"]["marks"]["timeout"] == "bad"
    assert shown["sql", "$DB_HOST"]["cells"]["pool"] == "one a thread, kept 60 s"
    assert (shown["mail", "mail.internal"]["cells"]["timeout"], shown["mail", "mail.internal"]["cells"]["calls"]) == (
        "10 s", 1,
    )  # fmt: skip
    assert "secret" not in str(found)


def test_settings_of_tests_and_examples_give_way_to_those_of_production() -> None:
    text = "DATABASES = {{'default': {{'ENGINE': 'django.db.backends.postgresql', 'HOST': '{}'}}}}\n"
    found = rows({"shop/conf.py": text.format("db.internal"), "shop/conf_example.py": text.format("localhost")})
    assert [row["cells"]["target"] for row in found] == ["db.internal"]


def test_scripts_are_told_apart_and_tests_left_out() -> None:
    found = rows({"scripts/sync.py": GET, "tests/test_rates.py": GET})
    assert [(row["cells"]["role"], row["cells"]["calls"]) for row in found] == [("script", 1)]


MOCKED = """
from unittest.mock import patch
from shop.rates import rates

@patch("shop.rates.requests.get")
def test_rates(get):
    assert rates() == {}
"""
REAL = """
import responses
from shop.rates import rates

@responses.activate
def test_rates():
    responses.get("https://api.example.net", json={})
    assert rates() == {}
"""
DOWN = """
@responses.activate
def test_down():
    responses.get("https://api.example.net", status=503)
    rates()
"""


@pytest.mark.parametrize(
    ("text", "said", "mark"),
    [
        (MOCKED, "mocked only (1)", "bad"),
        (REAL, "real: responses", None),
        (REAL + DOWN, "real: responses; failure simulated", "good"),
        ("def test_other():\n    assert 1\n", "none seen", None),
        ("", "", None),
    ],
)
def test_what_tests_do_to_a_boundary(text: str, said: str, mark: str | None) -> None:
    row = only(shop__rates=GET, tests__test_rates=text)
    assert (row["tests"], row["marks"].get("tests")) == (said, mark)
