"""Helpers of tests are told from the code under test and from libraries by where they are imported from."""

import pytest

from scanners.semantics.tests.mocks import stands_for
from scanners.semantics.tests.testcode import from_helpers


@pytest.mark.parametrize(
    ("dotted", "helps"),
    [
        ("tests.helpers.place_order", True),
        (".helpers.place_order", True),
        ("..conftest.login", True),
        (".models.Order", False),
        ("shop.orders.total", False),
        ("django.test.Client", False),
        ("fastapi.testclient.TestClient", False),
        ("shop.testing.fill", True),
    ],
)
def test_helpers_are_known_by_their_module(dotted: str, helps: bool) -> None:
    assert from_helpers(dotted) is helps


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("shop.pay.Gateway", "class"),
        ("shop.pay.requests.get", "boundary"),
        ("requests.get", "boundary"),
        ("celery.backends.redis._socket_readable", ""),
        ("shop.pay.now", ""),
        ("shop.pay.MAX_RETRIES", ""),
    ],
)
def test_a_patched_name_is_a_class_a_boundary_or_neither(target: str, kind: str) -> None:
    assert stands_for(target) == kind
