"""
Badges: what a repository stands at, as pictures that may be shown to everybody who has their address.

    share(repository, by=user)              # gives them an address that nobody can guess; `unshare` takes it away
    badge(repository, Kind.GATE, now)       # Badge("gate", "pass with conditions", "#824f00")

A template draws the picture. Colours stand here as numbers, because a picture in a README cannot read our stylesheet;
they are those of tokens.css in light, all dark enough for white text.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import floor

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from reviews import recount
from reviews.audit import trail
from reviews.gate import gating
from reviews.models import Repository, Scan, User

TONES = {
    "pass": "#0d6842",
    "warn": "#824f00",
    "fail": "#b02317",
    "unknown": "#555d66",
    "plain": "#0a5aa8",
    "none": "#6b737b",
    "bronze": "#92532a",
    "silver": "#5d6873",
    "gold": "#866200",
}
LABEL_GROUND = "#474e56"
_DASH = "\N{EN DASH}"
# Widths in pixels at 11 px of the sans-serif fonts that browsers draw badges with; what is not listed is wide.
_WIDTHS = {3.2: "ijl", 4.2: "frt.,-| ", 5.6: "cskxyvz", 6.9: f"abdeghnopqu0123456789{_DASH}", 9.9: "mw"}
_WIDEST = 9.9


class Kind(StrEnum):
    """What a badge shows."""

    LEVEL = "level"
    SCORE = "score"
    GATE = "gate"


@dataclass(frozen=True, slots=True)
class Badge:
    """A label and what it says now, on a ground of a colour."""

    label: str
    said: str
    colour: str

    @property
    def label_width(self) -> int:
        """How wide the label is drawn, in pixels."""
        return width(self.label)

    @property
    def said_width(self) -> int:
        """How wide what it says is drawn, in pixels."""
        return width(self.said)


@dataclass(frozen=True, slots=True)
class Link:
    """Where a badge is on this site, and what to write into a README to show it."""

    kind: Kind
    path: str
    markdown: str


def share(repository: Repository, *, by: User) -> str:
    """Give the badges of a repository an address, if they have none, and return its key."""
    with transaction.atomic():
        stored = Repository.objects.select_for_update(no_key=True).select_related("team").get(pk=repository.pk)
        if not stored.badge_key:
            _keep(stored, secrets.token_urlsafe(16), "shared", by)
    repository.badge_key = stored.badge_key
    return stored.badge_key


def unshare(repository: Repository, *, by: User) -> None:
    """Take the address away: it shows nothing from now on, and the next one will be another."""
    with transaction.atomic():
        stored = Repository.objects.select_for_update(no_key=True).select_related("team").get(pk=repository.pk)
        if stored.badge_key:
            _keep(stored, "", "unshared", by)
    repository.badge_key = ""


def badge(repository: Repository, kind: Kind, now: datetime) -> Badge:
    """What a badge says now. Read the repository with its team and newest scan."""
    said, tone = {Kind.LEVEL: _level, Kind.SCORE: _score, Kind.GATE: _gate}[kind](repository, now)
    return Badge(kind.value, said, TONES[tone])


def links(repository: Repository) -> Iterator[Link]:
    """The badges of a repository; none while they are not shared."""
    page = f"{settings.BASE_URL}{reverse('repository', args=[repository.team.slug, repository.slug])}"
    for kind in Kind if repository.badge_key else ():
        path = reverse("badge", args=[repository.badge_key, kind.value])
        yield Link(kind, path, f"[![{kind.value}]({settings.BASE_URL}{path})]({page})")


def width(text: str) -> int:
    """About how wide a text is drawn, in whole pixels. The picture fits the text to it, whatever the font."""
    known = {letter: pixels for pixels, letters in _WIDTHS.items() for letter in letters}
    return round(sum(known.get(letter, _WIDEST) for letter in text))


def _level(repository: Repository, now: datetime) -> tuple[str, str]:
    scan = _newest(repository, now)
    return (scan.level, scan.level) if scan else ("no scan yet", "unknown")


def _score(repository: Repository, now: datetime) -> tuple[str, str]:
    scan = _newest(repository, now)
    if scan is None or scan.score_low is None:
        return "no scan yet" if scan is None else "nothing to score", "unknown"
    low, high = floor(scan.score_low), floor(scan.score_high or scan.score_low)
    said = f"{low}" if low == high else f"{low}{_DASH}{high}"
    return f"{said} of 100", "plain"  # A score shows a trend and decides nothing.


def _gate(repository: Repository, now: datetime) -> tuple[str, str]:
    answer = gating.head(repository, now)
    said = "no scan yet" if not answer.commit and not answer.reasons[0].scan else answer.verdict.value
    return said.replace("-", " "), answer.verdict.outcome.value


def _newest(repository: Repository, now: datetime) -> Scan | None:
    if repository.latest_scan is None:
        return None
    repository.latest_scan.repository = repository
    return recount.as_of(repository.latest_scan, now.date())


def _keep(repository: Repository, key: str, what: str, by: User) -> None:
    repository.badge_key = key
    repository.save(update_fields=["badge_key"])
    text = f"{by.username} {what} the badges of {repository.name}"
    trail.record(repository.team, by, f"badges-{what}", repository, text)
