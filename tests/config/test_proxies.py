import pytest
from django.http import HttpResponse

from config.proxies import ClientAddress


def address(rf, settings, proxies: int, forwarded: str | None) -> str:
    """The REMOTE_ADDR that the rest of the site sees."""
    settings.TRUSTED_PROXIES = proxies
    request = rf.get("/", headers={"x-forwarded-for": forwarded} if forwarded else None)
    ClientAddress(lambda _request: HttpResponse())(request)
    return request.META["REMOTE_ADDR"]


def test_without_proxies_the_header_is_a_claim(rf, settings):
    assert address(rf, settings, 0, "203.0.113.9") == "127.0.0.1"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "seen"),
    [
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.1, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, None, "127.0.0.1"),
        (2, "203.0.113.9", "127.0.0.1"),
        (1, "unknown", "127.0.0.1"),
    ],
)
def test_the_outermost_trusted_proxy_is_believed(rf, settings, proxies, forwarded, seen):
    assert address(rf, settings, proxies, forwarded) == seen
