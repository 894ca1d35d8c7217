"""Where each forge's API is, what a repository is called there, and which token it gets."""

import pytest

from reviews.forges.clients import client, derived
from reviews.forges.errors import ForgeError
from reviews.forges.places import origin
from reviews.models import Forge, Repository, Team
from tests.factories import RepositoryFactory

pytestmark = pytest.mark.django_db


def at(url: str, provider: str, **fields: str) -> Repository:
    repository: Repository = RepositoryFactory(url=url, provider=provider, credential=fields.pop("credential", "own"))
    Forge.objects.create(repository=repository, posts_statuses=True, **fields)
    return repository


PLACES = [
    ("github", "https://github.com/acme/pay.git", "https://api.github.com", "/repos/acme/pay"),
    ("github", "https://git.acme.example/acme/pay", "https://git.acme.example/api/v3", "/repos/acme/pay"),
    ("gitlab", "https://gitlab.com/acme/shop/pay.git", "https://gitlab.com/api/v4", "/projects/acme%2Fshop%2Fpay"),
    ("gitea", "https://codeberg.org/acme/pay.git", "https://codeberg.org/api/v1", "/repos/acme/pay"),
    ("gitea", "https://git.example:3000/acme/pay", "https://git.example:3000/api/v1", "/repos/acme/pay"),
    ("bitbucket", "https://bitbucket.org/acme/pay.git", "https://api.bitbucket.org/2.0", "/repositories/acme/pay"),
    (
        "bitbucket-server",
        "https://bb.example/scm/PAY/pay.git",
        "https://bb.example/rest/api/1.0",
        "/projects/PAY/repos/pay",
    ),
    (
        "bitbucket-server",
        "https://bb.example/code/scm/~ada/pay.git",
        "https://bb.example/code/rest/api/1.0",
        "/projects/~ada/repos/pay",
    ),
    (
        "azure",
        "https://dev.azure.com/acme/My%20Shop/_git/pay",
        "https://dev.azure.com/acme/My%20Shop/_apis",
        "/git/repositories/pay",
    ),
    ("azure", "https://dev.azure.com/acme/_git/pay", "https://dev.azure.com/acme/pay/_apis", "/git/repositories/pay"),
    (
        "azure",
        "https://acme.visualstudio.com/shop/_git/pay",
        "https://acme.visualstudio.com/shop/_apis",
        "/git/repositories/pay",
    ),
    (
        "azure",
        "https://acme.visualstudio.com/_git/pay",
        "https://acme.visualstudio.com/pay/_apis",
        "/git/repositories/pay",
    ),
    (
        "azure",
        "https://tfs.example/tfs/C/shop/_git/pay",
        "https://tfs.example/tfs/C/shop/_apis",
        "/git/repositories/pay",
    ),
]


@pytest.mark.parametrize(("provider", "url", "api", "home"), PLACES)
def test_follow_from_the_url(team: Team, provider: str, url: str, api: str, home: str) -> None:
    repository = at(url, provider)
    assert (derived(repository), client(repository).home) == (api, home)


@pytest.mark.parametrize(
    ("provider", "url", "api", "home"),
    [
        ("gitlab", "https://example.org/git/acme/pay.git", "https://example.org/git/api/v4", "/projects/acme%2Fpay"),
        ("github", "https://example.org/acme/pay.git", "https://api.example.org", "/repos/acme/pay"),
        ("gitea", "https://example.org/git/acme/pay.git", "https://example.org/git/api/v1/", "/repos/acme/pay"),
    ],
)
def test_a_chosen_address_may_have_a_path_before_it(team: Team, provider: str, url: str, api: str, home: str) -> None:
    assert client(at(url, provider, api_url=api, token="its-own")).home == home


@pytest.mark.parametrize(
    ("provider", "url"),
    [
        ("github", "https://github.com/pay.git"),
        ("github", "https://github.com/acme/pay/more"),
        ("github", "file:///srv/repositories/acme/pay.git"),
        ("gitlab", "https://gitlab.com/pay.git"),
        ("bitbucket", "https://bitbucket.org/pay"),
        ("bitbucket", "https://git.example.org/acme/pay.git"),
        ("bitbucket-server", "https://bb.example/PAY/pay.git"),
        ("azure", "https://dev.azure.com/acme/shop/pay"),
        ("azure", "https://dev.azure.com/pay"),
    ],
)
def test_of_another_kind_of_forge_has_a_name(team: Team, provider: str, url: str) -> None:
    with pytest.raises(ForgeError) as found:
        client(at(url, provider))
    assert found.value.code == "forge_place_unknown"


def test_nothing_is_derived_without_a_provider(team: Team) -> None:
    assert [derived(at(url, "")) for url in ("https://github.com/acme/pay", "/srv/pay")] == ["", ""]


def test_a_repository_whose_forge_nobody_set_up_has_no_client(team: Team) -> None:
    with pytest.raises(ForgeError) as found:
        client(RepositoryFactory(url="https://github.com/acme/pay", provider="github"))
    assert found.value.code == "forge_not_told"


class TestToken:
    @pytest.mark.parametrize(
        ("provider", "url", "api"),
        [
            ("github", "https://github.com/acme/pay", "https://api.evil.example"),
            ("github", "https://github.com/acme/pay", "https://github.com.evil.example/api/v3"),
            ("github", "https://github.com/acme/pay", "http://api.github.com"),
            ("gitlab", "https://git.example/acme/pay", "https://git.example:8443/api/v4"),
            ("gitlab", "https://git.example/acme/pay", "http://git.example/api/v4"),
            ("bitbucket", "https://git.example/acme/pay", "https://api.bitbucket.org/2.0"),
        ],
    )
    def test_of_the_repository_goes_nowhere_else(self, team: Team, provider: str, url: str, api: str) -> None:
        with pytest.raises(ForgeError) as found:
            client(at(url, provider, api_url=api))
        assert found.value.code == "forge_token_missing"

    @pytest.mark.parametrize(
        ("provider", "credential", "header"),
        [
            ("github", "t0k", ("Authorization", "Bearer t0k")),
            ("github", "ada:t0k", ("Authorization", "Bearer t0k")),
            ("gitlab", "oauth2:t0k", ("PRIVATE-TOKEN", "t0k")),
            ("gitea", "t0k", ("Authorization", "token t0k")),
            ("bitbucket", "t0k", ("Authorization", "Bearer t0k")),
            ("bitbucket", "x-token-auth:t0k", ("Authorization", "Bearer t0k")),
            ("bitbucket", "ada:t0k", ("Authorization", "Basic YWRhOnQwaw==")),
            ("bitbucket-server", "t0k", ("Authorization", "Bearer t0k")),
            ("bitbucket-server", "ada:t0k", ("Authorization", "Basic YWRhOnQwaw==")),
            ("azure", "t0k", ("Authorization", "Basic OnQwaw==")),
        ],
    )
    def test_goes_into_the_header_that_the_forge_wants(
        self, team: Team, provider: str, credential: str, header: tuple[str, str]
    ) -> None:
        url = next(url for name, url, _, _ in PLACES if name == provider)
        key = client(at(url, provider, credential=credential)).calls._key
        assert (key._header, key._value) == header

    def test_of_the_forge_comes_first(self, team: Team) -> None:
        repository = at("https://github.com/acme/pay", "github", token="its-own")
        assert client(repository).calls._key._value == "Bearer its-own"


def test_an_origin_has_its_port() -> None:
    assert origin("https://git.example:8443/a/b") == "https://git.example:8443"
