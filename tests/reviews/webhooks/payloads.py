"""Small payloads of each forge, with what is looked at and little else."""

import copy
from typing import Any

Json = dict[str, Any]
HEAD, BASE, TAG_OBJECT = "1f" * 20, "2e" * 20, "3d" * 20
GONE = "0" * 40


def changed(payload: Json, *way: str | int, to: Any) -> Json:
    """A copy in which one field is another."""
    copied = copy.deepcopy(payload)
    at: Any = copied
    for step in way[:-1]:
        at = at[step]
    at[way[-1]] = to
    return copied


def without(payload: Json, *way: str | int) -> Json:
    """A copy in which one field is missing."""
    copied = copy.deepcopy(payload)
    at: Any = copied
    for step in way[:-1]:
        at = at[step]
    del at[way[-1]]
    return copied


GITHUB_PUSH: Json = {"ref": "refs/heads/main", "before": BASE, "after": HEAD, "head_commit": {"id": HEAD}}
GITHUB_PULL: Json = {
    "action": "opened",
    "number": 7,
    "pull_request": {
        "number": 7,
        "state": "open",
        "draft": True,
        "title": "Wait less",
        "html_url": "https://github.com/team/pay/pull/7",
        "user": {"login": "eve"},
        "head": {"ref": "wait-less", "sha": HEAD},
        "base": {"ref": "main", "sha": BASE},
    },
}
GITHUB_RELEASE: Json = {"action": "published", "release": {"tag_name": "v1.2", "draft": False}}

GITLAB_PUSH: Json = {"object_kind": "push", "ref": "refs/heads/main", "after": HEAD, "checkout_sha": HEAD}
GITLAB_TAG: Json = {"object_kind": "tag_push", "ref": "refs/tags/v1.2", "after": TAG_OBJECT, "checkout_sha": HEAD}
GITLAB_RELEASE: Json = {"object_kind": "release", "action": "create", "tag": "v1.2", "commit": {"id": HEAD}}
GITLAB_MERGE: Json = {
    "object_kind": "merge_request",
    "user": {"id": 3, "username": "eve"},
    "object_attributes": {
        "iid": 7,
        "author_id": 3,
        "action": "open",
        "state": "opened",
        "title": "Draft: Wait less",
        "url": "https://gitlab.example.org/team/pay/-/merge_requests/7",
        "source_branch": "wait-less",
        "target_branch": "main",
        "last_commit": {"id": HEAD},
    },
}

GITEA_PULL: Json = {
    "action": "synchronized",
    "number": 7,
    "pull_request": {
        "state": "open",
        "title": "Wait less",
        "html_url": "https://gitea.example.org/team/pay/pulls/7",
        "user": {"login": "eve"},
        "head": {"ref": "wait-less", "sha": HEAD},
        "base": {"ref": "main", "sha": BASE},
    },
}
GOGS_PULL: Json = {
    "action": "opened",
    "number": 7,
    "pull_request": {
        "state": "open",
        "title": "Wait less",
        "html_url": "https://gogs.example.org/team/pay/pulls/7",
        "user": {"login": "eve"},
        "head_branch": "wait-less",
        "base_branch": "main",
    },
}

CLOUD_BRANCH: Json = {"old": None, "new": {"type": "branch", "name": "main", "target": {"hash": HEAD}}}
CLOUD_TAG: Json = {"old": None, "new": {"type": "tag", "name": "v1.2", "target": {"hash": HEAD}}}
CLOUD_GONE: Json = {"old": {"type": "branch", "name": "wait-less", "target": {"hash": BASE}}, "new": None}
CLOUD_PULL: Json = {
    "pullrequest": {
        "id": 7,
        "state": "OPEN",
        "title": "Wait less",
        "author": {"display_name": "Eve"},
        "links": {"html": {"href": "https://bitbucket.org/team/pay/pull-requests/7"}},
        "source": {"branch": {"name": "wait-less"}, "commit": {"hash": HEAD[:12]}, "repository": {"uuid": "{1}"}},
        "destination": {"branch": {"name": "main"}, "commit": {"hash": BASE[:12]}, "repository": {"uuid": "{1}"}},
    }
}

SERVER_BRANCH: Json = {"ref": {"id": "refs/heads/main"}, "toHash": HEAD, "type": "UPDATE"}
SERVER_TAG: Json = {"ref": {"id": "refs/tags/v1.2"}, "toHash": TAG_OBJECT, "type": "ADD"}
SERVER_GONE: Json = {"ref": {"id": "refs/heads/wait-less"}, "toHash": GONE, "type": "DELETE"}
SERVER_PULL: Json = {
    "eventKey": "pr:opened",
    "pullRequest": {
        "id": 7,
        "state": "OPEN",
        "title": "Wait less",
        "author": {"user": {"displayName": "Eve"}},
        "links": {"self": [{"href": "https://git.example.org/projects/T/repos/pay/pull-requests/7"}]},
        "fromRef": {"id": "refs/heads/wait-less", "latestCommit": HEAD},
        "toRef": {"id": "refs/heads/main", "latestCommit": BASE},
    },
}

AZURE_BRANCH: Json = {"name": "refs/heads/main", "newObjectId": HEAD}
AZURE_TAG: Json = {"name": "refs/tags/v1.2", "newObjectId": TAG_OBJECT}
AZURE_GONE: Json = {"name": "refs/heads/wait-less", "newObjectId": GONE}
AZURE_PULL: Json = {
    "subscriptionId": "5c1b3a34-6b4e-4c4c-8f0e-0d6a7c1f2b3d",
    "id": "9f8e7d6c-5b4a-4392-8170-6f5e4d3c2b1a",
    "eventType": "git.pullrequest.created",
    "resource": {
        "pullRequestId": 7,
        "status": "active",
        "isDraft": True,
        "title": "Wait less",
        "createdBy": {"displayName": "Eve"},
        "sourceRefName": "refs/heads/wait-less",
        "targetRefName": "refs/heads/main",
        "lastMergeSourceCommit": {"commitId": HEAD},
        "repository": {"remoteUrl": "https://team@dev.azure.com/team/shop/_git/pay"},
    },
}


def cloud_push(*changes: Json) -> Json:
    """A push to Bitbucket Cloud."""
    return {"push": {"changes": list(changes)}}


def server_push(*changes: Json) -> Json:
    """A push to Bitbucket Data Center."""
    return {"eventKey": "repo:refs_changed", "changes": list(changes)}


def azure_push(*updates: Json) -> Json:
    """A push to Azure DevOps."""
    return {"eventType": "git.push", "resource": {"refUpdates": list(updates)}}
