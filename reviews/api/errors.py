"""What programs are told when something is refused: always a code that keeps its meaning, and two texts."""

from collections.abc import Collection

from django.http import HttpRequest, JsonResponse
from ninja import Schema
from pydantic import Field


class Problem(Schema):
    """Why nothing was done."""

    code: str = Field(description="Says which problem it is and never changes its meaning.")
    message: str = Field(description="What happened.")
    next: str = Field(description="What to do about it.")


class ApiError(Exception):
    """A request that is refused, with its status."""

    def __init__(self, status: int, code: str, message: str, next_step: str) -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.next_step = status, code, message, next_step

    def answer(self) -> JsonResponse:
        """The refusal as a response."""
        response = JsonResponse(
            {"code": self.code, "message": self.message, "next": self.next_step}, status=self.status
        )
        if self.status == 401:
            response["WWW-Authenticate"] = 'Bearer realm="plimsoll"'
        if self.status == 503:
            response["Retry-After"] = "10"
        return response


def declared(*statuses: int) -> dict[int, type[Problem]]:
    """What an operation may answer beside what it is for: these, and what any operation may answer."""
    return dict.fromkeys(sorted({*statuses, 401, 403, 405, 422, 500, 503}), Problem)


def take_only(request: HttpRequest, names: Collection[str]) -> None:
    """Refuse a query with other names: a mistyped one would silently ask for something else. Raises ApiError."""
    other = sorted(set(request.GET) - set(names))
    if other:
        known = ", ".join(names) or "none"
        message = f"There is no parameter {other[0][:40]!r} here."
        raise ApiError(422, "parameter_unknown", message, f"The parameters are: {known}.")
