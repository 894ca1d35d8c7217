"""Scans: asking for one, and how far one is."""

from typing import Any

from django.http import HttpResponse
from ninja import Path, Router
from ninja.responses import Status

from reviews import access, intake
from reviews.api.bearer import READ, SCAN, TokenRequest
from reviews.api.errors import ApiError, declared, take_only
from reviews.api.gate import SOON
from reviews.api.repositories import LARGEST, seen_repository
from reviews.api.shapes import UNFINISHED, ScanOut, ScanWish, scan_out
from reviews.gate import gating
from reviews.models import Repository, Scan
from reviews.waking import wake_workers
from scanners.git.errors import SourceError

router = Router(tags=["scans"])
MOST_WAITING = 50


@router.post(
    "/repositories/{number}/scans",
    auth=SCAN,
    response={202: ScanOut, **declared(400, 404, 409, 413)},
    url_name="scans",
    operation_id="requestScan",
)
def request_scan(
    request: TokenRequest,
    response: HttpResponse,
    number: int = Path(ge=1, le=LARGEST, description="The number of the repository."),
    wish: ScanWish | None = None,
) -> Status[dict[str, Any]]:
    """Ask for a scan of a commit, or of the branch's head. One that waits already is answered, not asked for twice."""
    take_only(request, ())
    repository = seen_repository(request.auth, number)
    commit = wish.commit if wish else None
    asked = _asked(repository, commit)
    wake_workers()
    response["Retry-After"] = str(SOON)
    out = scan_out(asked)
    response["Location"] = out["links"]["self"]
    return Status(202, out)


@router.get(
    "/scans/{number}", auth=READ, response={200: ScanOut, **declared(404)}, url_name="scan", operation_id="readScan"
)
def scan(
    request: TokenRequest,
    response: HttpResponse,
    number: int = Path(ge=1, le=LARGEST, description="The number of the scan."),
) -> dict[str, Any]:
    """Say how far a scan is, or what came of it. Until it has ended, Retry-After says when to ask again."""
    take_only(request, ())
    seen = access.scans_of(request.auth).select_related("repository__team").filter(pk=number).first()
    if seen is None:
        message = f"The team {request.auth.team.name} has no scan {number}."
        raise ApiError(404, "scan_unknown", message, "Take the number from the answer of the gate, or ask for a scan.")
    if seen.state in UNFINISHED:
        response["Retry-After"] = str(SOON)
    return scan_out(seen)


def _asked(repository: Repository, commit: str | None) -> Scan:
    waiting = repository.scans.filter(state=Scan.State.REQUESTED, trigger=Scan.Trigger.PERSON)
    if waiting.count() >= MOST_WAITING:
        message = f"{MOST_WAITING} scans of this repository wait already."
        raise ApiError(409, "scans_waiting", message, "Ask again when some of them have run.")
    try:
        wanted = "" if commit is None else gating.named(repository, commit)
        # As by a button: to ask proves no push, and what a webhook triggers makes the head stale.
        return intake.request_scan(repository, trigger=Scan.Trigger.PERSON, commit=wanted)
    except gating.CommitError as error:
        raise ApiError(422, error.code, error.message, error.next_step) from error
    except SourceError as error:
        raise ApiError(422, error.code, error.message, error.next_step) from error
