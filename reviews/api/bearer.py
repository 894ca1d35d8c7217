"""Who a program is: the token in its Authorization header, and what that token lets it do."""

from django.http import HttpRequest
from django.utils import timezone
from ninja.security.http import HttpAuthBase

from reviews import tokens
from reviews.api.errors import ApiError
from reviews.models import ApiToken

_SENT = "Send the header Authorization: Bearer plm_…, with a token that a maintainer made on the team's page Tokens."


class TokenRequest(HttpRequest):
    """A request whose token is known; only for annotations."""

    auth: ApiToken


class Bearer(HttpAuthBase):
    """Lets in a token that has a scope. No session and no cookie is looked at."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    scope: ApiToken.Scope

    def __call__(self, request: HttpRequest) -> ApiToken:
        """The token of a request. Raises ApiError with 401 or 403."""
        scheme, _, secret = request.headers.get("Authorization", "").strip().partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise ApiError(401, "token_missing", "This needs a token.", _SENT)
        try:
            token = tokens.find(secret.strip(), timezone.now())
        except tokens.RefusedError as error:
            raise ApiError(401, error.code, error.message, error.next_step) from error
        if self.scope not in token.scopes:
            message = f"The token {token.name} may not {self.scope.label}."
            raise ApiError(403, "scope_missing", message, f"Have a maintainer make one with the scope {self.scope}.")
        return token


class ReadToken(Bearer):
    """As the schema names it."""

    openapi_description = "A token of a team with the scope read."
    scope = ApiToken.Scope.READ


class ScanToken(Bearer):
    """As the schema names it."""

    openapi_description = "A token of a team with the scope scan."
    scope = ApiToken.Scope.SCAN


READ, SCAN = ReadToken(), ScanToken()
