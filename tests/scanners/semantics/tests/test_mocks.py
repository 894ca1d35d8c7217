"""How sure it is that a mock should have the shape of something."""

import pytest

from scanners.scan import scan_files

HEAD = "from unittest import mock\nfrom unittest.mock import MagicMock, Mock, patch\nfrom shop import pay\n\n\n"


def sureness(body: str) -> list[str]:
    """How sure each finding is in a test file that ends like this, in order."""
    found = scan_files({"tests/test_pay.py": f"{HEAD}{body}".encode()}).findings
    return [finding.confidence.name.lower() for finding in found if finding.rule == "mock-without-spec"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("@patch('shop.pay.Gateway')\ndef test_a(gateway):\n    assert pay.run()\n", ["high"]),
        ("@patch('shop.pay.Gateway', create=True)\ndef test_a(gateway):\n    assert pay.run()\n", ["low"]),
        ("@patch('subprocess.check_output')\ndef test_a(out):\n    assert pay.run()\n", ["low"]),
        ("@patch('shop.pay.socket.gethostname')\ndef test_a(name):\n    assert pay.run()\n", ["low"]),
        ("@patch('requests.get')\ndef test_a(get):\n    assert pay.run()\n", ["high"]),
        ("@patch('shop.pay.Gateway', new_callable=MagicMock)\ndef test_a(g):\n    assert pay.run()\n", ["low"]),
        ("@patch('shop.pay.Gateway', Mock(spec=pay.Gateway))\ndef test_a():\n    assert pay.run()\n", []),
        ("@patch('shop.pay.Gateway', new_callable=mock.mock_open)\ndef test_a(g):\n    assert pay.run()\n", []),
    ],
)
def test_a_patch_is_as_sure_as_a_shape_would_help(body: str, expected: list[str]) -> None:
    assert sureness(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("def test_a():\n    order = Mock()\n    order.id = uuid4()\n    assert pay.run(order)\n", "low"),
        ("def test_a():\n    order = Mock()\n    order.id = pay.FIRST\n    assert pay.run(order)\n", "low"),
        ("def test_a():\n    gate = Mock()\n    gate.pay = Mock()\n    assert pay.run(gate)\n", "medium"),
        (
            "def fake(): ...\n\ndef test_a():\n    gate = Mock()\n    gate.pay = fake\n    assert pay.run(gate)\n",
            "medium",
        ),
        ("def test_a():\n    gate = Mock()\n    gate.pay = lambda: 3\n    assert pay.run(gate)\n", "medium"),
        (
            "def test_a():\n    gate = Mock()\n    gate.id = 3\n    pay.run(gate)\n    gate.pay.assert_called()\n",
            "medium",
        ),
    ],
)
def test_a_mock_that_holds_values_is_only_suspected(body: str, expected: str) -> None:
    assert sureness(body) == [expected]


def test_one_habit_is_told_three_times_a_file() -> None:
    one = "def test_{0}():\n    {1} = Mock()\n    {1}.charge.return_value = 3\n    assert pay.run({1})\n\n\n"
    names = ("gateway", "gateway", "gateway", "gateway", "client", "gateway")
    told = [one.format(number, name) for number, name in enumerate(names)]
    assert sureness("".join(told)) == ["medium", "medium", "medium", "low", "medium", "low"]
