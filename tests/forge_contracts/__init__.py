"""What forges document of their APIs, as far as Plimsoll uses them: checked strictly, and answered as they do."""

from tests.forge_contracts.azure import Azure
from tests.forge_contracts.bitbucket import Bitbucket
from tests.forge_contracts.bitbucket_server import BitbucketServer
from tests.forge_contracts.contract import Contract
from tests.forge_contracts.gitea import Gitea
from tests.forge_contracts.github import GitHub
from tests.forge_contracts.gitlab import GitLab

CONTRACTS: dict[str, type[Contract]] = {
    "github": GitHub,
    "gitlab": GitLab,
    "gitea": Gitea,
    "bitbucket": Bitbucket,
    "bitbucket-server": BitbucketServer,
    "azure": Azure,
}
