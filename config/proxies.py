"""What proxies in front say about a request."""

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class ClientAddress:
    """Put the client's address, as the outermost trusted proxy saw it, into REMOTE_ADDR.

    Everything that limits or logs by address then reads one place. Entries further left are the client's own claim.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chain = request.headers.get("x-forwarded-for", "").split(",")
        if 0 < settings.TRUSTED_PROXIES <= len(chain):
            request.META["REMOTE_ADDR"] = _address(chain[-settings.TRUSTED_PROXIES]) or request.META["REMOTE_ADDR"]
        return self.get_response(request)


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return ""
