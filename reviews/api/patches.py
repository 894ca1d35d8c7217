"""Patches of a repository and of a rule over the team: asking for them, how far they are, and the patch itself."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from ninja import Path, Query, Router, Schema
from ninja.responses import Status
from pydantic import ConfigDict, Field

from reviews import access
from reviews.api.bearer import READ, SCAN, TokenRequest
from reviews.api.errors import ApiError, declared, take_only
from reviews.api.gate import SOON
from reviews.api.repositories import LARGEST, seen_repository
from reviews.api.shapes import Files, RepositoryName, ScanProblem, absolute, repository_name
from reviews.models import Patch, Repository
from reviews.patches import asking, showing
from reviews.patches.questions import Question
from reviews.waking import wake_menders

router = Router(tags=["patches"])
MOST = 200
MEDIA_TYPE = "text/x-diff; charset=utf-8"
_NUMBER = Path(ge=1, le=LARGEST, description="The number of the repository.")
_PATCH = Path(ge=1, le=LARGEST, description="The number of the patch.")
_DIFF = {"responses": {200: {"description": "The bytes of the patch.", "content": {"text/x-diff": {}}}}}


class PatchWish(Schema):
    """What is to be mended."""

    model_config = ConfigDict(extra="forbid")

    rule: str = Field(
        "", max_length=80, description="All findings of one rule; empty for all that may be mended at once."
    )
    finding: int | None = Field(None, ge=1, le=LARGEST, description="One finding alone, by its number.")


class MendedOut(Schema):
    """A finding that the patch clears, or does not."""

    finding: int = Field(description="Its number.")
    rule: str
    path: str
    line: int
    why: str | None = Field(None, description="Why it is left; null for one that is cleared.")


class PatchLinks(Schema):
    """Where more is said."""

    self: str
    page: str = Field(description="The patch, for people.")
    download: str | None = Field(description="The bytes for `git apply`; null until it is ready.")


class PatchOut(Schema):
    """A patch, and what it clears."""

    id: int = Field(description="Its number.")
    repository: RepositoryName = Field(description="Its id, name, slug, team, tier and page.")
    rule: str = Field(description="The rule whose findings it clears; empty for one of several, or of one finding.")
    finding: int | None = Field(description="The finding that it is of; null for one of many.")
    state: str = Field(description="wanted, working, ready, nothing or failed.")
    commit: str | None = Field(description="The commit that it was made for and proved on; null until then.")
    holds: bool = Field(description="Whether no file that it changes differs at the newest scan.")
    changed_files: int = Field(description="How many files it changes.")
    files: Files | None = Field(description="How many are mended, of how many, while it is worked out; else null.")
    fixed: list[MendedOut] = Field(description="The findings that it clears.")
    refused: list[MendedOut] = Field(description="Those that it leaves, each with the reason.")
    asked_at: datetime = Field(description="When it was asked for.")
    finished_at: datetime | None = Field(description="When it was answered; null until then.")
    problem: ScanProblem | None = Field(description="Why it failed: code, message and next; else null.")
    links: PatchLinks = Field(description="This answer, its page and the patch itself.")


class PatchesOut(Schema):
    """Some patches."""

    patches: list[PatchOut] = Field(description="By their numbers.")
    next: str | None = Field(description="Where the following ones are; null when these are the last.")


@router.post(
    "/repositories/{number}/patches",
    auth=SCAN,
    response={202: PatchOut, **declared(400, 404, 409, 413)},
    url_name="ask-patch",
    operation_id="requestPatch",
)
def request_patch(
    request: TokenRequest, response: HttpResponse, number: int = _NUMBER, wish: PatchWish | None = None
) -> Status[dict[str, Any]]:
    """Ask for a patch of the newest scan: of a finding, of a rule, or of all that may be mended at once.

    One that holds already is answered, not made twice.
    """
    take_only(request, ())
    repository, wanted = seen_repository(request.auth, number), wish or PatchWish(rule="", finding=None)
    row = _asked(repository, Question("" if wanted.finding else wanted.rule, wanted.finding))
    out = patch_out(row, repository)
    response["Location"] = out["links"]["self"]
    response["Retry-After"] = str(SOON)
    return Status(202, out)


@router.get(
    "/repositories/{number}/patches",
    auth=READ,
    response={200: PatchesOut, **declared(404)},
    url_name="patches",
    operation_id="listPatches",
)
def patches(
    request: TokenRequest,
    number: int = _NUMBER,
    after: int = Query(0, ge=0, le=LARGEST, description="Only those with a greater number."),
    limit: int = Query(100, ge=1, le=MOST, description="How many at once."),
) -> dict[str, Any]:
    """List what was worked out for a repository. Patches are kept for 30 days."""
    take_only(request, ("after", "limit"))
    repository = seen_repository(request.auth, number)
    rows = list(repository.patches.filter(pk__gt=after).defer("body").order_by("pk")[: limit + 1])
    return _page(rows, limit, absolute("api:patches", number), {repository.pk: repository})


@router.get(
    "/rules/{rule}/patches",
    auth=READ,
    response={200: PatchesOut, **declared()},
    url_name="rule-patches",
    operation_id="listPatchesOfRule",
)
def patches_of_rule(
    request: TokenRequest,
    rule: str = Path(max_length=80, description="The id of a rule, as the checklist has it."),
    after: int = Query(0, ge=0, le=LARGEST, description="Only those with a greater number."),
    limit: int = Query(100, ge=1, le=MOST, description="How many at once."),
) -> dict[str, Any]:
    """List the patches of one rule in all repositories of the team."""
    take_only(request, ("after", "limit"))
    seen = access.patches_of(request.auth).filter(rule=rule, pk__gt=after).exclude(rule="").defer("body")
    rows = list(seen.select_related("repository__team", "repository__latest_scan").order_by("pk")[: limit + 1])
    repositories = {row.repository_id: row.repository for row in rows}
    return _page(rows, limit, absolute("api:rule-patches", rule), repositories)


@router.get(
    "/patches/{number}",
    auth=READ,
    response={200: PatchOut, **declared(404)},
    url_name="patch",
    operation_id="readPatch",
)
def patch(request: TokenRequest, response: HttpResponse, number: int = _PATCH) -> dict[str, Any]:
    """Say how far a patch is, or what it clears. Until it has ended, Retry-After says when to ask again."""
    take_only(request, ())
    row = _seen(request, number)
    if row.pending:
        response["Retry-After"] = str(SOON)
    return patch_out(row, row.repository)


@router.get(
    "/patches/{number}/download",
    auth=READ,
    response=declared(404, 409),
    url_name="download-patch",
    operation_id="downloadPatch",
    openapi_extra=_DIFF,
)
def download(request: TokenRequest, number: int = _PATCH) -> HttpResponse:
    """Read the patch itself: bytes for `git apply` in the root of the repository."""
    take_only(request, ())
    row = _seen(request, number)
    if not row.ready:
        raise ApiError(409, "patch_not_ready", f"The patch is {row.state}.", "Read it, and ask again when it is ready.")
    name = showing.file_name(row, row.repository)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(bytes(row.body), content_type=MEDIA_TYPE, headers=headers)


def patch_out(row: Patch, repository: Repository) -> dict[str, Any]:
    """A PatchOut. Read the repository with its team and newest scan."""
    plain = ("id", "rule", "state", "fixed", "refused", "asked_at", "finished_at")
    failed = {"code": row.error_code, "message": row.error_message, "next": row.error_next}
    return {name: getattr(row, name) for name in plain} | {
        "repository": repository_name(repository),
        "finding": row.finding_id,
        "commit": row.commit or None,
        "holds": asking.holds(row, repository),
        "changed_files": row.files,
        "files": row.progress or None if row.pending else None,
        "problem": failed if row.state == Patch.State.FAILED else None,
        "links": {
            "self": absolute("api:patch", row.pk),
            "page": absolute("finding", row.finding_id) if row.finding_id else absolute("patch", row.pk),
            "download": absolute("api:download-patch", row.pk) if row.ready else None,
        },
    }


def _page(rows: list[Patch], limit: int, url: str, repositories: dict[int, Repository]) -> dict[str, Any]:
    shown = rows[:limit]
    further = f"{url}?after={shown[-1].pk}&limit={limit}" if len(rows) > limit else None
    return {"patches": [patch_out(row, repositories[row.repository_id]) for row in shown], "next": further}


def _seen(request: TokenRequest, number: int) -> Patch:
    rows = access.patches_of(request.auth).select_related("repository__team", "repository__latest_scan")
    found = rows.filter(pk=number).first()
    if found is None:
        message = f"The team {request.auth.team.name} has no patch {number}."
        raise ApiError(
            404, "patch_unknown", message, "GET /api/v1/repositories/{number}/patches lists those there are."
        )
    return found


def _asked(repository: Repository, question: Question) -> Patch:
    try:
        row = asking.ask(repository, question)
    except ValidationError as refused:
        error = refused.error_list[0]
        said = error.params or {}
        status = 409 if error.code == "patches_waiting" else 422
        raise ApiError(status, error.code or "", said["message"], said["next"]) from refused
    wake_menders()
    return row
