"""A request of a forge -> a believed delivery, kept in one row. On the request path: nothing here waits for anybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from django.db import IntegrityError
from django.db.models import Q

from reviews import hooks
from reviews.deliveries import outcomes, statements
from reviews.models import Delivery, Hook
from reviews.webhooks import body, events, providers, redaction
from reviews.webhooks.errors import RefusedError

log = structlog.get_logger(__name__)
_REFUSED_EVERY = timedelta(minutes=1)


class HookGoneError(Exception):
    """There is no such hook, or none any more."""


@dataclass(frozen=True, slots=True)
class Received:
    """The row of a delivery, and whether an earlier request made it."""

    pk: int
    state: str
    again: bool = False


def find(key: str) -> Hook:
    """The hook with its repository, in one query. Raises HookGoneError."""
    hook = statements.find(key)
    if hook is None:
        raise HookGoneError
    return hook


def receive(hook: Hook, headers: Mapping[str, str], raw: bytes, now: datetime) -> Received:
    """Believe a request and keep what it reports; the same delivery twice is one row.

    Raises RefusedError when it is not believed, BadBodyError when it cannot be read, and HookGoneError.
    """
    provider = _provider(hook)
    secrets = hooks.secrets(hook, now)
    provider.verify(headers, raw, secrets, now)
    payload = body.read(raw, headers.get("content-type", ""))
    key, name = provider.delivery(headers, raw)
    event = events.narrowed(provider.read(name, payload), partial(outcomes.is_wanted, hook.repository))
    outcome = outcomes.at_once(hook.repository, event)
    shown = redaction.shown(payload, secrets)
    row = Delivery(hook=hook, key=key, event=name, asks=events.as_json(event), payload=shown)
    if outcome is not None:
        row.state, row.outcome, row.code, row.settled_at = outcome.state, outcome.text, outcome.code, now
    return _kept(row)


def remember_refusal(hook: Hook, code: str, now: datetime) -> None:
    """Keep for people why a request was refused: not more often than once a minute, whoever knocks."""
    long_ago = now - _REFUSED_EVERY
    if hook.refused_at is None or hook.refused_at < long_ago:
        unless_lately = Q(refused_at=None) | Q(refused_at__lt=long_ago)
        Hook.objects.filter(unless_lately, pk=hook.pk).update(refused_at=now, refused_code=code)


def _provider(hook: Hook) -> providers.Provider:
    name = hook.repository.provider
    if name not in providers.PROVIDERS:
        text = "The repository does not say whose forge it is."
        raise RefusedError("provider_unknown", text, "Choose the forge on the repository's page Webhook.")
    return providers.get(name)


def _kept(row: Delivery) -> Received:
    known: dict[str, Any] = {"hook": row.hook_id, "repository": row.hook.repository_id, "reported": row.event}
    try:
        is_new = statements.keep(row)
    except IntegrityError as error:  # the hook was removed since it was found
        raise HookGoneError from error
    if not is_new:
        first = Delivery.objects.only("pk").get(hook=row.hook_id, key=row.key)
        log.info("delivery-repeated", **known, delivery=first.pk, key=row.key)
        return Received(first.pk, "duplicate", again=True)
    log.info("delivery-received", **known, delivery=row.pk, key=row.key, state=str(row.state), code=row.code)
    return Received(row.pk, str(row.state))
