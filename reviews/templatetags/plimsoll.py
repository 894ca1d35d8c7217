"""How numbers, times and words look on pages. Filters return text; markup stays in templates."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from math import floor
from typing import Any
from urllib.parse import urlencode

from django import template
from django.http import QueryDict
from django.utils import timezone

register = template.Library()

MINUS, DASH, SPACE = "\N{MINUS SIGN}", "\N{EN DASH}", "\N{NO-BREAK SPACE}"
_AGES = (
    (timedelta(days=365), "year"),
    (timedelta(days=30), "month"),
    (timedelta(days=14), "week"),
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "h"),
    (timedelta(minutes=1), "min"),
    (timedelta(seconds=1), "s"),
)
_LENGTHS = {"week": timedelta(days=7)}


@register.filter
def thousands(number: int | None) -> str:
    """1904 as "1,904"; a dash for what is not known."""
    return DASH if number is None else f"{number:,}".replace("-", MINUS)


@register.filter
def score(value: float | None) -> str:
    """A score without decimals, rounded down: 100 is shown for 100 alone."""
    return DASH if value is None else str(floor(value + 1e-9))


@register.filter
def signed(change: float | None) -> str:
    """A change with its sign, a true minus for less."""
    whole = round(change or 0)
    return f"+{whole}" if whole > 0 else f"{MINUS}{-whole}" if whole else "0"


@register.filter
def gained(points: float | None) -> str:
    """What the score would rise by, with one decimal: "+2.1"."""
    return f"+{points:.1f}" if points else ""


@register.filter
def percent(share: float | None) -> str:
    """A share of 0 to 1 as "99.1 %", rounded down: "100 %" is shown for all alone."""
    if share is None:
        return DASH
    tenths = floor(share * 1000 + 1e-9) / 10
    return f"{tenths:g}{SPACE}%"


@register.filter
def ago(at: datetime | None) -> str:
    """How long ago, in its largest unit: "40 s ago", "13 days ago"."""
    if at is None:
        return "never"
    age = timezone.now() - at
    for least, unit in _AGES:
        if age >= least:
            count = age // _LENGTHS.get(unit, least)
            many = "s" if count != 1 and unit not in {"h", "min", "s"} else ""
            return f"{count}{SPACE}{unit}{many} ago"
    return "just now"


@register.filter
def exact(at: datetime | None) -> str:
    """The time to the second, for titles and for what is frozen."""
    return "never" if at is None else timezone.localtime(at).strftime("%-d %b %Y, %H:%M:%S %Z")


@register.filter
def moment(text: str) -> datetime:
    """The time that an event of the audit log has written down."""
    return datetime.fromisoformat(text)


@register.filter
def took(seconds: float | None) -> str:
    """A duration: "0.4 s", "14 s", "3 min 20 s"."""
    if seconds is None:
        return DASH
    if isinstance(seconds, float) and seconds < 0.1:
        return f"under 0.1{SPACE}s"
    if isinstance(seconds, float) and seconds < 10:
        return f"{seconds:.1f}{SPACE}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}{SPACE}min {rest}{SPACE}s" if minutes else f"{rest}{SPACE}s"


@register.filter
def until(at: datetime | None) -> str:
    """When something is due: "in 40 s", or "now" when it is past."""
    left = (at - timezone.now()).total_seconds() if at else 0
    return f"in {took(max(round(left), 1))}" if left > 0 else "now"


@register.filter
def duration(scan: Any) -> float | None:
    """How many seconds a scan was at work; None while it is, or when it never was."""
    if not scan.started_at or not scan.finished_at:
        return None
    return float((scan.finished_at - scan.started_at).total_seconds())


@register.filter
def short(commit: str) -> str:
    """The first 7 digits of a commit."""
    return commit[:7]


@register.filter
def pieces(text: str) -> list[tuple[bool, str]]:
    """Text with `code` in backticks, as (is code, text) pairs."""
    return [(bool(index % 2), piece) for index, piece in enumerate(re.split(r"`([^`]*)`", text)) if piece]


@register.filter
def paragraphs(text: str) -> list[str]:
    """The paragraphs of a docstring, each on one line."""
    return [" ".join(block.split()) for block in re.split(r"\n\s*\n", text.strip()) if block.strip()]


@register.filter
def icon(outcome: str) -> str:
    """The name of an outcome's icon and class."""
    return {"not-applicable": "na"}.get(outcome, outcome)


@register.filter
def words(value: str) -> str:
    """A kebab-case id as words: "not-applicable" as "not applicable"."""
    return value.replace("-", " ").replace("_", " ")


@register.filter
def chapter(area: str) -> str:
    """The name of an area as a heading."""
    return {"api": "API"}.get(area, area.capitalize())


@register.filter
def effort(value: str) -> str:
    """How long a fix takes, as it stands in a sentence."""
    return {"hour": "an hour"}.get(value, value)


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """The value of a key that is itself a variable."""
    return mapping.get(key)


@register.simple_tag(takes_context=True)
def toggled(context: dict[str, Any], key: str, value: str) -> str:
    """The query string of this page with `value` added to a key of many values, or taken from it."""
    query: QueryDict = context["request"].GET.copy()
    held = query.getlist(key)
    query.setlist(key, [one for one in held if one != value] if value in held else [*held, value])
    return "?" + query.urlencode()


@register.simple_tag
def query(**values: Any) -> str:
    """A query string of the values that are not empty."""
    return "?" + urlencode({key: value for key, value in values.items() if value not in ("", None)})


@register.simple_tag
def page_numbers(page: Any) -> Iterator[int | str]:
    """The numbers around a page of a paginator, with an ellipsis where some are left out."""
    return page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
