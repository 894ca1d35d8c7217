"""The gate's answer for a commit, as everybody gets it."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.utils import timezone
from ninja import Path, Query, Router

from reviews.api.bearer import READ, TokenRequest
from reviews.api.errors import ApiError, declared, take_only
from reviews.api.repositories import LARGEST, seen_repository
from reviews.api.shapes import GateOut, absolute, repository_name
from reviews.checklist import Tier
from reviews.gate import answering, gating
from reviews.gate.answering import Answer
from reviews.gate.verdicts import Verdict
from reviews.models import Repository

router = Router(tags=["gate"])
SOON, LATER = 5, 30
_COMMIT = "7 to 64 hexadecimal digits; leave the parameter out to ask about the newest commit that was scanned."


@router.get(
    "/repositories/{number}/gate",
    auth=READ,
    response={200: GateOut, **declared(404)},
    exclude_unset=True,
    url_name="gate",
    operation_id="askGate",
)
def gate(
    request: TokenRequest,
    response: HttpResponse,
    number: int = Path(ge=1, le=LARGEST, description="The number of the repository."),
    commit: str | None = Query(None, description=_COMMIT),
) -> dict[str, Any]:
    """Say whether a commit may go out now, why, and until when. The status is 200 for every verdict.

    While the verdict is pending, the header Retry-After says in how many seconds it makes sense to ask again.
    """
    take_only(request, ("commit",))
    repository, now = seen_repository(request.auth, number), timezone.now()
    answer = gating.head(repository, now) if commit is None else _of(repository, commit)
    if answer.verdict is Verdict.PENDING:
        response["Retry-After"] = str(SOON if answer.reasons[0].scan else LATER)
    return answering.as_json(answer) | {
        "repository": repository_name(repository),
        "asked": now,
        "level": answer.level,
        "required_level": answering.required_level(Tier(repository.tier)),
        "links": _links(repository, answer, asked=commit is not None),
    }


def _of(repository: Repository, commit: str) -> Answer:
    try:
        return gating.answer(repository, gating.named(repository, commit), timezone.now())
    except gating.CommitError as error:
        raise ApiError(422, error.code, error.message, error.next_step) from error


def _links(repository: Repository, answer: Answer, *, asked: bool) -> dict[str, str | None]:
    query = f"?{urlencode({'commit': answer.commit})}" if asked else ""
    scan = next((reason.scan for reason in answer.reasons if reason.scan), None)
    return {
        "self": absolute("api:gate", repository.pk) + query,
        "page": absolute("repository-gate", repository.team.slug, repository.slug) + query,
        "scan": absolute("api:scan", scan) if scan else None,
    }
