"""Where forges report. No person, no session, no form: the signature alone counts, and no broker is waited for."""

from dataclasses import dataclass

import structlog
from django.db import DataError, Error
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from reviews.deliveries import receiving
from reviews.models import Hook
from reviews.waking import wake_sorting
from reviews.webhooks.body import MOST_BYTES, bad
from reviews.webhooks.errors import HookError, RefusedError

log = structlog.get_logger(__name__)
ACCEPTED, BAD, UNBELIEVED, MISSING = 202, 400, 401, 404
WRONG_METHOD, TOO_LARGE, UNSUPPORTED, UNREADY = 405, 413, 415, 503
_HEADERS = {WRONG_METHOD: {"Allow": "POST"}, UNREADY: {"Retry-After": "30"}}
_STATUSES = {"payload_too_large": TOO_LARGE, "payload_type_unknown": UNSUPPORTED}


@dataclass
class UnfitError(Exception):
    """A request that no forge sends so: refused whatever it says."""

    status: int
    code: str
    message: str
    next_step: str


@csrf_exempt
@never_cache
def hook(request: HttpRequest, key: str) -> JsonResponse:
    """202 for what is believed, whatever is going on; else why not, and what to do. 503 only without a database."""
    try:
        _check(request)
        return _received(request, receiving.find(key))
    except UnfitError as error:
        return _refusal(error.status, error.code, error.message, error.next_step)
    except receiving.HookGoneError:
        return _refusal(
            MISSING,
            "hook_unknown",
            "No repository has this hook.",
            "Copy the address from the repository's page Webhook.",
        )
    except DataError:
        text = "The payload holds something that no database can store."
        return _refusal(BAD, "payload_malformed", text, "Look at the payload in the forge's list of deliveries.")
    except Error as error:
        log.warning("delivery-not-stored", error=type(error).__name__)
        text = "The database does not answer, so nothing was kept."
        return _refusal(UNREADY, "database_unreachable", text, "Deliver it again in a minute.")


def _received(request: HttpRequest, hook: Hook) -> JsonResponse:
    headers = {name.lower(): value for name, value in request.headers.items()}
    now = timezone.now()
    try:
        received = receiving.receive(hook, headers, _body(request), now)
    except HookError as error:
        log.info("delivery-refused", hook=hook.pk, repository=hook.repository_id, code=error.code)
        receiving.remember_refusal(hook, error.code, now)
        status = UNBELIEVED if isinstance(error, RefusedError) else _STATUSES.get(error.code, BAD)
        return _refusal(status, error.code, error.message, error.next_step)
    if received.state == "waiting":
        wake_sorting()
    return JsonResponse({"delivery": received.pk, "state": received.state}, status=ACCEPTED)


def _check(request: HttpRequest) -> None:
    """What can be said before the database is asked. Raises UnfitError."""
    if request.method != "POST":
        text = "A hook takes POST requests only."
        raise UnfitError(WRONG_METHOD, "method_not_allowed", text, "Choose POST at the forge.")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        text = "A hook takes no compressed bodies."
        raise UnfitError(UNSUPPORTED, "encoding_not_supported", text, "Switch compression off at the forge or proxy.")


def _body(request: HttpRequest) -> bytes:
    """All of the body. One that is too long is not read; without a length, not further than that.

    Raises BadBodyError, and UnfitError when it ends too early.
    """
    length = request.META.get("CONTENT_LENGTH") or ""
    chunked = not length and "chunked" in request.headers.get("transfer-encoding", "").lower()
    if length.isdecimal() and int(length[:20]) > MOST_BYTES:
        raise bad("payload_too_large")
    source = request.META["wsgi.input"] if chunked else request
    try:
        raw: bytes = source.read(MOST_BYTES + 1)
    except OSError as error:
        text = "The request ended before its body did."
        raise UnfitError(BAD, "body_incomplete", text, "Deliver it again.") from error
    if len(raw) > MOST_BYTES:
        raise bad("payload_too_large")
    return raw


def _refusal(status: int, code: str, message: str, next_step: str) -> JsonResponse:
    """Why a request is refused, as data."""
    body = {"code": code, "message": message, "next": next_step}
    return JsonResponse(body, status=status, headers=_HEADERS.get(status))
