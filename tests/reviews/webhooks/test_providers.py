"""What every forge's events come to: the same few values, whoever sent them."""

from dataclasses import replace

import pytest

from reviews.webhooks import body, providers
from reviews.webhooks.events import Event, Ping, PullRequest, Push, Several, Tag
from tests.reviews.webhooks import payloads as p
from tests.reviews.webhooks.payloads import GONE, HEAD, TAG_OBJECT, changed, without
from tests.reviews.webhooks.sending import SENDERS

MAIN, MAIN_GONE, FIX_GONE = Push("main", HEAD), Push("main"), Push("wait-less")
V12, V12_GONE = Tag("v1.2", HEAD), Tag("v1.2", deleted=True)
V12_ITSELF, V12_UNKNOWN = Tag("v1.2", TAG_OBJECT), Tag("v1.2")


def pull(ref, url, *, head=HEAD, title="Wait less", author="eve"):
    return PullRequest(7, ref, head, "wait-less", "main", True, title, author, url)


def closed(told, **other):
    return replace(told, open=False, **other)


GITHUB = pull("refs/pull/7/head", "https://github.com/team/pay/pull/7")
GITLAB_URL = "https://gitlab.example.org/team/pay/-/merge_requests/7"
GITLAB = pull("refs/merge-requests/7/head", GITLAB_URL, title="Draft: Wait less")
GITEA = pull("refs/pull/7/head", "https://gitea.example.org/team/pay/pulls/7")
GOGS = pull("refs/pull/7/head", "https://gogs.example.org/team/pay/pulls/7", head="")
CLOUD_URL = "https://bitbucket.org/team/pay/pull-requests/7"
CLOUD = pull("refs/heads/wait-less", CLOUD_URL, head="", author="Eve")
SERVER_URL = "https://git.example.org/projects/T/repos/pay/pull-requests/7"
SERVER = pull("refs/pull-requests/7/from", SERVER_URL, author="Eve")
AZURE_URL = "https://dev.azure.com/team/shop/_git/pay/pullrequest/7"
AZURE = pull("refs/heads/wait-less", AZURE_URL, author="Eve")


READ: list[tuple[str, str, dict, Event]] = [
    ("github", "ping", {"zen": "Less is more."}, Ping()),
    ("github", "push", p.GITHUB_PUSH, MAIN),
    ("github", "push", p.GITHUB_PUSH | {"after": GONE, "head_commit": None}, MAIN_GONE),
    ("github", "push", p.GITHUB_PUSH | {"after": GONE}, MAIN_GONE),
    ("github", "push", p.GITHUB_PUSH | {"ref": "refs/tags/v1.2", "after": TAG_OBJECT}, V12),
    ("github", "push", p.GITHUB_PUSH | {"ref": "refs/tags/v1.2", "after": GONE, "head_commit": None}, V12_GONE),
    ("github", "push", p.GITHUB_PUSH | {"ref": "refs/heads/a/b-1.x_é"}, Push("a/b-1.x_é", HEAD)),
    ("github", "create", {"ref": "v1.2", "ref_type": "tag"}, V12_UNKNOWN),
    ("github", "delete", {"ref": "v1.2", "ref_type": "tag"}, V12_GONE),
    ("github", "delete", {"ref": "main", "ref_type": "branch"}, MAIN_GONE),
    ("github", "release", p.GITHUB_RELEASE, V12_UNKNOWN),
    ("github", "release", p.GITHUB_RELEASE | {"action": "prereleased"}, V12_UNKNOWN),
    ("github", "pull_request", p.GITHUB_PULL, GITHUB),
    ("github", "pull_request", p.GITHUB_PULL | {"action": "synchronize"}, GITHUB),
    ("github", "pull_request", p.GITHUB_PULL | {"action": "ready_for_review"}, GITHUB),
    ("github", "pull_request", changed(p.GITHUB_PULL, "pull_request", "state", to="closed"), closed(GITHUB)),
    ("gitlab", "Push Hook", p.GITLAB_PUSH, MAIN),
    ("gitlab", "", p.GITLAB_PUSH, MAIN),
    ("gitlab", "Push Hook", without(p.GITLAB_PUSH, "object_kind"), MAIN),
    ("gitlab", "Push Hook", p.GITLAB_PUSH | {"after": GONE, "checkout_sha": None}, MAIN_GONE),
    ("gitlab", "Tag Push Hook", p.GITLAB_TAG, V12),
    ("gitlab", "Tag Push Hook", p.GITLAB_TAG | {"after": GONE, "checkout_sha": None}, V12_GONE),
    ("gitlab", "Release Hook", p.GITLAB_RELEASE, V12),
    ("gitlab", "Merge Request Hook", p.GITLAB_MERGE, GITLAB),
    ("gitlab", "Merge Request Hook", without(p.GITLAB_MERGE, "object_attributes", "action"), GITLAB),
    ("gitlab", "Merge Request Hook", changed(p.GITLAB_MERGE, "object_attributes", "state", to="locked"), GITLAB),
    (
        "gitlab",
        "Merge Request Hook",
        changed(p.GITLAB_MERGE, "object_attributes", "state", to="merged"),
        closed(GITLAB),
    ),
    (
        "gitlab",
        "Merge Request Hook",
        changed(changed(p.GITLAB_MERGE, "user", "id", to=4), "object_attributes", "state", to="closed"),
        closed(GITLAB, author=""),
    ),
    ("gitea", "push", p.GITHUB_PUSH, MAIN),
    ("gitea", "push", without(p.GITHUB_PUSH, "head_commit"), MAIN),
    ("gitea", "create", {"ref": "v1.2", "ref_type": "tag", "sha": HEAD}, V12),
    ("gitea", "create", {"ref": "refs/tags/v1.2", "ref_type": "tag"}, V12_UNKNOWN),
    ("gitea", "delete", {"ref": "refs/heads/main", "ref_type": "branch"}, MAIN_GONE),
    ("gitea", "release", p.GITHUB_RELEASE, V12_UNKNOWN),
    ("gitea", "pull_request", p.GITEA_PULL, GITEA),
    ("gitea", "pull_request_sync", p.GITEA_PULL, GITEA),
    ("gitea", "pull_request", changed(p.GITEA_PULL, "pull_request", "state", to="closed"), closed(GITEA)),
    ("gitea", "pull_request", p.GOGS_PULL, GOGS),
    ("bitbucket", "repo:push", p.cloud_push(p.CLOUD_BRANCH), MAIN),
    ("bitbucket", "repo:push", p.cloud_push(p.CLOUD_TAG), V12),
    ("bitbucket", "repo:push", p.cloud_push(p.CLOUD_GONE), FIX_GONE),
    (
        "bitbucket",
        "repo:push",
        p.cloud_push(p.CLOUD_GONE, p.CLOUD_TAG, p.CLOUD_BRANCH),
        Several((FIX_GONE, V12, MAIN)),
    ),
    ("bitbucket", "pullrequest:created", p.CLOUD_PULL, CLOUD),
    ("bitbucket", "pullrequest:updated", p.CLOUD_PULL, CLOUD),
    ("bitbucket", "pullrequest:updated", changed(p.CLOUD_PULL, "pullrequest", "state", to="SUPERSEDED"), closed(CLOUD)),
    ("bitbucket", "pullrequest:fulfilled", p.CLOUD_PULL, closed(CLOUD)),
    ("bitbucket", "pullrequest:rejected", p.CLOUD_PULL, closed(CLOUD)),
    (
        "bitbucket",
        "pullrequest:created",
        changed(p.CLOUD_PULL, "pullrequest", "source", "repository", "uuid", to="{2}"),
        pull("", CLOUD_URL, head="", author="Eve"),
    ),
    (
        "bitbucket",
        "pullrequest:rejected",
        changed(p.CLOUD_PULL, "pullrequest", "source", "repository", to=None),
        closed(CLOUD, ref=""),
    ),
    (
        "bitbucket",
        "pullrequest:created",
        changed(
            changed(p.CLOUD_PULL, "pullrequest", "source", "repository", to={}),
            *("pullrequest", "destination", "repository"),
            to={},
        ),
        pull("", CLOUD_URL, head="", author="Eve"),
    ),
    ("bitbucket-server", "diagnostics:ping", {"test": True}, Ping()),
    ("bitbucket-server", "repo:refs_changed", p.server_push(p.SERVER_BRANCH), MAIN),
    ("bitbucket-server", "", p.server_push(p.SERVER_TAG), V12_ITSELF),
    (
        "bitbucket-server",
        "repo:refs_changed",
        p.server_push(p.SERVER_GONE, p.SERVER_BRANCH),
        Several((FIX_GONE, MAIN)),
    ),
    ("bitbucket-server", "pr:opened", p.SERVER_PULL, SERVER),
    ("bitbucket-server", "pr:from_ref_updated", p.SERVER_PULL, SERVER),
    ("bitbucket-server", "pr:deleted", p.SERVER_PULL, closed(SERVER)),
    ("bitbucket-server", "pr:merged", changed(p.SERVER_PULL, "pullRequest", "state", to="MERGED"), closed(SERVER)),
    ("azure", "git.push", p.azure_push(p.AZURE_BRANCH), MAIN),
    ("azure", "git.push", p.azure_push(p.AZURE_TAG), V12_ITSELF),
    ("azure", "git.push", p.azure_push(p.AZURE_TAG, p.AZURE_GONE), Several((V12_ITSELF, FIX_GONE))),
    ("azure", "git.pullrequest.created", p.AZURE_PULL, AZURE),
    ("azure", "git.pullrequest.updated", changed(p.AZURE_PULL, "resource", "status", to="abandoned"), closed(AZURE)),
    ("azure", "git.pullrequest.merged", p.AZURE_PULL, AZURE),
    (
        "azure",
        "git.pullrequest.created",
        changed(p.AZURE_PULL, "resource", "forkSource", to={"name": "refs/heads/wait-less"}),
        pull("", AZURE_URL, author="Eve"),
    ),
    ("azure", "git.push", {"subscriptionId": "00000000-0000-0000-0000-000000000000"}, Ping()),
]


@pytest.mark.parametrize(("name", "event", "payload", "asks"), READ)
def test_an_event_asks_for(name, event, payload, asks):
    assert providers.get(name).read(event, payload) == asks


def test_the_providers_are_the_ones_that_a_repository_may_have():
    assert set(providers.PROVIDERS) == {provider for provider, _ in SENDERS.values()}
    with pytest.raises(KeyError):
        providers.get("sourceforge")


@pytest.mark.parametrize(
    ("name", "headers", "named"),
    [
        ("github", {"x-github-delivery": "d-1", "x-github-event": "push"}, ("d-1", "push")),
        (
            "gitlab",
            {"webhook-id": "m-1", "idempotency-key": "k-1", "x-gitlab-event": "Push Hook"},
            ("m-1", "Push Hook"),
        ),
        ("gitlab", {"idempotency-key": "k-1", "x-gitlab-event": "Tag Push Hook"}, ("k-1", "Tag Push Hook")),
        ("gitea", {"x-gitea-delivery": "d-1", "x-gitea-event": "push", "x-gogs-event": "?"}, ("d-1", "push")),
        ("gitea", {"x-forgejo-delivery": "d-1", "x-forgejo-event": "create"}, ("d-1", "create")),
        ("gitea", {"x-gogs-delivery": "d-1", "x-gogs-event": "release"}, ("d-1", "release")),
        (
            "bitbucket",
            {"x-request-uuid": "u-1", "x-hook-uuid": "h-1", "x-event-key": "repo:push"},
            ("u-1", "repo:push"),
        ),
        ("bitbucket-server", {"x-request-id": "r-1", "x-event-key": "pr:opened"}, ("r-1", "pr:opened")),
    ],
)
def test_a_delivery_has_the_name_that_its_forge_gives_it(name, headers, named):
    assert providers.get(name).delivery(headers, b"{}") == named


def test_a_delivery_of_azure_is_named_in_its_body():
    raw = b'{"id": "i-1", "eventType": "git.push", "subscriptionId": "s-1"}'
    assert providers.get("azure").delivery({}, raw) == ("i-1", "git.push")


def test_each_test_of_azure_is_a_delivery_of_its_own():
    one, other = (
        b'{"id": "i-1", "eventType": "git.push", "createdDate": "%d",' % number
        + b'"subscriptionId": "00000000-0000-0000-0000-000000000000"}'
        for number in (1, 2)
    )
    keys = {providers.get("azure").delivery({}, raw)[0] for raw in (one, other, other)}
    assert len(keys) == 2
    assert all(key.startswith("sha256:") for key in keys)


def test_events_that_one_push_leads_to_at_gitlab_are_told_apart():
    headers = {"x-gitlab-event-uuid": "e-1", "x-gitlab-event": "Push Hook"}
    keys = [providers.get("gitlab").delivery(headers, raw)[0] for raw in (b"{}", b"{} ", b"{}")]
    assert keys[0] == keys[2] != keys[1]
    assert all(key.startswith("e-1:") for key in keys)


@pytest.mark.parametrize("name", providers.PROVIDERS)
@pytest.mark.parametrize("given", ["", "x" * 201, "a\nb", "\x1b[31m", "é", "\ud800", "\u202e"])
def test_a_name_that_is_none_becomes_a_digest(name, given):
    fields = ("x-github-delivery", "webhook-id", "x-gitea-delivery", "x-request-uuid", "x-request-id")
    provider, raw = providers.get(name), b'{"a": "1"}'
    key, event = provider.delivery(dict.fromkeys(fields, given), raw)
    assert (key.startswith("sha256:"), len(key), event) == (True, 71, "")
    assert provider.delivery(dict.fromkeys(fields, given), raw) == (key, event)


def test_the_name_of_an_event_is_short_and_plain():
    headers = {"x-github-event": "push\n\x1b[31m\u202e " + "x" * 500}
    name = providers.get("github").delivery(headers, b"{}")[1]
    assert name.startswith("push [31m xxx")
    assert len(name) == 100


def test_a_body_that_is_none_has_a_name_too():
    assert providers.get("azure").delivery({"content-type": "text/plain"}, b"[" * 100_000)[1] == ""


def test_what_a_payload_says_to_people_is_cleaned_and_short():
    shown = {
        "title": "Wait\n\x1b[31m \u202eless" + "x" * 500,
        "html_url": "javascript:alert(1)",
        "user": {"login": "e" * 500},
    }
    told = providers.get("github").read(
        "pull_request", p.GITHUB_PULL | {"pull_request": p.GITHUB_PULL["pull_request"] | shown}
    )
    assert isinstance(told, PullRequest)
    assert told.title.startswith("Wait [31m lessxx")
    assert (len(told.title), len(told.author), told.url) == (300, 200, "")


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("https://x.org/a?b=1#c", "https://x.org/a?b=1#c"),
        ("http://me:pw@x.org/a@b", "http://x.org/a@b"),
        ("https://x.org", "https://x.org"),
        ("https://x.org?next=me@y.org", "https://x.org?next=me@y.org"),
        ("https://me@x.org#@y.org", "https://x.org#@y.org"),
        *(
            (bad, "")
            for bad in ("ftp://x.org", "//x.org", "https://x.org/\u202e", "https://x.org/ a", "https://" + "x" * 1000)
        ),
        *((bad, "") for bad in (None, 7, ["https://x.org"], 'https://x.org/"onload="')),
    ],
)
def test_only_the_address_of_a_page_is_taken(sent, shown):
    payload = changed(p.GITHUB_PULL, "pull_request", "html_url", to=sent)
    assert providers.get("github").read("pull_request", payload).url == shown


def test_a_payload_is_read_from_the_bytes_that_were_sent():
    raw = b'{"ref": "refs/heads/main", "after": "' + HEAD.encode() + b'"}'
    assert providers.get("github").read("push", body.read(raw, "application/json")) == MAIN
