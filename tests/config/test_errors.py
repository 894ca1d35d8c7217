"""Unexpected errors reach the tracker, and nothing secret goes with them."""

import gzip
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from config.env import BASE_DIR
from config.errors import without_addresses

PROGRAM = """
import logging, django, sentry_sdk
django.setup()
def pay(card):
    raise RuntimeError("no ledger")
try:
    pay("4111 1111")
except RuntimeError:
    logging.getLogger("reviews").exception("payment failed")
sentry_sdk.flush(5)
"""


class Tracker(BaseHTTPRequestHandler):
    """Takes what is sent, as a tracker does."""

    taken: list[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        packed = self.headers.get("Content-Encoding") == "gzip"
        self.taken.append((gzip.decompress(body) if packed else body).decode())
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def tracker() -> Iterator[tuple[str, list[str]]]:
    taken: list[str] = []
    server = HTTPServer(("127.0.0.1", 0), type("Own", (Tracker,), {"taken": taken}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://public@127.0.0.1:{server.server_port}/1", taken
    server.shutdown()
    server.server_close()


def run(dsn: str, data: str) -> None:
    settings = {"PLIMSOLL_ERROR_DSN": dsn, "PLIMSOLL_DATA": data, "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-c", PROGRAM]
    subprocess.run(command, cwd=BASE_DIR, env=os.environ | settings, check=True, timeout=60, capture_output=True)


def test_an_error_reaches_the_tracker_without_its_variables(tracker, tmp_path):
    dsn, taken = tracker
    run(dsn, str(tmp_path))
    assert "no ledger" in "".join(taken)
    assert "4111" not in "".join(taken)


def test_without_a_tracker_nothing_is_sent(tracker, tmp_path):
    run("", str(tmp_path))
    assert tracker[1] == []


def test_the_query_of_a_request_stays_here():
    event = {"request": {"url": "https://plimsoll.example/search/", "query_string": "q=secret"}}
    assert without_addresses(event, {}) == {"request": {"url": "https://plimsoll.example/search/"}}
