"""What tests are seen to patch, to make fail, and to ask an application for."""

import pytest

from scanners.scan import scan_files


def facts(source: str) -> dict[str, list[dict]]:
    """What is kept of a test file with this source."""
    return scan_files({"tests/test_rates.py": source.encode()}).facts


@pytest.mark.parametrize(
    "said",
    [
        "get.side_effect = OSError",
        "raise ConnectionError",
        "raise HTTPError",
        "raise OSError",
        "Timeout()",
        "get.raise_for_status()",
        "reply(status=503)",
        "reply(status_code = 404)",
        "self.set_status(500)",
        "self.send_error(503)",
        "server.respond_with_data('x', 503)",
        "line = '404 Not Found'",
        "raises(redis.exceptions.ResponseError)",
    ],
)
def test_a_test_that_makes_a_boundary_fail_is_known(said: str) -> None:
    assert "test-failure" in facts(f"{said}\n")


@pytest.mark.parametrize(
    "said",
    [
        "raise ValueError",
        "raise IOSError",
        "reply(status=200)",
        "offset_status(5)",
        "self.send_header('a', 503)",
        "n = '4041'",
    ],
)
def test_what_only_sounds_like_a_failure_is_none(said: str) -> None:
    assert "test-failure" not in facts(f"{said}\n")


def test_a_patch_fails_where_its_own_test_says_so() -> None:
    source = (
        "from unittest.mock import patch\n\n\n@patch('shop.rates.get')\ndef test_down(get):\n"
        "    get.side_effect = OSError\n\n\n"
        "@patch('shop.rates.post')\ndef test_up(post):\n    assert post()\n\n\n"
        "def test_gone():\n    with patch('shop.rates.put') as put:\n        put.status_code = 404\n"
    )
    assert {fact["target"]: fact["fails"] for fact in facts(source)["patch"]} == {
        "shop.rates.get": True,
        "shop.rates.post": False,
        "shop.rates.put": True,
    }


@pytest.mark.parametrize(
    ("named", "known"), [("client", 1), ("api_client", 1), ("page", 1), ("http_client", 0), ("myapp", 0)]
)
def test_an_application_is_driven_by_what_goes_by_the_name_of_a_client(named: str, known: int) -> None:
    assert len(facts(f"{named}.get('/orders')\n").get("test-urls", ())) == known


def test_hosts_are_listed_once() -> None:
    (fact,) = facts("A = 'http://b.example/x', 'http://a.example', 'https://b.example'\n")["test-hosts"]
    assert fact["hosts"] == ["a.example", "b.example"]


def test_what_another_test_of_the_file_runs_is_known() -> None:
    source = (
        "from unittest.mock import patch\nfrom shop.rates import tax, total\n\n\n"
        "@patch('shop.rates.tax')\n@patch('shop.rates.fee')\ndef test_total(fee, tax):\n    assert total(3)\n\n\n"
        "def test_tax():\n    assert tax(3) == 1\n"
    )
    assert {fact["target"]: fact["runs"] for fact in facts(source)["patch"]} == {
        "shop.rates.tax": True,
        "shop.rates.fee": False,
    }


def test_what_works_on_files_and_sockets_is_known() -> None:
    source = (
        "def load(path):\n    with open(path) as file:\n        return file.read()\n\n\n"
        "def take(peer):\n    return peer.recv(3)\n\n\ndef tax(order):\n    return order * 2\n"
    )
    found = scan_files({"shop/rates.py": source.encode()}).facts["reaching"]
    assert [fact["name"] for fact in found] == ["load", "take"]
