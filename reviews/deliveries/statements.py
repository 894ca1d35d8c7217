"""
The two statements of the request path, written out: the ORM takes several times as long to make them as they run.
"""

import json
from typing import Any

from django.db import connection

from reviews.models import Delivery, Hook, Repository

_OF_REPOSITORY = ("id", "branch", "provider", "release_tags")
_FIND = """
SELECT h.id, h.repository_id, h.key, h.secret, h.former_secret, h.former_until, h.refused_at,
       r.branch AS its_branch, r.provider AS its_provider, r.release_tags AS its_release_tags
FROM reviews_hook h JOIN reviews_repository r ON r.id = h.repository_id
WHERE h.key = %s
"""
_KEEP = """
INSERT INTO reviews_delivery
       (hook_id, key, event, asks, payload, state, outcome, code, settled_at, attempts)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 0)
ON CONFLICT (hook_id, key) DO NOTHING
RETURNING id
"""


def find(key: str) -> Hook | None:
    """The hook with what counts of its repository; everything else of both is read when somebody asks."""
    hook = next(iter(Hook.objects.raw(_FIND, [key])), None)
    if hook is not None:
        seen: dict[str, Any] = vars(hook)
        its = [hook.repository_id, *(seen[f"its_{name}"] for name in _OF_REPOSITORY[1:])]
        hook.repository = Repository.from_db(connection.alias, _OF_REPOSITORY, its)
    return hook


def keep(row: Delivery) -> bool:
    """Add a delivery, and give it its number. False when the hook has one of this key already."""
    settled = connection.ops.adapt_datetimefield_value(row.settled_at) if row.settled_at else None
    said = [row.key, row.event, json.dumps(row.asks), json.dumps(row.payload)]
    became = [str(row.state), row.outcome, row.code, settled]
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [row.hook_id, *said, *became])
        added = cursor.fetchone()
    row.pk = added[0] if added else None
    return added is not None
