"""What is no good event: refused by name when it cannot be honest, and ignored with a reason when it can."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviews.webhooks import body, events, providers
from reviews.webhooks.errors import BadBodyError
from reviews.webhooks.events import Ignored, PullRequest
from tests.reviews.webhooks import payloads as p
from tests.reviews.webhooks.payloads import HEAD, changed, without

EVERY = [
    ("github", "push", p.GITHUB_PUSH, [("ref",), ("after",)]),
    ("github", "create", {"ref": "v1", "ref_type": "tag"}, [("ref",), ("ref_type",)]),
    ("github", "delete", {"ref": "v1", "ref_type": "tag"}, [("ref",), ("ref_type",)]),
    ("github", "release", p.GITHUB_RELEASE, [("action",), ("release",), ("release", "tag_name")]),
    (
        "github",
        "pull_request",
        p.GITHUB_PULL,
        [
            *(("action",), ("pull_request",), ("pull_request", "number"), ("pull_request", "state")),
            *(("pull_request", "head"), ("pull_request", "head", "sha"), ("pull_request", "base", "ref")),
        ],
    ),
    ("gitlab", "Push Hook", p.GITLAB_PUSH, [("ref",), ("after",)]),
    ("gitlab", "Tag Push Hook", p.GITLAB_TAG, [("ref",), ("after",)]),
    ("gitlab", "Release Hook", p.GITLAB_RELEASE, [("action",), ("tag",)]),
    (
        "gitlab",
        "Merge Request Hook",
        p.GITLAB_MERGE,
        [("object_attributes",), *(("object_attributes", name) for name in ("iid", "state", "source_branch"))],
    ),
    (
        "gitea",
        "pull_request",
        p.GITEA_PULL,
        [("number",), ("pull_request",), ("pull_request", "head", "sha"), ("pull_request", "base")],
    ),
    ("gitea", "pull_request", p.GOGS_PULL, [("pull_request", "base_branch"), ("pull_request", "state")]),
    ("bitbucket", "repo:push", p.cloud_push(p.CLOUD_BRANCH), [("push",), ("push", "changes")]),
    (
        "bitbucket",
        "pullrequest:created",
        p.CLOUD_PULL,
        [("pullrequest", "id"), ("pullrequest", "source"), ("pullrequest", "destination", "branch", "name")],
    ),
    ("bitbucket-server", "repo:refs_changed", p.server_push(p.SERVER_TAG), [("changes",), ("changes", 0, "ref", "id")]),
    (
        "bitbucket-server",
        "pr:opened",
        p.SERVER_PULL,
        [
            ("pullRequest",),
            ("pullRequest", "id"),
            ("pullRequest", "fromRef", "latestCommit"),
            ("pullRequest", "toRef", "id"),
        ],
    ),
    ("azure", "git.push", p.azure_push(p.AZURE_TAG), [("resource",), ("resource", "refUpdates", 0, "newObjectId")]),
    (
        "azure",
        "git.pullrequest.created",
        p.AZURE_PULL,
        [("resource", "pullRequestId"), ("resource", "status"), ("resource", "targetRefName")],
    ),
]
NEEDED = [(name, event, payload, way) for name, event, payload, ways in EVERY for way in ways]
ENDS = {*body.TEXTS, "push", "tag", "pull-request", "ping", "ignored", "several"}
WRONG = [None, "", 7, -1, 0, True, [], [None], {}, "x", "../../x", "--output=x", "refs/heads/", "1f" * 40, 2**70]


def code_of(name, event, payload):
    """The code of a refusal, or the kind of an event."""
    try:
        return events.as_json(providers.get(name).read(event, payload))["kind"]
    except BadBodyError as error:
        return error.code


@pytest.mark.parametrize(("name", "event", "payload", "way"), NEEDED)
def test_what_is_needed_and_missing_is_named(name, event, payload, way):
    with pytest.raises(BadBodyError) as caught:
        providers.get(name).read(event, without(payload, *way))
    assert caught.value.code == "payload_incomplete"
    assert ".".join(str(step) for step in way if step != 0).split(".")[-1] in caught.value.message


@pytest.mark.parametrize(("name", "event", "payload", "way"), NEEDED)
def test_whatever_a_field_holds_ends_in_an_event_or_a_name(name, event, payload, way):
    assert {code_of(name, event, changed(payload, *way, to=wrong)) for wrong in WRONG} <= ENDS


NUMBERS = {"number", "iid", "id", "pullRequestId"}
NUMBERED = [one for one in NEEDED if one[3][-1] in NUMBERS and not {"changes", "toRef"} & set(one[3])]


@pytest.mark.parametrize("number", [None, "7", 7.0, True, [7], 0, -7, 2**63])
@pytest.mark.parametrize(("name", "event", "payload", "way"), NUMBERED)
def test_a_number_that_no_pull_request_has_is_refused(name, event, payload, way, number):
    assert code_of(name, event, changed(payload, *way, to=number)) == "payload_incomplete"
    assert code_of(name, event, changed(payload, *way, to=2**63 - 1)) == "pull-request"


REFS = {
    "github": ("push", lambda ref, to: p.GITHUB_PUSH | {"ref": ref, "after": to, "head_commit": None}),
    "gitlab": ("Push Hook", lambda ref, to: p.GITLAB_PUSH | {"ref": ref, "after": to, "checkout_sha": None}),
    "gitea": ("push", lambda ref, to: {"ref": ref, "after": to}),
    "bitbucket-server": ("repo:refs_changed", lambda ref, to: p.server_push({"ref": {"id": ref}, "toHash": to})),
    "azure": ("git.push", lambda ref, to: p.azure_push({"name": ref, "newObjectId": to})),
}


@pytest.mark.parametrize("name", REFS)
@pytest.mark.parametrize(
    "ref",
    [
        *(
            "--output=/tmp/x",
            "../../x",
            "main",
            "HEAD",
            "@",
            "x",
            "-",
            "refs",
            "/refs/heads/main",
            "heads/main",
        ),
        *(
            f"refs/heads/{bad}"
            for bad in ("--output=x", "-x", "../x", "a/../b", "a b", "a\tb", "a\nb", "a\0b", "a~1", "a^", "a:b")
        ),
        *(
            f"refs/heads/{bad}"
            for bad in ("a?", "a*", "a[b", "a\\b", "a@{1}", "a..b", "a//b", "/a", "a/", ".a", "a.", "a.lock", "@")
        ),
        *(f"refs/tags/{bad}" for bad in ("--output=x", "../x", "v 1", "v1.lock", "v1\r")),
        *("refs/heads/a.lock/b", "refs/heads/a/.b", "refs/tags/", "refs/heads/\x7f"),
    ],
)
def test_a_ref_that_git_refuses_is_refused(name, ref):
    event, made = REFS[name]
    assert code_of(name, event, made(ref, HEAD)) == "ref_malformed"


@pytest.mark.parametrize("name", REFS)
@pytest.mark.parametrize(
    "commit",
    [
        HEAD[:-1],
        HEAD + "1",
        HEAD[:12],
        HEAD.upper(),
        f" {HEAD}",
        f"{HEAD}\n",
        "--output=/tmp/x",
        "../../x",
        "g" * 40,
        "é" * 40,
    ],
)
def test_a_commit_that_is_none_is_refused(name, commit):
    event, made = REFS[name]
    assert code_of(name, event, made("refs/heads/main", commit)) == "commit_malformed"


@pytest.mark.parametrize("name", REFS)
@pytest.mark.parametrize(
    ("ref", "why"),
    [
        ("refs/heads/a\u200bb", "The name of the branch is longer"),
        ("refs/heads/\u202emain", "The name of the branch is longer"),
        (f"refs/heads/{'x' * 251}", "The name of the branch is longer"),
        (f"refs/heads/{HEAD}", "The name of the branch is longer"),
        ("refs/heads/HEAD", "The name of the branch is longer"),
        (f"refs/tags/{'ä' * 126}", "The name of the tag is longer"),
        ("refs/notes/commits", "What changed is neither a branch nor a tag."),
        ("refs/pull/7/head", "What changed is neither a branch nor a tag."),
    ],
)
def test_a_ref_that_a_forge_may_honestly_send_is_ignored(name, ref, why):
    event, made = REFS[name]
    found = providers.get(name).read(event, made(ref, HEAD))
    assert isinstance(found, Ignored)
    assert found.why.startswith(why)


def test_anybody_may_name_the_branch_of_a_fork_as_git_allows():
    payload = changed(p.GITHUB_PULL, "pull_request", "head", "ref", to="👩\u200d💻\u202e" + "x" * 300)
    found = providers.get("github").read("pull_request", payload)
    assert isinstance(found, PullRequest)
    assert (found.ref, len(found.source)) == ("refs/pull/7/head", 200)
    assert found.source.startswith("👩💻xxx")


def test_nobody_is_asked_for_a_branch_of_an_unusual_name():
    payload = changed(p.CLOUD_PULL, "pullrequest", "source", "branch", "name", to=HEAD)
    found = providers.get("bitbucket").read("pullrequest:created", payload)
    assert (found.ref, found.source) == ("", HEAD)


def test_a_target_of_an_unusual_name_is_ignored():
    payload = changed(p.GITEA_PULL, "pull_request", "base", "ref", to="x" * 300)
    assert isinstance(providers.get("gitea").read("pull_request", payload), Ignored)


@pytest.mark.parametrize(
    ("name", "event", "payload", "why"),
    [
        ("github", "star", {}, "Nothing depends on the event star."),
        ("github", "", {}, "Nothing depends on the event without a name."),
        ("github", "create", {"ref": "main", "ref_type": "branch"}, "The push that made the branch"),
        ("github", "release", p.GITHUB_RELEASE | {"action": "edited"}, "Only a release that is published"),
        ("github", "release", changed(p.GITHUB_RELEASE, "release", "draft", to=True), "A draft of a release"),
        ("github", "pull_request", p.GITHUB_PULL | {"action": "labeled"}, "This changes neither"),
        ("gitlab", "System Hook", p.GITLAB_MERGE, "A system hook reports every project"),
        ("gitlab", "Push Hook", {"event_name": "push"}, "A system hook reports every project"),
        ("gitlab", "Release Hook", p.GITLAB_RELEASE | {"action": "update"}, "Only a new release"),
        (
            "gitlab",
            "Merge Request Hook",
            changed(p.GITLAB_MERGE, "object_attributes", "action", to="approved"),
            "This changes neither",
        ),
        ("gitea", "pull_request", p.GITEA_PULL | {"action": "label_updated"}, "This changes neither"),
        ("bitbucket", "repo:push", p.cloud_push(), "No branch or tag changed."),
        (
            "bitbucket",
            "repo:push",
            p.cloud_push(changed(p.CLOUD_BRANCH, "new", "type", to="bookmark")),
            "What changed is neither",
        ),
        ("bitbucket", "pullrequest:approved", p.CLOUD_PULL, "Nothing depends on the event pullrequest:approved."),
        ("bitbucket-server", "mirror:repo_synchronized", {}, "Nothing depends on the event"),
        ("azure", "git.push", p.azure_push(), "No branch or tag changed."),
        ("azure", "build.complete", {}, "Nothing depends on the event build.complete."),
    ],
)
def test_what_asks_for_nothing_is_ignored_with_a_reason(name, event, payload, why):
    found = providers.get(name).read(event, payload)
    assert isinstance(found, Ignored)
    assert found.why.startswith(why)


NAMES = sorted({event for _, event, _, _ in EVERY} | {"ping", "", "pr:deleted", "pullrequest:fulfilled", "é"})
KEYS = sorted(
    {str(step) for _, _, _, ways in EVERY for way in ways for step in way} | {"eventKey", "object_kind", "type"}
)
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([HEAD, "refs/heads/a", "tag"])
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(KEYS), inner), max_leaves=20
)


@settings(max_examples=100)
@given(
    st.sampled_from(sorted(providers.PROVIDERS)),
    st.sampled_from(NAMES),
    st.dictionaries(st.sampled_from(KEYS), anything),
)
def test_any_payload_ends_in_an_event_or_a_name(name, event, payload):
    assert code_of(name, event, payload) in ENDS


@settings(max_examples=100)
@given(st.sampled_from(EVERY), st.data())
def test_a_payload_with_anything_anywhere_ends_in_an_event_that_can_be_kept(one, data):
    name, event, payload, ways = one
    broken = changed(payload, *data.draw(st.sampled_from(ways)), to=data.draw(anything))
    try:
        found = events.as_json(providers.get(name).read(event, broken))
    except BadBodyError as error:
        found = {"code": error.code}
    kept = json.dumps(found, ensure_ascii=False)
    assert "\\u0000" not in kept
    assert json.loads(kept.encode()) == found
