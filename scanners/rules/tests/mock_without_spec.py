from collections import Counter
from typing import Final

from scanners.context import Context, per_file
from scanners.finding import Confidence, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.tests.mocks import (
    BARE,
    PATCHES,
    answered_by_fake,
    configured,
    holds_data,
    is_bare,
    is_child,
    is_loose,
    is_patch,
    is_shaped,
    name_of,
    names_shape,
    stands_for,
    target_of,
)

_HABIT: Final = 3


class MockWithoutSpec(Rule):
    """
    A mock without a spec accepts every name and every argument: when the real class changes, the test stays green and
    production fails.

    Looks at Mock, MagicMock, AsyncMock, patch and mocker.patch in test files where they stand for a class or for a
    library at the boundary: a patched name in CapWords, a patch of requests, redis, boto3 and the like, and a bare mock
    that is given attributes. A callback, a stub of one function, a part of another mock, a replacement or a hand-written
    fake that is given and patch.dict are good. Values to be read, functions of the standard library, and the same thing
    for the fourth time in a file are only suspected.
    """

    id = "mock-without-spec"
    area = "tests"
    item = "X3"
    title = "Mock that accepts anything"
    severity = Severity.LOW
    fix = "Pass autospec=True to the patch, or make the mock with spec_set=TheClass or create_autospec(TheClass)."
    classes = frozenset({"test"})
    bad = (
        Example(
            "patches of classes and of boundaries",
            {
                "tests/test_pay.py": "from unittest import mock\nfrom unittest.mock import patch\nimport requests\nfrom shop import pay\n\n"
                "@patch('shop.pay.Gateway')\ndef test_pay(gateway):\n    pay.run()\n    gateway.return_value.charge.assert_called_once_with(3)\n\n"
                "def test_fetch(mocker):\n    get = mocker.patch('shop.pay.requests.get')\n    pay.fetch()\n    assert get.called\n\n"
                "def test_post():\n    with mock.patch.object(requests, 'post') as post:\n        pay.send()\n    assert post.called\n\n"
                "def test_refund(mocker):\n    mocker.patch.object(pay.Gateway, 'refund')\n    assert pay.refund() is None\n"
            },
            at=[("tests/test_pay.py", line) for line in (6, 12, 17)],
        ),
        Example(
            "mocks that stand for objects",
            {
                "tests/test_pay.py": "from unittest.mock import AsyncMock, MagicMock, Mock, patch\nfrom shop import pay\n\n"
                "def test_pay():\n    gateway = Mock()\n    gateway.charge.return_value = 'ok'\n"
                "    response = MagicMock(status_code=200, text='x')\n    client = AsyncMock()\n    client.timeout = 3\n"
                "    assert pay.run(gateway, response, client) == 'ok'\n\nclass PayTests:\n    def setup_method(self):\n"
                "        self.gateway = Mock()\n\n    def test_pay(self, mocker):\n        self.gateway.charge.return_value = 3\n"
                "        assert pay.run(self.gateway, mocker.Mock(status_code=200))\n\n"
                "    @patch(target='shop.pay.Gateway', new=MagicMock())\n    def test_new(self):\n        assert pay.run()\n"
            },
            at=[("tests/test_pay.py", line) for line in (5, 7, 8, 14, 18, 20)],
        ),
    )
    good = (
        Example(
            "mocks with the shape of the real thing",
            {
                "tests/test_pay.py": "from unittest import mock\nfrom unittest.mock import Mock, create_autospec, patch\n"
                "import requests\nfrom shop import pay\nfrom tests.fakes import FakeGateway\n\n"
                "@patch('shop.pay.Gateway', autospec=True)\ndef test_pay(gateway):\n    pay.run()\n    assert gateway.called\n\n"
                "@patch('shop.pay.Gateway', FakeGateway)\ndef test_fake():\n    assert pay.run() == 'ok'\n\n"
                "def test_made(mocker):\n    fake = FakeGateway(3)\n    mocker.patch('shop.pay.Gateway', return_value=fake)\n    assert pay.run() == 3\n\n"
                "@patch('shop.pay.Gateway', new=FakeGateway)\ndef test_new():\n    assert pay.run() == 'ok'\n\n"
                "def test_fetch(mocker):\n    get = mocker.patch.object(requests, 'get', autospec=True)\n    pay.fetch()\n"
                "    assert get.called\n\ndef test_session():\n    session = Mock(spec=requests.Session)\n"
                "    session.get.return_value = 3\n    gateway = create_autospec(pay.Gateway)\n    gateway.charge.return_value = 3\n"
                "    gateway.refund = Mock(return_value=3)\n    assert pay.run(session, gateway) == 3\n"
            },
        ),
        Example(
            "callbacks, functions and settings",
            {
                "tests/test_pay.py": "import os\nfrom unittest.mock import Mock, patch\nfrom shop import pay\n\n"
                "def test_callback():\n    done = Mock()\n    pay.run(done)\n    done.assert_called_once_with(3)\n\n"
                "def test_stub():\n    rate = Mock(return_value=2, name='rate')\n    rate.side_effect = None\n"
                "    assert pay.convert(1, rate) == 2\n\n"
                "@patch.dict(os.environ, {'RATE': '2'})\ndef test_setting():\n    assert pay.rate() == 2\n\n"
                "@patch('shop.pay.now', return_value=3)\ndef test_now(now):\n    assert pay.stamp() == 3\n\n"
                "@patch('socket.AF_PACKET')\n@patch('shop.pay.MAX_RETRIES', 3)\ndef test_constant(*mocks):\n    assert pay.retries() == 3\n"
            },
        ),
    )
    calls = (*BARE, *PATCHES, "*.patch", "*.object", "*.Mock", "*.MagicMock", "*.AsyncMock")

    def visit_call(self, call: Call, ctx: Context) -> None:
        if is_bare(call):
            self._bare(call, ctx)
        elif is_patch(call):
            self._patch(call, ctx)

    def _patch(self, call: Call, ctx: Context) -> None:
        target, shaped = target_of(call), is_shaped(call)
        kind = stands_for(target)
        if shaped and (target or call.node.keywords):
            ctx.site(call)
        elif not target:
            ctx.unresolved(call, "What is patched cannot be told.")
        elif not kind or answered_by_fake(call):
            ctx.site(call)
        else:
            what = f"the class `{_last(target)}`" if kind == "class" else f"`{target.lstrip('.')}`"
            message = f"This mock of {what} accepts any name and any argument: pass autospec=True."
            again = _again(target, ctx)
            ctx.report(call, message, confidence=Confidence.LOW if again or is_loose(call, target) else None)

    def _bare(self, call: Call, ctx: Context) -> None:
        ctx.site(call)
        if call.node.args or names_shape(call.node) or is_child(call):
            return
        given = configured(call)
        if given:
            message = f"This mock stands for an object (`{given[0]}` is set) but has no spec: it accepts any name."
            low = holds_data(call) or _again(name_of(call) or call.qualname, ctx)
            ctx.report(call, message, confidence=Confidence.LOW if low else Confidence.MEDIUM)


def _again(what: str, ctx: Context) -> bool:
    """Whether the file was told often enough that its mocks of one thing have no shape: it is one habit."""
    told = _told(ctx)
    told[what] += 1
    return told[what] > _HABIT


@per_file
def _told(ctx: Context) -> Counter[str]:
    return Counter()


def _last(target: str) -> str:
    return target.rpartition(".")[2]
