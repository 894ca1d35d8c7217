"""How a hook is set up at each forge: where to click, what to enter, which events to choose, and what a token needs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the forge's form and the exact value to enter or choose."""

    label: str
    value: str
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class Guide:
    """
    The way to a hook: `way` are the clicks in their order, `fields` the form in the forge's own words, `events` what to
    choose there, `notes` what is worth knowing. `token` is the way to an API token for statuses and comments.
    """

    forge: str
    way: tuple[str, ...]
    fields: tuple[Field, ...]
    events: tuple[str, ...]
    notes: tuple[str, ...]
    token: tuple[str, ...]


def steps(provider: str, hook_url: str, secret: str) -> Guide:
    """What the setup page shows. Raises KeyError for a provider that is none."""
    return _GUIDES[provider](hook_url, secret)


def _github(hook_url: str, secret: str) -> Guide:
    return Guide(
        forge="GitHub",
        way=("Open the repository.", "Settings → Webhooks → Add webhook"),
        fields=(
            Field("Payload URL", hook_url),
            Field("Content type", "application/json"),
            Field("Secret", secret, is_secret=True),
            Field("SSL verification", "Enable SSL verification"),
            Field("Which events would you like to trigger this webhook?", "Let me select individual events."),
            Field("Active", "ticked"),
        ),
        events=("Pushes", "Pull requests", "Releases"),
        notes=(
            "GitHub sends a ping at once: it is the first delivery on the hook's page.",
            "A push of more than three tags at once is not reported; publish the release, or push the tags one by one.",
        ),
        token=(
            "Settings of your account → Developer settings → Personal access tokens → Fine-grained tokens",
            "Generate new token",
            "Repository access: Only select repositories, with this one.",
            "Repository permissions: Commit statuses: Read and write; Pull requests: Read and write.",
            "If the same token fetches the code: Contents: Read-only as well.",
            "A classic token needs the scope repo; for a public repository repo:status and public_repo.",
        ),
    )


def _gitlab(hook_url: str, secret: str) -> Guide:
    return Guide(
        forge="GitLab",
        way=("Open the project.", "Settings → Webhooks → Add new webhook"),
        fields=(
            Field("URL", hook_url),
            Field("Secret token", secret, is_secret=True),
            Field("Enable SSL verification", "ticked"),
        ),
        events=("Push events", "Tag push events", "Merge request events", "Releases events"),
        notes=(
            "A version with a field Signing token: enter the same secret there instead if it lets you choose one.",
            "A signing token that GitLab made itself is refused: leave it out and enter the secret token.",
            "Push events: All branches.",
            "Test → Push events reports the newest commit again; nothing is scanned twice for it.",
            "A push of more than three branches or tags at once is not reported; the next look finds the branch.",
        ),
        token=(
            "Project: Settings → Access tokens → Add new token",
            "Role: Developer; Maintainer when only Maintainers may push to the scored branch.",
            "Scopes: api",
        ),
    )


def _gitea(hook_url: str, secret: str) -> Guide:
    return Guide(
        forge="Gitea or Forgejo",
        way=("Open the repository.", "Settings → Webhooks → Add Webhook → Gitea (Forgejo in Forgejo, Gogs in Gogs)"),
        fields=(
            Field("Target URL", hook_url),
            Field("HTTP Method", "POST"),
            Field("POST Content Type", "application/json"),
            Field("Secret", secret, is_secret=True),
            Field("Trigger On", "Custom Events..."),
            Field("Branch filter", "*"),
            Field("Authorization Header", "(leave empty)"),
            Field("Active", "ticked"),
        ),
        events=("Push", "Create", "Delete", "Release", "Pull Request", "Pull Request Synchronized"),
        notes=(
            "Newer versions of Forgejo call the last two Modification and Synchronized.",
            "Test Delivery reports the newest commit of the default branch as a push.",
            "The forge may refuse addresses in its own network: its setting webhook.ALLOWED_HOST_LIST decides.",
        ),
        token=(
            "Settings of your account → Applications → Manage Access Tokens → Generate New Token",
            "Repository and Organization Access: All, or Public only for a public repository.",
            "Permissions: repository: Read and Write; issue: Read and Write (comments on pull requests belong to it).",
            "The account may write to the repository.",
        ),
    )


def _bitbucket(hook_url: str, secret: str) -> Guide:
    return Guide(
        forge="Bitbucket Cloud",
        way=("Open the repository.", "Repository settings → Webhooks → Add webhook"),
        fields=(
            Field("Title", "Plimsoll"),
            Field("URL", hook_url),
            Field("Secret", secret, is_secret=True),
            Field("Status", "Active"),
            Field("SSL / TLS", "Skip certificate verification: not ticked"),
            Field("Triggers", "Choose from a full list of triggers"),
        ),
        events=(
            "Repository: Push",
            "Pull request: Created",
            "Pull request: Updated",
            "Pull request: Merged",
            "Pull request: Declined",
        ),
        notes=(
            "Bitbucket Cloud sends no test; the first push proves the hook.",
            "It does not send an event of more than 256 KB; the next look at the server finds the branch.",
            "It shows no ref of a pull request from a fork, so these are not scanned.",
        ),
        token=(
            "Repository settings → Access tokens → Create Repository Access Token",
            "Permissions: Pull requests: Write, which includes Repositories: Write. Nothing else.",
        ),
    )


def _bitbucket_server(hook_url: str, secret: str) -> Guide:
    return Guide(
        forge="Bitbucket Data Center",
        way=("Open the repository.", "Repository settings → Webhooks → Create webhook"),
        fields=(
            Field("Name", "Plimsoll"),
            Field("URL", hook_url),
            Field("Secret", secret, is_secret=True),
            Field("Authentication", "None"),
            Field("SSL/TLS", "Skip certificate verification: not ticked"),
            Field("Active", "ticked"),
        ),
        events=(
            "Repository: Push",
            "Pull request: Opened",
            "Pull request: Source branch updated",
            "Pull request: Modified",
            "Pull request: Merged",
            "Pull request: Declined",
            "Pull request: Deleted",
        ),
        notes=(
            "Save before you press Test connection.",
            "A version that does not sign its test gets the answer 401 to it; then the first push proves the hook.",
        ),
        token=(
            "Repository settings → HTTP access tokens → Create token",
            "Permissions: Project read, Repository read. Reading is enough for build statuses and comments.",
        ),
    )


def _azure(hook_url: str, secret: str) -> Guide:
    return Guide(
        forge="Azure DevOps",
        way=(
            "Open the project.",
            "Project settings → Service hooks → Create subscription → Web Hooks",
            "Make one subscription for each event below, with the same values.",
        ),
        fields=(
            Field("Repository", "this repository"),
            Field("Branch, or target branch", "[Any]"),
            Field("URL", hook_url),
            Field("Basic authentication username", "plimsoll"),
            Field("Basic authentication password", secret, is_secret=True),
            Field("Resource details to send", "All"),
            Field("Messages to send", "None"),
            Field("Detailed messages to send", "None"),
        ),
        events=(
            "Code pushed",
            "Pull request created",
            "Pull request updated",
            "Pull request merge attempted",
        ),
        notes=(
            "The password is the proof: Azure DevOps signs nothing. The user name may be any.",
            "Use an HTTPS address: Azure DevOps sends a password over nothing else.",
            "Test proves address and password; what it reports is made up and asks for nothing here.",
            "The branch of a fork is not in this repository, so its pull requests are not scanned.",
        ),
        token=(
            "User settings → Personal access tokens → New Token → Custom defined → Show all scopes",
            "Scopes: Code: Read and Status; Pull Request Threads: Read & write.",
        ),
    )


_GUIDES = {
    "github": _github,
    "gitlab": _gitlab,
    "gitea": _gitea,
    "bitbucket": _bitbucket,
    "bitbucket-server": _bitbucket_server,
    "azure": _azure,
}
