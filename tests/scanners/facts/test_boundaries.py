from typing import Any

import pytest

from scanners.scan import scan_files


def facts(kind: str, text: str, path: str = "shop/rates.py") -> list[dict[str, Any]]:
    """The facts of this kind that a file has."""
    return [dict(fact) for fact in scan_files({path: text.encode()}).facts.get(kind, ())]


@pytest.mark.parametrize(
    ("text", "holder"),
    [
        ("import httpx\n\nclient = httpx.Client()\n", ":client"),
        ("import httpx\n\nclass Bag:\n    def __init__(self):\n        self.client = httpx.Client()\n", ":Bag.client"),
        ("import httpx\n\n\ndef client():\n    made = httpx.Client()\n    return made\n", ":client()"),
        ("import httpx\n\n\ndef client():\n    with httpx.Client() as made:\n        yield made\n", ":client()"),
        ("import httpx\n\ndef get():\n    client = httpx.Client()\n    client.get('https://a.example')\n", "local"),
        ("import httpx\n\n\ndef setup():\n    global client\n    client = httpx.Client()\n", ":client"),
    ],
)
def test_a_client_knows_what_other_code_calls_it_by(text: str, holder: str) -> None:
    assert [fact["client"] for fact in facts("boundary-client", text)] == [holder]


def test_a_call_handed_to_a_thread_is_a_call() -> None:
    text = """
import asyncio
import requests

async def rates():
    return await asyncio.to_thread(requests.get, "https://api.example.net", timeout=4)
"""
    (fact,) = facts("boundary-call", text)
    assert (fact["target"], fact["timeout"], fact["state"]) == ("api.example.net", "4 s", "good")


def test_a_client_of_an_application_in_the_same_process_leaves_nothing() -> None:
    text = """
import httpx
from shop.app import app

async def ask():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://x") as client:
        return await client.get("/")
"""
    assert facts("boundary-call", text) == []


def test_calls_of_stubs_go_where_the_channel_of_their_file_goes() -> None:
    text = """
import grpc
from shop import rates_pb2_grpc

stub = rates_pb2_grpc.RatesStub(grpc.insecure_channel("rates.internal:50051"))

def rates(request):
    return stub.Get(request, timeout=2)
"""
    (fact,) = facts("boundary-call", text)
    assert (fact["kind"], fact["target"], fact["timeout"], fact["state"]) == ("rpc", "rates.internal", "2 s", "good")


def test_uses_of_a_client_that_is_inherited_from_another_file_are_kept() -> None:
    text = "from shop.base import Base\n\nclass Rates(Base):\n    def get(self):\n        return self.session.get('')\n"
    (fact,) = facts("boundary-use", text)
    assert (fact["client"], fact["call"], fact["name"]) == ("shop.base.Base.session", "get", "Rates.get")


@pytest.mark.parametrize(
    ("call", "program"),
    [
        ("subprocess.run('git fetch --all', shell=True)", "git"),
        ("subprocess.run(['/usr/bin/env', 'bash'])", "bash"),
        ("subprocess.run(['sudo', '-n', 'systemctl', 'stop'])", "systemctl"),
        ("subprocess.Popen([sys.executable, '-V']).communicate(timeout=3)", "python"),
        ("subprocess.check_output([settings.PDFTK, name])", "settings.PDFTK"),
        ("subprocess.call(shutil.which('npm'))", "npm"),
        ("subprocess.call(command)", ""),
    ],
)
def test_a_process_is_known_by_its_program(call: str, program: str) -> None:
    text = f"import shutil, subprocess, sys\n\nfrom shop import settings\n\n\ndef run(command, name):\n    {call}\n"
    assert facts("boundary-call", text)[-1]["target"] == program


def test_the_addresses_of_constants_are_kept_without_their_paths() -> None:
    text = "import os\n\nRATES = 'https://u:secret@api.example.net/v1'\nCACHE = os.environ['CACHE_URL']\nX = 'shop'\n"
    (fact,) = facts("boundary-addresses", text)
    assert fact["names"] == {"RATES": "api.example.net", "CACHE": "$CACHE_URL"}


def test_settings_for_development_are_left_out() -> None:
    text = "CELERY_BROKER_URL = 'redis://localhost'\n"
    assert facts("boundary-client", text, "shop/settings/dev.py") == []
    assert len(facts("boundary-client", text, "shop/settings/base.py")) == 1
