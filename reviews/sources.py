"""What the operator lets us reach, the same for a form, a scan and a forge, and the way to a repository."""

import time
from collections.abc import Callable

from django.conf import settings

from reviews.models import Repository
from scanners.git.address import parse_source
from scanners.git.credential import Credential
from scanners.git.errors import error
from scanners.git.fetch import ls_remote
from scanners.git.policy import Policy
from scanners.git.scratch import scratch_dir


def policy() -> Policy:
    """What may be fetched from and called, as it stands in the settings now."""
    return Policy(
        allowed_schemes=frozenset(settings.ALLOWED_SCHEMES),
        allowed_private=tuple(settings.ALLOWED_PRIVATE),
        local_roots=tuple(settings.LOCAL_ROOTS),
    )


def credential(repository: Repository) -> Credential | None:
    """What a repository's server asks for; None when it asks for nothing. Raises SourceError."""
    return Credential.parse(repository.credential) if repository.credential else None


def commit_at(repository: Repository, ref: str, seconds: float) -> str:
    """Return the commit id that a branch, tag or ref has on the repository's server now.

    Raises SourceError, after so many seconds remote_timeout.
    """
    rules = policy()
    source = parse_source(repository.url, rules)
    with scratch_dir(settings.SCRATCH_DIR) as scratch:
        return ls_remote(source, ref, scratch, policy=rules, tick=until(seconds), credential=credential(repository))


def until(seconds: float) -> Callable[[], None]:
    """A tick that raises SourceError remote_timeout once so many seconds are over."""
    end = time.monotonic() + seconds

    def tick() -> None:
        if time.monotonic() > end:
            raise error("remote_timeout")

    return tick
