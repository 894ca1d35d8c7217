from typing import Any

import pytest

from scanners.scan import scan_files


def rows(**files: str) -> list[dict[str, Any]]:
    """The rows of the table for files named like `shop_rates` for shop/rates.py."""
    named = {f"{name.replace('__', '/')}.py": text.encode() for name, text in files.items()}
    return scan_files(named).inventory["boundaries"]


def only(**files: str) -> dict[str, Any]:
    """The one row that files have, its cells with what else it has."""
    (row,) = rows(**files)
    return row["cells"] | {"marks": row["marks"], "key": row["key"], "unresolved": row["unresolved"]}


HEAD = "import os\nimport requests\n\n\n"


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("'https://user:secret@api.example.net/v1?token=x'", "api.example.net"),
        ("f'https://api.example.net/{path}'", "api.example.net"),
        ("'https://%s.example.net/x' % path", "*.example.net"),
        ("os.environ['RATES_URL'] + '/v1'", "$RATES_URL"),
        ("os.environ.get('RATES_URL', 'http://localhost')", "$RATES_URL"),
        ("settings.RATES_URL.rstrip('/') + path", "settings.RATES_URL"),
        ("app.config['RATES_URL']", "config.RATES_URL"),
        ("path", None),
    ],
)
def test_a_target_is_a_host_a_variable_or_a_setting(address: str, target: str | None) -> None:
    row = only(shop=f"{HEAD}def rates(path):\n    return requests.get({address}, timeout=3)\n")
    assert row["target"] == target
    assert ("target" in row["marks"]) is (target is None)


def test_calls_of_one_target_are_one_row() -> None:
    text = """
import requests

BASE = "https://api.example.net"

def get():
    return requests.get(BASE + "/a", timeout=5)

def put():
    return requests.put(f"{BASE}/b")
"""
    row = only(shop=text)
    assert (row["calls"], row["timeout"], row["marks"]["timeout"]) == (2, "5 s (1 of 2)", "bad")
    assert row["key"] == "http requests api.example.net"
