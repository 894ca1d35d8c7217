"""
How old the advisories are that a scan was compared with, and what follows. Days are whole, in UTC.

    why = blind(kept, day)          # {rule: why}: the rules that cannot say anything good on that day
    unsighted(counts, why)          # their good sites counted as unresolved ones
    until(kept, counts, day)        # the last day on which they still see; None where no day changes that
    brought_up(kept, compared)      # what a scan counted, with the advisories that it was found to agree with since

`kept` is what a scan counted.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django.conf import settings

from reviews.models import AdvisoryLoad
from scanners.finding import RuleCount
from scanners.inventory.table import GOOD, UNKNOWN, Row

RULE = "vulnerable-dependency"
_NONE = "No advisories were loaded to compare versions with: load some."
_OLD = "The advisories are of {day}, older than {days} days: load newer ones. If there are, scan this commit again."

Kept = Mapping[str, Any]


def blind(kept: Kept, day: date | None) -> dict[str, str]:
    """The rules that cannot tell good from bad. Without a day only those that never could."""
    known = kept.get("advisories")
    if known is None:  # A scan of a time when nobody kept what it was compared with.
        return {}
    current = _current(kept)
    if current is None:
        return {RULE: _NONE}
    days = settings.ADVISORIES_MAX_AGE_DAYS
    old = day is not None and is_old(current, day)
    return {RULE: _OLD.format(day=current, days=days)} if old else {}


def is_old(current: date, day: date) -> bool:
    """Whether advisories that were all there was on one day are too old on another."""
    return (day - current).days > int(settings.ADVISORIES_MAX_AGE_DAYS)


def unsighted(counts: Mapping[str, RuleCount], why: Mapping[str, str]) -> dict[str, RuleCount]:
    """The counts with the good sites of these rules as unresolved ones. What is bad stays bad."""
    return {
        rule: replace(count, good=0, unresolved=count.unresolved + count.good) if rule in why else count
        for rule, count in counts.items()
    }


def unproved(row: Row) -> Row:
    """A row of the table of dependencies, where no advisory that is known is no longer a good sign."""
    good = row.marks.get("advisories") == GOOD
    return replace(row, marks={**row.marks, "advisories": UNKNOWN}) if good else row


def until(kept: Kept, counts: Mapping[str, RuleCount], day: date) -> date | None:
    """The last day on which the scorecard is so, by the age of the advisories."""
    current, count = _current(kept), counts.get(RULE)
    return _end(current, day) if current is not None and count is not None and count.good else None


def last_day(compared: AdvisoryLoad | None, day: date) -> date | None:
    """The last day on which these advisories prove anything; None where that is over, and for none."""
    return _end(compared.current_on, day) if compared is not None else None


def _end(current: date, day: date) -> date | None:
    return None if is_old(current, day) else current + timedelta(days=settings.ADVISORIES_MAX_AGE_DAYS)


def brought_up(kept: dict[str, Any], compared: AdvisoryLoad | None) -> dict[str, Any]:
    """What a scan counted; `compared` are the newest advisories that say the same of it."""
    if compared is None or "advisories" not in kept:
        return kept
    days = {"as_of": compared.as_of.isoformat(), "current": compared.current_on.isoformat()}
    return kept | {"advisories": kept["advisories"] | days}


def _current(kept: Kept) -> date | None:
    told = (kept.get("advisories") or {}).get("current")
    return date.fromisoformat(told) if told else None
