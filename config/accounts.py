"""How people sign in: accounts are made by a site admin, never by a stranger."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedAdapter(DefaultAccountAdapter):
    """Sign-in without sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


def attempted_name(request: HttpRequest, credentials: dict[str, Any] | None) -> str | None:
    """The name that a sign-in was tried with, lower case, so that spelling it differently buys no further guesses."""
    found = (credentials or {}).get("username") or request.POST.get("login") or request.POST.get("username")
    return found.lower() if found else None
