"""What each payload of a collection of real ones asks for, written down by reading them. Not all machines have it."""

from dataclasses import dataclass
from pathlib import Path

from reviews.webhooks.events import Event, Ignored, Ping, PullRequest, Push, Tag

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "webhooks"
PROVIDERS = {"gogs": "gitea", "azuredevops": "azure"}
INCOMPLETE = "payload_incomplete"
UNNEEDED = "Nothing depends on the event {}."
OF_THE_SERVER = Ignored("A system hook reports every project of the server; add a hook to the project.")
NO_CODE = Ignored("This changes neither the code nor the target of the pull request.")
NEW_BRANCH = Ignored("The push that made the branch is reported by itself.")


@dataclass(frozen=True)
class Sample:
    """A file, the forge's name of its event, and what it asks for; or the code it is refused with."""

    place: str
    event: str
    asks: Event | str

    @property
    def path(self) -> Path:
        """Where it is."""
        return FOLDER / self.place

    @property
    def provider(self) -> str:
        """Whose it is."""
        folder = self.place.partition("/")[0]
        return PROVIDERS.get(folder, folder)


def of_bitbucket(open_now: bool) -> PullRequest:
    """The one pull request of Bitbucket Cloud's payloads, whose commits are shortened."""
    url = "https://api.bitbucket.org/pullrequest_id"
    ref, title = "refs/heads/branch2", "Title of pull request"
    return PullRequest(1, ref, "", "branch2", "master", open_now, title, "Emma", url)


def of_data_center(number: int, head: str, open_now: bool, title: str = "Update README", host: str = "") -> PullRequest:
    """A pull request of Bitbucket Data Center's payloads."""
    page = f"users/gopher/repos/webhook-test/pull-requests/{number}"
    url = f"https://{host or 'server.bitbucket.local'}/{page}"
    ref = f"refs/pull-requests/{number}/from"
    return PullRequest(number, ref, head, "feature/wip", "master", open_now, title, "Foo Bar", url)


def of_azure(open_now: bool) -> PullRequest:
    """The one pull request of Azure DevOps' payloads."""
    head = "53d54ac915144006c2c9e90d2c7d3880920db49c"
    url = "https://dev.azure.com/fabrikam/DefaultCollection/_git/Fabrikam/pullrequest/1"
    ref, title = "refs/heads/mytopic", "my first pull request"
    return PullRequest(1, ref, head, "mytopic", "master", open_now, title, "Jamal Hartnett", url)


OF_GITHUB = PullRequest(
    number=1,
    ref="refs/pull/1/head",
    head="0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c",
    source="changes",
    target="master",
    open=True,
    title="Update the README with new information",
    author="baxterthehacker",
    url="https://github.com/baxterthehacker/public-repo/pull/1",
)
OF_GITLAB = PullRequest(
    number=1,
    ref="refs/merge-requests/1/head",
    head="da1560886d4f094c3e6c9ef40349f7d38b5d27d7",
    source="ms-viewport",
    target="master",
    open=True,
    title="MS-Viewport",
    url="http://example.com/diaspora/merge_requests/1",
)
OF_GITEA = PullRequest(
    number=2,
    ref="refs/pull/2/head",
    head="48e773f892a831faa47c0a160d1b7f0cd369ae2a",
    source="master",
    target="master",
    open=True,
    title="update",
    author="example2",
    url="http://localhost:3000/example/example/pulls/2",
)

NEEDED: dict[str, tuple[str, Event | str]] = {
    "github/ping": ("ping", Ping()),
    "github/push": ("push", Push("master", "fd489864e7642b48eaad6e3f155c10e46810ec72")),
    "github/create": ("create", Tag("0.0.1")),
    "github/delete": ("delete", Tag("simple-tag", deleted=True)),
    "github/release": ("release", Tag("0.0.1")),
    "github/pull-request": ("pull_request", OF_GITHUB),
    "gitlab/push-event": ("Push Hook", Push("master", "da1560886d4f094c3e6c9ef40349f7d38b5d27d7")),
    "gitlab/tag-event": ("Tag Push Hook", Tag("v1.0.0", "82b3d5ae55f7080f1e6022629cdb57bfae7cccc7")),
    "gitlab/release-event": ("Release Hook", Tag("v1.1", "ee0a3fb31ac16e11b9dbb596ad16d4af654d08f8")),
    "gitlab/merge-request-event": ("Merge Request Hook", OF_GITLAB),
    "gitea/push-event": ("push", Push("master", "67b56589a45103f891bdee7c0546e5d40bc02001")),
    "gitea/create-event": ("create", NEW_BRANCH),
    "gitea/delete-event": ("delete", Push("example3")),
    "gitea/release-event": ("release", Tag("example")),
    "gitea/pull-request-event": ("pull_request", OF_GITEA),
    "gitea/pull-request-assign-event": ("pull_request", NO_CODE),
    "gitea/pull-request-label-event": ("pull_request", NO_CODE),
    "gitea/pull-request-milestone-event": ("pull_request", NO_CODE),
    "gogs/push-event": ("push", Push("develop", "bffeb74224043ba2feb48d137756c8a9331c449a")),
    "gogs/create-event": ("create", NEW_BRANCH),
    "gogs/delete-event": ("delete", Push("obsolete-branch")),
    "gogs/release-event": ("release", Tag("v1.0.0")),
    # It names neither its branches nor whether it is open.
    "gogs/pull-request-event": ("pull_request", INCOMPLETE),
    "bitbucket/repo-push": ("repo:push", Push("name-of-branch", "709d658dc5b6d6afcd46049c2f332ee3f515a67d")),
    "bitbucket/pull-request-created": ("pullrequest:created", of_bitbucket(True)),
    "bitbucket/pull-request-updated": ("pullrequest:updated", of_bitbucket(True)),
    "bitbucket/pull-request-merged": ("pullrequest:fulfilled", of_bitbucket(False)),
    "bitbucket/pull-request-declined": ("pullrequest:rejected", of_bitbucket(False)),
    "bitbucket-server/repo-refs-changed": ("repo:refs_changed", Push("feature/wip")),
    "bitbucket-server/pr-opened": (
        "pr:opened",
        of_data_center(5, "32a0b8a740c2963c6f56bd8baf3dc05683d299e0", True),
    ),
    "bitbucket-server/pr-modified": (
        "pr:modified",
        of_data_center(
            3, "591f702354b3abf1faaca4d23811620d1b2ac984", True, "Feature/wip", host="server.bibucket.local"
        ),
    ),
    "bitbucket-server/pr-merged": (
        "pr:merged",
        of_data_center(5, "32a0b8a740c2963c6f56bd8baf3dc05683d299e0", False),
    ),
    "bitbucket-server/pr-declined": (
        "pr:declined",
        of_data_center(2, "50a8ee1fae3abf75738a85f9039b4b2de4947174", False),
    ),
    "bitbucket-server/pr-deleted": (
        "pr:deleted",
        of_data_center(2, "50a8ee1fae3abf75738a85f9039b4b2de4947174", False),
    ),
    "azuredevops/git.push": ("git.push", Push("main", "33b55f7cb7e7e245323987634f960cf4a6e6bc74")),
    "azuredevops/git.pullrequest.created": ("git.pullrequest.created", of_azure(True)),
    "azuredevops/git.pullrequest.updated": ("git.pullrequest.updated", of_azure(False)),
    "azuredevops/git.pullrequest.merged": ("git.pullrequest.merged", of_azure(False)),
}

SYSTEM = """
group-created group-member-added group-member-removed group-member-updated group-removed group-renamed key-added
key-removed merge-request-event project-created project-destroyed project-renamed project-transferred project-updated
push-event tag-event team-member-added team-member-removed team-member-updated user-created user-failed-login
user-removed user-renamed
"""

IGNORED = {
    "github": """
        check-run:check_run check-suite:check_suite code_scanning_alert:code_scanning_alert
        commit-comment:commit_comment dependabot_alert:dependabot_alert deploy_key:deploy_key deployment:deployment
        deployment-status:deployment_status fork:fork github-app-authorization:github_app_authorization gollum:gollum
        installation:installation installation-repositories:installation_repositories
        integration-installation:integration_installation
        integration-installation-repositories:integration_installation_repositories issue-comment:issue_comment
        issues:issues label:label member:member membership:membership milestone:milestone org-block:org_block
        organization:organization page-build:page_build project:project project-card:project_card
        project-column:project_column public:public pull-request-issue-comment:issue_comment
        pull-request-review:pull_request_review pull-request-review-comment:pull_request_review_comment
        repository:repository repository-edited:repository
        repository-vulnerability-alert:repository_vulnerability_alert security-advisory:security_advisory status:status
        team:team team-add:team_add watch:watch workflow_dispatch:workflow_dispatch workflow_job:workflow_job
        workflow_run:workflow_run
    """,
    "gitlab": """
        build-event:Job_Hook comment-commit-event:Note_Hook comment-issue-event:Note_Hook
        comment-merge-request-event:Note_Hook comment-snippet-event:Note_Hook
        confidential-comment-event:Confidential_Note_Hook confidential-issue-event:Confidential_Issue_Hook
        deployment-event:Deployment_Hook issue-event:Issue_Hook job-event:Job_Hook pipeline-event:Pipeline_Hook
        wikipage-event:Wiki_Page_Hook
    """,
    "gitea": """
        fork-event:fork issue-assign-event:issues issue-comment-event:issue_comment issue-label-event:issues
        issue-milestone-event:issues issues-event:issues pull-request-comment-event:issue_comment
        pull-request-review-event:pull_request_approved repository-event:repository
    """,
    "gogs": "fork-event:fork issue-comment-event:issue_comment issues-event:issues",
    "bitbucket": """
        commit-comment-created:repo:commit_comment_created issue-comment-created:issue:comment_created
        issue-created:issue:created issue-updated:issue:updated
        pull-request-approval-removed:pullrequest:unapproved pull-request-approved:pullrequest:approved
        pull-request-comment-created:pullrequest:comment_created
        pull-request-comment-deleted:pullrequest:comment_deleted
        pull-request-comment-updated:pullrequest:comment_updated
        repo-commit-status-created:repo:commit_status_created repo-commit-status-updated:repo:commit_status_updated
        repo-fork:repo:fork repo-updated:repo:updated
    """,
    "bitbucket-server": """
        pr-comment-added:pr:comment:added pr-comment-deleted:pr:comment:deleted pr-comment-edited:pr:comment:edited
        pr-reviewer-approved:pr:reviewer:approved pr-reviewer-needs-work:pr:reviewer:needs_work
        pr-reviewer-unapproved:pr:reviewer:unapproved pr-reviewer-updated:pr:reviewer:updated
        repo-comment-added:repo:comment:added repo-comment-deleted:repo:comment:deleted
        repo-comment-edited:repo:comment:edited repo-forked:repo:forked repo-modified:repo:modified
    """,
    "azuredevops": "build.complete:build.complete",
}
"""Files of events that nothing depends on, and the forges' names of these; an underscore is a blank at GitLab."""


def all_samples() -> list[Sample]:
    """Every payload of the collection that belongs to a forge."""
    needed = [Sample(f"{place}.json", event, asks) for place, (event, asks) in NEEDED.items()]
    system = [Sample(f"gitlab/system-{name}.json", "System Hook", OF_THE_SERVER) for name in SYSTEM.split()]
    pairs = [(folder, *pair.split(":", 1)) for folder, listed in IGNORED.items() for pair in listed.split()]
    named = [
        (f"{folder}/{file}.json", event.replace("_", " ") if folder == "gitlab" else event)
        for folder, file, event in pairs
    ]
    return [*needed, *system, *(Sample(place, event, Ignored(UNNEEDED.format(event))) for place, event in named)]


SAMPLES = [sample for sample in all_samples() if sample.path.exists()]
