"""Scorecards made again from what a scan counted, for any day and its waivers."""

from datetime import date
from typing import Any

from reviews.models import Repository, Scan


def card(scan: Scan, _today: date) -> dict[str, Any]:
    """The scorecard of a finished scan as it is on a day."""
    stored: dict[str, Any] = scan.scorecard
    return stored


def refresh(repository: Repository) -> None:
    """Bring the stored card of the newest scan up to date after a decision or a change of waivers."""
