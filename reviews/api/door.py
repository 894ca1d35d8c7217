"""The API as a whole: its operations, and how whatever goes wrong is said. Answers are never kept by anybody."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.urls import URLPattern
from ninja import NinjaAPI, Router
from ninja.errors import HttpError, ValidationError

from reviews.api import gate, inventory, patches, repositories, scans
from reviews.api.errors import ApiError

log = structlog.get_logger(__name__)
_ABOUT = (
    "Asks the gate, asks for scans and for patches, and reads facts, for one team. "
    "Every refusal has a code, a message and what to do next."
)

api = NinjaAPI(
    title="Plimsoll",
    version="1",
    description=_ABOUT,
    openapi_url=None,
    docs_url=None,
    urls_namespace="api",
    servers=[{"url": settings.BASE_URL}],
)
rest = Router()


@rest.get("/v1/openapi.json", auth=None, include_in_schema=False, url_name="openapi-json")
def schema(request: HttpRequest) -> dict[str, Any]:
    """The schema, which is no secret."""
    return api.get_openapi_schema()


@rest.api_operation(
    ["GET", "POST", "PUT", "PATCH", "DELETE"], "/{path:address}", auth=None, include_in_schema=False, url_name="unknown"
)
def unknown(request: HttpRequest, address: str) -> None:
    """Every other address below /api/. Raises ApiError."""
    message = f"There is nothing at /api/{address[:200]}."
    raise ApiError(404, "path_unknown", message, "The page /api/ lists what there is.")


for part in (repositories, gate, scans, patches, inventory):
    api.add_router("/v1", part.router)
api.add_router("", rest)


@api.exception_handler(ApiError)
def refused(request: HttpRequest, error: ApiError) -> HttpResponse:
    """What our own code refuses."""
    return error.answer()


@api.exception_handler(ValidationError)
def malformed(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """A parameter or a body that is not as the schema says."""
    first = error.errors[0]
    place = ".".join(str(part) for part in first["loc"][1:] if part != "wish") or str(first["loc"][0])
    message = f"{place}: {first['msg']}."
    return ApiError(422, "input_malformed", message, "The page /api/ says what each operation takes.").answer()


@api.exception_handler(HttpError)
def unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    """A body that is no JSON, which ninja says this way."""
    next_step = 'Send JSON such as {"commit": "7ac01d9…"}, or no body at all.'
    return ApiError(400, "body_malformed", "The body is no JSON.", next_step).answer()


@api.exception_handler(RequestDataTooBig)
def too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    """A body beyond DATA_UPLOAD_MAX_MEMORY_SIZE."""
    return ApiError(413, "body_too_large", "The body is too large.", "Send the commit alone, or nothing.").answer()


@api.exception_handler(UnreadablePostError)
def cut_off(request: HttpRequest, error: UnreadablePostError) -> HttpResponse:
    """A body that ended before its length was reached: the client went away."""
    return ApiError(400, "body_cut_off", "The body ended too early.", "Send it again.").answer()


@api.exception_handler(OperationalError)
def away(request: HttpRequest, error: OperationalError) -> HttpResponse:
    """The database restarts, or is too busy: asking again helps."""
    log.error("api-database-away", problem=str(error))
    message = "The database does not answer."
    return ApiError(503, "database_unreachable", message, "Ask again after the seconds of Retry-After.").answer()


@api.exception_handler(Exception)
def failed(request: HttpRequest, error: Exception) -> HttpResponse:
    """A fault of ours."""
    log.error("api-failed", path=request.path, exc_info=error)
    next_step = "Ask again later. If that does not help, tell whoever runs this Plimsoll the time of this answer."
    return ApiError(500, "internal_error", "Plimsoll failed.", next_step).answer()


def patterns() -> list[URLPattern]:
    """The routes of everything below /api/. Ninja leaves out CSRF checks, which protect sessions: none is looked at."""
    found = [pattern for pattern in api.urls[0] if isinstance(pattern, URLPattern)]
    for pattern in found:
        pattern.callback = _guarded(pattern.callback)
    return found


def _guarded(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A view of ninja's whose every answer is JSON of ours and is not kept."""

    @wraps(view)
    def answer(request: HttpRequest, **named: Any) -> HttpResponseBase:
        response = view(request, **named)
        if response.status_code == 405:
            allowed = response.headers["Allow"]
            problem = f"{request.method} is not possible here."
            response = ApiError(405, "method_unknown", problem, f"Use {allowed}.").answer()
            response.headers["Allow"] = allowed
        response.headers["Cache-Control"] = "no-store"
        return response

    return answer
