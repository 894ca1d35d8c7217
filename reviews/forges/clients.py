"""The client of a repository's forge, with the address and the token that belong to it."""

from reviews.forges.azure import Azure
from reviews.forges.bitbucket import Bitbucket
from reviews.forges.bitbucket_server import BitbucketServer
from reviews.forges.calls import ALL_SECONDS, Calls
from reviews.forges.client import Client
from reviews.forges.errors import ForgeError, error
from reviews.forges.gitea import Gitea
from reviews.forges.github import GitHub
from reviews.forges.gitlab import GitLab
from reviews.forges.places import Place, origin
from reviews.forges.tokens import parse
from reviews.models import Forge, Repository

CLIENTS: dict[str, type[Client]] = {
    Repository.Provider.GITHUB: GitHub,
    Repository.Provider.GITLAB: GitLab,
    Repository.Provider.GITEA: Gitea,
    Repository.Provider.BITBUCKET: Bitbucket,
    Repository.Provider.BITBUCKET_SERVER: BitbucketServer,
    Repository.Provider.AZURE: Azure,
}


def client(repository: Repository, *, seconds: float = ALL_SECONDS) -> Client:
    """The client for one thing to tell, which takes at most `seconds`.

    Raises ForgeError: forge_not_told, forge_place_unknown, forge_token_missing or forge_token_malformed.
    """
    forge = Forge.objects.filter(repository=repository).first()
    kind = CLIENTS.get(repository.provider)
    if forge is None or kind is None:
        raise error("forge_not_told")
    place = Place.of(repository.url)
    own = kind.derive(place) if not forge.api_url else ""
    api = (forge.api_url or own).rstrip("/")
    calls = Calls(api, kind.key(parse(_token(repository, forge, api))), kind.headers, seconds=seconds)
    return kind(calls, place, api, repository.pk)


def derived(repository: Repository) -> str:
    """The API's address that follows from the repository's URL and provider. Empty: none does."""
    kind = CLIENTS.get(repository.provider)
    try:
        return kind.derive(Place.of(repository.url)) if kind else ""
    except ForgeError:
        return ""


def _token(repository: Repository, forge: Forge, api: str) -> str:
    """The forge's own token, or the repository's, which is for its own server and the API known to belong to it."""
    if forge.token:
        return forge.token
    own = {origin(repository.url), origin(derived(repository))}
    return repository.credential if origin(api) in own else ""
