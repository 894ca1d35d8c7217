"""Pull requests of the demo: stories on top of a service's story, reported as a forge would, through the front door."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.utils import timezone

from reviews import hooks
from reviews.deliveries.receiving import receive
from reviews.demo.origin import Commit, pull_ref
from reviews.demo.story import commits, on_top
from reviews.models import Hook, Repository, User
from reviews.sources import commit_at

_STORIES = Path(__file__).with_name("stories")
_PROVIDER = Repository.Provider.GITHUB
_LOOK_SECONDS = 30


def told(service: str, today: datetime) -> list[Commit]:
    """The commits of a service's branch, oldest first."""
    return commits(_story(service), today)


def pulls(service: str, today: datetime) -> dict[int, list[Commit]]:
    """The commits of each pull request by its number: the stories beside the service's own that carry one."""
    stories = {int(path.suffixes[0][1:]): path for path in sorted(_STORIES.glob(f"{service}.*.txt"))}
    return {
        number: on_top(_story(service), path.read_text(encoding="utf-8"), today) for number, path in stories.items()
    }


def report(repository: Repository, *, by: User) -> int:
    """Report the pull requests of a repository once, with its new hook. Returns how many deliveries were received."""
    proposed = pulls(repository.slug, datetime.now(UTC))
    if not proposed or Hook.objects.filter(repository=repository).exists():
        return 0
    hook, secret = hooks.make(repository, _PROVIDER, by=by)
    _send(hook, secret, "ping", "demo-ping", {"zen": "A mark that nobody looks at holds no ship."})
    for number, made in proposed.items():
        _send(hook, secret, "pull_request", f"demo-pull-{number}", _opened(repository, number, made))
    return 1 + len(proposed)


def _story(service: str) -> str:
    return (_STORIES / f"{service}.txt").read_text(encoding="utf-8")


def _opened(repository: Repository, number: int, made: list[Commit]) -> dict[str, Any]:
    title, author = made[0].message, made[0].author.partition(" ")[0].lower()
    return {
        "action": "opened",
        "pull_request": {
            "number": number,
            "state": "open",
            "title": title,
            "user": {"login": author},
            "head": {"ref": f"{author}/{number}", "sha": commit_at(repository, pull_ref(number), _LOOK_SECONDS)},
            "base": {"ref": repository.branch},
        },
    }


def _send(hook: Hook, secret: str, event: str, key: str, payload: dict[str, Any]) -> None:
    raw = json.dumps(payload).encode()
    headers = {
        "content-type": "application/json",
        "x-github-event": event,
        "x-github-delivery": key,
        "x-hub-signature-256": f"sha256={hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()}",
    }
    receive(hook, headers, raw, timezone.now())
