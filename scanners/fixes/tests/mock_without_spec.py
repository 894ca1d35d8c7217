import libcst as cst

from scanners.fixes.arguments import refuse_unpacked, with_keyword
from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot
from scanners.semantics.tests.mocks import is_bare, replacement


class PatchWithAutospec(Fix):
    """
    Passes `autospec=True` to the patch, so that names and arguments which the real thing lacks fail. A test that
    relied on
    such a name fails then, which a person has to look at.

    Not offered for mocks that are made by hand: what they stand for is not written there.
    """

    rule = "mock-without-spec"
    bulk = False
    says = "Pass autospec=True to the patch."
    examples = (
        Change(
            "a decorator and a with",
            'from unittest import mock\n\n\n@mock.patch("shop.bank.Client")\ndef test_pay(client):\n'
            '    with mock.patch("shop.mail.Mailer") as mailer:\n        assert pay(client, mailer)\n',
            'from unittest import mock\n\n\n@mock.patch("shop.bank.Client", autospec=True)\ndef test_pay(client):\n'
            '    with mock.patch("shop.mail.Mailer", autospec=True) as mailer:\n        assert pay(client, mailer)\n',
            path="tests/test_pay.py",
        ),
    )
    declined = (
        Declined(
            "made by hand",
            "from unittest.mock import Mock\n\n\ndef test_pay():\n    client = Mock()\n"
            "    client.pay.return_value = 3\n"
            "    assert pay(client)\n",
            "is not written here",
            path="tests/test_pay.py",
        ),
        Declined(
            "what may be missing",
            "from unittest import mock\n\n\n@mock.patch('shop.bank.Client', create=True)\ndef test_pay(client):\n"
            "    assert pay(client)\n",
            "may be missing",
            path="tests/test_pay.py",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Add the keyword."""
        node = spot.node(cst.Call)
        if is_bare(spot.call) or replacement(spot.call) is not None:
            raise NotOfferedError("What the mock stands for is not written here: pass spec_set=TheClass.")
        if spot.call.keyword("create") is not None:
            raise NotOfferedError("What is patched may be missing: there is nothing to take the shape of.")
        refuse_unpacked(node)
        spot.change(node, with_keyword("autospec", spot.expression("True")))
