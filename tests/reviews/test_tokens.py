"""Tokens of teams: what is kept of them, whom they let in, and until when."""

import json
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from reviews import tokens
from reviews.models import ApiToken, AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(team, owner):
    """A token with its secret."""
    return tokens.make(team, " the pipeline ", ["scan", "read"], 90, by=owner)


def refused(secret, now=None):
    with pytest.raises(tokens.RefusedError) as refusal:
        tokens.find(secret, now or timezone.now())
    return refusal.value


def test_a_secret_is_random_and_only_its_digest_is_kept(made):
    token, secret = made
    row = json.dumps(list(ApiToken.objects.values()), default=str)
    assert re.fullmatch(r"plm_[A-Za-z0-9]{43}", secret)
    assert secret not in row
    assert secret[10:] not in row
    assert (token.prefix, token.name, token.scopes) == (secret[:10], "the pipeline", ["read", "scan"])


def test_no_two_secrets_are_alike(team, owner):
    assert len({tokens.make(team, "x", ["read"], 30, by=owner)[1] for _ in range(20)}) == 20


def test_the_secret_finds_its_token(made):
    token, secret = made
    assert tokens.find(secret, timezone.now()) == token


@pytest.mark.parametrize("change", [lambda s: s[:-1], lambda s: s + "a", lambda s: s.swapcase(), lambda s: " " + s])
def test_what_is_not_the_secret_finds_nothing(made, change):
    assert refused(change(made[1])).code == "token_unknown"


def test_the_digest_is_no_secret(made):
    assert refused(made[0].digest).code == "token_unknown"


def test_a_token_ends_by_itself(made):
    token, secret = made
    assert timezone.now() + timedelta(days=89) < token.expires_at < timezone.now() + timedelta(days=91)
    assert tokens.find(secret, token.expires_at - timedelta(seconds=1)) == token
    assert refused(secret, token.expires_at).code == "token_expired"


def test_a_revoked_token_lets_nobody_in_at_once(made, owner):
    token, secret = made
    tokens.revoke(token, by=owner)
    refusal = refused(secret)
    assert (refusal.code, refusal.next_step) == ("token_revoked", "Have a maintainer of the team make a new one.")


def test_use_is_written_down_at_most_once_a_minute(made):
    token, secret = made
    start = timezone.now()
    seen = []
    for seconds in (0, 59, 61, 62):
        tokens.find(secret, start + timedelta(seconds=seconds))
        token.refresh_from_db()
        seen.append((token.used_at - start).total_seconds())
    assert seen == [0, 0, 61, 61]


def test_making_and_revoking_stand_in_the_audit_log_without_the_secret(made, owner):
    token, secret = made
    tokens.revoke(token, by=owner)
    tokens.revoke(token, by=owner)
    events = AuditEvent.objects.order_by("seq")
    said = f"the token the pipeline ({token.prefix}…)"
    assert [event.text for event in events] == [f"owner made {said}", f"owner revoked {said}"]
    assert json.loads(events[0].data)["scopes"] == ["read", "scan"]
    assert secret not in json.dumps(list(events.values()), default=str)


@pytest.mark.parametrize(
    ("scopes", "days"), [([], 30), (["admin"], 30), (["read", "admin"], 30), (["read"], 0), (["read"], 31)]
)
def test_there_are_no_other_scopes_and_lengths(team, owner, scopes, days):
    with pytest.raises(ValueError, match="one or two scopes"):
        tokens.make(team, "x", scopes, days, by=owner)
    assert not ApiToken.objects.exists()
