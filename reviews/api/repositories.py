"""The repositories of the token's team, and which of them a request is about."""

from ninja import Query, Router

from reviews import access, recount, waived
from reviews.api.bearer import READ, TokenRequest
from reviews.api.errors import ApiError, declared, take_only
from reviews.api.shapes import RepositoriesOut, absolute, repository_out
from reviews.models import ApiToken, Repository

router = Router(tags=["repositories"])
MOST = 200
LARGEST = 2**63 - 1


@router.get(
    "/repositories",
    auth=READ,
    response={200: RepositoriesOut, **declared()},
    url_name="repositories",
    operation_id="listRepositories",
)
def repositories(
    request: TokenRequest,
    after: int = Query(0, ge=0, le=LARGEST, description="Only those with a greater number."),
    limit: int = Query(100, ge=1, le=MOST, description="How many at once."),
) -> dict[str, object]:
    """List the repositories of the token's team, with the numbers that the other operations ask for."""
    take_only(request, ("after", "limit"))
    seen = access.repositories_of(request.auth).select_related("team", "latest_scan").defer("latest_scan__scorecard")
    found = list(seen.filter(pk__gt=after).order_by("pk")[: limit + 1])
    shown = found[:limit]
    further = f"{absolute('api:repositories')}?after={shown[-1].pk}&limit={limit}" if len(found) > limit else None
    return {"repositories": [repository_out(one, _level(one)) for one in shown], "next": further}


def seen_repository(token: ApiToken, number: int) -> Repository:
    """A repository of the token's team, with team and newest scan. Raises ApiError with 404."""
    found = access.repositories_of(token).select_related("team", "latest_scan").filter(pk=number).first()
    if found is None:
        message = f"The team {token.team.name} has no repository {number}."
        raise ApiError(404, "repository_unknown", message, "GET /api/v1/repositories lists those there are.")
    return found


def _level(repository: Repository) -> str | None:
    """The level as it is today: it may have rested on waivers that ended."""
    if repository.latest_scan is None:
        return None
    repository.latest_scan.repository = repository
    return recount.as_of(repository.latest_scan, waived.today()).level
