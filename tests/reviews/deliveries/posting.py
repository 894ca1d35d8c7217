"""What GitHub would send, signed as it signs."""

import hashlib
import hmac
import json
from typing import Any

from django.test import Client

from reviews.models import Hook, Repository
from tests.factories import RepositoryFactory

SECRET = "a-secret-of-this-hook"
COMMIT = "c" * 40


def hook_of(repository: Repository | None = None, **fields: Any) -> Hook:
    """The hook of a repository at GitHub."""
    repository = repository or RepositoryFactory(provider="github")
    given = {"repository": repository, "key": f"key-{repository.pk}", "secret": SECRET} | fields
    return Hook.objects.create(**given)


def push(branch: str = "main", commit: str = COMMIT, **fields: Any) -> dict[str, Any]:
    """The payload of a push."""
    return {"ref": f"refs/heads/{branch}", "after": commit, "deleted": not commit.strip("0"), **fields}


def tag(name: str = "v1.0", **fields: Any) -> dict[str, Any]:
    """The payload of a pushed tag."""
    return {"ref": f"refs/tags/{name}", "after": COMMIT, **fields}


def pull_request(number: int = 7, **fields: Any) -> dict[str, Any]:
    """The payload of an opened pull request."""
    head = {"sha": COMMIT, "ref": "fix"}
    change = {"number": number, "head": head, "base": {"ref": "main"}, "state": "open", "title": "Fix"} | fields
    return {"action": "opened", "number": number, "pull_request": change}


def signed(raw: bytes, event: str = "push", delivery: str = "d-1", secret: str = SECRET) -> dict[str, str]:
    """The headers that GitHub sends with a body."""
    signature = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    return {
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": f"sha256={signature}",
    }


def deliver(
    client: Client, hook: Hook, payload: dict[str, Any], event: str = "push", delivery: str = "d-1", **headers: str
) -> Any:
    """Post an event to the hook, as GitHub does."""
    raw = json.dumps(payload).encode()
    return client.post(
        f"/hooks/{hook.key}/",
        raw,
        content_type="application/json",
        headers=signed(raw, event, delivery) | headers,
    )
