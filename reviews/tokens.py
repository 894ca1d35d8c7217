"""
Tokens of a team: what programs show to be let in. The database keeps a digest; the secret is shown once, when made.

    token, secret = make(team, "release pipeline", [Scope.READ], 90, by=user)      # secret: "plm_" and 43 characters
    find(secret, timezone.now())                                                   # the token again, or RefusedError
"""

import hashlib
import secrets
import string
from collections.abc import Collection
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from reviews.audit import trail
from reviews.models import ApiToken, Team, User

log = structlog.get_logger(__name__)
MARK = "plm_"
LASTS = (30, 90, 365)
_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 43  # of 62 characters: 256 bits
_SHOWN = len(MARK) + 6
_MINUTE = timedelta(minutes=1)


class RefusedError(Exception):
    """A token that lets nobody in. `code` never changes its meaning; the texts say what happened and what to do."""

    def __init__(self, code: str, message: str, next_step: str) -> None:
        super().__init__(code)
        self.code, self.message, self.next_step = code, message, next_step


def make(team: Team, name: str, scopes: Collection[str], days: int, *, by: User) -> tuple[ApiToken, str]:
    """Make a token for `team` that ends after `days`. Returns it with its secret, which is kept nowhere.

    Raises ValueError for scopes or days that there are not, and for no scope at all.
    """
    wanted = [scope for scope in ApiToken.Scope.values if scope in scopes]
    if not wanted or len(wanted) != len(set(scopes)) or days not in LASTS:
        raise ValueError("A token has one or two scopes and lasts 30, 90 or 365 days.")
    secret = MARK + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    with transaction.atomic():
        token = ApiToken.objects.create(
            team=team,
            name=name.strip(),
            prefix=secret[:_SHOWN],
            digest=_digest(secret),
            scopes=wanted,
            made_by=by,
            expires_at=timezone.now() + timedelta(days=days),
        )
        _tell(token, by, "made", scopes=wanted, ends=f"{token.expires_at:%Y-%m-%d}")
    return token, secret


def find(secret: str, now: datetime) -> ApiToken:
    """The token of a secret, with its team; that it was used is written down at most once a minute.

    Raises RefusedError: token_unknown, token_revoked, token_expired.
    """
    token = ApiToken.objects.select_related("team").filter(digest=_digest(secret)).first()
    if token is None:
        raise RefusedError(
            "token_unknown", "This is no token of this Plimsoll.", "Copy it again, or have a new one made."
        )
    if token.revoked_at is not None:
        raise RefusedError("token_revoked", "This token was revoked.", "Have a maintainer of the team make a new one.")
    if token.expires_at is not None and token.expires_at <= now:
        ended = f"This token ended on {token.expires_at:%Y-%m-%d}."
        raise RefusedError("token_expired", ended, "Have a maintainer of the team make a new one.")
    _used(token, now)
    return token


def revoke(token: ApiToken, *, by: User) -> None:
    """Let nobody in with this token from now on. Doing it again changes nothing."""
    with transaction.atomic():
        if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
            _tell(token, by, "revoked")


def _used(token: ApiToken, now: datetime) -> None:
    long_ago = now - _MINUTE
    if token.used_at is None or token.used_at < long_ago:
        same = ApiToken.objects.filter(Q(used_at=None) | Q(used_at__lt=long_ago), pk=token.pk)
        same.update(used_at=now)


def _digest(secret: str) -> str:
    """Enough for a secret that is random throughout: nobody can guess what to try."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _tell(token: ApiToken, by: User, what: str, **data: object) -> None:
    text = f"{by.username} {what} the token {token.name} ({token.prefix}…)"
    trail.record(token.team, by, f"token-{what}", token, text, name=token.name, prefix=token.prefix, **data)
    log.info("token-changed", what=what, token=token.pk, team=token.team_id, by=by.pk)
