"""
Advisories from a source into the database, all of them or nothing.

    loaded = load("pypi.zip")                # Loaded; raises LoadError, SourceError, OSError
    loaded.is_news                           # False: what scans compare with is what it was before
    newest()                                 # the AdvisoryLoad that scans compare with, None before the first

Reading takes seconds or minutes and changes nothing. Then one short transaction writes what differs; of two at once the
second waits for the first. What a whole source held when it was read last and holds no more is gone, unless some of its
files cannot be read: then nobody knows whether it is.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

import structlog
from django.db import OperationalError, transaction
from django.db.models import Count
from django.utils import timezone

from reviews.advisories import age
from reviews.advisories.errors import LoadError
from reviews.advisories.records import Record, UnreadableError, read
from reviews.advisories.sources import Opened, opened
from reviews.models import Advisory, AdvisoryLoad, AdvisoryPackage, AdvisoryReading
from reviews.waived import today

log = structlog.get_logger(__name__)

T = TypeVar("T")

_BATCH = 500
_NAMED = 20


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did. `unreadable` names the files that hold no record that can be read."""

    row: AdvisoryLoad
    new: int
    changed: int
    gone: int
    unreadable: Sequence[str]
    is_news: bool


@dataclass
class _Read:
    """What a source holds: the newest record of each id, and the files that cannot be read."""

    source: Opened
    records: dict[str, Record] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)

    def take(self, files: Iterable[tuple[str, bytes | None]]) -> None:
        for name, raw in files:
            try:
                found = read(raw) if raw is not None else None
            except UnreadableError:
                found = None
            if found is None:
                self.unreadable.append(name)
            for record in found or ():
                known = self.records.get(record.ident)
                if known is None or (record.modified or date.min) >= (known.modified or date.min):
                    self.records[record.ident] = record


def newest() -> AdvisoryLoad | None:
    """What scans compare with now."""
    return AdvisoryLoad.objects.first()


def load(source: str, *, replace: bool = False, tick: Callable[[], None] = lambda: None) -> Loaded:
    """Load a source. With `replace`, what other sources gave is gone too."""
    with opened(source, tick) as found:
        held = _Read(found)
        held.take(found.files)
    if not held.records:
        raise LoadError("no_records", source=found.name)
    try:
        with transaction.atomic():
            _wait_for_my_turn()
            loaded = _store(held, replace)
    except OperationalError as error:
        raise LoadError("loaded_meanwhile") from error
    known = {"source": found.name, "as_of": str(loaded.row.as_of), "records": loaded.row.records}
    counts = {"new": loaded.new, "changed": loaded.changed, "gone": loaded.gone, "unreadable": len(loaded.unreadable)}
    log.info("advisories-loaded", **known, **counts)
    return loaded


def _wait_for_my_turn() -> None:
    """Holding the only row makes whoever comes second wait for the end of this transaction."""
    AdvisoryReading.objects.select_for_update().get_or_create(pk=1)


@dataclass(frozen=True, slots=True)
class _Known:
    key: int
    digest: str
    source: str
    gone: bool


def _store(held: _Read, replace: bool) -> Loaded:
    rows = Advisory.objects.values_list("ident", "pk", "digest", "source", "gone")
    known = {ident: _Known(key, digest, place, gone) for ident, key, digest, place, gone in rows}
    source = held.source.name
    new = [record for ident, record in held.records.items() if ident not in known or known[ident].gone]
    changed = [
        record
        for ident, record in held.records.items()
        if ident in known and not known[ident].gone and known[ident].digest != record.digest
    ]
    written = {record.ident for record in (*new, *changed)}
    _drop(known[ident].key for ident in written if ident in known)
    _write(source, [*new, *changed])
    moved = [known[ident].key for ident in held.records if ident not in written and known[ident].source != source]
    _update(moved, source=source)
    gone = _gone(held, known, replace)
    _update(gone, gone=True)
    row, is_news = _keep_row(held, (len(new), len(changed), len(gone)))
    return Loaded(row, len(new), len(changed), len(gone), held.unreadable, is_news)


def _gone(held: _Read, known: dict[str, _Known], replace: bool) -> list[int]:
    """What is no longer there, as far as the source can tell."""
    left = {ident: one for ident, one in known.items() if not one.gone and ident not in held.records}
    if replace:
        return [one.key for one in left.values()]
    if held.unreadable or not held.source.is_whole:
        return []
    return [one.key for one in left.values() if one.source == held.source.name]


def _drop(keys: Iterable[int]) -> None:
    for some in _batches(keys):
        Advisory.objects.filter(pk__in=some).delete()


def _update(keys: Iterable[int], **fields: object) -> None:
    for some in _batches(keys):
        Advisory.objects.filter(pk__in=some).update(**fields)


def _batches(values: Iterable[T]) -> Iterator[list[T]]:
    """As many at a time as one statement takes."""
    whole = list(values)
    return (whole[start : start + _BATCH] for start in range(0, len(whole), _BATCH))


def _write(source: str, records: Sequence[Record]) -> None:
    for some in _batches(records):
        made = Advisory.objects.bulk_create(
            Advisory(
                ident=record.ident,
                modified=record.modified,
                withdrawn=record.withdrawn,
                digest=record.digest,
                source=source,
                packed=record.packed,
            )
            for record in some
        )
        named = [
            AdvisoryPackage(advisory=row, name=name)
            for row, record in zip(made, some, strict=True)
            for name in sorted(record.names)
        ]
        AdvisoryPackage.objects.bulk_create(named, batch_size=_BATCH)


def _keep_row(held: _Read, counts: tuple[int, int, int]) -> tuple[AdvisoryLoad, bool]:
    """The row of this state: a new one, or the last one with its times moved when nothing else is."""
    last, digest = newest(), _digest()
    fields = _reach(held, last) | {
        "source": held.source.name,
        "loaded_at": timezone.now(),
        "commit": held.source.commit,
    }
    fields |= {"unreadable": len(held.unreadable), "unreadable_names": held.unreadable[:_NAMED]}
    if last is not None and last.digest == digest:
        was_old = age.is_old(last.current_on, today())
        for name, value in fields.items():
            setattr(last, name, value)
        if was_old and not age.is_old(last.current_on, today()):
            last.settled_at = None
        last.save()
        return last, False
    records = Advisory.objects.filter(gone=False).count()
    new, changed, gone = counts
    counted = {"records": records, "new": new, "changed": changed, "gone": gone}
    return AdvisoryLoad.objects.create(digest=digest, **fields, **counted), True


def _digest() -> str:
    """Of all that scans compare with, in whatever order it came."""
    rows = Advisory.objects.filter(gone=False).order_by("ident").values_list("ident", "digest")
    return hashlib.sha256("\n".join(f"{ident} {digest}" for ident, digest in rows).encode()).hexdigest()


def _reach(held: _Read, last: AdvisoryLoad | None) -> dict[str, object]:
    """How far the advisories reach: as far as the source does that most of them come from."""
    sources = (
        Advisory.objects.filter(gone=False).values("source").annotate(held=Count("pk")).order_by("-held", "source")
    )
    main = str(sources[0]["source"])
    if main != held.source.name and last is not None:
        return {"as_of": last.as_of, "read_on": last.read_on, "is_live": last.is_live}
    as_of = max(_days(held), default=None)
    if as_of is None:
        raise LoadError("no_days", source=held.source.name)
    return {"as_of": as_of, "read_on": today(), "is_live": held.source.is_live}


def _days(held: _Read) -> Iterator[date]:
    """The days that the source names. One that has not come yet is a slip, and must not make old data young."""
    days = [record.modified for record in held.records.values()] + [held.source.day]
    return (day for day in days if day and day <= today())
