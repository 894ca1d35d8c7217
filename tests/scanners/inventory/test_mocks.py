from typing import Any

from scanners.scan import scan_files

RATES = """
import requests

def tax():
    return 1

def rates():
    return requests.get("https://api.example.net", timeout=3)
"""
TESTS = """
import time
from unittest import mock
import pytest
import requests
from shop.rates import rates

@mock.patch("shop.rates.requests.get", autospec=True)
def test_rates(get):
    assert rates() == {}

@mock.patch("shop.rates.requests.get")
def test_down(get):
    get.side_effect = requests.ConnectionError("down")
    with pytest.raises(requests.ConnectionError):
        rates()

@mock.patch("shop.rates.tax")
def test_tax(tax):
    assert rates() == {}

def test_slow(monkeypatch):
    monkeypatch.setattr(time, "sleep", print)
    assert rates() == {}
"""


def table() -> dict[str, dict[str, Any]]:
    """The rows by what is replaced."""
    report = scan_files({"shop/rates.py": RATES.encode(), "tests/test_rates.py": TESTS.encode()})
    return {row["key"]: row for row in report.inventory["mocks"]}


def test_each_replaced_thing_has_its_side() -> None:
    sides = {key: row["cells"]["side"] for key, row in table().items()}
    assert sides == {"shop.rates.requests.get": "boundary", "shop.rates.tax": "own code", "time.sleep": "other"}


def test_a_boundary_tells_how_often_it_is_replaced_and_whether_it_fails() -> None:
    row = table()["shop.rates.requests.get"]
    assert row["cells"] == {
        "target": "shop.rates.requests.get",
        "side": "boundary",
        "boundary": "http requests api.example.net",
        "patches": 2,
        "tests": 2,
        "spec": "1 of 2",
        "failure": True,
    }
    assert row["marks"] == {"failure": "good"}
    assert [place[2] for place in row["places"]] == ["test_rates", "test_down"]


def test_what_is_given_needs_no_spec() -> None:
    assert table()["time.sleep"]["cells"]["spec"] == ""
    assert table()["shop.rates.tax"]["cells"]["spec"] == "none"
