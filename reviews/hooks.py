"""Where the forge of a repository reports: making the address and its secret, and changing the secret without a gap."""

import secrets as random
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from reviews import telling
from reviews.audit import trail
from reviews.models import Hook, Repository, User
from reviews.webhooks.providers import new_secret

log = structlog.get_logger(__name__)
FORMER_STAYS = timedelta(hours=24)
_KEY_BYTES = 18
_Provider = Repository.Provider
_HOSTS = {
    "github.com": _Provider.GITHUB,
    "gitlab.com": _Provider.GITLAB,
    "codeberg.org": _Provider.GITEA,
    "bitbucket.org": _Provider.BITBUCKET,
    "dev.azure.com": _Provider.AZURE,
    "visualstudio.com": _Provider.AZURE,
}
# What people call the host of a forge of their own.
_NAMED = {
    "github": _Provider.GITHUB,
    "gitlab": _Provider.GITLAB,
    "gitea": _Provider.GITEA,
    "forgejo": _Provider.GITEA,
    "bitbucket": _Provider.BITBUCKET_SERVER,
    "stash": _Provider.BITBUCKET_SERVER,
}
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_PATHS = {"/_git/": _Provider.AZURE, "/scm/": _Provider.BITBUCKET_SERVER}


class HookChangedError(Exception):
    """The hook is not as the person saw it. `code` is stable; nothing was changed."""

    def __init__(self, code: str, message: str, next_step: str) -> None:
        super().__init__(f"{message} {next_step}")
        self.code, self.message, self.next_step = code, message, next_step


def guess(url: str) -> str:
    """The provider that a repository's URL looks like, or an empty text. The person decides."""
    place = urlsplit(url)
    host = place.hostname or ""
    for name, provider in _HOSTS.items():
        if host == name or host.endswith("." + name):
            return provider
    by_path = next((provider for part, provider in _PATHS.items() if part in f"{place.path}/"), "")
    return by_path or next((provider for name, provider in _NAMED.items() if name in host), "")


def url(hook: Hook) -> str:
    """The address that the forge posts to."""
    return f"{settings.BASE_URL}{reverse('hook', args=[hook.key])}"


def is_only_here() -> bool:
    """Whether the address of this site is of this machine alone, where no forge elsewhere reaches it."""
    return urlsplit(settings.BASE_URL).hostname in _THIS_MACHINE


def secrets(hook: Hook, now: datetime) -> list[str]:
    """The secrets that a delivery may be signed with: the newest first, and the former one while it lasts."""
    lasting = hook.former_secret if hook.former_until and now < hook.former_until else ""
    return [secret for secret in (hook.secret, lasting) if secret]


def fingerprint(hook: Hook) -> str:
    """What names the state of the secrets without telling anything of them; another one after each rotation."""
    return salted_hmac("reviews.hooks", f"{hook.secret}\n{hook.former_secret}").hexdigest()[:16]


def make(repository: Repository, provider: str, *, by: User | None = None) -> tuple[Hook, str]:
    """Make the hook of a repository. Returns it with its secret, which is not shown again.

    Raises HookChangedError hook_exists, and ValueError for a provider that is none.
    """
    named = _Provider(provider)
    with transaction.atomic():
        Repository.objects.select_for_update(no_key=True).get(pk=repository.pk)
        if Hook.objects.filter(repository=repository).exists():
            raise HookChangedError("hook_exists", "The repository has a hook.", "Rotate its secret to see a new one.")
        Repository.objects.filter(pk=repository.pk).update(provider=named)
        repository.provider = named
        secret = new_secret(named.value)
        hook = Hook.objects.create(repository=repository, key=random.token_urlsafe(_KEY_BYTES), secret=secret)
        _tell(hook, by, "made", f"made the hook of {repository.name} for {named.label}", provider=named.value)
    log.info("hook-made", repository=repository.pk, provider=named.value, by=by and by.pk)
    return hook, secret


def rotate(hook: Hook, *, by: User, expected: str = "") -> str:
    """Make a new secret and return it; it is not shown again. The one before it is believed for 24 hours more.

    Two secrets are believed at most: a rotation within these 24 hours ends the older one at once.
    `expected` is the fingerprint that the person saw. Raises HookChangedError secret_rotated when it is another one.
    """
    with transaction.atomic():
        stored = Hook.objects.select_for_update(no_key=True).get(pk=hook.pk)
        if expected and expected != fingerprint(stored):
            raise HookChangedError(
                "secret_rotated", "The secret was rotated in the meantime.", "Rotate it again if you need a new one."
            )
        ended = len(secrets(stored, timezone.now())) > 1
        secret = new_secret(stored.repository.provider)
        stored.former_secret, stored.secret = stored.secret, secret
        stored.former_until = timezone.now() + FORMER_STAYS
        stored.save(update_fields=["secret", "former_secret", "former_until"])
        text = f"rotated the secret of the hook of {stored.repository.name}; the former one counts for 24 h more"
        _tell(stored, by, "rotated", text, older_one_ended="yes" if ended else "no")
    hook.refresh_from_db()
    log.info("hook-rotated", repository=hook.repository_id, by=by.pk)
    return secret


def end_former(hook: Hook, *, by: User) -> bool:
    """Stop believing the former secret now. Returns whether there was one."""
    with transaction.atomic():
        stored = Hook.objects.select_for_update(no_key=True).get(pk=hook.pk)
        if not stored.former_secret:
            return False
        stored.former_secret, stored.former_until = "", None
        stored.save(update_fields=["former_secret", "former_until"])
        _tell(stored, by, "secret-ended", f"ended the former secret of the hook of {stored.repository.name}")
    hook.refresh_from_db()
    return True


def remove(hook: Hook, *, by: User) -> None:
    """Remove a hook with its deliveries. What they led to stays; the forge gets a 404 from then on."""
    with transaction.atomic():
        repository = hook.repository
        _tell(hook, by, "removed", f"removed the hook of {repository.name}", deliveries=hook.deliveries.count())
        Hook.objects.filter(pk=hook.pk).delete()
    log.info("hook-removed", repository=repository.pk, by=by.pk)


def change(repository: Repository, provider: str, release_tags: str, *, by: User) -> bool:
    """Say whose forge it is and which tags open a review. Returns whether something of it is new."""
    wanted = {"provider": provider, "release_tags": release_tags}
    with transaction.atomic():
        stored = Repository.objects.select_for_update(no_key=True).get(pk=repository.pk)
        changed = {name: [getattr(stored, name), new] for name, new in wanted.items() if getattr(stored, name) != new}
        if changed:
            Repository.objects.filter(pk=stored.pk).update(**wanted)
            text = f"{by.username} changed the repository {stored.name}: {', '.join(sorted(changed))}"
            trail.record(stored.team, by, "repository-changed", stored, text, **changed)
        if "provider" in changed:
            telling.forget_token(stored, by=by)
    return bool(changed)


def _tell(hook: Hook, by: User | None, what: str, text: str, **data: Any) -> None:
    """Tell the audit log. Neither the key nor a secret goes into it."""
    who = by.username if by else trail.PLIMSOLL
    trail.record(hook.repository.team, by, f"hook-{what}", hook.repository, f"{who} {text}", **data)
