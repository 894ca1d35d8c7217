"""What the rules said about blobs, kept between scans in the database and shared by all repositories."""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import islice
from operator import attrgetter
from typing import Any

from django.db.models.functions import Now
from django.utils import timezone

from reviews.models import BlobResult
from scanners.finding import BlobAnswer, BlobKey

# Below the number of parameters that SQLite takes in one statement, also on old versions.
_BATCH = 500
_TOUCH_EVERY = timedelta(days=1)


class DatabaseCache:
    """The answers of one rule set."""

    def __init__(self, rule_set: str) -> None:
        self._rows = BlobResult.objects.filter(rule_set=rule_set)
        self._rule_set = rule_set

    def get_many(self, keys: Iterable[BlobKey]) -> dict[BlobKey, BlobAnswer]:
        """The answers that are known. Those not used for a day are marked as used now."""
        wanted = set(keys)
        found: dict[BlobKey, BlobAnswer] = {}
        stale: list[int] = []
        aged = timezone.now() - _TOUCH_EVERY
        for shas in _batches({key.sha for key in wanted}):
            rows = self._rows.filter(sha__in=shas).values_list("pk", "sha", "path_class", "result", "used_at")
            for pk, sha, path_class, result, used_at in rows.iterator(chunk_size=_BATCH):
                key = BlobKey(sha, path_class)
                if key in wanted:
                    found[key] = json.loads(zlib.decompress(result))
                    stale += [pk] if used_at < aged else []
        for pks in _batches(stale):
            BlobResult.objects.filter(pk__in=pks).update(used_at=Now())
        return found

    def put_many(self, answers: Mapping[BlobKey, BlobAnswer]) -> None:
        """Keep these answers; one that is there already stays."""
        # In one order everywhere, so that two workers with the same blobs wait for each other and never in a circle.
        keys = sorted(answers, key=attrgetter("sha", "path_class"))
        rows = [
            BlobResult(rule_set=self._rule_set, sha=key.sha, path_class=key.path_class, result=_packed(answers[key]))
            for key in keys
        ]
        BlobResult.objects.bulk_create(rows, batch_size=_BATCH, ignore_conflicts=True)


def drop_unused(age: timedelta) -> int:
    """Drop the answers that nobody asked for within `age`. Returns how many."""
    return BlobResult.objects.filter(used_at__lt=timezone.now() - age).delete()[0]


def _packed(answer: BlobAnswer) -> bytes:
    return zlib.compress(json.dumps(answer, separators=(",", ":")).encode(), level=1)


def _batches(values: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(values)
    return iter(lambda: list(islice(left, _BATCH)), [])
